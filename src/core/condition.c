#include "core/condition.h"
#include "core/core.h"

#include <string.h>

bool unit_is_waiting_to_restart(const struct unit_state *state)
{
    /* systemd 254 and later: "failed-before-auto-restart", "auto-restart-queued"; all of them: "auto-restart"
     */
    return strstr(state->sub_state, "auto-restart") != NULL;
}

bool unit_is_running(const struct unit_state *state)
{
    return state->active == UNIT_ACTIVE || state->active == UNIT_RELOADING;
}

bool unit_is_masked(const struct unit_state *state)
{
    return !strcmp(state->load_state, "masked");
}

bool unit_is_unknown(const struct unit_state *state)
{
    return !strcmp(state->load_state, "not-found");
}

bool unit_is_dead(const struct unit_evidence *unit)
{
    if (!unit->known || unit_is_masked(&unit->state))
        return false;
    if (unit_is_waiting_to_restart(&unit->state))
        return true;
    return unit->state.active == UNIT_FAILED && !unit->stop_requested;
}

static bool misconfigured(const struct member *member, const struct policy *policy)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (member->probes[kind].misconfigured >= policy->fall)
            return true;
    return false;
}

static enum condition condition_of_answers(const struct member *member, const struct policy *policy)
{
    if (misconfigured(member, policy))
        return CONDITION_MISCONFIGURED;
    if (!member_is_up(member))
        return CONDITION_UNKNOWN;
    if (member->view.alarms_known &&
        (member->view.memory_alarm || member->view.disk_alarm || member->view.descriptor_alarm))
        return CONDITION_ALARM;
    return CONDITION_HEALTHY;
}

/* Both ports time out: what does its process do? */
static enum condition condition_of_silent(const struct core *core, uint64_t now_ms)
{
    uint64_t since_ms = member_silent_since_ms(&core->members[0]);

    if (process_is_gone(&core->process, now_ms))
        return CONDITION_UNKNOWN;
    if (process_is_frozen(&core->process, &core->policy, since_ms, now_ms))
        return CONDITION_FROZEN;
    if (!process_is_busy(&core->process, since_ms, now_ms))
        return CONDITION_HUNG;
    if (core->policy.busy_patience_ms > 0 && now_ms - since_ms >= core->policy.busy_patience_ms)
        return CONDITION_HUNG;
    return CONDITION_BUSY;
}

/* The others list a node as soon as its database is back, and RabbitMQ 3.10 may fail to resume after that:
 * it is no maintenance that follows a pause without an open port in between. */
static bool has_not_resumed(const struct core *core)
{
    return core->watches[WATCH_PAUSED].raised && !core->watches[WATCH_DRAINED].raised;
}

/* The Erlang machine runs, and its client ports are closed. A node that was paused by a partition resumes by
 * itself, and a restart would break that: so whatever may be a pause is one. */
static enum condition condition_of_closed(const struct core *core, uint64_t now_ms)
{
    int running;

    /* A node that resumes starts its application first, and the others list it when that is done. */
    if (views_local_pauses(core, now_ms))
        return CONDITION_PAUSED;
    running = views_of_local(core, now_ms);
    if (views_local_drained(core, now_ms))
        return CONDITION_DRAINED;
    if (running == 1)
        return has_not_resumed(core) ? CONDITION_PAUSED : CONDITION_DRAINED;
    if (running == 0)
        return CONDITION_APP_STOPPED;
    if (core->members[0].drained)
        return CONDITION_DRAINED;
    return core->members_known && core->member_count == 1 ? CONDITION_APP_STOPPED : CONDITION_UNKNOWN;
}

/* What is wrong with the cluster while this node itself serves. */
static enum condition condition_of_cluster(const struct core *core, uint64_t now_ms)
{
    if (views_partitioned(core, now_ms))
        return CONDITION_PARTITIONED;
    if (views_reachable(core) < views_majority(core))
        return CONDITION_ISOLATED;
    if (views_serving(core) < views_majority(core))
        return CONDITION_QUORUM_LOST;
    return views_stale(core, now_ms) ? CONDITION_STALE_VIEW : CONDITION_HEALTHY;
}

static enum condition condition_of_running(const struct core *core, uint64_t now_ms)
{
    const struct member *member = &core->members[0];
    enum condition condition, cluster;

    if (member_hangs(member, &core->policy, core->unit.since_ms, now_ms))
        return condition_of_silent(core, now_ms);
    if (member_ports_closed(member, &core->policy))
        return condition_of_closed(core, now_ms);
    /* Maintenance mode suspends the listeners; a kept-alive connection to the API outlives that. */
    if (member_lost_listener(member, &core->policy))
        return views_local_drained(core, now_ms) ? CONDITION_DRAINED : CONDITION_LISTENER_LOST;
    condition = condition_of_answers(member, &core->policy);
    if (condition != CONDITION_HEALTHY && condition != CONDITION_ALARM)
        return condition;
    /* Too few failures, by another configuration or after a stall, are no answer of the port that failed. */
    if (state_wants_answer(core->rescue.state) && member_fails(member, &core->policy))
        return CONDITION_UNKNOWN;
    cluster = condition_of_cluster(core, now_ms);
    return cluster == CONDITION_HEALTHY ? condition : cluster;
}

static bool all_others_down(const struct core *core)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (!member_is_down(&core->members[i]))
            return false;
    return core->member_count > 1;
}

enum condition condition_of_local(const struct core *core, uint64_t now_ms)
{
    const struct unit_evidence *unit = &core->unit;

    if (!unit->known)
        return CONDITION_UNKNOWN;
    if (unit_is_masked(&unit->state) && !unit_is_running(&unit->state))
        return CONDITION_STOPPED;
    if (unit_is_unknown(&unit->state) && !unit_is_running(&unit->state))
        return CONDITION_MISCONFIGURED;
    if (unit_is_dead(unit))
        return all_others_down(core) ? CONDITION_ALL_DOWN : CONDITION_CRASHED;
    switch (unit->state.active) {
    case UNIT_ACTIVATING:
        return CONDITION_BOOTING;
    case UNIT_INACTIVE:
    case UNIT_FAILED:
        /* With a job it is on its way somewhere. */
        return unit->own_job || unit->state.job_id != 0 ? CONDITION_UNKNOWN : CONDITION_STOPPED;
    case UNIT_ACTIVE:
    case UNIT_RELOADING:
        return core->stalled ? CONDITION_STALLED : condition_of_running(core, now_ms);
    case UNIT_DEACTIVATING: /* how it ends decides */
    case UNIT_ACTIVE_UNKNOWN:
        break;
    }
    return CONDITION_UNKNOWN;
}

enum condition condition_of_peer(const struct member *member, const struct policy *policy)
{
    return member_is_down(member) ? CONDITION_PEER_DOWN : condition_of_answers(member, policy);
}
