/* systemd's part: one unit, its jobs, its own restarts, and what it tells the agent over the bus. */
#ifndef RMQWATCH_SIM_UNIT_H
#define RMQWATCH_SIM_UNIT_H

#include "sim/world.h"

void sim_unit_init(struct sim_world *world, struct sim_node *node);
/* An agent's request arrives; GENERATION is the agent that sent it. Its mode is "fail". */
void sim_unit_request(
    struct sim_world *world, struct sim_node *node, enum unit_verb verb, uint32_t generation);
/* Somebody types systemctl: mode "replace". */
void sim_unit_operate(struct sim_world *world, struct sim_node *node, enum unit_verb verb);
void sim_unit_mask(struct sim_world *world, struct sim_node *node, bool masked);
/* The broker has told that it is ready. */
void sim_unit_on_ready(struct sim_world *world, struct sim_node *node);
/* The broker's process is gone; CODE and STATUS as in waitid(2), RESULT as systemd calls it. */
void sim_unit_on_exit(
    struct sim_world *world, struct sim_node *node, int32_t code, int32_t status, const char *result);
void sim_unit_on_timer(struct sim_world *world, struct sim_node *node, uint32_t timer);
/* The machine goes down: nothing is told to anybody. */
void sim_unit_reset(struct sim_node *node);
/* Tells the agent how the unit is, unless it was told the same. */
void sim_unit_show(struct sim_world *world, struct sim_node *node);

/* Puts a message of systemd's on its way to the agent. */
void sim_bus_post(struct sim_world *world, struct sim_node *node, const struct bus_message *message);
void sim_bus_lose(struct sim_world *world, struct sim_node *node);
void sim_bus_find(struct sim_world *world, struct sim_node *node);

#endif
