/* The shell around a core, as far as the core can tell: events come in, actions are carried out. */
#ifndef RMQWATCH_SIM_AGENT_H
#define RMQWATCH_SIM_AGENT_H

#include "sim/world.h"

/* BACK saves are lost: 0 goes on from the newest. */
void sim_agent_start(struct sim_world *world, struct sim_node *node, size_t back);
void sim_agent_kill(struct sim_world *world, struct sim_node *node);
/* It gets no processor; events queue up and come late. */
void sim_agent_freeze(struct sim_world *world, struct sim_node *node, uint64_t ms);
/* Something of its agenda is due: puts it off while it is frozen, drops it when it has died. */
void sim_agent_on_agenda(struct sim_world *world, struct sim_node *node, const struct agenda_item *item);
/* When it wants a tick, on the world's clock; SIM_NEVER when it is dead. */
uint64_t sim_agent_tick_ms(const struct sim_world *world, const struct sim_node *node);
void sim_agent_tick(struct sim_world *world, struct sim_node *node);
void sim_agent_set_policy(struct sim_world *world, struct sim_node *node, const struct policy *policy);
/* UNTIL_MS 0: resume. */
void sim_agent_hold(struct sim_world *world, struct sim_node *node, uint64_t until_ms);
/* The pace of its own node has become fast. */
void sim_agent_hurry_samples(struct sim_world *world, struct sim_node *node);
void sim_agent_set_store(struct sim_world *world, struct sim_node *node, bool fails);

/* For what an adapter tells: world->event is filled but for its time. */
void sim_agent_step(struct sim_world *world, struct sim_node *node, enum event_kind kind);

#endif
