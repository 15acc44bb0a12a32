#include "sim/probe.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/network.h"
#include "sim/presence.h"

#include <string.h>

enum {
    FIRST_WITHIN_MS = 200,
    JITTER_PERCENT = 10,
    ANSWER_LEAST_MS = 2,
    ANSWER_MOST_MS = 40,
    DETAILS_MS = 250,
    RUNS_MAX = 8,
    ASKED_RUNS_MAX = 2,
};

static struct sim_check *check_of(struct sim_node *node, const struct agenda_item *item)
{
    return &node->agent.checks[item->target][item->probe];
}

/* --- what a probe meets --- */

static enum probe_result result_of_open(const struct sim_world *world, const struct sim_node *from,
    const struct sim_node *to, enum probe_kind kind, bool deep)
{
    const struct sim_broker *broker = &to->broker;

    /* The kernel accepts on behalf of a process that gets no processor. */
    if (sim_broker_is_hung(world, to) || sim_broker_is_busy(world, to))
        return kind == PROBE_AMQP && !deep ? PROBE_RESULT_OK : PROBE_RESULT_SILENT;
    if (broker->phase == BROKER_BOOTING || broker->phase == BROKER_WAITING)
        return kind == PROBE_MANAGEMENT && world->now_ms >= broker->api_ms ? PROBE_RESULT_OK
                                                                           : PROBE_RESULT_REFUSED;
    if (kind == PROBE_MANAGEMENT && sim_broker_is_drained(world, to) && sim_broker_runs(world, to) &&
        world->now_ms < broker->drained_api_ms)
        return PROBE_RESULT_OK;
    if (!sim_broker_runs(world, to) || sim_broker_is_drained(world, to))
        return PROBE_RESULT_REFUSED;
    if (kind == PROBE_AMQP && world->now_ms < broker->listener_lost_until_ms)
        return PROBE_RESULT_REFUSED;
    if (kind == PROBE_MANAGEMENT && world->now_ms < from->host.wrong_password_until_ms)
        return PROBE_RESULT_UNAUTHORIZED;
    return PROBE_RESULT_OK;
}

static enum probe_result result_of(struct sim_world *world, const struct sim_node *from,
    const struct sim_node *to, enum probe_kind kind, bool deep)
{
    if (from != to && !sim_network_reaches(world, from, to))
        return PROBE_RESULT_TIMED_OUT;
    if (from != to && world->now_ms < world->loss_until_ms &&
        sim_random_chance(&world->random, world->loss_permille))
        return PROBE_RESULT_TIMED_OUT;
    if (to->broker.phase == BROKER_GONE)
        return PROBE_RESULT_REFUSED;
    return result_of_open(world, from, to, kind, deep);
}

static bool waits(enum probe_result result)
{
    return result == PROBE_RESULT_TIMED_OUT || result == PROBE_RESULT_SILENT;
}

static void fill_local_view(
    const struct sim_world *world, const struct sim_node *node, struct node_view *view)
{
    const struct sim_broker *broker = &node->broker;

    /* The statistics come some seconds after the boot. */
    view->partitions_known = world->now_ms - broker->phase_ms >= 3000;
    view->partitioned = broker->partitioned != 0;
    view->vhosts_known = true;
    view->vhosts_up = sim_broker_runs(world, node);
    view->queues_known = true;
    /* With queues on every member: one more that goes, and there is no majority. */
    view->queues_critical =
        world->count > 1 && sim_broker_runs(world, node) &&
        (size_t)__builtin_popcount(sim_broker_peers(world, node)) + 1 <= world->count / 2 + 1;
}

static void fill_view(const struct sim_world *world, const struct sim_node *from, const struct sim_node *to,
    struct node_view *view)
{
    bool booted = to->broker.phase == BROKER_RUNNING;

    memset(view, 0, offsetof(struct node_view, members));
    view->queues_known = view->leaders_known = view->resources_known = view->descriptors_known = false;
    view->partitions_known = view->vhosts_known = false;
    view->alarms_known = true;
    view->memory_alarm = world->now_ms < to->broker.alarm_until_ms;
    view->members_known = !sim_network_waits(world, to);
    view->member_count = world->count;
    for (size_t i = 0; i < world->count; i++) {
        struct member_view *member = &view->members[i];
        const struct sim_node *about = &world->nodes[i];

        memset(member, 0, sizeof(*member));
        text_copy(member->name, sizeof(member->name), about->name);
        member->running = booted && sim_network_lists(world, to, about);
        member->being_drained = member->running && sim_broker_is_drained(world, about);
    }
    if (from == to && booted)
        fill_local_view(world, to, view);
}

/* --- runs --- */

static uint64_t interval_of(const struct sim_world *world, const struct sim_check *check)
{
    return check->fast ? world->policy.fast_interval_ms : world->policy.interval_ms;
}

static uint64_t next_delay(struct sim_world *world, const struct sim_check *check)
{
    uint64_t delay = interval_of(world, check), spread = delay * JITTER_PERCENT / 100;

    if (!check->fast)
        delay = sim_random_between(&world->random, delay - spread, delay + spread);
    return delay;
}

static void put_timer(
    struct sim_world *world, struct sim_node *node, const struct agenda_item *which, uint64_t ms)
{
    struct agenda_item item = *which;

    item.at_ms = world->now_ms + ms;
    item.kind = AGENDA_CHECK;
    item.node = (uint8_t)sim_index(world, node);
    item.generation = node->agent.generation;
    item.value = ++check_of(node, which)->timer;
    agenda_put(&world->agenda, &item);
}

static void start_run(
    struct sim_world *world, struct sim_node *node, const struct agenda_item *which, uint64_t timeout_ms)
{
    struct sim_check *check = check_of(node, which);
    const struct sim_node *target = &world->nodes[which->target];
    struct agenda_item item = *which;
    enum probe_result result = result_of(world, node, target, (enum probe_kind)which->probe, check->fast);
    uint64_t slow_ms = world->policy.fast_interval_ms / 2;
    uint64_t ms = timeout_ms;

    if (!waits(result))
        ms = sim_random_between(&world->random, ANSWER_LEAST_MS, ANSWER_MOST_MS);
    if (result == PROBE_RESULT_OK && which->probe == PROBE_MANAGEMENT && sim_network_waits(world, target))
        ms += DETAILS_MS;
    check->runs++;
    item.node = (uint8_t)sim_index(world, node);
    item.generation = node->agent.generation;
    item.deep = check->fast;
    item.value = result;
    item.started_ms = world->now_ms;
    item.kind = AGENDA_RUN_END;
    item.at_ms = world->now_ms + ms;
    agenda_put(&world->agenda, &item);
    if (waits(result) && slow_ms < timeout_ms) {
        item.kind = AGENDA_RUN_SLOW;
        item.at_ms = world->now_ms + slow_ms;
        agenda_put(&world->agenda, &item);
    }
}

void sim_probe_on_timer(struct sim_world *world, struct sim_node *node, const struct agenda_item *item)
{
    struct sim_check *check = check_of(node, item);
    uint64_t every = interval_of(world, check), runs_max;

    if (item->value != check->timer)
        return;
    runs_max = (world->policy.timeout_ms + every - 1) / every + 1;
    put_timer(world, node, item, next_delay(world, check));
    if (check->runs < runs_max && check->runs < RUNS_MAX)
        start_run(world, node, item, world->policy.timeout_ms);
}

static const enum probe_kind used_kinds[] = {PROBE_AMQP, PROBE_MANAGEMENT};

void sim_probe_begin(struct sim_world *world, struct sim_node *node, size_t target)
{
    if (node->agent.probed >> target & 1)
        return;
    node->agent.probed |= 1u << target;
    for (size_t i = 0; i < sizeof(used_kinds) / sizeof(used_kinds[0]); i++) {
        const struct agenda_item which = {.target = (uint8_t)target, .probe = (uint8_t)used_kinds[i]};

        put_timer(world, node, &which, sim_random_between(&world->random, 1, FIRST_WITHIN_MS));
    }
    sim_presence_begin(world, node, target);
}

static bool find_target(
    const struct sim_world *world, const struct sim_node *node, const char *name, size_t *ret_target)
{
    for (size_t i = 0; i < world->count; i++)
        if (!strcmp(world->nodes[i].name, name) && (node->agent.probed >> i & 1)) {
            *ret_target = i;
            return true;
        }
    return false;
}

void sim_probe_set_pace(struct sim_world *world, struct sim_node *node, const char *name, bool fast)
{
    size_t target;

    if (!find_target(world, node, name, &target))
        return;
    for (size_t i = 0; i < sizeof(used_kinds) / sizeof(used_kinds[0]); i++) {
        const struct agenda_item which = {.target = (uint8_t)target, .probe = (uint8_t)used_kinds[i]};
        struct sim_check *check = check_of(node, &which);

        if (check->fast == fast)
            continue;
        check->fast = fast;
        put_timer(world, node, &which, fast ? 1 : next_delay(world, check));
    }
}

void sim_probe_ask(struct sim_world *world, struct sim_node *node, const char *name)
{
    struct agenda_item which = {.probe = PROBE_MANAGEMENT};
    size_t target;

    if (!find_target(world, node, name, &target))
        return;
    which.target = (uint8_t)target;
    if (check_of(node, &which)->runs < RUNS_MAX + ASKED_RUNS_MAX)
        start_run(world, node, &which, world->policy.ask_timeout_ms);
}

/* --- what is told --- */

static void fill_probe(struct sim_world *world, const struct agenda_item *item, int64_t clock_ms)
{
    struct probe_event *probe = &world->event.probe;

    text_copy(probe->node, sizeof(probe->node), world->nodes[item->target].name);
    probe->kind = (enum probe_kind)item->probe;
    probe->deep = item->deep;
    probe->started_ms = (uint64_t)((int64_t)item->started_ms + clock_ms);
    probe->has_view = false;
}

bool sim_probe_slow(struct sim_world *world, const struct agenda_item *item)
{
    fill_probe(world, item, world->nodes[item->node].agent.clock_ms);
    return true;
}

/* It was silent at the beginning and is at the end, but was back in between: it has answered then. */
static bool was_back(const struct sim_node *target, const struct agenda_item *item, enum probe_result now)
{
    return (enum probe_result)item->value == PROBE_RESULT_SILENT && now == PROBE_RESULT_SILENT &&
           target->broker.silent_ms > item->started_ms && target->broker.phase_ms <= item->started_ms;
}

/* Who stops an application closes its ports, and every connection that still waits there. */
static bool was_closed(
    const struct sim_world *world, const struct sim_node *target, const struct agenda_item *item)
{
    if ((enum probe_result)item->value != PROBE_RESULT_SILENT || sim_broker_is_drained(world, target))
        return false;
    return target->broker.restricted_ms != 0 || target->broker.opened_ms > item->started_ms;
}

bool sim_probe_end(struct sim_world *world, struct sim_node *node, const struct agenda_item *item, bool late)
{
    struct probe_event *probe = &world->event.probe;
    const struct sim_node *target = &world->nodes[item->target];
    enum probe_result result = (enum probe_result)item->value;
    enum probe_result now;

    check_of(node, item)->runs--;
    now = result_of(world, node, target, probe->kind = (enum probe_kind)item->probe, item->deep);
    /* A broker that is back gives the answer that was waited for; one that has gone breaks the connection. */
    if ((waits(result) && now == PROBE_RESULT_OK) || was_back(target, item, now))
        result = was_closed(world, target, item) ? PROBE_RESULT_CLOSED : PROBE_RESULT_OK;
    else if (result == PROBE_RESULT_OK && target->broker.phase == BROKER_GONE)
        result = PROBE_RESULT_CLOSED;
    /* Timers come before answers in a loop that was late. */
    if (late && world->now_ms - item->started_ms >= world->policy.timeout_ms)
        result = PROBE_RESULT_TIMED_OUT;
    fill_probe(world, item, node->agent.clock_ms);
    probe->result = result;
    if (item->probe == PROBE_MANAGEMENT && result == PROBE_RESULT_OK) {
        probe->has_view = true;
        fill_view(world, node, target, &probe->view);
    }
    return true;
}
