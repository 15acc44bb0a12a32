/* The broker's process: its boot, its death, and the many ways in which it lives without serving. */
#ifndef RMQWATCH_SIM_BROKER_H
#define RMQWATCH_SIM_BROKER_H

#include "sim/world.h"

void sim_broker_init(struct sim_world *world, struct sim_node *node);
/* A new process; ends in sim_unit_on_ready() or sim_unit_on_exit(). */
void sim_broker_boot(struct sim_world *world, struct sim_node *node);
/* Asks it to end, as rabbitmqctl stop does: it needs MS for that, and a processor. */
void sim_broker_stop(struct sim_world *world, struct sim_node *node, uint64_t ms);
/* Its process ends now, or as soon as the kernel lets it go. */
void sim_broker_kill(
    struct sim_world *world, struct sim_node *node, int32_t code, int32_t status, const char *result);
/* SIGUSR1: it writes a crash dump and ends, unless it is stopped or waits in the kernel. */
void sim_broker_dump(struct sim_world *world, struct sim_node *node);
/* The machine goes down: no systemd sees it die. */
void sim_broker_vanish(struct sim_world *world, struct sim_node *node);
void sim_broker_on_agenda(struct sim_world *world, struct sim_node *node, const struct agenda_item *item);
/* Lets time change it: faults that end, waits at boot, kills that had to wait. */
void sim_broker_poll(struct sim_world *world, struct sim_node *node);
/* A bit set of nodes, by what it says itself, and by the links that it has. */
uint32_t sim_broker_peers(const struct sim_world *world, const struct sim_node *node);

bool sim_broker_is_hung(const struct sim_world *world, const struct sim_node *node);
bool sim_broker_is_busy(const struct sim_world *world, const struct sim_node *node);
bool sim_broker_is_drained(const struct sim_world *world, const struct sim_node *node);
/* Its application runs: what the others' lists tell. */
bool sim_broker_runs(const struct sim_world *world, const struct sim_node *node);
/* Its client ports are shut on purpose, or it is paused. */
bool sim_broker_is_restricted(const struct sim_world *world, const struct sim_node *node);
/* It runs, and answers other members and agents. */
bool sim_broker_stands(const struct sim_world *world, const struct sim_node *node);
/* Clients are served. */
bool sim_broker_serves(const struct sim_world *world, const struct sim_node *node);
/* Call before it hangs or works without answering. */
void sim_broker_falls_silent(struct sim_world *world, struct sim_node *node);
/* Processor time used so far by this process. */
uint64_t sim_broker_cpu_ms(const struct sim_world *world, const struct sim_node *node);
/* Call before anything changes that its use of the processor depends on. */
void sim_broker_count_cpu(struct sim_world *world, struct sim_node *node);

#endif
