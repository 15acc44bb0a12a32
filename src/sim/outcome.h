/* Notes, while a scenario runs, what its outcome will say. */
#ifndef RMQWATCH_SIM_OUTCOME_H
#define RMQWATCH_SIM_OUTCOME_H

#include "sim/sim.h"
#include "sim/world.h"

/* After each step of NODE's core; BEFORE is its state before the step. */
void sim_outcome_note(struct sim_world *world, const struct sim_node *node, enum state before);
/* The scenario itself has ended a hang that nobody could cure. */
void sim_outcome_released(struct sim_world *world);

#endif
