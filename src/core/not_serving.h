/* A node that does not serve, and nothing else that is told says why: one port is silent, the other answers,
 * say. That proves no hang and no lost listener, and a restart might be no cure. */
#ifndef RMQWATCH_CORE_NOT_SERVING_H
#define RMQWATCH_CORE_NOT_SERVING_H

#include "core/core.h"

/* It has been so for longer than it takes to prove anything, and nothing is being done about it. */
bool not_serving(const struct core *core, uint64_t now_ms);
/* Critical where clients are turned away; where only the API fails, the watchdog is half blind. */
enum severity not_serving_severity(const struct core *core);

#endif
