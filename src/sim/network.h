/* Who hears whom, and who therefore says that somebody runs. */
#ifndef RMQWATCH_SIM_NETWORK_H
#define RMQWATCH_SIM_NETWORK_H

#include "sim/world.h"

void sim_network_init(struct sim_world *world);
/* Takes into account what has changed: links that break or come back, pauses, the lease's connection. */
void sim_network_poll(struct sim_world *world);
/* Packets from one host arrive at the other, and answers come back. */
bool sim_network_reaches(
    const struct sim_world *world, const struct sim_node *from, const struct sim_node *to);
/* The two brokers' processes could talk to each other. */
bool sim_network_hears(const struct sim_world *world, const struct sim_node *a, const struct sim_node *b);
/* Whether FROM lists ABOUT as running. */
bool sim_network_lists(
    const struct sim_world *world, const struct sim_node *from, const struct sim_node *about);
bool sim_network_linked(const struct sim_world *world, size_t a, size_t b);
/* A member that hangs is still linked to it, so that it cannot say who runs. */
bool sim_network_waits(const struct sim_world *world, const struct sim_node *node);
/* It and those that it is linked with and that run are a majority. */
bool sim_network_has_majority(const struct sim_world *world, const struct sim_node *node);
/* Everybody hears everybody again. */
void sim_network_heal(struct sim_world *world);

#endif
