/* The generic webhook: one JSON object per notice. Fields are only ever added, never renamed or removed, and
 * all of them are always there; "version" would change if that could not be kept:
 *
 *   version    1
 *   id         string, unique per notice, the same in every retry: what to recognise a duplicate by
 *   event      stable word: "crashed", "gave-up", "recovered" ...
 *   severity   "info", "warning", "critical"
 *   resolved   true when the notice says that a trouble is over
 *   condition  what state the node is in: "crashed", "hung", "healthy" ...
 *   title      one line for people
 *   cluster    may be ""
 *   node       the node that it is about
 *   observer   the node whose agent says so
 *   incident   the same for every notice of one story
 *   evidence   the folder on the observer's host with what was collected, may be ""
 *   why        one sentence
 *   detail     numbers and names, may be "" and may have several lines
 *   time       RFC 3339: of the notice
 *   since      RFC 3339: when the incident began
 *   phases     [{"name": "boot", "ms": 7900}, ...], may be empty
 */
#include "alerts/channels.h"
#include "alerts/message.h"
#include "alerts/story.h"
#include "base/text.h"

#include <cjson/cJSON.h>

static bool add_phases(cJSON *json, const struct notice *notice)
{
    cJSON *phases = cJSON_AddArrayToObject(json, "phases");

    for (size_t i = 0; phases && i < notice->phase_count; i++) {
        cJSON *phase = cJSON_CreateObject();

        if (!cJSON_AddItemToArray(phases, phase))
            return false;
        if (!cJSON_AddStringToObject(phase, "name", notice->phases[i].name) ||
            !cJSON_AddNumberToObject(phase, "ms", (double)notice->phases[i].ms))
            return false;
    }
    return phases != NULL;
}

static bool add_time(cJSON *json, const char *name, int64_t wall_ms)
{
    char text[64];

    text_timestamp(text, sizeof(text), wall_ms);
    return cJSON_AddStringToObject(json, name, text) != NULL;
}

static int webhook_format(const struct channel_config *channel, const struct notice *notice, const char *id,
    struct channel_request *ret_request)
{
    struct message message;
    const struct notice *clean = &message.notice;
    cJSON *json = cJSON_CreateObject();
    bool ok;

    (void)channel;
    message_compose(&message, notice);
    ok = cJSON_AddNumberToObject(json, "version", 1) && cJSON_AddStringToObject(json, "id", id) &&
         cJSON_AddStringToObject(json, "event", notice_info(clean->kind)->event) &&
         cJSON_AddStringToObject(json, "severity", severity_name(clean->severity)) &&
         cJSON_AddBoolToObject(json, "resolved", story_ends_well(clean->kind)) &&
         cJSON_AddStringToObject(json, "condition", condition_name(clean->condition)) &&
         cJSON_AddStringToObject(json, "title", message.title) &&
         cJSON_AddStringToObject(json, "cluster", clean->cluster) &&
         cJSON_AddStringToObject(json, "node", clean->node) &&
         cJSON_AddStringToObject(json, "observer", clean->observer) &&
         cJSON_AddStringToObject(json, "incident", clean->incident) &&
         cJSON_AddStringToObject(json, "evidence", clean->evidence) &&
         cJSON_AddStringToObject(json, "why", clean->why) &&
         cJSON_AddStringToObject(json, "detail", clean->detail) && add_time(json, "time", clean->wall_ms) &&
         add_time(json, "since", clean->since_wall_ms) && add_phases(json, clean);
    return channel_print_json(json, ok, ret_request);
}

const struct channel_ops webhook_channel = {
    .name = "webhook",
    .format = webhook_format,
    .classify = channel_classify_http,
};
