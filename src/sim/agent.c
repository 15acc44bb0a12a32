#include "sim/agent.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/check.h"
#include "sim/execute.h"
#include "sim/lease.h"
#include "sim/outcome.h"
#include "sim/presence.h"
#include "sim/probe.h"
#include "sim/trace.h"
#include "sim/unit.h"

#include <string.h>

void sim_agent_step(struct sim_world *world, struct sim_node *node, enum event_kind kind)
{
    struct sim_agent *agent = &node->agent;
    struct sim_before before = {.state = agent->core.rescue.state, .lease = agent->core.lease.state};

    memcpy(before.incident, agent->core.rescue.incident.id, sizeof(before.incident));
    world->event.kind = kind;
    world->event.now_ms = (uint64_t)((int64_t)world->now_ms + agent->clock_ms);
    world->event.wall_ms = SIM_WALL_MS + (int64_t)world->now_ms;
    core_step(&agent->core, &world->event, &world->actions);
    world->steps++;
    if (world->tap)
        world->tap(world->tap_context, node->name, &world->event, &world->actions, &agent->core);
    sim_trace_step(world, node, before.state);
    sim_check_step(world, node, &before);
    sim_outcome_note(world, node, before.state);
    sim_execute(world, node, &world->actions);
}

/* --- what it is told --- */

static void tell_members(struct sim_world *world, struct sim_node *node)
{
    struct members_event *members = &world->event.members;

    memset(members, 0, sizeof(*members));
    members->count = world->count;
    text_copy(members->cluster, sizeof(members->cluster), "prod");
    for (size_t i = 0; i < world->count; i++)
        text_copy(members->names[i], RMQ_NODE_NAME_MAX, world->nodes[i].name);
    node->agent.members_posted = true;
    /* Before the core knows of them, as in a real agent: what it wants of their pace finds them there. */
    for (size_t i = 0; i < world->count; i++)
        sim_probe_begin(world, node, i);
    sim_agent_step(world, node, EVENT_MEMBERS);
}

static void end_run(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    bool late = item->at_ms == node->agent.thawed_ms; /* it was put off until then */
    const struct probe_event *probe = &world->event.probe;
    bool lists;

    if (!sim_probe_end(world, node, item, late))
        return;
    lists = probe->has_view && probe->view.members_known && item->target == item->node;
    if (probe->has_view && probe->view.partitions_known && item->target == item->node)
        node->agent.partition_run = probe->view.partitioned ? node->broker.run : 0;
    if (lists)
        node->agent.drained_run = sim_broker_is_drained(world, node) ? node->broker.run : 0;
    sim_agent_step(world, node, EVENT_PROBE_DONE);
    if (lists && !node->agent.members_posted)
        tell_members(world, node);
}

static void receive(struct sim_world *world, struct sim_node *node)
{
    static const enum event_kind kinds[] = {
        [BUS_UNIT] = EVENT_UNIT,
        [BUS_UNIT_LOST] = EVENT_UNIT_LOST,
        [BUS_JOB_DONE] = EVENT_JOB_DONE,
        [BUS_REQUEST_DONE] = EVENT_REQUEST_DONE,
        [BUS_REQUEST_FAILED] = EVENT_REQUEST_FAILED,
    };
    struct sim_agent *agent = &node->agent;
    const struct bus_message *message = &agent->bus[agent->bus_head];

    if (agent->bus_count == 0)
        return;
    agent->bus_head = (agent->bus_head + 1) % SIM_BUS_MAX;
    agent->bus_count--;
    if (message->kind == BUS_UNIT) {
        world->event.unit = agent->unit = message->unit;
        agent->unit_told = true;
    } else if (message->kind == BUS_UNIT_LOST) {
        agent->unit_told = false;
    } else if (message->kind == BUS_JOB_DONE) {
        world->event.job.ok = message->ok;
        text_copy(world->event.job.result, sizeof(world->event.job.result), message->text);
    } else if (message->kind == BUS_REQUEST_FAILED) {
        world->event.request.permanent = message->ok;
        text_copy(world->event.request.error, sizeof(world->event.request.error), message->text);
        sim_check_refused(node);
    }
    sim_agent_step(world, node, kinds[message->kind]);
}

static void put_sample(struct sim_world *world, struct sim_node *node, uint64_t ms)
{
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + ms,
                                   .kind = AGENDA_HOST,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->agent.generation,
                                   .value = ++node->agent.sample});
}

/* A suspicion wants to know at once what the process does. */
void sim_agent_hurry_samples(struct sim_world *world, struct sim_node *node)
{
    put_sample(world, node, 1);
}

static void tell_host(struct sim_world *world, struct sim_node *node)
{
    struct host_sample *host = &world->event.host;
    const struct sim_broker *broker = &node->broker;
    bool lives = broker->phase != BROKER_GONE;

    memset(host, 0, sizeof(*host));
    host->process_known = true;
    host->pid = lives ? node->unit.pid : 0;
    host->process_state = 'S';
    if (sim_broker_is_hung(world, node))
        host->process_state = broker->hung_state;
    else if (sim_broker_is_busy(world, node))
        host->process_state = 'R';
    host->cpu_ms = sim_broker_cpu_ms(world, node);
    host->run_delay_known = true;
    host->run_delay_ms = host->cpu_ms / 50;
    host->runnable_threads = sim_broker_is_busy(world, node) && !sim_broker_is_hung(world, node) ? 4 : 0;
    host->packages_known = true;
    host->packages_changing = world->now_ms < node->host.changing_until_ms;
    if (host->packages_changing)
        text_copy(host->package_manager, sizeof(host->package_manager), "dpkg");
    node->agent.packages_changing = host->packages_changing;
    if (lives)
        node->agent.host_told_ms = world->now_ms;
    put_sample(world, node,
        node->agent.core.members[0].fast ? world->policy.fast_interval_ms : world->policy.interval_ms);
    sim_agent_step(world, node, EVENT_HOST);
}

static void tell_evidence(struct sim_world *world, struct sim_node *node)
{
    struct evidence_event *evidence = &world->event.evidence;

    memset(evidence, 0, sizeof(*evidence));
    text_copy(evidence->incident, sizeof(evidence->incident), node->agent.collecting);
    text_append(evidence->path, sizeof(evidence->path), "/var/lib/rmqwatchd/evidence/%s", evidence->incident);
    sim_agent_step(world, node, EVENT_EVIDENCE);
}

static void tell_lease(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    if (item->kind == AGENDA_LEASE_NEWS) {
        memset(&world->event.lease, 0, sizeof(world->event.lease));
        world->event.lease.status = LEASE_LOST;
    } else if (!sim_lease_answer(world, node, item)) {
        return;
    }
    sim_agent_step(world, node, EVENT_LEASE);
}

void sim_agent_hold(struct sim_world *world, struct sim_node *node, uint64_t until_ms)
{
    struct operator_event *operator= & world->event.operator;

    if (!node->agent.alive || world->now_ms < node->agent.frozen_until_ms)
        return;
    memset(operator, 0, sizeof(*operator));
    operator->kind = until_ms == 0 ? OPERATOR_RESUME : OPERATOR_HOLD;
    text_copy(operator->owner, sizeof(operator->owner), "alice");
    text_copy(operator->reason, sizeof(operator->reason), "maintenance");
    if (until_ms > 0)
        operator->until_wall_ms = SIM_WALL_MS +(int64_t) until_ms;
    node->agent.hold_until_wall_ms = operator->until_wall_ms;
    if (until_ms == 0) /* whoever resumes has seen to it: the budget is full again */
        node->agent.act_count = 0;
    sim_agent_step(world, node, EVENT_OPERATOR);
}

void sim_agent_set_store(struct sim_world *world, struct sim_node *node, bool fails)
{
    if (!node->agent.alive || node->agent.store_fails == fails)
        return;
    node->agent.store_fails = fails;
    memset(&world->event.request, 0, sizeof(world->event.request));
    text_copy(world->event.request.error, sizeof(world->event.request.error), "no space left on device");
    sim_agent_step(world, node, fails ? EVENT_STORE_FAILED : EVENT_STORE_OK);
}

void sim_agent_set_policy(struct sim_world *world, struct sim_node *node, const struct policy *policy)
{
    if (!node->agent.alive)
        return;
    world->event.policy = *policy;
    sim_agent_step(world, node, EVENT_POLICY);
}

/* --- its agenda --- */

void sim_agent_on_agenda(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    struct sim_agent *agent = &node->agent;

    if (!agent->alive || item->generation != agent->generation)
        return;
    if (world->now_ms < agent->frozen_until_ms) {
        struct agenda_item later = *item;

        later.at_ms = agent->frozen_until_ms;
        agenda_put(&world->agenda, &later);
        return;
    }
    switch (item->kind) {
    case AGENDA_BUS:
        receive(world, node);
        break;
    case AGENDA_CHECK:
        sim_probe_on_timer(world, node, item);
        break;
    case AGENDA_RUN_SLOW:
        if (sim_probe_slow(world, item))
            sim_agent_step(world, node, EVENT_PROBE_SLOW);
        break;
    case AGENDA_RUN_END:
        end_run(world, node, item);
        break;
    case AGENDA_PRESENCE:
        sim_presence_on_timer(world, node, item);
        break;
    case AGENDA_PRESENCE_END:
        sim_presence_end(world, node, item, item->at_ms == agent->thawed_ms);
        sim_agent_step(world, node, EVENT_PROBE_DONE);
        break;
    case AGENDA_HOST:
        if (item->value == agent->sample)
            tell_host(world, node);
        break;
    case AGENDA_EVIDENCE:
        tell_evidence(world, node);
        break;
    case AGENDA_LEASE_ANSWER:
    case AGENDA_LEASE_NEWS:
        tell_lease(world, node, item);
        break;
    default:
        break;
    }
}

uint64_t sim_agent_tick_ms(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_agent *agent = &node->agent;
    uint64_t at_ms;

    if (!agent->alive)
        return SIM_NEVER;
    at_ms = (uint64_t)((int64_t)core_deadline_ms(&agent->core) - agent->clock_ms);
    if (at_ms < world->now_ms)
        at_ms = world->now_ms;
    return at_ms < agent->frozen_until_ms ? agent->frozen_until_ms : at_ms;
}

void sim_agent_tick(struct sim_world *world, struct sim_node *node)
{
    sim_agent_step(world, node, EVENT_TICK);
}

/* --- life --- */

void sim_agent_freeze(struct sim_world *world, struct sim_node *node, uint64_t ms)
{
    /* One that is frozen for longer already stays so: its timers wait for that. */
    if (!node->agent.alive || world->now_ms + ms <= node->agent.frozen_until_ms)
        return;
    node->agent.frozen_until_ms = node->agent.thawed_ms = world->now_ms + ms;
}

void sim_agent_kill(struct sim_world *world, struct sim_node *node)
{
    struct sim_agent *agent = &node->agent;

    if (!agent->alive)
        return;
    sim_lease_forget(world, node);
    agent->disturbed_lease_lost = true;
    agent->alive = false;
    agent->frozen_until_ms = 0;
}

/* Everything but what the disk and the invariants remember. */
static void forget(struct sim_agent *agent)
{
    agent->probed = 0;
    agent->members_posted = false;
    memset(agent->checks, 0, sizeof(agent->checks));
    agent->bus_head = agent->bus_count = 0;
    agent->bus_at_ms = 0;
    agent->unit_told = agent->unit_posted = false;
    agent->own_job = 0;
    agent->collecting[0] = '\0';
    agent->packages_changing = false;
    agent->partition_run = 0;
    agent->host_told_ms = 0;
    agent->frozen_until_ms = agent->thawed_ms = 0;
}

/* As a real agent: the policy, and the members as far as it remembers them. */
static void tap_beginning(struct sim_world *world, const struct sim_node *node, uint64_t now_ms)
{
    const struct core *core = &node->agent.core;
    struct event event = {
        .kind = EVENT_POLICY, .now_ms = now_ms, .wall_ms = SIM_WALL_MS + (int64_t)world->now_ms};

    if (!world->tap)
        return;
    event.policy = core->policy;
    world->tap(world->tap_context, node->name, &event, NULL, core);
    event.kind = EVENT_MEMBERS;
    memset(&event.members, 0, sizeof(event.members));
    for (size_t i = 0; i < core->member_count; i++)
        text_copy(event.members.names[event.members.count++], RMQ_NODE_NAME_MAX, core->members[i].name);
    world->tap(world->tap_context, node->name, &event, NULL, core);
}

void sim_agent_start(struct sim_world *world, struct sim_node *node, size_t back)
{
    struct sim_agent *agent = &node->agent;
    uint64_t now_ms = (uint64_t)((int64_t)world->now_ms + agent->clock_ms);

    forget(agent);
    agent->alive = true;
    agent->generation++;
    agent->started_ms = world->now_ms;
    agent->bus_lost = world->now_ms < node->host.bus_lost_until_ms;
    core_init(&agent->core, node->name, "", &world->policy, now_ms);
    if (agent->save_count > back) {
        const struct core_snapshot *save = &agent->saves[(agent->save_count - 1 - back) % SIM_SAVES_MAX];

        core_restore(&agent->core, save, now_ms, SIM_WALL_MS + (int64_t)world->now_ms);
        agent->save_count -= back;
    }
    tap_beginning(world, node, now_ms);
    sim_check_restarted(world, node, back > 0 || agent->store_fails);
    agent->store_fails = world->now_ms < node->host.store_fails_until_ms;
    sim_probe_begin(world, node, sim_index(world, node));
    for (size_t i = 0; agent->core.member_count > 1 && i < world->count; i++)
        sim_probe_begin(world, node, i);
    sim_unit_show(world, node);
    put_sample(world, node, 5);
}
