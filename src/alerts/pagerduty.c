/* PagerDuty's Events API v2.
 *
 * The events: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ (a summary of 1024
 * characters, a dedup_key of 255, 512 KB); the replies:
 * https://developer.pagerduty.com/docs/events-api-v2/overview/; 120 events a minute for one key, after a 429
 * again in 30 s: https://developer.pagerduty.com/docs/events-api-v2/rate-limits/. What is told of a trouble,
 * by whichever agent, is one alert there, and its end resolves it. */
#include "alerts/channels.h"
#include "alerts/message.h"
#include "alerts/trouble.h"
#include "base/text.h"
#include "words/words.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { SUMMARY_MAX = 1024, PAGERDUTY_PAUSE_MS = 30000 };

static bool add_details(cJSON *payload, const struct message *message)
{
    const struct notice *notice = &message->notice;
    cJSON *details = cJSON_AddObjectToObject(payload, "custom_details");

    return cJSON_AddStringToObject(details, "event", notice_info(notice->kind)->event) &&
           cJSON_AddStringToObject(details, "condition", condition_name(notice->condition)) &&
           cJSON_AddStringToObject(details, "node", notice->node) &&
           cJSON_AddStringToObject(details, "observer", notice->observer) &&
           cJSON_AddStringToObject(details, "why", notice->why) &&
           cJSON_AddStringToObject(details, "detail", notice->detail) &&
           cJSON_AddStringToObject(details, "course", notice->course) &&
           cJSON_AddStringToObject(details, "incident", notice->incident) &&
           cJSON_AddStringToObject(details, "evidence", notice->evidence) &&
           cJSON_AddStringToObject(details, "look", message->look) &&
           cJSON_AddStringToObject(details, "command", message->command);
}

static bool add_payload(cJSON *json, const struct message *message)
{
    const struct notice *notice = &message->notice;
    cJSON *payload = cJSON_AddObjectToObject(json, "payload");
    char summary[SUMMARY_MAX], timestamp[64];

    text_copy(summary, sizeof(summary), message->title);
    if (notice->why[0])
        text_append(summary, sizeof(summary), "%s%s", words(notice->language, ": "), notice->why);
    text_timestamp(timestamp, sizeof(timestamp), notice->wall_ms);
    return cJSON_AddStringToObject(payload, "summary", summary) &&
           cJSON_AddStringToObject(payload, "source", notice->node[0] ? notice->node : "rabbitmq") &&
           cJSON_AddStringToObject(payload, "severity", severity_name(notice->severity)) &&
           cJSON_AddStringToObject(payload, "timestamp", timestamp) &&
           cJSON_AddStringToObject(payload, "component", "rabbitmq") &&
           cJSON_AddStringToObject(payload, "group", notice->cluster) &&
           cJSON_AddStringToObject(payload, "class", trouble_name(notice)) && add_details(payload, message);
}

static int pagerduty_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct channel_request request = {0};
    bool ends = trouble_ends(notice->kind);
    cJSON *json = cJSON_CreateObject();
    cJSON *routing_key;
    char key[TROUBLE_KEY_MAX];
    struct message message;
    bool ok;
    int r;

    (void)attempt;
    message_compose(&message, notice);
    trouble_key(&message.notice, key);
    /* Not a copy: that would have to be wiped. */
    routing_key = cJSON_CreateStringReference(channel->routing_key.value ? channel->routing_key.value : "");
    ok = channel_add_item(json, "routing_key", routing_key);
    ok = ok && cJSON_AddStringToObject(json, "event_action", ends ? "resolve" : "trigger") &&
         cJSON_AddStringToObject(json, "dedup_key", key) &&
         cJSON_AddStringToObject(json, "client", "rmqwatchd") && (ends || add_payload(json, &message));
    r = channel_print_json(json, ok, &request);
    request.wordless = ends;
    if (r == 0)
        r = channel_set_suffix(&request, "/v2/enqueue");
    if (r < 0)
        channel_request_done(&request);
    else
        *ret_request = request;
    return r;
}

static struct channel_verdict pagerduty_classify(const struct channel_reply *reply)
{
    struct channel_verdict verdict = channel_classify_http(reply);

    if (verdict.delivery == DELIVERY_RETRY && reply->answered && reply->status == 429) {
        verdict.reason = "too many events";
        if (verdict.retry_after_ms == 0)
            verdict.retry_after_ms = PAGERDUTY_PAUSE_MS;
    } else if (verdict.delivery == DELIVERY_REFUSED && reply->status == 400) {
        verdict.reason = "the event or its routing key is not valid; see routing_key_file";
    }
    return verdict;
}

const struct channel_ops pagerduty_channel = {
    .name = "pagerduty",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_ROUTING_KEY | CHANNEL_HTTP_SERVER | CHANNEL_CA_FILE,
    .required = CHANNEL_ROUTING_KEY,
    .server = "https://events.pagerduty.com",
    .min_severity = SEVERITY_WARNING,
    .keyed = true,
    .limits = {{120, 60000}},
    .format = pagerduty_format,
    .classify = pagerduty_classify,
};
