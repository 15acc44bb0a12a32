/* Liveness: every incident is told, ends, and is told to have ended; and what is asked of each single step.
 */
#include "sim/check.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/fault.h"

#include <string.h>

enum { CALM_MS = 12000, ACTIONS_SPARE = 8 };

static struct sim_told *told_of(struct sim_agent *agent, const char *incident)
{
    for (size_t i = 0; i < agent->told_count; i++)
        if (!strcmp(agent->told[i].incident, incident))
            return &agent->told[i];
    if (agent->told_count == SIM_TOLD_MAX)
        memmove(agent->told, agent->told + 1, sizeof(agent->told[0]) * --agent->told_count);
    agent->told[agent->told_count] = (struct sim_told){0};
    text_copy(agent->told[agent->told_count].incident, RMQ_INCIDENT_ID_MAX, incident);
    return &agent->told[agent->told_count++];
}

static bool tells(const struct action *action, const char *incident)
{
    return (action->kind == ACTION_NOTICE || action->kind == ACTION_SEND) &&
           !strcmp(action->notice.incident, incident);
}

static void check_told(struct sim_world *world, struct sim_node *node, const struct sim_before *before)
{
    struct sim_agent *agent = &node->agent;
    const char *now = agent->core.rescue.incident.id;
    bool closes = before->incident[0] && strcmp(before->incident, now) != 0, end_told = false;

    for (size_t i = 0; i < world->actions.count; i++) {
        const struct action *action = &world->actions.items[i];

        if (now[0] && tells(action, now))
            told_of(agent, now)->opened = true;
        if (before->incident[0] && tells(action, before->incident))
            end_told = true;
    }
    if (!closes)
        return;
    if (!told_of(agent, before->incident)->opened && !end_told)
        sim_fail(world, "told", "every incident is told", "%s of %s at %.1f s", before->incident, node->name,
            (double)world->now_ms / 1000);
    else if (!end_told)
        sim_fail(world, "end told", "the end of every incident is told", "%s of %s at %.1f s",
            before->incident, node->name, (double)world->now_ms / 1000);
}

/* People were told how it ended, or that it did not. */
static bool has_come_to_an_end(enum state state)
{
    switch (state) {
    case STATE_GAVE_UP:
    case STATE_UNVERIFIED:
    case STATE_STANDBY:
    case STATE_OBSERVED:
    case STATE_WATCHING:
    case STATE_HELD:
        return true;
    default:
        return false;
    }
}

/* In the middle of what the lease is for. */
static bool acts_under_lease(enum state state)
{
    return state == STATE_KILLING || state == STATE_STARTING || state == STATE_BACKING_OFF ||
           state == STATE_VERIFYING;
}

static void check_lease_loss(
    struct sim_world *world, const struct sim_node *node, const struct sim_before *before)
{
    if (world->event.kind != EVENT_LEASE || world->event.lease.status != LEASE_LOST ||
        before->lease != LEASE_HELD || !acts_under_lease(before->state))
        return;
    for (size_t i = 0; i < world->actions.count; i++)
        if (world->actions.items[i].kind == ACTION_NOTICE &&
            world->actions.items[i].notice.kind == NOTICE_LEASE_LOST)
            return;
    sim_fail(world, "lease loss", "that the lease is lost while acting under it is told", "%s at %.1f s",
        node->name, (double)world->now_ms / 1000);
}

static bool releases(const struct action_list *actions)
{
    for (size_t i = 0; i < actions->count; i++)
        if (actions->items[i].kind == ACTION_LEASE_RELEASE)
            return true;
    return false;
}

void sim_check_step(struct sim_world *world, struct sim_node *node, const struct sim_before *before)
{
    struct sim_agent *agent = &node->agent;

    agent->acts_from = before->state;
    if (core_deadline_ms(&agent->core) <= world->event.now_ms)
        sim_fail(world, "deadline", "the next deadline lies in the future", "%s at %.1f s", node->name,
            (double)world->now_ms / 1000);
    if (world->actions.count + ACTIONS_SPARE > ACTIONS_MAX)
        sim_fail(world, "actions", "one event causes a bounded number of actions", "%s at %.1f s: %zu",
            node->name, (double)world->now_ms / 1000, world->actions.count);
    if (agent->core.rescue.incident.id[0] == '\0' && agent->core.lease.state == LEASE_HELD &&
        !releases(&world->actions))
        sim_fail(world, "lease kept", "nobody keeps the lease without an incident", "%s at %.1f s",
            node->name, (double)world->now_ms / 1000);
    check_told(world, node, before);
    check_lease_loss(world, node, before);
    if (has_come_to_an_end(agent->core.rescue.state) ||
        (node->broker.run != agent->disturbed_run && sim_broker_serves(world, node)))
        agent->disturbed_ms = 0;
}

/* --- a cure --- */

enum { HUNG_LATELY_MS = 150000 }; /* a tick, and what an older list is good for */

/* Long enough to be sure, to ask twice, to have been held once in between, and for a crash dump. */
static uint64_t cure_ms(const struct sim_world *world)
{
    const struct policy *policy = &world->policy;

    return policy->interval_ms + policy->fall * (policy->fast_interval_ms + policy->timeout_ms) +
           2 * (policy->ask_timeout_ms + policy->lease_timeout_ms) + 2 * policy->held_retry_ms +
           policy->crash_dump_ms;
}

/* What was wrong with these may keep the others from being of one mind for longer. */
static bool minds_are_clear(const struct sim_world *world)
{
    const uint32_t confusing = 1u << FAULT_PARTITION | 1u << FAULT_ONE_WAY | 1u << FAULT_LOSS |
                               1u << FAULT_STALE_VIEW | 1u << FAULT_PASSWORD | 1u << FAULT_HOST_DOWN;

    for (size_t i = 0; i < world->count; i++)
        if (world->nodes[i].touched & confusing)
            return false;
    return true;
}

/* They have served, and said who else does, since before it fell silent. */
static bool others_are_enough(const struct sim_world *world, const struct sim_node *node)
{
    uint64_t round_ms = world->policy.interval_ms + world->policy.timeout_ms;
    size_t others = 0;

    for (size_t i = 0; i < world->count; i++) {
        uint64_t since_ms = world->nodes[i].broker.served_since_ms;

        others +=
            &world->nodes[i] != node && since_ms != 0 && since_ms + 2 * round_ms <= node->broker.hung_ms;
    }
    return world->count == 1 || others >= world->count / 2 + 1;
}

/* While a member hangs, nobody can say who runs until the net tick has noticed; of two within that time the
 * second waits for the end of it. */
static bool lists_were_renewed(const struct sim_world *world, const struct sim_node *node)
{
    uint64_t since_ms = node->broker.hung_ms;

    for (size_t i = 0; i < world->count; i++) {
        const struct sim_broker *other = &world->nodes[i].broker;

        if (&world->nodes[i] != node && other->hung_ms != 0 &&
            (sim_broker_is_hung(world, &world->nodes[i]) || other->hung_ms + HUNG_LATELY_MS > since_ms))
            return false;
    }
    return true;
}

/* Its agent has been there all the time, and nothing forbids it to act. */
static bool may_act(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_agent *agent = &node->agent;
    const struct core *core = &agent->core;
    uint64_t now_ms = (uint64_t)((int64_t)world->now_ms + agent->clock_ms);
    uint64_t heard_all_ms = 2 * (world->policy.interval_ms + world->policy.timeout_ms);
    uint64_t before_ms = now_ms - cure_ms(world); /* a budget that is there since is not found yet */
    bool others_lease =
        (world->lease.taken && world->lease.holder != sim_index(world, node)) ||
        (agent->lease.taken_ms != 0 && world->now_ms - agent->lease.taken_ms < cure_ms(world));

    return agent->alive && agent->started_ms + heard_all_ms < node->broker.hung_ms &&
           agent->thawed_ms < node->broker.hung_ms && agent->bus_found_ms < node->broker.hung_ms &&
           !agent->bus_lost && core->policy.act && core->members_known &&
           core->member_count == world->count && !core_is_on_hold(core, now_ms) &&
           budget_left(&core->rescue.budget, &core->policy, before_ms) &&
           budget_cluster_used(&core->rescue.budget, &core->policy, before_ms) <
               core->policy.max_cluster_restarts &&
           !others_lease;
}

/* It ran and served before, in no partition that its agent knows of, nobody is at it, and it has been hanging
 * for long. */
static bool just_hangs(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_broker *broker = &node->broker;

    return sim_broker_is_hung(world, node) && broker->phase == BROKER_RUNNING &&
           node->unit.phase == UNIT_PHASE_RUNNING && node->unit.job.id == 0 &&
           broker->hung_ms - broker->phase_ms > 2 * world->policy.interval_ms &&
           world->now_ms - broker->hung_ms > cure_ms(world) && broker->busy_until_ms < broker->hung_ms &&
           broker->restricted_ms == 0 && node->agent.partition_run != broker->run;
}

void sim_check_cured(struct sim_world *world)
{
    if (!minds_are_clear(world))
        return;
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *node = &world->nodes[i];

        if (just_hangs(world, node) && lists_were_renewed(world, node) && others_are_enough(world, node) &&
            may_act(world, node))
            sim_fail(world, "cured", "a node that hangs is restarted where nothing speaks against it",
                "%s at %.1f s: %s, %s, %s", node->name, (double)world->now_ms / 1000,
                state_name(node->agent.core.rescue.state),
                condition_name(node->agent.core.members[0].condition), node->agent.core.rescue.why);
    }
}

/* --- the end --- */

static const char *raised_watch(const struct sim_world *world, const struct sim_node *node)
{
    const struct core *core = &node->agent.core;

    for (int kind = 0; kind < WATCH_PEER; kind++)
        if (core->watches[kind].raised && kind != WATCH_FLAPPING) /* that takes an hour to end */
            return watch_infos[kind].name;
    for (size_t i = 1; i < core->member_count; i++)
        for (int kind = WATCH_PEER; kind < WATCH_KIND_COUNT; kind++)
            if (core->peer_watches[i][kind - WATCH_PEER].raised)
                return watch_infos[kind].name;
    (void)world;
    return NULL;
}

static bool is_stopped(const struct sim_node *node)
{
    const struct sim_agent *agent = &node->agent;
    bool dead = node->unit.phase == UNIT_PHASE_INACTIVE || node->unit.phase == UNIT_PHASE_FAILED;

    /* An agent that has lost what it knew takes its own stop for an operator's. */
    return dead && (node->unit.stopped || node->unit.masked ||
                       (agent->forgot_ms != 0 && agent->core.rescue.state == STATE_STANDBY));
}

static bool anybody_is_stopped(const struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (is_stopped(&world->nodes[i]))
            return true;
    return false;
}

/* NULL: this node is as it should be in the end. Without a member that an operator stopped, others may wait
 * for it, pause, or give up. */
static const char *what_is_wrong(const struct sim_world *world, const struct sim_node *node)
{
    const struct sim_agent *agent = &node->agent;
    enum state state = agent->core.rescue.state;
    bool alone = anybody_is_stopped(world);

    if (!agent->alive || world->now_ms < agent->frozen_until_ms)
        return "its agent is not there";
    /* Whoever comes later, or asks systemd again later, cannot tell a stop that ended in a kill from a crash.
     */
    if (is_stopped(node) && state == STATE_OBSERVED &&
        (agent->started_ms > node->unit.stopped_ms || agent->bus_found_ms > node->unit.stopped_ms))
        return NULL;
    if (is_stopped(node))
        return state == STATE_STANDBY ? NULL : "it is stopped, but there is an incident";
    if (alone && (node->broker.paused || node->broker.phase == BROKER_WAITING || state == STATE_GAVE_UP))
        return NULL;
    if (!sim_broker_serves(world, node))
        return "it does not serve";
    if (state != STATE_WATCHING)
        return "it serves, but its incident goes on";
    if (!alone && raised_watch(world, node))
        return "everything is well, but a watch is still raised";
    return NULL;
}

bool sim_check_calm(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (what_is_wrong(world, &world->nodes[i])) {
            world->calm_ms = 0;
            return false;
        }
    if (world->calm_ms == 0)
        world->calm_ms = world->now_ms;
    return world->now_ms - world->calm_ms >= CALM_MS;
}

void sim_check_end(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *node = &world->nodes[i];
        const char *wrong = what_is_wrong(world, node);
        const char *watch = raised_watch(world, node);

        if (wrong)
            sim_fail(world, "ends", "when the faults are over, every node serves and every incident ends",
                "%s: %s; unit phase %d, broker phase %d; %s, %s, %s%s%s", node->name, wrong,
                (int)node->unit.phase, (int)node->broker.phase, state_name(node->agent.core.rescue.state),
                condition_name(node->agent.core.members[0].condition), node->agent.core.rescue.why,
                watch ? "; raised: " : "", watch ? watch : "");
    }
}
