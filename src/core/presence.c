#include "core/presence.h"

#include <string.h>

/* At a long interval it takes longer: one run that failed, or two, may be a restart of that agent. */
static uint64_t window_ms(const struct policy *policy)
{
    uint64_t rounds_ms = 3 * policy->interval_ms + policy->timeout_ms;

    return policy->agent_missing_ms > rounds_ms ? policy->agent_missing_ms : rounds_ms;
}

bool presence_absorb(struct agent_memory *agent, const struct probe_event *probe)
{
    const struct probe_result_info *info = probe_result_info(probe->result);
    bool first = info->health == HEALTH_UP && !agent->seen;

    /* Our own trouble, and names that our resolver does not know, say nothing of who is there. */
    if (probe->started_ms < agent->heard_ms || (info->health == HEALTH_UNKNOWN && !info->host_answers))
        return false;
    agent->heard_ms = probe->started_ms;
    if (info->health == HEALTH_UP) {
        agent->seen = true;
        agent->failed_ms = 0;
        return first;
    }
    if (agent->failed_ms == 0)
        agent->failed_ms = probe->started_ms;
    agent->refused = probe->result == PROBE_RESULT_REFUSED;
    return false;
}

void presence_judge(struct agent_memory *agent, const struct policy *policy, bool down, uint64_t now_ms)
{
    uint64_t after_ms = window_ms(policy);

    agent->down = down;
    if (down)
        agent->down_ms = now_ms;
    if (policy->agent_missing_ms == 0)
        presence_forget(agent);
    else if (agent->heard_ms == 0 || now_ms - agent->heard_ms > after_ms)
        agent->presence = PRESENCE_UNKNOWN;
    else if (agent->failed_ms == 0)
        agent->presence = PRESENCE_HERE;
    /* Where none was ever heard, only a refusal says that there is none: the port may be closed on the way.
     */
    else if (now_ms - agent->failed_ms >= after_ms && (agent->seen || agent->refused))
        agent->presence = PRESENCE_MISSING;
}

bool presence_is_lost(const struct agent_memory *agent, const struct policy *policy, uint64_t now_ms)
{
    if (agent->presence != PRESENCE_MISSING)
        return false;
    return agent->down || agent->down_ms == 0 || now_ms - agent->down_ms >= window_ms(policy);
}

void presence_forget(struct agent_memory *agent)
{
    *agent = (struct agent_memory){.seen = agent->seen, .down = agent->down, .down_ms = agent->down_ms};
}

const char *presence_name(enum presence presence)
{
    static const char *const names[] = {
        [PRESENCE_UNKNOWN] = "unknown", [PRESENCE_HERE] = "present", [PRESENCE_MISSING] = "missing"};

    return names[presence];
}
