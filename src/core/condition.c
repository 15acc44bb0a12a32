#include "core/condition.h"

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
    if (member->view.alarms_known && (member->view.memory_alarm || member->view.disk_alarm))
        return CONDITION_ALARM;
    return CONDITION_HEALTHY;
}

static enum condition condition_of_running(const struct member *member, const struct unit_evidence *unit,
    const struct policy *policy, uint64_t now_ms)
{
    if (member_hangs(member, policy, unit->since_ms, now_ms))
        return CONDITION_HUNG;
    return condition_of_answers(member, policy);
}

enum condition condition_of_local(const struct member *member, const struct unit_evidence *unit, bool stalled,
    bool all_others_down, const struct policy *policy, uint64_t now_ms)
{
    if (!unit->known)
        return CONDITION_UNKNOWN;
    if (unit_is_masked(&unit->state) && !unit_is_running(&unit->state))
        return CONDITION_STOPPED;
    if (unit_is_unknown(&unit->state) && !unit_is_running(&unit->state))
        return CONDITION_MISCONFIGURED;
    if (unit_is_dead(unit))
        return all_others_down ? CONDITION_ALL_DOWN : CONDITION_CRASHED;
    switch (unit->state.active) {
    case UNIT_ACTIVATING:
        return CONDITION_BOOTING;
    case UNIT_INACTIVE:
    case UNIT_FAILED:
        /* With a job it is on its way somewhere. */
        return unit->own_job || unit->state.job_id != 0 ? CONDITION_UNKNOWN : CONDITION_STOPPED;
    case UNIT_ACTIVE:
    case UNIT_RELOADING:
        return stalled ? CONDITION_STALLED : condition_of_running(member, unit, policy, now_ms);
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
