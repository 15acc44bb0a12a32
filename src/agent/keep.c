/* What goes from the agent into its store. */
#include "agent/parts.h"
#include "agent/record.h"
#include "alerts/trouble.h"
#include "base/clock.h"
#include "base/text.h"

void agent_on_store(void *context, int result, const char *problem)
{
    struct agent *agent = context;
    struct event event = {.kind = result < 0 ? EVENT_STORE_FAILED : EVENT_STORE_OK};

    if (result < 0)
        text_copy(event.request.error, sizeof(event.request.error), problem);
    sink_post(&agent->sink, &event);
}

void agent_record_beginning(struct agent *agent, const struct members_event *members)
{
    const uint64_t now_ms = clock_boot_ms();
    const int64_t wall_ms = clock_wall_ms();
    struct event event = {.kind = EVENT_POLICY, .now_ms = now_ms, .wall_ms = wall_ms};

    event.policy = agent->config->policy;
    recorder_take(agent->recorder, &event);
    event = (struct event){.kind = EVENT_MEMBERS, .now_ms = now_ms, .wall_ms = wall_ms};
    event.members = *members;
    recorder_take(agent->recorder, &event);
}

void agent_record(struct agent *agent, const struct notice *notice)
{
    const bool decision = notice->kind == NOTICE_NONE;
    const struct store_entry entry = {
        .wall_ms = notice->wall_ms,
        .incident = notice->incident,
        .node = notice->node,
        .event = decision ? "decision" : notice_info(notice->kind)->event,
        .severity = decision ? "" : severity_name(notice->severity),
        .condition = condition_name(notice->condition),
        .why = notice->why,
        .detail = notice->detail,
        .evidence = notice->evidence,
        .since_wall_ms = notice->since_wall_ms,
        .decision = decision,
        .ends = trouble_is_answered(notice->kind),
    };

    record_notice(notice);
    store_record(agent->store, &entry);
}

void agent_sign(void *context, struct notice *notice)
{
    struct agent *agent = context;

    text_copy(notice->cluster, sizeof(notice->cluster), agent->core.cluster);
    text_copy(notice->node, sizeof(notice->node), agent->config->node);
    text_copy(notice->observer, sizeof(notice->observer), agent->config->node);
    agent_record(agent, notice);
}
