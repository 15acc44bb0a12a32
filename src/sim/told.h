/* What people are told: the truth, once, with its end, and not too much of it. */
#ifndef RMQWATCH_SIM_TOLD_H
#define RMQWATCH_SIM_TOLD_H

#include "sim/world.h"

/* Every action, as it is carried out. */
void sim_told_action(struct sim_world *world, struct sim_node *node, const struct action *action);
/* The agent is new, and knows less than the one before: it cannot tell the end of what it has not heard of.
 */
void sim_told_forget(struct sim_node *node);
/* Everything has ended: so has everything that was told. */
void sim_told_end(struct sim_world *world);

#endif
