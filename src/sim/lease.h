/* The restart lease: an exclusive queue on a member that must be among a majority. It is gone with the
 * holder's connection, and with the member that keeps it. */
#ifndef RMQWATCH_SIM_LEASE_H
#define RMQWATCH_SIM_LEASE_H

#include "sim/world.h"

void sim_lease_acquire(struct sim_world *world, struct sim_node *node, const struct lease_action *peers);
void sim_lease_check(struct sim_world *world, struct sim_node *node);
void sim_lease_release(struct sim_world *world, struct sim_node *node);
/* The holder's agent is gone. */
void sim_lease_forget(struct sim_world *world, struct sim_node *node);
void sim_lease_poll(struct sim_world *world);
/* The answer's time has come: fills the event; false when nobody waits for it any more. */
bool sim_lease_answer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item);

#endif
