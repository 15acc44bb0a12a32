/* The agents ask each other whether they are there. Its dice are its own: whoever asks more often meets the
 * same faults. */
#ifndef RMQWATCH_SIM_PRESENCE_H
#define RMQWATCH_SIM_PRESENCE_H

#include "sim/world.h"

/* NODE's agent begins to ask that of TARGET, another node. */
void sim_presence_begin(struct sim_world *world, struct sim_node *node, size_t target);
void sim_presence_on_timer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item);
/* Fills world->event with what came of it. LATE: the agent was frozen when it was due. */
void sim_presence_end(
    struct sim_world *world, struct sim_node *node, const struct agenda_item *item, bool late);

#endif
