#include "core/voice.h"

#include <string.h>

/* Whether the agent beside this member can tell anybody anything, as far as is known. */
static bool can_speak(const struct core *core, const struct member *member, uint64_t now_ms)
{
    return !presence_is_lost(&member->agent, &core->policy, now_ms);
}

/* This agent has the lowest name of all that can: it speaks for those that cannot. */
static bool lead_of_all(const struct core *core, uint64_t now_ms)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (strcmp(core->members[i].name, core->members[0].name) < 0 &&
            !member_host_is_silent(&core->members[i], &core->policy) &&
            can_speak(core, &core->members[i], now_ms))
            return false;
    return true;
}

/* What a cluster is like is judged by nodes that serve: the first of them tells it. */
static bool lead_of_serving(const struct core *core, uint64_t now_ms)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (strcmp(core->members[i].name, core->members[0].name) < 0 &&
            condition_in(core->members[i].condition, CONDITIONS_SERVING) &&
            can_speak(core, &core->members[i], now_ms))
            return false;
    return true;
}

static bool speaks_for(const struct core *core, enum watch_kind kind, uint64_t now_ms)
{
    return kind >= WATCH_PEER || kind == WATCH_ALL_DOWN ? lead_of_all(core, now_ms)
                                                        : lead_of_serving(core, now_ms);
}

/* When an isolation ends, one member answers before the other. */
enum { REUNION_MS = 15000 };

/* When it begins, one is found to be down before the other, by as much as their probes are apart: it takes a
 * round of them to know that one member is away, not all. */
static uint64_t round_ms(const struct policy *policy)
{
    return policy->interval_ms + policy->fall * policy->fast_interval_ms;
}

/* It may be this machine that is not there for the others: they tell then, and this agent that it is
 * isolated. */
static bool may_be_cut_off(const struct core *core, const struct member *member, uint64_t now_ms)
{
    return (core->cut_off_ms > 0 && now_ms - core->cut_off_ms < REUNION_MS) ||
           now_ms - member->condition_since_ms < round_ms(&core->policy);
}

uint16_t voice_facts(
    const struct core *core, enum watch_kind kind, const struct member *member, uint64_t now_ms)
{
    return (uint16_t)((speaks_for(core, kind, now_ms) ? WATCH_FACT_LEAD : 0) |
                      (member_host_is_silent(member, &core->policy) ? WATCH_FACT_HOST_SILENT : 0) |
                      (member->agent.presence == PRESENCE_MISSING ? WATCH_FACT_AGENT_MISSING : 0) |
                      (may_be_cut_off(core, member, now_ms) ? WATCH_FACT_CUT_OFF : 0));
}
