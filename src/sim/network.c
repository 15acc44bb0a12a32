#include "sim/network.h"

#include "sim/broker.h"
#include "sim/lease.h"
#include "sim/trace.h"

#include <string.h>

enum { CONNECT_MS = 1000, RESUME_MS = 1000 };

bool sim_network_reaches(
    const struct sim_world *world, const struct sim_node *from, const struct sim_node *to)
{
    size_t a = sim_index(world, from), b = sim_index(world, to);

    return from->host.up && to->host.up && !world->cut[a][b] && !world->cut[b][a];
}

static bool has_processor(const struct sim_world *world, const struct sim_node *node)
{
    return node->broker.phase != BROKER_GONE && !sim_broker_is_hung(world, node);
}

bool sim_network_hears(const struct sim_world *world, const struct sim_node *a, const struct sim_node *b)
{
    return has_processor(world, a) && has_processor(world, b) && sim_network_reaches(world, a, b);
}

bool sim_network_linked(const struct sim_world *world, size_t a, size_t b)
{
    return a == b || world->links[a < b ? a : b][a < b ? b : a].up;
}

bool sim_network_lists(
    const struct sim_world *world, const struct sim_node *from, const struct sim_node *about)
{
    size_t a = sim_index(world, from), b = sim_index(world, about);

    if (world->now_ms < world->stale_until_ms[a][b])
        return false;
    return sim_network_linked(world, a, b) && sim_broker_runs(world, about);
}

uint32_t sim_broker_peers(const struct sim_world *world, const struct sim_node *node)
{
    uint32_t peers = 0;

    for (size_t i = 0; i < world->count; i++)
        if (&world->nodes[i] != node && sim_network_linked(world, sim_index(world, node), i) &&
            sim_broker_runs(world, &world->nodes[i]))
            peers |= 1u << i;
    return peers;
}

bool sim_network_waits(const struct sim_world *world, const struct sim_node *node)
{
    for (size_t i = 0; world->views_wait && i < world->count; i++)
        if (&world->nodes[i] != node && sim_network_linked(world, sim_index(world, node), i) &&
            !sim_network_hears(world, node, &world->nodes[i]))
            return true;
    return false;
}

bool sim_network_has_majority(const struct sim_world *world, const struct sim_node *node)
{
    size_t there = 1 + (size_t)__builtin_popcount(sim_broker_peers(world, node));

    return there >= world->count / 2 + 1;
}

static bool same_processes(const struct sim_link *link, const struct sim_node *a, const struct sim_node *b)
{
    return link->runs[0] == a->broker.run && link->runs[1] == b->broker.run;
}

/* Two processes that run on after they have lost each other find that out when they meet again. */
static void meet(struct sim_world *world, struct sim_link *link, struct sim_node *a, struct sim_node *b)
{
    if (world->kind == CLUSTER_IGNORE && link->apart && same_processes(link, a, b) &&
        world->now_ms < world->healed_ms) {
        a->broker.partitioned |= 1u << sim_index(world, b);
        b->broker.partitioned |= 1u << sim_index(world, a);
    }
    *link = (struct sim_link){.up = true, .runs = {a->broker.run, b->broker.run}};
}

static void poll_link(struct sim_world *world, struct sim_link *link, struct sim_node *a, struct sim_node *b)
{
    if (sim_network_hears(world, a, b)) {
        link->silent_ms = 0;
        if (link->up && same_processes(link, a, b))
            return;
        if (link->hears_ms == 0)
            link->hears_ms = world->now_ms;
        if (link->up)
            link->up = false; /* a new process has taken the place of the old one */
        if (world->now_ms - link->hears_ms >= CONNECT_MS)
            meet(world, link, a, b);
        return;
    }
    link->hears_ms = 0;
    if (!link->up)
        return;
    /* A process that ends closes its connections, if its last packets arrive. */
    if (!same_processes(link, a, b) && sim_network_reaches(world, a, b)) {
        link->up = false;
        return;
    }
    if (link->silent_ms == 0)
        link->silent_ms = world->now_ms;
    if (world->now_ms - link->silent_ms >= world->tick_ms) {
        link->up = false;
        link->apart = sim_broker_runs(world, a) && sim_broker_runs(world, b);
    }
}

/* pause_minority asks for Erlang machines, not for applications: one that is paused itself, or boots, counts
 * for the others. Else those that pause would keep each other from coming back (rabbit_node_monitor says so
 * where it handles a dead node). */
static bool is_connected_to_majority(const struct sim_world *world, const struct sim_node *node)
{
    size_t there = 1;

    for (size_t i = 0; i < world->count; i++)
        there += &world->nodes[i] != node && world->nodes[i].broker.phase != BROKER_GONE &&
                 sim_network_linked(world, sim_index(world, node), i);
    return there >= world->count / 2 + 1;
}

/* pause_minority: whoever is connected to no majority stops its application, and goes on about a second after
 * the majority is back. */
static void poll_pause(struct sim_world *world, struct sim_node *node)
{
    struct sim_broker *broker = &node->broker;
    size_t alive = 1;

    if (world->kind != CLUSTER_PAUSE_MINORITY || world->count == 1 || !has_processor(world, node) ||
        broker->phase != BROKER_RUNNING)
        return;
    if (!broker->paused) {
        if (is_connected_to_majority(world, node) || !sim_broker_runs(world, node) ||
            world->now_ms - broker->phase_ms < 2 * CONNECT_MS)
            return;
        broker->paused = true;
        broker->resume_ms = 0;
        sim_trace_world(world, node, "the broker sees no majority, and pauses itself");
        return;
    }
    for (size_t i = 0; i < world->count; i++)
        alive += &world->nodes[i] != node && sim_network_hears(world, node, &world->nodes[i]);
    if (alive < world->count / 2 + 1) {
        broker->resume_ms = 0;
    } else if (broker->resume_ms == 0) {
        broker->resume_ms = world->now_ms;
    } else if (world->now_ms - broker->resume_ms >= RESUME_MS) {
        broker->paused = false;
        broker->phase_ms = world->now_ms;
        sim_trace_world(world, node, "the broker sees a majority again, and resumes");
    }
}

void sim_network_poll(struct sim_world *world)
{
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = a + 1; b < world->count; b++)
            poll_link(world, &world->links[a][b], &world->nodes[a], &world->nodes[b]);
    for (size_t i = 0; i < world->count; i++)
        poll_pause(world, &world->nodes[i]);
    sim_lease_poll(world);
}

void sim_network_heal(struct sim_world *world)
{
    memset(world->cut, 0, sizeof(world->cut));
    memset(world->stale_until_ms, 0, sizeof(world->stale_until_ms));
    world->loss_until_ms = 0;
    for (size_t i = 0; i < world->count; i++) /* an operator has chosen a side */
        world->nodes[i].broker.partitioned = 0;
    sim_network_poll(world);
}

void sim_network_init(struct sim_world *world)
{
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = a + 1; b < world->count; b++)
            world->links[a][b] = (struct sim_link){.up = true, .runs = {1, 1}};
}
