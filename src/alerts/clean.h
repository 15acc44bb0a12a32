/* Notices made fit for a message. What a channel formats has gone through here, so that no field can break
 * out of its place. */
#ifndef RMQWATCH_ALERTS_CLEAN_H
#define RMQWATCH_ALERTS_CLEAN_H

#include "base/clean.h"
#include "rmqwatch/notice.h"

/* The same notice with every text cleaned; only the detail may have more than one line. */
void clean_notice(struct notice *dest, const struct notice *source);

#endif
