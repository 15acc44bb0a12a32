/* Problems that are told and never acted on: alarms, slow boots, broken checks, stalls, peers. */
#ifndef RMQWATCH_CORE_WATCHES_H
#define RMQWATCH_CORE_WATCHES_H

#include "core/core.h"
#include "core/step.h"

void watches_evaluate(struct core *core, struct step *step);
/* The member leaves the cluster: whoever was told of its troubles hears that they are over. */
void watches_end_peer(struct core *core, size_t member, struct step *step);
/* When a watch changes by time alone (a boot becomes slow); UINT64_MAX for never. */
uint64_t watches_deadline_ms(const struct core *core);

#endif
