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

bool unit_is_dead(const struct unit_evidence *unit)
{
    if (!unit->known || !strcmp(unit->state.load_state, "masked"))
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

static enum condition condition_of_running(const struct member *member, const struct policy *policy)
{
    if (member_hangs(member, policy))
        return CONDITION_HUNG;
    if (misconfigured(member, policy))
        return CONDITION_MISCONFIGURED;
    if (!member_is_up(member))
        return CONDITION_UNKNOWN;
    if (member->view.alarms_known && (member->view.memory_alarm || member->view.disk_alarm))
        return CONDITION_ALARM;
    return CONDITION_HEALTHY;
}

enum condition condition_of_local(const struct member *member, const struct unit_evidence *unit, bool stalled,
    bool all_others_down, const struct policy *policy)
{
    if (!unit->known)
        return CONDITION_UNKNOWN;
    if (!strcmp(unit->state.load_state, "masked") && !unit_is_running(&unit->state))
        return CONDITION_STOPPED;
    if (unit_is_dead(unit))
        return all_others_down ? CONDITION_ALL_DOWN : CONDITION_CRASHED;
    switch (unit->state.active) {
    case UNIT_ACTIVATING:
        return CONDITION_BOOTING;
    case UNIT_INACTIVE:
    case UNIT_FAILED:
        return unit->own_job ? CONDITION_UNKNOWN : CONDITION_STOPPED;
    case UNIT_ACTIVE:
    case UNIT_RELOADING:
        return stalled ? CONDITION_STALLED : condition_of_running(member, policy);
    case UNIT_DEACTIVATING: /* how it ends decides */
    case UNIT_ACTIVE_UNKNOWN:
        break;
    }
    return CONDITION_UNKNOWN;
}

enum condition condition_of_peer(const struct member *member, const struct policy *policy)
{
    if (member_is_down(member))
        return CONDITION_PEER_DOWN;
    if (misconfigured(member, policy))
        return CONDITION_MISCONFIGURED;
    if (!member_is_up(member))
        return CONDITION_UNKNOWN;
    if (member->view.alarms_known && (member->view.memory_alarm || member->view.disk_alarm))
        return CONDITION_ALARM;
    return CONDITION_HEALTHY;
}
