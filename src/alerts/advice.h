/* What is left to do for whoever reads a message. */
#ifndef RMQWATCH_ALERTS_ADVICE_H
#define RMQWATCH_ALERTS_ADVICE_H

#include "rmqwatch/notice.h"

/* One sentence in English, for words(); NULL: nothing is left to do. packaging/rmqwatchd.catalog says the
 * same at length. */
const char *advice_for(enum notice_kind kind);

#endif
