/* Runs the incident table for the local node: triggers in, actions out. */
#ifndef RMQWATCH_CORE_RESCUE_H
#define RMQWATCH_CORE_RESCUE_H

#include "core/core.h"

struct step; /* one call of core_step(): time and actions (src/core/step.h) */

void rescue_init(struct rescue *rescue, uint64_t now_ms);
/* Feeds one trigger into the table and does what its row says. */
void rescue_trigger(struct core *core, enum trigger trigger, struct step *step);
/* Everything that follows from the evidence as it is now: the condition, answers, proofs, deadline. */
void rescue_evaluate(struct core *core, struct step *step);
/* After a stall: what is waited for gets its time anew, for the news of it may be here, unread. */
void rescue_forgive(struct core *core, uint64_t now_ms, int64_t wall_ms);
/* When it next wants to be evaluated. */
uint64_t rescue_deadline_ms(const struct core *core);
/* An incident is open: something is being done, or held, or was given up. */
bool rescue_is_open(enum state state);

#endif
