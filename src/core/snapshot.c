/* What a restarted agent needs to go on with an incident, and nothing that it can find out anew. */
#include "base/text.h"
#include "core/core.h"

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
    snapshot->drained = core->members[0].drained;
    snapshot->mutual = core->views.mutual;
    snapshot->stale = core->views.stale;
}

static void save_watch(const struct watch *watch, enum watch_kind kind, const struct member *subject,
    struct core_snapshot *snapshot)
{
    struct core_snapshot_watch *saved = &snapshot->watches[snapshot->watch_count];

    if (!watch->raised)
        return;
    snapshot->watch_count++;
    saved->kind = kind;
    saved->since_wall_ms = watch->since_wall_ms;
    saved->warned = watch->warned;
    text_copy(saved->node, sizeof(saved->node), subject->name);
    text_copy(saved->incident, sizeof(saved->incident), watch->incident);
}

static void save_told(
    const struct core *core, struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    const struct rescue *rescue = &core->rescue;

    snapshot->told_count = rescue->incident.told_count;
    memcpy(snapshot->told, rescue->incident.told, sizeof(snapshot->told));
    snapshot->opening_count = rescue->opening_count;
    for (uint32_t i = 0; i < rescue->opening_count; i++)
        snapshot->openings_wall_ms[i] = wall_ms - (int64_t)(now_ms - rescue->openings_ms[i]);
    for (int kind = 0; kind < WATCH_PEER; kind++)
        save_watch(&core->watches[kind], (enum watch_kind)kind, &core->members[0], snapshot);
    for (size_t i = 1; i < core->member_count; i++)
        for (int kind = WATCH_PEER; kind < WATCH_KIND_COUNT; kind++)
            save_watch(&core->peer_watches[i][kind - WATCH_PEER], (enum watch_kind)kind, &core->members[i],
                snapshot);
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
    ret_snapshot->killed = rescue->killed;
    ret_snapshot->own_stop = core->unit.own_stop;
    ret_snapshot->running = unit_is_running(&core->unit.state);
    text_copy(
        ret_snapshot->invocation_id, sizeof(ret_snapshot->invocation_id), core->unit.state.invocation_id);
    ret_snapshot->member_count = core->members_known ? core->member_count : 0;
    for (size_t i = 0; i < ret_snapshot->member_count; i++) {
        text_copy(ret_snapshot->members[i], RMQ_NODE_NAME_MAX, core->members[i].name);
        ret_snapshot->guarded |= core->members[i].agent.seen ? UINT32_C(1) << i : 0;
    }
    save_told(core, ret_snapshot, now_ms, wall_ms);
    ret_snapshot->taken_ms = now_ms;
    ret_snapshot->taken_wall_ms = wall_ms;
    save_views(core, ret_snapshot);
}
