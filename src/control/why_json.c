/* GET /v1/why?node=NAME, without node: the local one:
 *
 *   time, node, local, condition, condition_since
 *   probes     as in /v1/status
 *   evidence   the same in one sentence; null: none yet
 *
 * of another member, also
 *   state, why what this agent does about it: it only tells, and whether it does; incident, since
 *
 * of the local node, also
 *   state, why the last decision, since state_since; next: when the state's deadline comes, or null
 *   incident, since
 *   refusal    what systemd said to the last request of the incident, if it refused; else null
 *   hold, package_manager    as in /v1/status
 *   quorum     what the others say, in one sentence
 *   proof      of a recovery: what is missing; null when none is being collected
 *   cause      recognised in the broker's log, or null; evidence_path: where more of it is
 *   unit       {known, active, sub, result, load, job, main_pid, exit_code, exit_status, status}
 *   facts      {"act": true, "quorum": false ...}: all that the incident table asks for
 */
#include "control/json.h"
#include "core/describe.h"
#include "core/facts.h"
#include "core/quorum.h"
#include "core/verify.h"
#include "words/words.h"

static bool put_unit(cJSON *json, const struct unit_evidence *evidence)
{
    const struct unit_state *state = &evidence->state;
    cJSON *unit = cJSON_AddObjectToObject(json, "unit");

    return unit && json_put_bool(unit, "known", evidence->known) &&
           json_put_text(unit, "active", unit_active_name(state->active)) &&
           json_put_text(unit, "sub", state->sub_state) && json_put_text(unit, "result", state->result) &&
           json_put_text(unit, "load", state->load_state) && json_put_number(unit, "job", state->job_id) &&
           json_put_number(unit, "main_pid", state->main_pid) &&
           json_put_number(unit, "exit_code", state->exec_main_code) &&
           json_put_number(unit, "exit_status", state->exec_main_status) &&
           json_put_text(unit, "status", state->status_text);
}

static bool put_facts(cJSON *json, const struct control_view *view)
{
    uint64_t held = facts_of(view->core, view->now_ms);
    cJSON *facts = cJSON_AddObjectToObject(json, "facts");
    bool ok = facts != NULL;

    for (uint64_t fact = 1; ok && fact < FACTS_END; fact <<= 1)
        ok = json_put_bool(facts, fact_name((enum fact)fact), (held & fact) != 0);
    return ok;
}

static bool put_sentences(cJSON *json, const struct core *core)
{
    enum state state = core->rescue.state;
    bool proving = state == STATE_VERIFYING || state == STATE_UNVERIFIED;
    char quorum[RMQ_DETAIL_MAX] = "";
    char proof[RMQ_DETAIL_MAX] = "";

    quorum_describe(core, quorum, sizeof(quorum));
    if (proving)
        verify_describe(core, proof, sizeof(proof));
    return json_put_text(json, "quorum", quorum) && json_put_text(json, "proof", proof);
}

static bool put_local(cJSON *json, const struct control_view *view)
{
    const struct core *core = view->core;
    const struct rescue *rescue = &core->rescue;
    const enum language language = core->policy.language;
    char refusal[RMQ_DETAIL_MAX], cause[RMQ_DETAIL_MAX];
    bool open = rescue->incident.id[0] != '\0';

    words_heard(language, open ? rescue->refusal : "", refusal, sizeof(refusal));
    words_heard(language, open ? rescue->evidence.cause : "", cause, sizeof(cause));
    return json_put_text(json, "state", state_name(rescue->state)) &&
           json_put_text(json, "why", words(language, rescue->why)) &&
           json_put_moment(json, "state_since", view, rescue->entered_ms) &&
           json_put_moment(json, "next", view, rescue->deadline_ms == UINT64_MAX ? 0 : rescue->deadline_ms) &&
           json_put_text(json, "incident", rescue->incident.id) &&
           json_put_time(json, "since", open ? rescue->incident.since_wall_ms : 0) &&
           json_put_text(json, "refusal", refusal) && json_put_hold(json, view) &&
           json_put_text(json, "package_manager", core->packages_changing ? core->package_manager : "") &&
           put_sentences(json, core) && json_put_text(json, "cause", cause) &&
           json_put_text(json, "evidence_path", open ? rescue->evidence.path : "") &&
           put_unit(json, &core->unit) && put_facts(json, view);
}

static bool put_peer(cJSON *json, const struct core *core, size_t member)
{
    const struct watch *watch = &core->peer_watches[member];

    return json_put_text(json, "state", watch->raised ? "told" : "watching") &&
           json_put_text(json, "why",
               words(core->policy.language,
                   watch->raised ? WORD("it is down and its own agent is silent, so this one tells people")
                                 : WORD("its own agent acts on it; this one only watches"))) &&
           json_put_text(json, "incident", watch->raised ? watch->incident : "") &&
           json_put_time(json, "since", watch->raised ? watch->since_wall_ms : 0);
}

cJSON *why_json(const struct control_view *view, size_t index)
{
    const struct member *member = &view->core->members[index];
    char evidence[RMQ_DETAIL_MAX] = "";
    cJSON *json = cJSON_CreateObject();

    describe_probes(view->core->policy.language, member, evidence, sizeof(evidence));
    return json_whole(
        json, json_put_time(json, "time", view->wall_ms) && json_put_text(json, "node", member->name) &&
                  json_put_bool(json, "local", index == 0) &&
                  json_put_text(json, "condition", condition_name(member->condition)) &&
                  json_put_moment(json, "condition_since", view, member->condition_since_ms) &&
                  json_put_probes(json, view, member) && json_put_text(json, "evidence", evidence) &&
                  (index == 0 ? put_local(json, view) : put_peer(json, view->core, index)));
}
