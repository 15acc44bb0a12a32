/* What the agent does for the folder evidence: feeds the host sampler, and says what to collect. */
#include "agent/parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "core/describe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int agent_create_evidence(struct agent *agent)
{
    agent->sampler = host_sampler_new(agent->loop, &agent->config->policy, agent->sink, &agent->activities);
    agent->collector = collector_new(agent->loop, agent->config, agent->sink);
    return agent->sampler && agent->collector ? 0 : -ENOMEM;
}

void agent_reconfigure_evidence(struct agent *agent, const struct config *config)
{
    host_sampler_reconfigure(agent->sampler, &config->policy);
    collector_reconfigure(agent->collector, config);
}

void agent_free_evidence(struct agent *agent)
{
    host_sampler_free(agent->sampler);
    collector_free(agent->collector);
    agent->sampler = NULL;
    agent->collector = NULL;
}

void agent_follow_unit(struct agent *agent, const struct event *event)
{
    if (event->kind == EVENT_UNIT)
        host_sampler_set_process(agent->sampler, event->unit.main_pid);
    else if (event->kind == EVENT_UNIT_LOST)
        host_sampler_set_process(agent->sampler, 0);
}

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void describe_view(const struct node_view *view, char *text, size_t size)
{
    if (view->alarms_known)
        text_append(text, size, "  memory alarm: %s; disk alarm: %s; descriptor alarm: %s\n",
            yes_or_no(view->memory_alarm), yes_or_no(view->disk_alarm), yes_or_no(view->descriptor_alarm));
    if (view->resources_known)
        text_append(text, size,
            "  memory: %" PRIu64 " of %" PRIu64 " bytes; disk: %" PRIu64 " bytes free, limit %" PRIu64 "\n",
            view->memory_used_bytes, view->memory_limit_bytes, view->disk_free_bytes, view->disk_limit_bytes);
    if (view->descriptors_known)
        text_append(text, size, "  file descriptors: %" PRIu64 " of %" PRIu64 "\n", view->descriptors_used,
            view->descriptors_limit);
    if (view->partitions_known)
        text_append(text, size, "  partitioned: %s\n", yes_or_no(view->partitioned));
    if (view->vhosts_known)
        text_append(text, size, "  all virtual hosts up: %s\n", yes_or_no(view->vhosts_up));
    if (view->queues_known)
        text_append(text, size, "  queues that would lose their quorum without it: %s\n",
            yes_or_no(view->queues_critical));
    if (view->leaders_known)
        text_append(text, size, "  quorum queues without a leader: %" PRIu32 "\n", view->leaderless_queues);
    for (size_t i = 0; view->members_known && i < view->member_count; i++)
        text_append(text, size, "  says of %s: %s%s\n", view->members[i].name,
            view->members[i].running ? "running" : "not running",
            view->members[i].being_drained ? ", in maintenance mode" : "");
}

/* What the probes and the members say, each as last known. */
static void describe_members(const struct core *core, char *text, size_t size)
{
    char now[32];

    text_timestamp(now, sizeof(now), clock_wall_ms());
    text_append(text, size, "# At %s; cluster %s; each answer as last known.\n", now,
        core->cluster[0] ? core->cluster : "(name not known)");
    for (size_t i = 0; i < core->member_count; i++) {
        const struct member *member = &core->members[i];

        text_append(text, size, "%s%s: %s\n  ", member->name, member->local ? " (this node)" : "",
            condition_name(member->condition));
        describe_probes(LANGUAGE_ENGLISH, member, text, size);
        text_append(text, size, "\n");
        describe_view(&member->view, text, size);
    }
}

void agent_collect(struct agent *agent, const struct collect_action *collect)
{
    static struct collect_request request; /* large; the collector copies it */

    memset(&request, 0, sizeof(request));
    text_copy(request.incident, sizeof(request.incident), collect->incident);
    request.live = collect->live;
    request.unit = agent->core.unit.state;
    describe_members(&agent->core, request.members, sizeof(request.members));
    collector_collect(agent->collector, &request);
}
