#include "core/facts.h"
#include "core/quorum.h"

/* A partition that is not complete pauses a node that still sees a majority, until every member is back. */
static bool anybody_is_missing(const struct core *core)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (member_host_is_silent(&core->members[i], &core->policy))
            return true;
    return false;
}

/* A node that the operator opted in for is restarted only after it had time to come back by itself. */
static bool is_opted(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];

    if (local->condition == CONDITION_APP_STOPPED ? !core->policy.restart_stopped_app
                                                  : !core->policy.restart_lost_listener)
        return false;
    if (local->condition == CONDITION_APP_STOPPED && anybody_is_missing(core))
        return false;
    return condition_in(local->condition, CONDITIONS_OPTED) &&
           now_ms - local->condition_since_ms >= core->policy.verify_timeout_ms;
}

/* Only a node whose API answers can tell; one that does not has lost its place in every queue already. */
static bool queues_speak_against(const struct core *core)
{
    const struct member *local = &core->members[0];

    return local->condition == CONDITION_LISTENER_LOST &&
           (local->queues_started_ms < core->rescue.asked_ms || local->view.queues_critical);
}

/* Without others there is nobody to race with. */
static bool has_lease(const struct core *core)
{
    return core->lease.state == LEASE_HELD || (core->members_known && core->member_count == 1);
}

static uint32_t facts_of_cluster(const struct core *core, uint64_t now_ms)
{
    uint32_t facts = 0;

    if (quorum_of_others(core))
        facts |= FACT_QUORUM;
    if (quorum_is_safe(core))
        facts |= FACT_SAFE;
    if (views_partitioned(core, now_ms) || views_stale(core, now_ms))
        facts |= FACT_SPLIT;
    if (queues_speak_against(core))
        facts |= FACT_QUEUES;
    if (budget_cluster_used(&core->rescue.budget, &core->policy, now_ms) >= core->policy.max_cluster_restarts)
        facts |= FACT_CROWD;
    if (has_lease(core))
        facts |= FACT_LEASE;
    return facts;
}

static uint32_t facts_of_unit(const struct core *core)
{
    uint32_t facts = 0;

    if (core->unit.known && core->unit.state.job_id != 0)
        facts |= FACT_FOREIGN_JOB;
    if (core->seen_running)
        facts |= FACT_SEEN;
    if (unit_is_dead(&core->unit))
        facts |= FACT_DEAD;
    if (core->unit.known && unit_is_running(&core->unit.state))
        facts |= FACT_RUNNING;
    if (core->unit.own_stop)
        facts |= FACT_OWN_STOP;
    return facts;
}

uint32_t facts_of(const struct core *core, uint64_t now_ms)
{
    enum condition condition = core->members[0].condition;
    uint32_t facts = facts_of_unit(core) | facts_of_cluster(core, now_ms);

    if (core->policy.act)
        facts |= FACT_ACT;
    if (budget_left(&core->rescue.budget, &core->policy, now_ms) ||
        (core->rescue.killed && unit_is_dead(&core->unit)))
        facts |= FACT_BUDGET;
    if (core_is_on_hold(core, now_ms))
        facts |= FACT_HOLD;
    if (condition_in(condition, CONDITIONS_CURABLE) || is_opted(core, now_ms))
        facts |= FACT_PROOF;
    if (condition_in(condition, CONDITIONS_OPTED))
        facts |= FACT_GENTLE;
    return facts;
}
