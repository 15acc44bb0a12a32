/* Carries the core's actions out in the world. */
#ifndef RMQWATCH_SIM_EXECUTE_H
#define RMQWATCH_SIM_EXECUTE_H

#include "sim/world.h"

void sim_execute(struct sim_world *world, struct sim_node *node, const struct action_list *actions);

#endif
