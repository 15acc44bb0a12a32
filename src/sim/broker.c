#include "sim/broker.h"

#include "sim/network.h"
#include "sim/trace.h"
#include "sim/unit.h"

#include <string.h>

enum {
    STILL_HUNG_MS = 500, /* what waits for a process without processor looks again after this */
    CURSED_LEAST_MS = 800,
    CURSED_MOST_MS = 3000,
    SLOW_BOOT_FACTOR = 15,
    DUMP_LEAST_MS = 500,
    DUMP_MOST_MS = 20000,
    CPU_IDLE = 30, /* permille of a processor */
    CPU_BOOT = 700,
};

enum step { STEP_BOOTED, STEP_STOPPED, STEP_CURSED, STEP_DUMPED };

bool sim_broker_is_hung(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase != BROKER_GONE && world->now_ms < node->broker.hung_until_ms;
}

bool sim_broker_is_busy(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase != BROKER_GONE && world->now_ms < node->broker.busy_until_ms;
}

bool sim_broker_is_drained(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase == BROKER_RUNNING && world->now_ms < node->broker.drained_until_ms;
}

bool sim_broker_runs(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase == BROKER_RUNNING && !node->broker.paused &&
           world->now_ms >= node->broker.app_stopped_until_ms;
}

bool sim_broker_is_restricted(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase == BROKER_RUNNING &&
           (!sim_broker_runs(world, node) || sim_broker_is_drained(world, node));
}

bool sim_broker_stands(const struct sim_world *world, const struct sim_node *node)
{
    return sim_broker_runs(world, node) && !sim_broker_is_hung(world, node) &&
           !sim_broker_is_busy(world, node) && !sim_broker_is_drained(world, node);
}

bool sim_broker_serves(const struct sim_world *world, const struct sim_node *node)
{
    return sim_broker_stands(world, node) && world->now_ms >= node->broker.listener_lost_until_ms;
}

void sim_broker_falls_silent(struct sim_world *world, struct sim_node *node)
{
    if (!sim_broker_is_hung(world, node) && !sim_broker_is_busy(world, node))
        node->broker.silent_ms = world->now_ms;
}

static uint64_t cpu_permille(const struct sim_world *world, const struct sim_node *node)
{
    if (node->broker.phase == BROKER_GONE)
        return 0;
    if (sim_broker_is_hung(world, node))
        return node->broker.hung_cpu;
    if (sim_broker_is_busy(world, node))
        return node->broker.busy_cpu;
    return node->broker.phase == BROKER_BOOTING ? CPU_BOOT : CPU_IDLE;
}

uint64_t sim_broker_cpu_ms(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.cpu_ms + (world->now_ms - node->broker.cpu_at_ms) * cpu_permille(world, node) / 1000;
}

void sim_broker_count_cpu(struct sim_world *world, struct sim_node *node)
{
    node->broker.cpu_ms = sim_broker_cpu_ms(world, node);
    node->broker.cpu_at_ms = world->now_ms;
}

static void put_step(struct sim_world *world, struct sim_node *node, enum step step, uint64_t ms)
{
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + ms,
                                   .kind = AGENDA_BROKER,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->broker.run,
                                   .value = step});
}

static void set_phase(struct sim_world *world, struct sim_node *node, enum broker_phase phase)
{
    sim_broker_count_cpu(world, node);
    node->broker.phase = phase;
    node->broker.phase_ms = world->now_ms;
}

/* What belonged to the process goes with it. */
static void forget_process(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;

    if (broker->phase == BROKER_RUNNING)
        broker->peers_at_stop = sim_broker_peers(world, node);
    set_phase(world, node, BROKER_GONE);
    broker->run++;
    broker->hung_until_ms = broker->busy_until_ms = broker->stuck_until_ms = 0;
    broker->app_stopped_until_ms = broker->listener_lost_until_ms = 0;
    broker->kill_pending = broker->paused = false;
    broker->resume_ms = broker->restricted_ms = 0;
    broker->partitioned = 0;
    broker->cpu_ms = 0;
}

void sim_broker_boot(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;
    uint64_t boot_ms = broker->boot_ms * sim_random_between(&world->random, 80, 120) / 100;

    if (world->now_ms < broker->slow_until_ms)
        boot_ms *= SLOW_BOOT_FACTOR;
    broker->run++;
    broker->cpu_ms = 0;
    set_phase(world, node, BROKER_BOOTING);
    broker->api_ms = world->now_ms + boot_ms * 7 / 10;
    if (world->now_ms < broker->cursed_until_ms)
        put_step(
            world, node, STEP_CURSED, sim_random_between(&world->random, CURSED_LEAST_MS, CURSED_MOST_MS));
    else
        put_step(world, node, STEP_BOOTED, boot_ms);
}

void sim_broker_stop(struct sim_world *world, struct sim_node *node, uint64_t ms)
{
    put_step(world, node, STEP_STOPPED, ms);
}

static void end_process(
    struct sim_world *world, struct sim_node *node, int32_t code, int32_t status, const char *result)
{
    forget_process(world, node);
    sim_network_poll(world);
    sim_unit_on_exit(world, node, code, status, result);
}

void sim_broker_kill(
    struct sim_world *world, struct sim_node *node, int32_t code, int32_t status, const char *result)
{
    if (node->broker.phase == BROKER_GONE)
        return;
    if (world->now_ms < node->broker.stuck_until_ms)
        node->broker.kill_pending = true;
    else
        end_process(world, node, code, status, result);
}

void sim_broker_dump(struct sim_world *world, struct sim_node *node)
{
    if (node->broker.phase != BROKER_GONE)
        put_step(world, node, STEP_DUMPED, sim_random_between(&world->random, DUMP_LEAST_MS, DUMP_MOST_MS));
}

void sim_broker_vanish(struct sim_world *world, struct sim_node *node)
{
    if (node->broker.phase != BROKER_GONE)
        forget_process(world, node);
}

static void ready(struct sim_world *world, struct sim_node *node)
{
    set_phase(world, node, BROKER_RUNNING);
    sim_trace_world(world, node, "the broker has booted");
    sim_unit_on_ready(world, node);
    sim_network_poll(world);
}

/* Whom it waits for at its boot: with Mnesia, those who ran when it stopped, unless all of them wait like it;
 * with Khepri, a majority. */
static bool must_wait(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_broker *broker = &node->broker;
    size_t there = 1;
    bool newer = false;

    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *peer = &world->nodes[i];
        bool boots = peer->broker.phase == BROKER_WAITING;

        if (peer == node)
            continue;
        if (!sim_network_hears(world, node, peer)) {
            newer = newer || (broker->peers_at_stop >> i & 1);
            continue;
        }
        if (sim_broker_runs(world, peer) && world->kind != CLUSTER_KHEPRI)
            return false;
        there += sim_broker_runs(world, peer) || boots;
        if ((broker->peers_at_stop >> i & 1) && !boots && !sim_broker_runs(world, peer))
            newer = true;
    }
    return world->kind == CLUSTER_KHEPRI ? there < world->count / 2 + 1 : newer;
}

void sim_broker_on_agenda(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    struct sim_broker *broker = &node->broker;

    if (item->generation != broker->run || broker->phase == BROKER_GONE)
        return;
    /* A thread of its own sees to signals: a lock that the others wait for does not keep it from that. */
    if (item->value == STEP_DUMPED && (!sim_broker_is_hung(world, node) || broker->hung_state == 'S')) {
        end_process(world, node, 1, 1, "exit-code");
        return;
    }
    if (sim_broker_is_hung(world, node) || sim_broker_is_busy(world, node)) {
        put_step(world, node, (enum step)item->value, STILL_HUNG_MS);
        return;
    }
    switch ((enum step)item->value) {
    case STEP_CURSED:
        sim_trace_world(world, node, "the broker ends in the middle of its boot");
        end_process(world, node, 1, 1, "exit-code");
        break;
    case STEP_BOOTED:
        set_phase(world, node, BROKER_WAITING);
        if (!must_wait(world, node))
            ready(world, node);
        else
            sim_trace_world(world, node, "the broker waits for its peers");
        break;
    case STEP_STOPPED:
        /* A stop waits for the boot to end. */
        if (broker->phase == BROKER_RUNNING)
            end_process(world, node, 1, 0, "success");
        else
            put_step(world, node, STEP_STOPPED, STILL_HUNG_MS);
        break;
    case STEP_DUMPED:
        break;
    }
}

/* Since when something that is not a fault keeps it from serving. */
static void note_restriction(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;

    if (!sim_broker_is_restricted(world, node)) {
        if (broker->restricted_ms != 0)
            broker->opened_ms = world->now_ms;
        broker->restricted_ms = 0;
    } else if (broker->restricted_ms == 0) {
        broker->restricted_ms = world->now_ms;
    }
}

void sim_broker_poll(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;

    if (broker->kill_pending && world->now_ms >= broker->stuck_until_ms) {
        broker->kill_pending = false;
        end_process(world, node, 2, 9, "signal");
    }
    if (broker->phase == BROKER_WAITING && !sim_broker_is_hung(world, node)) {
        if (!must_wait(world, node))
            ready(world, node);
        else if (world->now_ms - broker->phase_ms >= world->boot_wait_ms) {
            sim_trace_world(world, node, "the broker has waited in vain for its peers, and ends");
            end_process(world, node, 1, 1, "exit-code");
        }
    }
    note_restriction(world, node);
    if (!sim_broker_serves(world, node))
        broker->served_since_ms = 0;
    else if (broker->served_since_ms == 0)
        broker->served_since_ms = world->now_ms;
    if (sim_broker_stands(world, node))
        broker->standing_ms = world->now_ms;
}

void sim_broker_init(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;

    broker->phase = BROKER_RUNNING;
    broker->run = 1;
    broker->boot_ms = sim_random_between(&world->random, 3000, 9000);
    broker->cpu_ms = 100000;
    broker->cpu_at_ms = world->now_ms;
    broker->standing_ms = world->now_ms;
    broker->served_since_ms = world->now_ms;
}
