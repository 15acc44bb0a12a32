#include "probes/discovery.h"

#include "base/clock.h"
#include "base/text.h"
#include "probes/parse.h"

#include <stdio.h>
#include <string.h>

enum { NAME_RETRY_MS = 30000, NAME_TIMEOUT_MS = 5000, NAME_REPLY_MAX = 4096 };

void discovery_init(struct discovery *discovery, struct probe_context *context, struct event_sink sink)
{
    *discovery = (struct discovery){.context = context, .sink = sink};
}

void discovery_done(struct discovery *discovery)
{
    http_client_cancel(discovery->asking);
    discovery->asking = NULL;
}

static void post_members(const struct discovery *discovery)
{
    struct event event = {.kind = EVENT_MEMBERS, .members = discovery->members};
    const char *configured = discovery->context->config->cluster;

    if (configured)
        text_copy(event.members.cluster, sizeof event.members.cluster, configured);
    sink_post(&discovery->sink, &event);
}

static void on_cluster_name(void *context, const struct http_reply *reply)
{
    struct discovery *discovery = context;

    discovery->asking = NULL;
    if (reply->result == HTTP_RESULT_OK && reply->status == 200 &&
        parse_cluster_name(reply->body, reply->body_size, discovery->members.cluster,
            sizeof discovery->members.cluster) == 0)
        post_members(discovery);
}

/* Until it is known, and seldom: it is for people to read, no more. */
static void ask_cluster_name(struct discovery *discovery, const struct probe_target *target)
{
    const struct config *config = discovery->context->config;
    char url[sizeof target->management_url + 32];
    const struct http_request request = {
        .method = HTTP_GET,
        .url = url,
        .username = config->management.username,
        .password = config->management.password.value,
        .ca_file = config->management.ca_file,
        .timeout_ms = NAME_TIMEOUT_MS,
        .max_reply_bytes = NAME_REPLY_MAX,
    };
    uint64_t now_ms = clock_boot_ms();

    if (config->cluster || discovery->members.cluster[0] != '\0' || discovery->asking)
        return;
    if (discovery->asked_ms > 0 && now_ms - discovery->asked_ms < NAME_RETRY_MS)
        return;
    discovery->asked_ms = now_ms;
    (void)snprintf(url, sizeof url, "%s/api/cluster-name", target->management_url);
    (void)http_client_start(
        discovery->context->http, &request, on_cluster_name, discovery, &discovery->asking);
}

static bool has_member(const struct members_event *members, const char *name)
{
    size_t i;

    for (i = 0; i < members->count; i++)
        if (strcmp(members->names[i], name) == 0)
            return true;
    return false;
}

static bool take_list(struct members_event *members, const struct node_view *view)
{
    bool changed = view->member_count != members->count;
    size_t i;

    for (i = 0; i < view->member_count; i++)
        if (!has_member(members, view->members[i].name))
            changed = true;
    if (!changed)
        return false;
    members->count = view->member_count;
    for (i = 0; i < view->member_count; i++)
        text_copy(members->names[i], sizeof members->names[i], view->members[i].name);
    return true;
}

static bool names_itself(const struct node_view *view, const char *name)
{
    size_t i;

    for (i = 0; i < view->member_count; i++)
        if (strcmp(view->members[i].name, name) == 0)
            return true;
    return false;
}

bool discovery_learn(
    struct discovery *discovery, const struct probe_target *target, const struct node_view *view)
{
    bool changed = false;

    /* A list without the local node is about something else: a wrong URL, or a node that is being renamed. */
    if (!target->local || (view->members_known && !names_itself(view, target->node)))
        return false;
    if (view->members_known) {
        changed = take_list(&discovery->members, view);
        if (changed)
            post_members(discovery);
    }
    if (discovery->members.count > 0)
        ask_cluster_name(discovery, target);
    return changed;
}
