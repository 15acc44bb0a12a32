/* Several notices of one trouble as one. Pure. */
#ifndef RMQWATCH_ALERTS_FOLD_H
#define RMQWATCH_ALERTS_FOLD_H

#include "rmqwatch/notice.h"

enum {
    FOLD_LINES_MAX = 6, /* of the course: the first, how many are left out, and the last ones */
    FOLD_LINE_MAX = RMQ_COURSE_MAX / FOLD_LINES_MAX,
};

/* How many notices it tells of: at least 1. */
uint32_t fold_count(const struct notice *notice);

/* INTO becomes one notice that tells of itself and then of NEWER: it says what NEWER says, as loud as the
 * louder of the two while the trouble goes on, with the counts of both, and its course tells how it came to
 * that. Texts must be clean (clean.h). Lines and what is left out of the course add up to the count. */
void fold_notice(struct notice *into, const struct notice *newer);

#endif
