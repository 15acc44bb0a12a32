/* What must never happen, and what must happen in the end. Each invariant has a name and a sentence. */
#ifndef RMQWATCH_SIM_CHECK_H
#define RMQWATCH_SIM_CHECK_H

#include "sim/world.h"

struct sim_before {
    enum state state;
    enum lease_state lease;
    char incident[RMQ_INCIDENT_ID_MAX];
};

/* Before an action is carried out. */
void sim_check_action(struct sim_world *world, struct sim_node *node, const struct action *action);
/* After each step. */
void sim_check_step(struct sim_world *world, struct sim_node *node, const struct sim_before *before);
/* systemd refused the last request. */
void sim_check_refused(struct sim_node *node);
/* The agent is new; FORGETFUL: it knows less than the one before did. */
void sim_check_restarted(struct sim_world *world, struct sim_node *node, bool forgetful);
/* Before what still hangs is let go: nothing hangs that should have been cured. */
void sim_check_cured(struct sim_world *world);
/* Once a second; true when everything has ended well, and stays so. */
bool sim_check_calm(struct sim_world *world);
/* The end of the run has come without that. */
void sim_check_end(struct sim_world *world);

#endif
