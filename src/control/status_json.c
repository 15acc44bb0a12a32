/* GET /v1/status:
 *
 *   version, time
 *   mode             "act", "observe"
 *   cluster          null until it is known
 *   node             the local one
 *   ok               it is healthy, and no incident or other problem is open
 *   condition        of the local node, since condition_since
 *   state, why       what this agent does about it, since state_since
 *   incident         its id, or null; since
 *   hold             {until, owner, reason}, or null
 *   package_manager  at work, so that nothing is done; null: none
 *   lease            {provider, state: free|sought|held, usable: null until it was checked, detail}
 *   budget           {used, left, max, window_ms}
 *   store            {ok, problem}
 *   alerts           {waiting, parked, max_loop_ms: how long they kept the loop at most}, or null
 *   members          [{node, local, condition, since, agent, probes}], where
 *     agent          present, missing, unknown
 *     probes         [{kind, result, says, health, failures, slow, started, age_ms}]
 *   problems         [{name, node, incident, since}]: all that was told and is not over, but for a hold
 */
#include "alerts/outbox.h"
#include "control/json.h"
#include "core/rescue.h"
#include "words/words.h"

#ifndef RMQWATCH_VERSION
#error "RMQWATCH_VERSION is set by the Makefile"
#endif

static bool put_budget(cJSON *json, const struct control_view *view)
{
    const struct policy *policy = &view->core->policy;
    uint32_t used = budget_used(&view->core->rescue.budget, policy, view->now_ms);
    bool left = budget_left(&view->core->rescue.budget, policy, view->now_ms);
    cJSON *budget = cJSON_AddObjectToObject(json, "budget");

    return budget && json_put_number(budget, "used", used) &&
           json_put_number(
               budget, "left", left && used < policy->max_restarts ? policy->max_restarts - used : 0) &&
           json_put_number(budget, "max", policy->max_restarts) &&
           json_put_number(budget, "window_ms", (double)policy->restart_window_ms);
}

static const char *lease_state_name(enum lease_state state)
{
    switch (state) {
    case LEASE_SOUGHT:
        return "sought";
    case LEASE_HELD:
        return "held";
    case LEASE_FREE:
        break;
    }
    return "free";
}

static bool put_lease(cJSON *json, const struct control_view *view)
{
    const struct lease_memory *memory = &view->core->lease;
    cJSON *lease = cJSON_AddObjectToObject(json, "lease");
    char detail[RMQ_DETAIL_MAX];

    words_heard(view->core->policy.language, memory->detail, detail, sizeof(detail));
    return lease && json_put_text(lease, "provider", view->lease) &&
           json_put_text(lease, "state", lease_state_name(memory->state)) &&
           (memory->checked ? json_put_bool(lease, "usable", memory->usable)
                            : cJSON_AddNullToObject(lease, "usable") != NULL) &&
           json_put_text(lease, "detail", detail);
}

static bool put_store(cJSON *json, const struct core *core)
{
    cJSON *store = cJSON_AddObjectToObject(json, "store");
    char problem[RMQ_DETAIL_MAX];

    words_heard(
        core->policy.language, core->store_failed ? core->store_problem : "", problem, sizeof(problem));
    return store && json_put_bool(store, "ok", !core->store_failed) &&
           json_put_text(store, "problem", problem);
}

static bool put_alerts(cJSON *json, const struct outbox *outbox)
{
    struct outbox_counts counts;
    cJSON *alerts;

    if (!outbox)
        return cJSON_AddNullToObject(json, "alerts") != NULL;
    outbox_count(outbox, &counts);
    alerts = cJSON_AddObjectToObject(json, "alerts");
    return alerts && json_put_number(alerts, "waiting", (double)counts.waiting) &&
           json_put_number(alerts, "parked", (double)counts.parked) &&
           json_put_number(alerts, "max_loop_ms", (double)counts.max_loop_us / 1000);
}

static bool put_members(cJSON *json, const struct control_view *view)
{
    cJSON *members = cJSON_AddArrayToObject(json, "members");
    bool ok = members != NULL;

    for (size_t i = 0; ok && i < view->core->member_count; i++) {
        const struct member *member = &view->core->members[i];
        cJSON *one = json_add_object(members);

        ok = one && json_put_text(one, "node", member->name) && json_put_bool(one, "local", member->local) &&
             json_put_text(one, "condition", condition_name(member->condition)) &&
             json_put_moment(one, "since", view, member->condition_since_ms) &&
             json_put_text(one, "agent", presence_name(i == 0 ? PRESENCE_HERE : member->agent.presence)) &&
             json_put_probes(one, view, member);
    }
    return ok;
}

static bool put_problem(cJSON *array, const char *name, const char *node, const struct watch *watch)
{
    cJSON *problem = json_add_object(array);

    return problem && json_put_text(problem, "name", name) && json_put_text(problem, "node", node) &&
           json_put_text(problem, "incident", watch->incident) &&
           json_put_time(problem, "since", watch->since_wall_ms);
}

static bool put_problems(cJSON *json, const struct core *core)
{
    cJSON *problems = cJSON_AddArrayToObject(json, "problems");
    bool ok = problems != NULL;

    for (int kind = 0; ok && kind < WATCH_PEER; kind++)
        if (core->watches[kind].raised && kind != WATCH_HOLD)
            ok = put_problem(problems, watch_infos[kind].name, core->members[0].name, &core->watches[kind]);
    for (size_t i = 1; ok && i < core->member_count; i++)
        for (int kind = WATCH_PEER; ok && kind < WATCH_KIND_COUNT; kind++)
            if (core->peer_watches[i][kind - WATCH_PEER].raised)
                ok = put_problem(problems, watch_infos[kind].name, core->members[i].name,
                    &core->peer_watches[i][kind - WATCH_PEER]);
    return ok && json_put_bool(json, "ok",
                     core->members[0].condition == CONDITION_HEALTHY && !rescue_is_open(core->rescue.state) &&
                         cJSON_GetArraySize(problems) == 0);
}

cJSON *status_json(const struct control_view *view)
{
    const struct core *core = view->core;
    const struct rescue *rescue = &core->rescue;
    cJSON *json = cJSON_CreateObject();

    return json_whole(json,
        json_put_text(json, "version", RMQWATCH_VERSION) && json_put_time(json, "time", view->wall_ms) &&
            json_put_text(json, "mode", core->policy.act ? "act" : "observe") &&
            json_put_text(json, "cluster", core->cluster) &&
            json_put_text(json, "node", core->members[0].name) &&
            json_put_text(json, "condition", condition_name(core->members[0].condition)) &&
            json_put_moment(json, "condition_since", view, core->members[0].condition_since_ms) &&
            json_put_text(json, "state", state_name(rescue->state)) &&
            json_put_moment(json, "state_since", view, rescue->entered_ms) &&
            json_put_text(json, "why", words(core->policy.language, rescue->why)) &&
            json_put_text(json, "incident", rescue->incident.id) &&
            json_put_time(json, "since", rescue->incident.id[0] ? rescue->incident.since_wall_ms : 0) &&
            json_put_hold(json, view) &&
            json_put_text(json, "package_manager", core->packages_changing ? core->package_manager : "") &&
            put_lease(json, view) && put_budget(json, view) && put_store(json, core) &&
            put_alerts(json, view->outbox) && put_members(json, view) && put_problems(json, core));
}
