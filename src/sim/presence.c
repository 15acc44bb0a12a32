#include "sim/presence.h"

#include "base/text.h"
#include "sim/network.h"

enum { FIRST_WITHIN_MS = 200, JITTER_PERCENT = 10, ANSWER_LEAST_MS = 2, ANSWER_MOST_MS = 20 };

static enum probe_result result_of(
    struct sim_world *world, const struct sim_node *from, const struct sim_node *to)
{
    if (!sim_network_reaches(world, from, to))
        return PROBE_RESULT_TIMED_OUT;
    if (world->now_ms < world->loss_until_ms &&
        sim_random_chance(&world->presence_random, world->loss_permille))
        return PROBE_RESULT_TIMED_OUT;
    if (!to->agent.alive)
        return PROBE_RESULT_REFUSED;
    /* The kernel accepts on behalf of one that gets no processor. */
    return world->now_ms < to->agent.frozen_until_ms ? PROBE_RESULT_SILENT : PROBE_RESULT_OK;
}

static bool waits(enum probe_result result)
{
    return result == PROBE_RESULT_TIMED_OUT || result == PROBE_RESULT_SILENT;
}

static void put(struct sim_world *world, struct sim_node *node, size_t target, uint64_t ms)
{
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + ms,
                                   .kind = AGENDA_PRESENCE,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->agent.generation,
                                   .target = (uint8_t)target});
}

void sim_presence_begin(struct sim_world *world, struct sim_node *node, size_t target)
{
    if (world->policy.agent_missing_ms > 0 && sim_index(world, node) != target)
        put(world, node, target, sim_random_between(&world->presence_random, 1, FIRST_WITHIN_MS));
}

void sim_presence_on_timer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    uint64_t interval_ms = world->policy.interval_ms, spread_ms = interval_ms * JITTER_PERCENT / 100;
    enum probe_result result = result_of(world, node, &world->nodes[item->target]);
    struct agenda_item end = *item;

    end.kind = AGENDA_PRESENCE_END;
    end.value = result;
    end.started_ms = world->now_ms;
    end.at_ms = world->now_ms + (waits(result) ? world->policy.timeout_ms
                                               : sim_random_between(&world->presence_random, ANSWER_LEAST_MS,
                                                     ANSWER_MOST_MS));
    agenda_put(&world->agenda, &end);
    put(world, node, item->target,
        sim_random_between(&world->presence_random, interval_ms - spread_ms, interval_ms + spread_ms));
}

void sim_presence_end(
    struct sim_world *world, struct sim_node *node, const struct agenda_item *item, bool late)
{
    struct probe_event *probe = &world->event.probe;
    const struct sim_node *target = &world->nodes[item->target];
    enum probe_result result = (enum probe_result)item->value;

    /* One that was frozen for a moment answers late; one that has died meanwhile does not. */
    if (result == PROBE_RESULT_SILENT)
        result = result_of(world, node, target);
    if (result == PROBE_RESULT_OK && !target->agent.alive)
        result = PROBE_RESULT_CLOSED;
    if (late && world->now_ms - item->started_ms >= world->policy.timeout_ms)
        result = PROBE_RESULT_TIMED_OUT;
    text_copy(probe->node, sizeof(probe->node), target->name);
    probe->kind = PROBE_AGENT;
    probe->deep = probe->has_view = false;
    probe->started_ms = (uint64_t)((int64_t)item->started_ms + node->agent.clock_ms);
    probe->result = result;
}
