/* A node that does not serve, and nothing else that is told says why: one port is silent, the other answers,
 * say. That proves no hang and no lost listener, and a restart might be no cure. */
#ifndef RMQWATCH_CORE_NOT_SERVING_H
#define RMQWATCH_CORE_NOT_SERVING_H

#include "core/core.h"

/* It has been so for longer than it takes to prove anything, and nothing is being done about it. */
bool not_serving(const struct core *core, uint64_t now_ms);
/* It serves, and each port has answered last: a new agent hears of one before the other, and that one may
 * have answered all the time. */
bool not_serving_is_over(const struct core *core);
/* Critical where clients are turned away; where only the API fails, the watchdog is half blind. */
enum severity not_serving_severity(const struct core *core);
/* Where it is so: whether clients have been turned away for as long. One that was told as a warning has
 * become worse then. */
bool not_serving_clients(const struct core *core, uint64_t now_ms);

#endif
