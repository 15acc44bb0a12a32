#include "sim/execute.h"

#include "base/text.h"
#include "sim/agent.h"
#include "sim/check.h"
#include "sim/lease.h"
#include "sim/probe.h"
#include "sim/told.h"
#include "sim/unit.h"

#include <string.h>

enum { REQUEST_MOST_MS = 8, COLLECT_LEAST_MS = 100, COLLECT_MOST_MS = 5000, COLLECTOR_DIES_PERMILLE = 50 };

static void request(struct sim_world *world, struct sim_node *node, enum unit_verb verb)
{
    static const struct bus_message failed = {.kind = BUS_REQUEST_FAILED, .text = "no connection"};

    if (node->agent.bus_lost) {
        node->agent.bus_lost = false; /* this message does not come over the bus */
        sim_bus_post(world, node, &failed);
        node->agent.bus_lost = true;
        return;
    }
    agenda_put(&world->agenda,
        &(struct agenda_item){.at_ms = world->now_ms + sim_random_between(&world->random, 1, REQUEST_MOST_MS),
            .kind = AGENDA_REQUEST,
            .node = (uint8_t)sim_index(world, node),
            .generation = node->agent.generation,
            .value = verb});
}

static void collect(struct sim_world *world, struct sim_node *node, const struct collect_action *collect)
{
    text_copy(node->agent.collecting, sizeof(node->agent.collecting), collect->incident);
    if (sim_random_chance(&world->random, COLLECTOR_DIES_PERMILLE))
        return;
    agenda_put(&world->agenda,
        &(struct agenda_item){
            .at_ms = world->now_ms + sim_random_between(&world->random, COLLECT_LEAST_MS, COLLECT_MOST_MS),
            .kind = AGENDA_EVIDENCE,
            .node = (uint8_t)sim_index(world, node),
            .generation = node->agent.generation});
}

static void save(struct sim_world *world, struct sim_node *node)
{
    struct sim_agent *agent = &node->agent;
    uint64_t now_ms = (uint64_t)((int64_t)world->now_ms + agent->clock_ms);

    if (agent->store_fails)
        return;
    core_snapshot(&agent->core, &agent->saves[agent->save_count++ % SIM_SAVES_MAX], now_ms,
        SIM_WALL_MS + (int64_t)world->now_ms);
}

static void execute(struct sim_world *world, struct sim_node *node, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START_UNIT:
        request(world, node, VERB_START);
        break;
    case ACTION_RESTART_UNIT:
        request(world, node, VERB_RESTART);
        break;
    case ACTION_KILL_UNIT:
        request(world, node, VERB_KILL);
        break;
    case ACTION_DUMP_UNIT:
        request(world, node, VERB_DUMP);
        break;
    case ACTION_STOP_UNIT:
        request(world, node, VERB_STOP);
        break;
    case ACTION_PACE:
        sim_probe_set_pace(world, node, action->pace.node, action->pace.fast);
        if (action->pace.fast && !strcmp(action->pace.node, node->name))
            sim_agent_hurry_samples(world, node);
        break;
    case ACTION_ASK:
        sim_probe_ask(world, node, action->node);
        break;
    case ACTION_COLLECT:
        collect(world, node, &action->collect);
        break;
    case ACTION_LEASE_ACQUIRE:
        sim_lease_acquire(world, node, &action->lease);
        break;
    case ACTION_LEASE_RELEASE:
        sim_lease_release(world, node);
        break;
    case ACTION_LEASE_CHECK:
        sim_lease_check(world, node);
        break;
    case ACTION_SAVE:
        save(world, node);
        break;
    case ACTION_NOTICE:
    case ACTION_RECORD:
    case ACTION_SEND:
        break;
    }
}

void sim_execute(struct sim_world *world, struct sim_node *node, const struct action_list *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        sim_check_action(world, node, &actions->items[i]);
        sim_told_action(world, node, &actions->items[i]);
        execute(world, node, &actions->items[i]);
    }
}
