#include "sim/voice.h"

#include "sim/broker.h"
#include "sim/network.h"

#include <string.h>

enum { NEWS_MS = 2000, SPARE_MS = 10000 };

/* --- the truth, and since when it is so --- */

static bool is_awake(const struct sim_world *world, const struct sim_node *node)
{
    return node->agent.alive && world->now_ms >= node->agent.frozen_until_ms;
}

static void follow(const struct sim_world *world, uint64_t *since_ms, bool is_so)
{
    if (!is_so)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = world->now_ms;
}

static bool lasts(const struct sim_world *world, uint64_t since_ms, uint64_t ms)
{
    return since_ms != 0 && world->now_ms - since_ms >= ms;
}

static bool network_is_whole(const struct sim_world *world)
{
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < world->count; b++)
            if (world->cut[a][b])
                return false;
    return world->now_ms >= world->loss_until_ms;
}

static bool reaches_majority(const struct sim_world *world, const struct sim_node *node)
{
    size_t count = 0;

    for (size_t i = 0; i < world->count; i++)
        count += sim_network_reaches(world, node, &world->nodes[i]);
    return count >= world->count / 2 + 1;
}

static void follow_node(struct sim_world *world, struct sim_node *node)
{
    struct sim_voice *voice = &node->voice;
    bool silent = node->broker.phase == BROKER_GONE || sim_broker_is_hung(world, node);

    follow(world, &voice->awake_ms, is_awake(world, node));
    follow(world, &voice->mute_ms, !is_awake(world, node));
    follow(world, &voice->cut_off_ms, is_awake(world, node) && !reaches_majority(world, node));
    follow(world, &voice->broker_silent_ms, silent);
    follow(world, &voice->broker_serves_ms, sim_broker_serves(world, node));
    follow(world, &voice->sane_ms, world->now_ms >= node->host.wrong_password_until_ms);
    for (size_t i = 0; i < world->count; i++)
        follow(world, &voice->meets_ms[i],
            is_awake(world, node) && is_awake(world, &world->nodes[i]) &&
                world->now_ms >= world->loss_until_ms && sim_network_reaches(world, node, &world->nodes[i]));
}

/* --- who told what --- */

static enum watch_kind watch_of(enum notice_kind kind)
{
    int watch = 0;

    while (watch < WATCH_KIND_COUNT && watch_infos[watch].raise != kind)
        watch++;
    return (enum watch_kind)watch;
}

static const struct watch *watch_on(const struct core *core, enum watch_kind kind, const char *name)
{
    if (kind < WATCH_PEER)
        return &core->watches[kind];
    for (size_t i = 1; i < core->member_count; i++)
        if (!strcmp(core->members[i].name, name))
            return &core->peer_watches[i][kind - WATCH_PEER];
    return NULL;
}

static bool anybody_tells(const struct sim_world *world, enum watch_kind kind, const struct sim_node *about)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *node = &world->nodes[i];
        const struct watch *watch = watch_on(&node->agent.core, kind, about->name);

        if (node != about && is_awake(world, node) && watch && watch->raised)
            return true;
    }
    return false;
}

/* --- nobody speaks for one that can, and no two for one that cannot --- */

static uint64_t hearing_ms(const struct sim_world *world)
{
    return 2 * world->policy.interval_ms + world->policy.timeout_ms + NEWS_MS;
}

void sim_voice_check(struct sim_world *world, const struct sim_node *node, const struct notice *notice)
{
    enum watch_kind kind = watch_of(notice->kind);

    if (kind != WATCH_PEER && kind != WATCH_PEER_AGENT)
        return;
    if (kind == WATCH_PEER_AGENT && watch_on(&node->agent.core, WATCH_PEER, notice->node)->raised)
        sim_fail(world, "one message", "while a node is told to be down, its agent is not missed besides",
            "%s by %s at %.1f s", notice->node, node->name, (double)world->now_ms / 1000);
    if (lasts(world, node->voice.cut_off_ms, hearing_ms(world)))
        sim_fail(world, "own business", "an agent that reaches no majority speaks for its own node only",
            "%s of %s by %s at %.1f s", notice_info(notice->kind)->event, notice->node, node->name,
            (double)world->now_ms / 1000);
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *other = &world->nodes[i];
        uint64_t meets_ms = node->voice.meets_ms[i];
        const struct watch *watch;

        if (!strcmp(other->name, notice->node) && lasts(world, meets_ms, hearing_ms(world)))
            sim_fail(world, "own voice", "nobody speaks for a node whose own agent answers",
                "%s of %s by %s at %.1f s", notice_info(notice->kind)->event, notice->node, node->name,
                (double)world->now_ms / 1000);
        watch = other == node ? NULL : watch_on(&other->agent.core, kind, notice->node);
        if (!watch || !watch->raised || meets_ms == 0)
            continue;
        if (meets_ms + hearing_ms(world) < (uint64_t)(watch->since_wall_ms - SIM_WALL_MS))
            sim_fail(world, "one voice", "no two agents that hear each other tell the same",
                "%s of %s by %s at %.1f s, and by %s before", notice_info(notice->kind)->event, notice->node,
                node->name, (double)world->now_ms / 1000, other->name);
    }
}

/* --- somebody does --- */

/* Long enough for everybody to know it for certain. */
static uint64_t certain_ms(const struct sim_world *world)
{
    const struct policy *policy = &world->policy;

    return policy->agent_missing_ms + 3 * policy->interval_ms +
           (policy->fall + 1) * (policy->fast_interval_ms + policy->timeout_ms) + SPARE_MS;
}

/* Each agent is there or is not, for long already, and knows who belongs to the cluster. */
static bool all_is_clear(const struct sim_world *world)
{
    bool anybody = false;

    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *node = &world->nodes[i];

        if (lasts(world, node->voice.mute_ms, certain_ms(world)))
            continue;
        if (!lasts(world, node->voice.awake_ms, certain_ms(world)) ||
            !lasts(world, node->voice.sane_ms, certain_ms(world)) ||
            node->agent.core.member_count != world->count)
            return false;
        anybody = true;
    }
    return anybody;
}

static bool is_remembered(const struct sim_world *world, const struct sim_node *node)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct core *core = &world->nodes[i].agent.core;

        for (size_t j = 1; is_awake(world, &world->nodes[i]) && j < core->member_count; j++)
            if (!strcmp(core->members[j].name, node->name) && !core->members[j].agent.seen)
                return false;
    }
    return true;
}

static bool anybody_is_cut_off(const struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->nodes[i].voice.cut_off_ms != 0)
            return true;
    return false;
}

/* It speaks for nobody else, so this has to be told. */
static void check_cut_off(struct sim_world *world, const struct sim_node *node)
{
    const struct sim_voice *voice = &node->voice;
    const struct core *core = &node->agent.core;

    if (lasts(world, voice->cut_off_ms, certain_ms(world)) &&
        lasts(world, voice->sane_ms, certain_ms(world)) && core->member_count == world->count &&
        !core->watches[WATCH_ISOLATED].raised)
        sim_fail(world, "isolated", "an agent that reaches no majority for long tells that", "%s at %.1f s",
            node->name, (double)world->now_ms / 1000);
}

/* Where no majority of the hosts is left, those that are there tell that they are isolated: enough. */
static void check_spoken_for(struct sim_world *world, const struct sim_node *node)
{
    const struct sim_voice *voice = &node->voice;

    if (!lasts(world, voice->mute_ms, certain_ms(world)))
        return;
    if (lasts(world, voice->broker_silent_ms, certain_ms(world)) && !anybody_is_cut_off(world) &&
        !anybody_tells(world, WATCH_PEER, node))
        sim_fail(world, "spoken for", "a node that is down without an agent is told by another one",
            "%s at %.1f s", node->name, (double)world->now_ms / 1000);
    if (lasts(world, voice->broker_serves_ms, certain_ms(world)) && is_remembered(world, node) &&
        !anybody_is_cut_off(world) && !anybody_tells(world, WATCH_PEER_AGENT, node))
        sim_fail(world, "missed", "an agent that is gone for long is missed", "%s at %.1f s", node->name,
            (double)world->now_ms / 1000);
}

void sim_voice_poll(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        follow_node(world, &world->nodes[i]);
    for (size_t i = 0; i < world->count; i++)
        check_cut_off(world, &world->nodes[i]);
    follow(world, &world->whole_ms, network_is_whole(world));
    if (world->policy.agent_missing_ms == 0 || !lasts(world, world->whole_ms, certain_ms(world)) ||
        !all_is_clear(world))
        return;
    for (size_t i = 0; i < world->count; i++)
        check_spoken_for(world, &world->nodes[i]);
}
