/* Takes events into what the core knows. It decides nothing: edges that the table wants to hear of come back.
 */
#ifndef RMQWATCH_CORE_ABSORB_H
#define RMQWATCH_CORE_ABSORB_H

#include "core/core.h"
#include "core/step.h"

/* The trigger that the event is by itself, or TRIGGER_COUNT for none. */
enum trigger absorb(struct core *core, const struct event *event, struct step *step);
/* When it wants a tick, for news that may never come. */
uint64_t absorb_deadline_ms(const struct core *core);

#endif
