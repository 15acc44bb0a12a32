/* What a restarted agent needs to go on with an incident, and nothing that it can find out anew. */
#include "base/text.h"
#include "core/core.h"
#include "core/rescue.h"

#include <string.h>

static void save_view(
    const struct core *core, const struct member *member, struct core_snapshot_view *ret_view)
{
    if (!member->view.members_known)
        return;
    ret_view->said_ms = member->members_started_ms;
    for (size_t i = 0; i < core->member_count; i++) {
        int running = member_says_running(member, core->members[i].name);
        uint32_t bit = UINT32_C(1) << i;

        ret_view->listed |= running >= 0 ? bit : 0;
        ret_view->running |= running == 1 ? bit : 0;
        ret_view->drained |= member_says_drained(member, core->members[i].name) ? bit : 0;
    }
}

static void save_views(const struct core *core, struct core_snapshot *snapshot)
{
    snapshot->view_count = (uint32_t)snapshot->member_count;
    for (size_t i = 0; i < snapshot->member_count; i++)
        save_view(core, &core->members[i], &snapshot->views[i]);
    snapshot->partitioned = core->members[0].view.partitioned;
    snapshot->mutual = core->views.mutual;
    snapshot->stale = core->views.stale;
}

void core_snapshot(
    const struct core *core, struct core_snapshot *ret_snapshot, uint64_t now_ms, int64_t wall_ms)
{
    const struct rescue *rescue = &core->rescue;

    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    ret_snapshot->state = rescue->state;
    text_copy(ret_snapshot->incident, sizeof(ret_snapshot->incident), rescue->incident.id);
    ret_snapshot->since_wall_ms = rescue->incident.since_wall_ms;
    memcpy(ret_snapshot->phase_ms, rescue->incident.phase_ms, sizeof(ret_snapshot->phase_ms));
    ret_snapshot->give_ups = rescue->budget.give_ups;
    ret_snapshot->restart_count = rescue->budget.count;
    for (uint32_t i = 0; i < rescue->budget.count; i++)
        ret_snapshot->restarts_wall_ms[i] = wall_ms - (int64_t)(now_ms - rescue->budget.restarts_ms[i]);
    ret_snapshot->peer_return_count = rescue->budget.peer_count;
    for (uint32_t i = 0; i < rescue->budget.peer_count; i++)
        ret_snapshot->peer_returns_wall_ms[i] =
            wall_ms - (int64_t)(now_ms - rescue->budget.peer_returns_ms[i]);
    ret_snapshot->hold = core->hold;
    ret_snapshot->seen_running = core->seen_running;
    text_copy(
        ret_snapshot->invocation_id, sizeof(ret_snapshot->invocation_id), core->unit.state.invocation_id);
    ret_snapshot->member_count = core->members_known ? core->member_count : 0;
    for (size_t i = 0; i < ret_snapshot->member_count; i++)
        text_copy(ret_snapshot->members[i], RMQ_NODE_NAME_MAX, core->members[i].name);
    ret_snapshot->taken_ms = now_ms;
    ret_snapshot->taken_wall_ms = wall_ms;
    save_views(core, ret_snapshot);
}

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

/* States whose work may have been cut off in the middle are judged anew; the others just go on. */
static enum state resumed_state(enum state state)
{
    switch (state) {
    case STATE_WATCHING:
    case STATE_STANDBY:
    case STATE_OBSERVED:
    case STATE_GAVE_UP:
        return state;
    default:
        return STATE_RESUMED;
    }
}

static void restore_members(struct core *core, const struct core_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->member_count && core->member_count < RMQ_MEMBERS_MAX; i++) {
        /* A list of one is too old to stake a kill on: others may have joined since. */
        core->members_known = snapshot->member_count > 1;
        if (!strcmp(snapshot->members[i], core->members[0].name))
            continue;
        member_init(&core->members[core->member_count++], snapshot->members[i], false);
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
    /* Views name members by their place in the list. */
    if (snapshot->view_count != core->member_count || snapshot->member_count != core->member_count ||
        strcmp(snapshot->members[0], core->members[0].name) != 0)
        return;
    for (size_t i = 0; i < core->member_count; i++)
        restore_view(core, i, snapshot);
    core->members[0].view.partitioned = snapshot->partitioned;
    if (is_possible(core, &snapshot->mutual, snapshot))
        core->views.mutual = snapshot->mutual;
    if (is_possible(core, &snapshot->stale, snapshot))
        core->views.stale = snapshot->stale;
}

void core_restore(struct core *core, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    struct rescue *rescue = &core->rescue;

    rescue->state = resumed_state(snapshot->state);
    rescue->entered_ms = now_ms;
    rescue->why = "this agent was restarted and goes on where it was";
    rescue->budget.give_ups = snapshot->give_ups;
    for (uint32_t i = 0; i < snapshot->restart_count && i < BUDGET_RESTARTS_MAX; i++)
        restore_restart(core, snapshot->restarts_wall_ms[i], now_ms, wall_ms);
    for (uint32_t i = 0; i < snapshot->peer_return_count && i < BUDGET_RESTARTS_MAX; i++)
        restore_peer_return(core, snapshot->peer_returns_wall_ms[i], now_ms, wall_ms);
    restore_hold(core, &snapshot->hold, now_ms, wall_ms);
    if (rescue->state == STATE_GAVE_UP)
        rescue->deadline_ms = now_ms + budget_give_up_pause_ms(&rescue->budget, &core->policy);
    if (rescue_is_open(rescue->state)) {
        text_copy(rescue->incident.id, sizeof(rescue->incident.id), snapshot->incident);
        rescue->incident.since_wall_ms = snapshot->since_wall_ms;
        memcpy(rescue->incident.phase_ms, snapshot->phase_ms, sizeof(snapshot->phase_ms));
        rescue->incident.since_ms =
            back_ms(now_ms, wall_ms, snapshot->since_wall_ms) + rescue->incident.phase_ms[PHASE_DETECT];
    }
    core->seen_running = snapshot->seen_running;
    core->unit.own_stop = snapshot->state == STATE_GAVE_UP;
    /* Another run of the broker is known by another id, and what the former one said is no evidence on it. */
    text_copy(
        core->unit.state.invocation_id, sizeof(core->unit.state.invocation_id), snapshot->invocation_id);
    if (snapshot->state == STATE_STANDBY)
        text_copy(core->stopped_invocation, sizeof(core->stopped_invocation), snapshot->invocation_id);
    restore_members(core, snapshot);
    if (same_clock(snapshot, now_ms, wall_ms))
        restore_views(core, snapshot);
}
