/* A new agent goes on where the former one was, and believes no more of it than is still true. */
#include "base/text.h"
#include "core/core.h"
#include "core/rescue.h"
#include "core/retry.h"
#include "core/verify.h"
#include "words/words.h"

#include <string.h>

/* A moment of wall time on the monotonic clock; one that lies in the future counts as now. */
static uint64_t back_ms(uint64_t now_ms, int64_t wall_ms, int64_t then_wall_ms)
{
    uint64_t age_ms = wall_ms > then_wall_ms ? (uint64_t)(wall_ms - then_wall_ms) : 0;

    return age_ms < now_ms ? now_ms - age_ms : 0;
}

/* One that is older than the window, perhaps than the machine's uptime, does not count any more. */
static void restore_restart(struct core *core, int64_t then_wall_ms, uint64_t now_ms, int64_t wall_ms)
{
    if (wall_ms - then_wall_ms < (int64_t)core->policy.restart_window_ms)
        budget_spend(&core->rescue.budget, back_ms(now_ms, wall_ms, then_wall_ms));
}

static void restore_peer_return(struct core *core, int64_t then_wall_ms, uint64_t now_ms, int64_t wall_ms)
{
    if (wall_ms - then_wall_ms < (int64_t)core->policy.restart_window_ms)
        budget_note_peer(&core->rescue.budget, back_ms(now_ms, wall_ms, then_wall_ms));
}

/* It ends when the operator said, however long the machine was off. */
static void restore_hold(struct core *core, const struct hold *hold, uint64_t now_ms, int64_t wall_ms)
{
    core->hold = *hold;
    core->hold.active = hold->active && hold->until_wall_ms > wall_ms;
    core->hold.until_ms = now_ms + (core->hold.active ? (uint64_t)(hold->until_wall_ms - wall_ms) : 0);
}

/* States whose work may have been cut off in the middle are judged anew; the others just go on. One that
 * hangs waits for the proof that it still does: that was told already. A retry of one whose restart loop we
 * ended may not have begun: inactive, it would look like stopped by an operator. */
static enum state resumed_state(const struct core_snapshot *snapshot)
{
    switch (snapshot->state) {
    case STATE_WATCHING:
    case STATE_STANDBY:
    case STATE_OBSERVED:
    case STATE_BACKING_OFF:
    case STATE_GAVE_UP:
    case STATE_HELD:
    case STATE_UNVERIFIED:
        return snapshot->state;
    case STATE_ASKING:
    case STATE_LEASING:
        return STATE_HELD;
    default:
        return snapshot->own_stop ? STATE_GAVE_UP : STATE_RESUMED;
    }
}

/* What the state waits for is waited for anew; after the proof of a hang there is nothing to wait for. */
static void resume_state(struct core *core, uint64_t now_ms, int64_t wall_ms)
{
    struct rescue *rescue = &core->rescue;
    const struct policy *policy = &core->policy;

    switch (rescue->state) {
    case STATE_BACKING_OFF:
        rescue->deadline_ms = now_ms + budget_backoff_ms(&rescue->budget, policy, now_ms);
        break;
    case STATE_GAVE_UP:
        rescue->deadline_ms = now_ms + retry_pause_ms(core, wall_ms);
        rescue->gave_up_until_ms = rescue->deadline_ms;
        break;
    case STATE_HELD:
        rescue->deadline_ms = now_ms + policy->held_retry_ms;
        rescue->eager = true;
        break;
    case STATE_UNVERIFIED:
        verify_begin(core, now_ms);
        break;
    default:
        break;
    }
}

static void restore_members(struct core *core, const struct core_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->member_count && core->member_count < RMQ_MEMBERS_MAX; i++) {
        /* A list of one is too old to stake a kill on: others may have joined since. */
        core->members_known = snapshot->member_count > 1;
        if (!strcmp(snapshot->members[i], core->members[0].name))
            continue;
        member_init(&core->members[core->member_count], snapshot->members[i], false);
        core->members[core->member_count++].agent.seen = snapshot->guarded >> i & 1;
    }
}

static struct watch *find_watch(struct core *core, const struct core_snapshot_watch *saved)
{
    if (saved->kind < WATCH_PEER)
        return &core->watches[saved->kind];
    for (size_t i = 1; i < core->member_count; i++)
        if (!strcmp(core->members[i].name, saved->node))
            return &core->peer_watches[i][saved->kind - WATCH_PEER];
    return NULL;
}

static void restore_told(
    struct core *core, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    struct rescue *rescue = &core->rescue;

    for (uint32_t i = 0; i < snapshot->opening_count && i < OPENINGS_MAX; i++)
        rescue->openings_ms[rescue->opening_count++] =
            back_ms(now_ms, wall_ms, snapshot->openings_wall_ms[i]);
    for (uint32_t i = 0; i < snapshot->watch_count && i < SNAPSHOT_WATCHES_MAX; i++) {
        const struct core_snapshot_watch *saved = &snapshot->watches[i];
        struct watch *watch = find_watch(core, saved);

        if (!watch)
            continue;
        watch->raised = true;
        watch->since_wall_ms = saved->since_wall_ms;
        watch->warned = saved->warned;
        text_copy(watch->incident, sizeof(watch->incident), saved->incident);
    }
}

enum { CLOCKS_APART_MS = 1000 };

/* Both clocks have gone on alike since then: the machine has not been restarted, for then the agent's own one
 * began anew, and nobody has set the time. So a moment on it needs no conversion, and nothing that was heard
 * can look younger than it is. */
static bool same_clock(const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    uint64_t apart_ms = (uint64_t)wall_ms - (uint64_t)snapshot->taken_wall_ms - (now_ms - snapshot->taken_ms);

    return now_ms >= snapshot->taken_ms && apart_ms + CLOCKS_APART_MS <= 2 * CLOCKS_APART_MS;
}

static void restore_view(struct core *core, size_t member, const struct core_snapshot *snapshot)
{
    const struct core_snapshot_view *saved = &snapshot->views[member];
    struct member *speaker = &core->members[member];
    struct node_view *view = &speaker->view;

    if (saved->said_ms == 0 || saved->said_ms > snapshot->taken_ms)
        return;
    view->members_known = true;
    speaker->members_started_ms = saved->said_ms;
    speaker->recalled = true;
    for (size_t i = 0; i < core->member_count; i++) {
        struct member_view *about = &view->members[view->member_count];

        if (!(saved->listed >> i & 1))
            continue;
        view->member_count++;
        text_copy(about->name, sizeof(about->name), core->members[i].name);
        about->running = saved->running >> i & 1;
        about->being_drained = saved->drained >> i & 1;
    }
}

static bool is_possible(
    const struct core *core, const struct disagreement *disagreement, const struct core_snapshot *snapshot)
{
    return disagreement->since_ms <= snapshot->taken_ms && disagreement->accuser < core->member_count &&
           disagreement->accused < core->member_count;
}

/* What the members had said, and what they have disagreed on since when: it stands until they say otherwise,
 * which they cannot while one of them hangs. */
static void restore_views(struct core *core, const struct core_snapshot *snapshot)
{
    /* Where nobody is asked any more, nobody will say anything to the contrary. */
    if (!core->policy.probe_management)
        return;
    /* Views name members by their place in the list. */
    if (snapshot->view_count != core->member_count ||
        strcmp(snapshot->members[0], core->members[0].name) != 0)
        return;
    for (size_t i = 0; i < core->member_count; i++)
        restore_view(core, i, snapshot);
    core->members[0].view.partitioned = snapshot->partitioned;
    core->members[0].drained = snapshot->drained;
    if (is_possible(core, &snapshot->mutual, snapshot))
        core->views.mutual = snapshot->mutual;
    if (is_possible(core, &snapshot->stale, snapshot))
        core->views.stale = snapshot->stale;
}

void core_restore(struct core *core, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    struct rescue *rescue = &core->rescue;
    bool clock_goes_on = same_clock(snapshot, now_ms, wall_ms);

    /* A clock that was set back, or that nobody has set yet: since then no time is known to have passed. */
    if (wall_ms < snapshot->taken_wall_ms)
        wall_ms = snapshot->taken_wall_ms;
    rescue->state = resumed_state(snapshot);
    rescue->entered_ms = now_ms;
    rescue->why = WORD("this agent was restarted and goes on where it was");
    rescue->budget.give_ups = snapshot->give_ups;
    rescue->killed = snapshot->killed;
    for (uint32_t i = 0; i < snapshot->restart_count && i < RMQ_RESTARTS_MAX; i++)
        restore_restart(core, snapshot->restarts_wall_ms[i], now_ms, wall_ms);
    for (uint32_t i = 0; i < snapshot->peer_return_count && i < RMQ_CLUSTER_RESTARTS_MAX; i++)
        restore_peer_return(core, snapshot->peer_returns_wall_ms[i], now_ms, wall_ms);
    restore_hold(core, &snapshot->hold, now_ms, wall_ms);
    resume_state(core, now_ms, wall_ms);
    if (core->policy.probe_amqp && (rescue->state == STATE_HELD || rescue->state == STATE_OBSERVED))
        member_suspect(&core->members[0]);
    if (rescue_is_open(rescue->state)) {
        text_copy(rescue->incident.id, sizeof(rescue->incident.id), snapshot->incident);
        rescue->incident.since_wall_ms = snapshot->since_wall_ms;
        memcpy(rescue->incident.phase_ms, snapshot->phase_ms, sizeof(snapshot->phase_ms));
        memcpy(rescue->incident.told, snapshot->told, sizeof(snapshot->told));
        rescue->incident.told_count =
            snapshot->told_count < TOLD_ROWS_MAX ? snapshot->told_count : TOLD_ROWS_MAX;
        rescue->incident.since_ms =
            back_ms(now_ms, wall_ms, snapshot->since_wall_ms) + rescue->incident.phase_ms[PHASE_DETECT];
    }
    core->seen_running = snapshot->seen_running;
    core->unit.own_stop = snapshot->own_stop;
    core->unit.state.active = snapshot->running ? UNIT_ACTIVE : UNIT_ACTIVE_UNKNOWN;
    /* Another run of the broker is known by another id, and what the former one said is no evidence on it. */
    text_copy(
        core->unit.state.invocation_id, sizeof(core->unit.state.invocation_id), snapshot->invocation_id);
    if (snapshot->state == STATE_STANDBY)
        text_copy(core->stopped_invocation, sizeof(core->stopped_invocation), snapshot->invocation_id);
    restore_members(core, snapshot);
    restore_told(core, snapshot, now_ms, wall_ms);
    if (clock_goes_on)
        restore_views(core, snapshot);
}
