/* The story of a run, one line per notable thing. */
#ifndef RMQWATCH_SIM_TRACE_H
#define RMQWATCH_SIM_TRACE_H

#include "sim/world.h"

/* Something in the world: NODE may be NULL. */
void sim_trace_world(struct sim_world *world, const struct sim_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What the agent's last step did; BEFORE is its state and why before the step. */
void sim_trace_step(struct sim_world *world, const struct sim_node *node, enum state before);

#endif
