/* What scenarios and seeds have in common. */
#ifndef RMQWATCH_SIM_SCENARIO_H
#define RMQWATCH_SIM_SCENARIO_H

#include "sim/sim.h"
#include "sim/world.h"

/* An empty world; to be filled with a policy, and then with nodes by sim_populate(). */
struct sim_world *sim_begin(uint64_t seed, const struct sim_options *options);
void sim_populate(struct sim_world *world, size_t count);
/* Until healed_ms with faults, then until all is calm, or end_ms. */
void sim_run(struct sim_world *world);
void sim_report(const struct sim_world *world, struct sim_result *ret_result);

#endif
