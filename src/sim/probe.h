/* The agent's checks: when each node is probed, and what comes of it. */
#ifndef RMQWATCH_SIM_PROBE_H
#define RMQWATCH_SIM_PROBE_H

#include "sim/world.h"

/* Begins to probe TARGET, at the normal pace. */
void sim_probe_begin(struct sim_world *world, struct sim_node *node, size_t target);
void sim_probe_set_pace(struct sim_world *world, struct sim_node *node, const char *target, bool fast);
void sim_probe_ask(struct sim_world *world, struct sim_node *node, const char *target);
void sim_probe_on_timer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item);
/* Both fill world->event; false when there is nothing to tell. LATE: the agent was frozen when it was due. */
bool sim_probe_slow(struct sim_world *world, const struct agenda_item *item);
bool sim_probe_end(struct sim_world *world, struct sim_node *node, const struct agenda_item *item, bool late);

#endif
