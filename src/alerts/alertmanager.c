/* Prometheus' Alertmanager, API v2:
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml,
 * https://prometheus.io/docs/alerting/latest/clients/
 *
 * An alert is its labels, so they are the same from its begin to its end. The severity is one of them, for it
 * is what people route by; and as a trouble can get worse, its end resolves it in each severity that it can
 * have had. As Prometheus does, it is told again and again that an alert fires, and until when if it should
 * not be told any more: so the alerts of a daemon that is gone end by themselves. */
#include "alerts/channels.h"
#include "alerts/message.h"
#include "alerts/trouble.h"
#include "base/text.h"

#include <cjson/cJSON.h>

enum { REFRESH_MS = 60000, FIRING_MS = 5 * REFRESH_MS };

/* "disk-alarm" -> "RmqwatchDiskAlarm" */
static void name_alert(const char *trouble, char *name, size_t name_size)
{
    bool upper = true;

    text_copy(name, name_size, "Rmqwatch");
    for (; *trouble; trouble++) {
        char c = *trouble;

        if (c != '-')
            text_append(name, name_size, "%c", upper && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        upper = c == '-';
    }
}

static bool add_if_known(cJSON *object, const char *name, const char *text)
{
    return !text[0] || cJSON_AddStringToObject(object, name, text);
}

static bool add_labels(cJSON *alert, const struct notice *notice, enum severity severity)
{
    cJSON *labels = cJSON_AddObjectToObject(alert, "labels");
    char name[64];

    name_alert(trouble_name(notice), name, sizeof(name));
    return cJSON_AddStringToObject(labels, "alertname", name) &&
           cJSON_AddStringToObject(labels, "job", "rmqwatchd") &&
           cJSON_AddStringToObject(labels, "severity", severity_name(severity)) &&
           cJSON_AddStringToObject(labels, "family", trouble_family(notice->kind)) &&
           add_if_known(labels, "cluster", notice->cluster) &&
           (trouble_is_of_cluster(notice->kind) || add_if_known(labels, "node", notice->node));
}

static bool add_annotations(cJSON *alert, const struct message *message)
{
    const struct notice *notice = &message->notice;
    cJSON *annotations = cJSON_AddObjectToObject(alert, "annotations");

    return cJSON_AddStringToObject(annotations, "summary", message->title) &&
           add_if_known(annotations, "description", notice->why) &&
           add_if_known(annotations, "detail", notice->detail) &&
           add_if_known(annotations, "course", notice->course) &&
           cJSON_AddStringToObject(annotations, "event", notice_info(notice->kind)->event) &&
           add_if_known(annotations, "observer", notice->observer) &&
           add_if_known(annotations, "incident", notice->incident) &&
           add_if_known(annotations, "evidence", notice->evidence) &&
           cJSON_AddStringToObject(annotations, "look", message->look) &&
           cJSON_AddStringToObject(annotations, "command", message->command);
}

static bool add_time(cJSON *alert, const char *name, int64_t wall_ms)
{
    char text[64];

    text_timestamp(text, sizeof(text), wall_ms > 0 ? wall_ms : 0);
    return cJSON_AddStringToObject(alert, name, text) != NULL;
}

static bool add_alert(cJSON *alerts, const struct message *message, enum severity severity, int64_t now_ms)
{
    const struct notice *notice = &message->notice;
    int64_t end_ms = trouble_ends(notice->kind) ? notice->wall_ms : now_ms + FIRING_MS;
    /* The wall clock may have been set back in between, and an alert must not end before it begins. */
    int64_t start_ms = notice->since_wall_ms < notice->wall_ms ? notice->since_wall_ms : notice->wall_ms;
    cJSON *alert = cJSON_CreateObject();
    bool ok = add_labels(alert, notice, severity) && add_annotations(alert, message) &&
              add_time(alert, "startsAt", start_ms) && add_time(alert, "endsAt", end_ms);

    return channel_add_item(alerts, NULL, alert) && ok;
}

static int alertmanager_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    unsigned severities =
        trouble_ends(notice->kind) ? trouble_severities(notice->kind) : 1u << notice->severity;
    struct channel_request request = {0};
    cJSON *json = cJSON_CreateArray();
    struct message message;
    bool ok = true;
    int r;

    (void)channel;
    message_compose(&message, notice);
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_INFO; severity--)
        if (severities & 1u << severity)
            ok = add_alert(json, &message, (enum severity)severity, attempt->wall_ms) && ok;
    r = channel_print_json(json, ok, &request);
    if (r == 0)
        r = channel_set_suffix(&request, "/api/v2/alerts");
    if (r < 0)
        channel_request_done(&request);
    else
        *ret_request = request;
    return r;
}

static struct channel_verdict alertmanager_classify(const struct channel_reply *reply)
{
    struct channel_verdict verdict = channel_classify_http(reply);

    if (verdict.delivery != DELIVERY_REFUSED)
        return verdict;
    if (reply->status == 401 || reply->status == 403)
        verdict.reason = "the login is wrong; see username and password_file";
    else if (reply->status == 404)
        verdict.reason = "there is no Alertmanager with API v2; see server";
    return verdict;
}

const struct channel_ops alertmanager_channel = {
    .name = "alertmanager",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_HTTP_SERVER | CHANNEL_LOGIN | CHANNEL_CA_FILE,
    .required = CHANNEL_HTTP_SERVER,
    .min_severity = SEVERITY_WARNING,
    .keyed = true,
    .refresh_ms = REFRESH_MS,
    .format = alertmanager_format,
    .classify = alertmanager_classify,
};
