#include "sim/fault.h"

#include "sim/agent.h"
#include "sim/broker.h"
#include "sim/network.h"
#include "sim/outcome.h"
#include "sim/trace.h"
#include "sim/unit.h"

#include <string.h>

enum { BEGIN, END };
enum { KEPT_ALIVE_MOST_MS = 12000 };
static const uint64_t busy_cpu[] = {950, 0, 40, 0}; /* permille of a processor */

static const char *const names[FAULT_KIND_COUNT] = {
    [FAULT_CRASH] = "the broker is killed",
    [FAULT_CRASH_ALL] = "every broker is killed",
    [FAULT_HANG] = "the broker hangs",
    [FAULT_FREEZE] = "the broker hangs in the kernel",
    [FAULT_BUSY] = "the broker works, and does not answer",
    [FAULT_STOP_APP] = "somebody stops the application",
    [FAULT_DRAIN] = "somebody drains the node",
    [FAULT_LISTENER] = "the AMQP listener is gone",
    [FAULT_ALARM] = "a memory alarm goes off",
    [FAULT_CURSE] = "the broker is killed, and will die at every boot",
    [FAULT_SLOW_BOOT] = "boots are slow from now on",
    [FAULT_PARTITION] = "the network breaks in two",
    [FAULT_ONE_WAY] = "the network breaks in one direction",
    [FAULT_LOSS] = "the network loses packets",
    [FAULT_STALE_VIEW] = "the node has a stale view",
    [FAULT_HOST_DOWN] = "the machine goes down",
    [FAULT_AGENT_KILLED] = "the agent is killed",
    [FAULT_AGENT_FROZEN] = "the agent gets no processor",
    [FAULT_OPERATOR_STOP] = "an operator stops the unit",
    [FAULT_OPERATOR_RESTART] = "an operator restarts the unit",
    [FAULT_CLEAN_EXIT] = "somebody runs rabbitmqctl stop",
    [FAULT_MASK] = "an operator masks the unit",
    [FAULT_HOLD] = "an operator holds the node",
    [FAULT_PACKAGES] = "a package manager is at work",
    [FAULT_REFUSED] = "systemd refuses every request",
    [FAULT_BUS_LOST] = "the system bus is lost",
    [FAULT_STORE] = "the disk is full",
    [FAULT_LEASE_BROKEN] = "nobody grants a lease",
    [FAULT_PASSWORD] = "the agent's password is wrong",
    [FAULT_OBSERVE] = "a reload brings mode = observe",
};

const char *sim_fault_name(enum fault_kind kind)
{
    return names[kind];
}

/* --- the broker --- */

static void hang(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault, bool kernel)
{
    struct sim_broker *broker = &node->broker;

    if (broker->phase == BROKER_GONE)
        return;
    sim_broker_count_cpu(world, node);
    sim_broker_falls_silent(world, node);
    if (kernel)
        broker->stuck_until_ms = fault->until_ms;
    if (sim_broker_is_hung(world, node)) { /* it hangs on as it did, and for longer */
        if (fault->until_ms > broker->hung_until_ms)
            broker->hung_until_ms = fault->until_ms;
        return;
    }
    broker->hung_ms = world->now_ms;
    broker->hung_until_ms = fault->until_ms;
    broker->hung_state = kernel ? 'D' : (fault->value & 1) ? 'T' : 'S';
    broker->hung_cpu = broker->hung_state != 'T' && (fault->value & 2) ? 8 : 0;
}

static void begin_broker(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault)
{
    struct sim_broker *broker = &node->broker;

    sim_broker_count_cpu(world, node);
    switch ((enum fault_kind)fault->kind) {
    case FAULT_CURSE:
        broker->cursed_until_ms = fault->until_ms;
        /* fall through */
    case FAULT_CRASH:
        sim_broker_kill(world, node, 2, 9, "signal");
        break;
    case FAULT_CRASH_ALL:
        for (size_t i = 0; i < world->count; i++)
            sim_broker_kill(world, &world->nodes[i], 2, 9, "signal");
        break;
    case FAULT_HANG:
    case FAULT_FREEZE:
        hang(world, node, fault, fault->kind == FAULT_FREEZE);
        break;
    case FAULT_BUSY:
        sim_broker_falls_silent(world, node);
        if (!sim_broker_is_busy(world, node))
            broker->busy_ms = world->now_ms;
        broker->busy_cpu = busy_cpu[fault->value % (sizeof(busy_cpu) / sizeof(busy_cpu[0]))];
        broker->busy_until_ms = broker->phase == BROKER_GONE ? 0 : fault->until_ms;
        break;
    case FAULT_STOP_APP:
        broker->app_stopped_until_ms = broker->phase == BROKER_RUNNING ? fault->until_ms : 0;
        break;
    case FAULT_DRAIN:
        broker->drained_until_ms = fault->until_ms;
        broker->drained_api_ms = world->now_ms + sim_random_between(&world->random, 0, KEPT_ALIVE_MOST_MS);
        break;
    case FAULT_LISTENER:
        broker->listener_lost_until_ms = broker->phase == BROKER_RUNNING ? fault->until_ms : 0;
        break;
    case FAULT_ALARM:
        broker->alarm_until_ms = fault->until_ms;
        break;
    case FAULT_SLOW_BOOT:
        broker->slow_until_ms = fault->until_ms;
        break;
    default:
        break;
    }
}

/* --- the network --- */

static void cut(struct sim_world *world, uint32_t side, bool one_way, bool on)
{
    if (on)
        world->cut_ms = world->now_ms;
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < world->count; b++) {
            bool leaves = (side >> a & 1) && !(side >> b & 1);
            bool enters = !(side >> a & 1) && (side >> b & 1);

            if (leaves || (enters && !one_way))
                world->cut[a][b] = on;
        }
}

static void begin_network(
    struct sim_world *world, struct sim_node *node, const struct sim_fault *fault, bool on)
{
    switch ((enum fault_kind)fault->kind) {
    case FAULT_PARTITION:
    case FAULT_ONE_WAY:
        cut(world, fault->value, fault->kind == FAULT_ONE_WAY, on);
        break;
    case FAULT_LOSS:
        world->loss_until_ms = fault->until_ms;
        world->loss_permille = fault->value;
        break;
    case FAULT_STALE_VIEW:
        world->stale_until_ms[sim_index(world, node)][fault->value % world->count] = fault->until_ms;
        break;
    case FAULT_LEASE_BROKEN:
        world->lease_broken_until_ms = fault->until_ms;
        break;
    default:
        break;
    }
}

/* --- the machine and its agent --- */

static void host_down(struct sim_world *world, struct sim_node *node)
{
    node->host.up = false;
    sim_agent_kill(world, node);
    sim_broker_vanish(world, node);
    sim_unit_reset(node);
}

static void host_up(struct sim_world *world, struct sim_node *node)
{
    if (node->host.up)
        return;
    node->host.up = true;
    /* Its monotonic clock begins anew. */
    node->agent.clock_ms = -(int64_t)world->now_ms + 8000;
    sim_agent_start(world, node, 0);
    sim_unit_operate(world, node, VERB_START);
}

static void begin_machine(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault)
{
    switch ((enum fault_kind)fault->kind) {
    case FAULT_HOST_DOWN:
        host_down(world, node);
        break;
    case FAULT_AGENT_KILLED:
        sim_agent_kill(world, node);
        break;
    case FAULT_AGENT_FROZEN:
        sim_agent_freeze(world, node, fault->until_ms - world->now_ms);
        break;
    case FAULT_PACKAGES:
        node->host.changing_until_ms = fault->until_ms;
        break;
    case FAULT_REFUSED:
        node->host.refuse_until_ms = fault->until_ms;
        node->host.refuse_for_good = fault->value & 1;
        break;
    case FAULT_BUS_LOST:
        node->host.bus_lost_until_ms = fault->until_ms;
        sim_bus_lose(world, node);
        break;
    case FAULT_STORE:
        node->host.store_fails_until_ms = fault->until_ms;
        sim_agent_set_store(world, node, true);
        break;
    case FAULT_PASSWORD:
        node->host.wrong_password_until_ms = fault->until_ms;
        break;
    default:
        break;
    }
}

static void end_machine(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault)
{
    switch ((enum fault_kind)fault->kind) {
    case FAULT_HOST_DOWN:
        host_up(world, node);
        break;
    case FAULT_AGENT_KILLED:
        if (node->host.up && !node->agent.alive)
            sim_agent_start(world, node, fault->value);
        break;
    case FAULT_BUS_LOST:
        sim_bus_find(world, node);
        break;
    case FAULT_STORE:
        sim_agent_set_store(world, node, false);
        break;
    default:
        break;
    }
}

/* --- people --- */

static void observe(struct sim_world *world, struct sim_node *node, bool on)
{
    static struct policy policy;

    policy = world->policy;
    policy.act = !on && world->policy.act;
    sim_agent_set_policy(world, node, &policy);
}

static void begin_operator(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault)
{
    if (!node->host.up)
        return;
    switch ((enum fault_kind)fault->kind) {
    case FAULT_OPERATOR_STOP:
        sim_unit_operate(world, node, VERB_STOP);
        break;
    case FAULT_OPERATOR_RESTART:
        sim_unit_operate(world, node, VERB_RESTART);
        break;
    case FAULT_CLEAN_EXIT:
        if (node->broker.phase == BROKER_RUNNING && !sim_broker_is_hung(world, node))
            sim_broker_stop(world, node, 2000);
        break;
    case FAULT_MASK:
        sim_unit_mask(world, node, true);
        if (!(fault->value & 2)) /* else the one that runs goes on, until it dies */
            sim_unit_operate(world, node, VERB_STOP);
        break;
    case FAULT_HOLD:
        sim_agent_hold(world, node, fault->until_ms);
        break;
    case FAULT_OBSERVE:
        observe(world, node, true);
        break;
    default:
        break;
    }
}

static void end_operator(struct sim_world *world, struct sim_node *node, const struct sim_fault *fault)
{
    switch ((enum fault_kind)fault->kind) {
    case FAULT_MASK:
        sim_unit_mask(world, node, false);
        /* fall through */
    case FAULT_OPERATOR_STOP:
    case FAULT_CLEAN_EXIT:
        if (node->host.up && node->unit.stopped && !(fault->value & 1))
            sim_unit_operate(world, node, VERB_START);
        break;
    case FAULT_HOLD:
        if (fault->value & 1)
            sim_agent_hold(world, node, 0);
        break;
    case FAULT_OBSERVE:
        observe(world, node, false);
        break;
    default:
        break;
    }
}

/* --- their time --- */

static bool ends(const struct sim_fault *fault)
{
    return fault->until_ms != SIM_NEVER && fault->until_ms > fault->at_ms;
}

void sim_fault_plan(struct sim_world *world, const struct sim_fault *fault)
{
    uint32_t index = (uint32_t)world->fault_count;
    struct agenda_item item = {
        .at_ms = fault->at_ms, .kind = AGENDA_FAULT, .value = index, .generation = BEGIN};

    if (world->fault_count == SIM_FAULTS_MAX)
        return;
    world->faults[world->fault_count++] = *fault;
    agenda_put(&world->agenda, &item);
    if (!ends(fault))
        return;
    item.at_ms = fault->until_ms;
    item.generation = END;
    agenda_put(&world->agenda, &item);
}

void sim_fault_on_agenda(struct sim_world *world, const struct agenda_item *item)
{
    const struct sim_fault *fault = &world->faults[item->value];
    struct sim_node *node = &world->nodes[fault->node];
    bool begins = item->generation == BEGIN;
    bool people = fault->kind >= FAULT_OPERATOR_STOP && fault->kind <= FAULT_HOLD;

    if (begins)
        sim_trace_world(world, node, "%s", names[fault->kind]);
    else if (!people)
        sim_trace_world(world, node, "over: %s", names[fault->kind]);
    begin_network(world, node, fault, begins);
    if (begins) {
        world->faults_begun++;
        for (size_t i = 0; i < world->count; i++)
            if (&world->nodes[i] == node || fault->kind == FAULT_CRASH_ALL)
                world->nodes[i].touched |= UINT32_C(1) << fault->kind;
        begin_broker(world, node, fault);
        begin_machine(world, node, fault);
        begin_operator(world, node, fault);
    } else {
        end_machine(world, node, fault);
        end_operator(world, node, fault);
    }
    sim_network_poll(world);
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

void sim_fault_end_all(struct sim_world *world)
{
    uint64_t now_ms = world->now_ms;

    sim_network_heal(world);
    world->lease_broken_until_ms = 0;
    for (size_t i = 0; i < world->count; i++) {
        struct sim_node *node = &world->nodes[i];
        struct sim_broker *broker = &node->broker;

        sim_broker_count_cpu(world, node);
        broker->busy_until_ms = at_most(broker->busy_until_ms, now_ms);
        broker->stuck_until_ms = at_most(broker->stuck_until_ms, now_ms);
        broker->app_stopped_until_ms = at_most(broker->app_stopped_until_ms, now_ms);
        broker->drained_until_ms = at_most(broker->drained_until_ms, now_ms);
        broker->listener_lost_until_ms = at_most(broker->listener_lost_until_ms, now_ms);
        broker->alarm_until_ms = broker->cursed_until_ms = broker->slow_until_ms = 0;
        node->host.refuse_until_ms = node->host.changing_until_ms = 0;
        node->host.wrong_password_until_ms = 0;
    }
}

void sim_fault_revive(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        struct sim_node *node = &world->nodes[i];

        if (!sim_broker_is_hung(world, node))
            continue;
        sim_broker_count_cpu(world, node);
        node->broker.hung_until_ms = world->now_ms;
        sim_trace_world(world, node, "somebody lets the broker go on");
        sim_outcome_released(world);
    }
}
