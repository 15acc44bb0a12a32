/* When a node that was given up is tried again. */
#ifndef RMQWATCH_CORE_RETRY_H
#define RMQWATCH_CORE_RETRY_H

#include "core/core.h"

/* How long from now, WALL_MS, in ms: give_up_retry, doubled with each time. While the others are no majority
 * even with this node, members wait for each other at their boot, and end in vain when each begins at a time
 * of its own: then it is until the next multiple of that pause on the wall clock, which all of them share. */
uint64_t retry_pause_ms(const struct core *core, int64_t wall_ms);

#endif
