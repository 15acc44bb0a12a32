/* Safety: what must not happen at the moment of an action. The truth is the model's; where an agent cannot
 * have known better yet, it is given the time that the news needs. */
#include "sim/check.h"

#include "sim/broker.h"
#include "sim/network.h"
#include "sim/told.h"

#include <string.h>

enum {
    NEWS_MS = 1000, /* what systemd tells has reached every agent by then */
};

#define DETAIL_FORMAT "%s at %.1f s, %s, run %u"
#define DETAIL(world, node)                                                                                  \
    (node)->name, (double)(world)->now_ms / 1000, state_name((node)->agent.core.rescue.state),               \
        (node)->broker.run

static void fail(
    struct sim_world *world, const struct sim_node *node, const char *invariant, const char *sentence)
{
    sim_fail(world, invariant, sentence, DETAIL_FORMAT, DETAIL(world, node));
}

/* The last probes that were sent before a change still tell of the time before. */
static uint64_t probe_news_ms(const struct sim_world *world)
{
    return world->policy.timeout_ms + world->policy.ask_timeout_ms + world->policy.lease_timeout_ms + NEWS_MS;
}

static bool was_awake(const struct sim_world *world, const struct sim_node *node, uint64_t since_ms)
{
    const struct sim_agent *agent = &node->agent;

    return agent->started_ms <= since_ms && agent->thawed_ms <= since_ms && agent->bus_found_ms <= since_ms &&
           !agent->bus_lost && agent->unit_told && world->now_ms - since_ms >= NEWS_MS;
}

/* --- a live node --- */

/* It is, or was a moment ago. */
static bool hangs(const struct sim_world *world, const struct sim_node *node)
{
    uint64_t until_ms = node->broker.hung_until_ms;

    return sim_broker_is_hung(world, node) ||
           (until_ms != 0 && world->now_ms - until_ms <= probe_news_ms(world));
}

/* OTHER does not list it, or did not a moment ago. */
static bool does_not_list(const struct sim_world *world, const struct sim_node *other,
    const struct sim_node *node, uint64_t news_ms)
{
    uint64_t stale_ms = world->stale_until_ms[sim_index(world, other)][sim_index(world, node)];

    uint64_t stopped_ms = node->broker.app_stopped_until_ms;

    return !sim_network_lists(world, other, node) || (stale_ms != 0 && world->now_ms - stale_ms <= news_ms) ||
           (stopped_ms != 0 && world->now_ms - stopped_ms <= news_ms);
}

/* One in maintenance mode takes part in every majority still, and may tell so over an old connection. */
static bool takes_part(const struct sim_world *world, const struct sim_node *node)
{
    return sim_broker_stands(world, node) ||
           (sim_broker_is_drained(world, node) && sim_broker_runs(world, node) &&
               !sim_broker_is_hung(world, node) && !sim_broker_is_busy(world, node));
}

/* Everybody who answers lists it as not running, and somebody does, or did a moment ago. */
static bool is_counted_out(const struct sim_world *world, const struct sim_node *node)
{
    uint64_t news_ms = probe_news_ms(world);
    bool just_cut = world->cut_ms != 0 && world->now_ms - world->cut_ms <= news_ms;
    size_t answers = 0;

    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *other = &world->nodes[i];
        bool stands = takes_part(world, other);

        if (other == node || (!just_cut && !sim_network_reaches(world, node, other)))
            continue;
        if (stands && !does_not_list(world, other, node, news_ms))
            return false;
        answers += stands || (does_not_list(world, other, node, news_ms) &&
                                 world->now_ms - other->broker.standing_ms <= news_ms);
    }
    return answers > 0;
}

static void check_quorum(struct sim_world *world, struct sim_node *node)
{
    uint64_t grace_ms = probe_news_ms(world);
    size_t others = 0;

    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *other = &world->nodes[i];

        if (other != node)
            others += takes_part(world, other) || world->now_ms - other->broker.standing_ms <= grace_ms;
    }
    if (world->count == 1 || others >= world->count / 2 + 1)
        return;
    if (world->policy.lease_independent &&
        ((hangs(world, node) && (node->broker.hung_cpu == 0 || node->broker.hung_state == 'D')) ||
            is_counted_out(world, node)))
        return;
    fail(world, node, "quorum", "a live node is disturbed only while the others are a majority without it");
}

static bool is_over(const struct sim_world *world, const struct sim_node *other)
{
    const struct sim_agent *agent = &other->agent;

    if (agent->disturbed_ms == 0 || agent->disturbed_lease_lost || !agent->alive)
        return true;
    if (other->broker.run != agent->disturbed_run && sim_broker_serves(world, other))
        return true;
    if (world->now_ms < agent->frozen_until_ms)
        return true;
    return false;
}

static void check_alone(struct sim_world *world, struct sim_node *node)
{
    if (!world->policy.lease_exclusive || world->count == 1)
        return;
    for (size_t i = 0; i < world->count; i++) {
        struct sim_node *other = &world->nodes[i];

        if (other == node)
            continue;
        if (is_over(world, other))
            other->agent.disturbed_ms = 0;
        else
            fail(world, node, "alone", "no two live nodes are disturbed at the same time");
    }
}

static void check_lease(struct sim_world *world, struct sim_node *node)
{
    const struct sim_agent *agent = &node->agent;

    if (!world->policy.lease_exclusive || world->count == 1)
        return;
    if (!agent->lease.held && !agent->disturbed_lease_lost)
        fail(world, node, "lease", "a live node is disturbed only by the holder of the lease");
    else if (agent->ask_ms < agent->lease.granted_ms)
        fail(world, node, "asked again", "after the lease was granted the others are asked once more");
}

static bool opted_in(const struct sim_world *world, const struct sim_node *node)
{
    const struct policy *policy = &node->agent.core.policy;

    return (policy->restart_stopped_app && world->now_ms < node->broker.app_stopped_until_ms &&
               !node->broker.paused) ||
           /* Without others only the node itself can tell that it is drained, not stopped. */
           (policy->restart_stopped_app && world->count == 1 &&
               node->agent.drained_run != node->broker.run) ||
           (policy->restart_lost_listener && world->now_ms < node->broker.listener_lost_until_ms);
}

static void check_patience(struct sim_world *world, struct sim_node *node)
{
    const struct sim_broker *broker = &node->broker;
    bool busy = sim_broker_is_busy(world, node);
    uint64_t news_ms = probe_news_ms(world) + world->policy.fast_interval_ms * world->policy.fall;

    if (broker->phase != BROKER_RUNNING && was_awake(world, node, broker->phase_ms))
        fail(world, node, "boot", "a boot is never disturbed");
    if (hangs(world, node) || opted_in(world, node))
        return;
    if (!busy && broker->restricted_ms != 0 && sim_broker_is_restricted(world, node) &&
        world->now_ms - broker->restricted_ms > news_ms)
        fail(world, node, "closed", "a paused, drained or stopped application is not restarted");
    if (busy && world->now_ms - broker->busy_ms > news_ms &&
        (world->policy.busy_patience_ms == 0 ||
            world->now_ms - broker->busy_ms < world->policy.busy_patience_ms))
        fail(world, node, "busy", "a node that works is left alone, however slow it is");
    if (broker->served_since_ms != 0 && world->now_ms - broker->served_since_ms > news_ms)
        fail(world, node, "proof", "a node that serves is never disturbed");
}

static void check_disturbance(struct sim_world *world, struct sim_node *node)
{
    struct sim_agent *agent = &node->agent;

    check_quorum(world, node);
    check_alone(world, node);
    check_lease(world, node);
    check_patience(world, node);
    if (agent->packages_changing)
        fail(world, node, "packages", "a live node is not disturbed while a package manager works");
    if (agent->partition_run == node->broker.run)
        fail(world, node, "split", "no live node is disturbed in a partition that its agent knows of");
    agent->disturbed_ms = world->now_ms;
    agent->disturbed_run = node->broker.run;
    agent->disturbed_lease_lost = !agent->lease.held;
}

/* --- any act --- */

static void check_budget(struct sim_world *world, struct sim_node *node, bool kills)
{
    struct sim_agent *agent = &node->agent;
    const struct policy *policy = &agent->core.policy;
    bool paid = agent->paid_run != 0 && node->broker.run <= agent->paid_run + 1; /* its death counts, too */
    size_t used = 0;

    /* A kill and the start after it are one; a retry after giving up is not paid from the budget. */
    if (!kills && (agent->killed_run != 0 || paid)) {
        agent->killed_run = agent->paid_run = 0;
        return;
    }
    if (agent->acts_from == STATE_GAVE_UP)
        return;
    for (size_t i = 0; i < agent->act_count; i++)
        used += world->now_ms - agent->acts[i].at_ms < policy->restart_window_ms;
    if (used >= policy->max_restarts)
        fail(world, node, "budget", "there are no more restarts in a window than the budget allows");
    if (agent->act_count == SIM_ACTS_MAX)
        memmove(agent->acts, agent->acts + 1, sizeof(agent->acts[0]) * --agent->act_count);
    agent->acts[agent->act_count++] = (struct sim_act){.at_ms = world->now_ms};
    if (kills)
        agent->killed_run = agent->paid_run = node->broker.run;
}

static void check_act(struct sim_world *world, struct sim_node *node, enum action_kind kind)
{
    struct sim_agent *agent = &node->agent;
    const struct sim_unit *unit = &node->unit;
    bool starts = kind == ACTION_START_UNIT || kind == ACTION_RESTART_UNIT;
    bool kills = kind == ACTION_KILL_UNIT || kind == ACTION_DUMP_UNIT;
    /* One that somebody else has started in this very moment looks dead still. */
    bool lives = node->broker.phase == BROKER_RUNNING ||
                 (node->broker.phase != BROKER_GONE && world->now_ms - node->broker.phase_ms > NEWS_MS);
    bool finishes = starts && agent->killed_run != 0;

    /* It was asked to die already, with a crash dump, and is helped to; a kill that is tried anew is another
     * one. */
    if (kind == ACTION_KILL_UNIT && agent->acts_from == STATE_KILLING &&
        agent->killed_run == node->broker.run)
        return;
    /* What was killed before is started again all the same: nothing new is begun. */
    if (!agent->core.policy.act && !finishes)
        fail(world, node, "observe", "nothing is done in mode = observe");
    if (SIM_WALL_MS + (int64_t)world->now_ms < agent->hold_until_wall_ms && !finishes)
        fail(world, node, "hold", "nothing is done on a node that an operator holds");
    if (agent->unit_told && agent->unit.job_id != 0)
        fail(world, node, "foreign job", "nothing is done while systemd has a job that is not ours");
    if (kind != ACTION_STOP_UNIT && unit->masked && agent->unit_told && !finishes &&
        !strcmp(agent->unit.load_state, "masked"))
        fail(world, node, "masked", "a masked unit is neither started nor killed");
    if (starts && unit->stopped && was_awake(world, node, unit->stopped_ms) &&
        (agent->forgot_ms == 0 || agent->forgot_ms < unit->stopped_ms))
        fail(world, node, "operator's stop", "what an operator stopped stays stopped");
    /* Its own stop of a live node would look like an operator's for ever. */
    if (kind == ACTION_STOP_UNIT && lives && world->now_ms - node->broker.phase_ms > NEWS_MS &&
        !agent->bus_lost)
        fail(world, node, "stop", "only the restart loop of a dead unit is ended");
    if (kind == ACTION_STOP_UNIT)
        return;
    check_budget(world, node, kills || (kind == ACTION_RESTART_UNIT && lives));
    if (lives && kind != ACTION_START_UNIT)
        check_disturbance(world, node);
}

void sim_check_action(struct sim_world *world, struct sim_node *node, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START_UNIT:
    case ACTION_RESTART_UNIT:
    case ACTION_KILL_UNIT:
    case ACTION_DUMP_UNIT:
    case ACTION_STOP_UNIT:
        check_act(world, node, action->kind);
        break;
    case ACTION_LEASE_ACQUIRE:
        if (!node->agent.core.policy.act)
            fail(world, node, "observe", "nothing is done in mode = observe");
        break;
    case ACTION_ASK:
        node->agent.ask_ms = world->now_ms;
        break;
    default:
        break;
    }
}

void sim_check_refused(struct sim_node *node)
{
    /* The request for a crash dump: the kill that follows is the same act. */
    if (node->agent.core.rescue.state == STATE_KILLING && node->agent.core.rescue.dump_until_ms > 0)
        return;
    node->agent.killed_run = node->agent.paid_run = 0;
    if (node->broker.phase != BROKER_GONE)
        node->agent.disturbed_ms = 0;
}

void sim_check_restarted(struct sim_world *world, struct sim_node *node, bool forgetful)
{
    struct sim_agent *agent = &node->agent;

    agent->acts_from = agent->core.rescue.state;
    agent->killed_run = 0;
    if (!forgetful)
        return;
    agent->hold_until_wall_ms = agent->core.hold.active ? agent->core.hold.until_wall_ms : 0;
    agent->paid_run = 0;
    agent->forgot_ms = world->now_ms;
    agent->act_count = 0;
    agent->drained_run = 0;
    agent->told_count = 0;
    sim_told_forget(node);
}
