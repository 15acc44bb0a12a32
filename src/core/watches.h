/* Problems that are told and never acted on: alarms, slow boots, broken checks, stalls, peers. */
#ifndef RMQWATCH_CORE_WATCHES_H
#define RMQWATCH_CORE_WATCHES_H

#include "core/core.h"
#include "core/step.h"

void watches_evaluate(struct core *core, struct step *step);
/* The member leaves the cluster: whoever was told that it is down hears that this is over. */
void watches_end_peer(struct core *core, size_t member, struct step *step);
/* When a watch changes by time alone (a boot becomes slow); UINT64_MAX for never. */
uint64_t watches_deadline_ms(const struct core *core);
/* This agent has the lowest name of all members whose host answers: it speaks for those that cannot. */
bool watches_lead(const struct core *core);

#endif
