#include "sim/lease.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/network.h"
#include "sim/trace.h"

#include <string.h>

enum {
    HEARTBEATS_MS = 20000, /* a connection without any is over */
    ANSWER_LEAST_MS = 15,
    ANSWER_MOST_MS = 180,
    NEWS_MS = 5,
};

enum question { QUESTION_ACQUIRE, QUESTION_CHECK };

static struct sim_node *find_node(struct sim_world *world, const char *name)
{
    for (size_t i = 0; i < world->count; i++)
        if (!strcmp(world->nodes[i].name, name))
            return &world->nodes[i];
    return NULL;
}

/* A member that would take the queue's declaration from this host; or anybody, when the lease is kept
 * elsewhere. */
static bool grants(const struct sim_world *world, const struct sim_node *from, const struct sim_node *peer)
{
    if (world->policy.lease_independent)
        return world->now_ms >= world->lease_broken_until_ms;
    return world->now_ms >= world->lease_broken_until_ms && sim_network_reaches(world, from, peer) &&
           sim_broker_serves(world, peer) && sim_network_has_majority(world, peer);
}

static void put_answer(struct sim_world *world, struct sim_node *node, enum question question, uint64_t ms)
{
    struct sim_lease_user *user = &node->agent.lease;

    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + ms,
                                   .kind = AGENDA_LEASE_ANSWER,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->agent.generation,
                                   .started_ms = user->request,
                                   .value = question});
}

static const struct sim_node *best_peer(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_lease_user *user = &node->agent.lease;

    if (world->policy.lease_independent)
        return grants(world, node, node) ? node : NULL;
    for (size_t i = 0; i < user->peer_count; i++)
        if (grants(world, node, &world->nodes[user->peers[i]]))
            return &world->nodes[user->peers[i]];
    return NULL;
}

void sim_lease_acquire(struct sim_world *world, struct sim_node *node, const struct lease_action *peers)
{
    struct sim_lease_user *user = &node->agent.lease;
    uint64_t ms = sim_random_between(&world->random, ANSWER_LEAST_MS, ANSWER_MOST_MS);

    sim_lease_release(world, node);
    user->request++;
    user->acquiring = true;
    user->peer_count = 0;
    for (size_t i = 0; i < peers->count && user->peer_count < SIM_NODES_MAX; i++) {
        struct sim_node *peer = find_node(world, peers->peers[i]);

        if (peer)
            user->peers[user->peer_count++] = (uint8_t)sim_index(world, peer);
    }
    if (world->policy.lease_exclusive && user->peer_count > 0 && !best_peer(world, node))
        ms = world->policy.lease_timeout_ms;
    put_answer(world, node, QUESTION_ACQUIRE, ms);
}

void sim_lease_check(struct sim_world *world, struct sim_node *node)
{
    put_answer(
        world, node, QUESTION_CHECK, sim_random_between(&world->random, ANSWER_LEAST_MS, ANSWER_MOST_MS));
}

static bool is_holder(const struct sim_world *world, const struct sim_node *node)
{
    return world->lease.taken && !world->lease.ghost && world->lease.holder == sim_index(world, node) &&
           world->lease.holder_generation == node->agent.generation;
}

/* The connection is closed: the member that keeps the queue hears of it, or not. */
static void close_connection(struct sim_world *world, const struct sim_node *node)
{
    const struct sim_node *peer = &world->nodes[world->lease.peer];

    if (!is_holder(world, node))
        return;
    if (world->policy.lease_independent
            ? node->agent.alive && node->host.up
            : sim_network_reaches(world, node, peer) && !sim_broker_is_hung(world, peer))
        world->lease.taken = false;
    else
        world->lease.ghost = true;
}

void sim_lease_release(struct sim_world *world, struct sim_node *node)
{
    close_connection(world, node);
    node->agent.lease.held = false;
    node->agent.lease.acquiring = false;
}

void sim_lease_forget(struct sim_world *world, struct sim_node *node)
{
    close_connection(world, node);
    memset(&node->agent.lease, 0, sizeof(node->agent.lease));
}

static void lose(struct sim_world *world, struct sim_node *node)
{
    if (!node->agent.lease.held)
        return;
    node->agent.lease.held = false;
    node->agent.disturbed_lease_lost = true;
    sim_trace_world(world, node, "its connection for the restart lease is lost");
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + NEWS_MS,
                                   .kind = AGENDA_LEASE_NEWS,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->agent.generation});
}

/* Its time runs out when the holder does not renew it. */
static void poll_independent(struct sim_world *world, struct sim_node *holder)
{
    struct sim_lease *lease = &world->lease;
    bool renewed = !lease->ghost && world->now_ms >= holder->agent.frozen_until_ms;

    if (renewed)
        lease->cut_ms = 0;
    else if (lease->cut_ms == 0)
        lease->cut_ms = world->now_ms;
    if (lease->cut_ms == 0 || world->now_ms - lease->cut_ms < HEARTBEATS_MS)
        return;
    lease->taken = false;
    if (!lease->ghost)
        lose(world, holder);
}

void sim_lease_poll(struct sim_world *world)
{
    struct sim_lease *lease = &world->lease;
    struct sim_node *holder = &world->nodes[lease->holder];
    struct sim_node *peer = &world->nodes[lease->peer];
    bool apart;

    if (!lease->taken)
        return;
    if (world->policy.lease_independent) {
        poll_independent(world, holder);
        return;
    }
    /* A member that stops or pauses closes its connections, and its queue is gone. */
    if (peer->broker.run != lease->peer_run || !sim_broker_runs(world, peer)) {
        lease->taken = false;
        if (!lease->ghost && holder->agent.generation == lease->holder_generation)
            lose(world, holder);
        return;
    }
    apart = !sim_network_reaches(world, holder, peer) || sim_broker_is_hung(world, peer) ||
            (!lease->ghost && world->now_ms < holder->agent.frozen_until_ms);
    if (!apart)
        lease->cut_ms = 0;
    else if (lease->cut_ms == 0)
        lease->cut_ms = world->now_ms;
    if (lease->ghost && (!apart || world->now_ms - lease->cut_ms >= HEARTBEATS_MS)) {
        lease->taken = sim_broker_is_hung(world, peer);
        return;
    }
    if (apart && world->now_ms - lease->cut_ms >= HEARTBEATS_MS) {
        lease->taken = sim_broker_is_hung(world, peer);
        lease->ghost = lease->taken;
        lose(world, holder);
    }
}

static enum lease_status acquire(struct sim_world *world, struct sim_node *node)
{
    struct sim_lease_user *user = &node->agent.lease;
    const struct sim_node *peer = best_peer(world, node);

    if (!world->policy.lease_exclusive) {
        user->held = true;
        return LEASE_GRANTED;
    }
    if (!peer)
        return LEASE_UNAVAILABLE;
    if (world->lease.taken) {
        user->taken_ms = world->now_ms;
        return LEASE_TAKEN;
    }
    world->lease = (struct sim_lease){.taken = true,
        .holder = (uint8_t)sim_index(world, node),
        .holder_generation = node->agent.generation,
        .peer = (uint8_t)sim_index(world, peer),
        .peer_run = peer->broker.run};
    user->held = true;
    user->granted_ms = world->now_ms;
    return LEASE_GRANTED;
}

bool sim_lease_answer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    struct sim_lease_user *user = &node->agent.lease;
    struct lease_event *answer = &world->event.lease;

    memset(answer, 0, sizeof(*answer));
    if ((enum question)item->value == QUESTION_CHECK) {
        answer->status = LEASE_USABLE;
        return true;
    }
    if (!user->acquiring || item->started_ms != user->request)
        return false;
    user->acquiring = false;
    answer->status = acquire(world, node);
    if (answer->status == LEASE_TAKEN)
        text_append(
            answer->detail, sizeof(answer->detail), "%s holds it", world->nodes[world->lease.holder].name);
    return true;
}
