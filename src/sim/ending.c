/* Liveness: every incident is told, ends, and is told to have ended; and what is asked of each single step.
 */
#include "sim/check.h"

#include "base/text.h"
#include "sim/broker.h"

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
    if (has_come_to_an_end(agent->core.rescue.state) ||
        (node->broker.run != agent->disturbed_run && sim_broker_serves(world, node)))
        agent->disturbed_ms = 0;
}

/* --- the end --- */

static const char *raised_watch(const struct sim_world *world, const struct sim_node *node)
{
    const struct core *core = &node->agent.core;

    for (int kind = 0; kind < WATCH_PEER; kind++)
        if (core->watches[kind].raised && kind != WATCH_FLAPPING) /* that takes an hour to end */
            return watch_infos[kind].name;
    for (size_t i = 1; i < core->member_count; i++)
        if (core->peer_watches[i].raised)
            return watch_infos[WATCH_PEER].name;
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
