/* The generic webhook: one JSON object per notice. Fields are only ever added, never renamed or removed, and
 * all of them are always there; "version" would change if that could not be kept:
 *
 *   version    1
 *   id         string, unique per notice, the same in every retry: what to recognise a duplicate by. What
 *              was folded with later notices after a try whose answer was lost has a new one, and tells again
 *              what that try may have told
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
 *   count      how many notices it tells of; where repeated, how often this was told by now
 *   flaps      how often the trouble came again, 0: not at all
 *   repeated   true when it was told before and is not over
 *   course     ["2026-01-31T12:00:03Z crashed: exit code 1", "+12", ...]: what happened, oldest first, when
 * it tells of more than one; "+12" stands where twelve are left out
 *
 * With a secret there are two more headers, made anew for each try:
 *
 *   X-Rmqwatch-Timestamp  seconds since the epoch: who gets one that is minutes old gets a replay
 *   X-Rmqwatch-Signature  "sha256=" and, in hex, the HMAC-SHA256 under the secret of the timestamp, a dot and
 *                         the body, byte for byte
 */
#include "alerts/channels.h"
#include "alerts/fold.h"
#include "alerts/message.h"
#include "alerts/sign.h"
#include "alerts/trouble.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool add_course(cJSON *json, const struct notice *notice)
{
    cJSON *course = cJSON_AddArrayToObject(json, "course");
    char lines[RMQ_COURSE_MAX];
    char *rest = lines;
    char *line;

    text_copy(lines, sizeof(lines), notice->course);
    while (course && (line = strtok_r(rest, "\n", &rest)))
        if (!channel_add_item(course, NULL, cJSON_CreateString(line)))
            return false;
    return course != NULL;
}

static bool add_time(cJSON *json, const char *name, int64_t wall_ms)
{
    char text[64];

    text_timestamp(text, sizeof(text), wall_ms);
    return cJSON_AddStringToObject(json, name, text) != NULL;
}

int webhook_print(const struct notice *notice, const char *id, struct channel_request *ret_request)
{
    struct message message;
    const struct notice *clean = &message.notice;
    cJSON *json = cJSON_CreateObject();
    bool ok;

    message_compose(&message, notice);
    ok = cJSON_AddNumberToObject(json, "version", 1) && cJSON_AddStringToObject(json, "id", id) &&
         cJSON_AddStringToObject(json, "event", notice_info(clean->kind)->event) &&
         cJSON_AddStringToObject(json, "severity", severity_name(clean->severity)) &&
         cJSON_AddBoolToObject(json, "resolved", trouble_ends_well(clean->kind)) &&
         cJSON_AddStringToObject(json, "condition", condition_name(clean->condition)) &&
         cJSON_AddStringToObject(json, "title", message.title) &&
         cJSON_AddStringToObject(json, "cluster", clean->cluster) &&
         cJSON_AddStringToObject(json, "node", clean->node) &&
         cJSON_AddStringToObject(json, "observer", clean->observer) &&
         cJSON_AddStringToObject(json, "incident", clean->incident) &&
         cJSON_AddStringToObject(json, "evidence", clean->evidence) &&
         cJSON_AddStringToObject(json, "why", clean->why) &&
         cJSON_AddStringToObject(json, "detail", clean->detail) && add_time(json, "time", clean->wall_ms) &&
         add_time(json, "since", clean->since_wall_ms) && add_phases(json, clean) &&
         cJSON_AddNumberToObject(json, "count", fold_count(clean)) &&
         cJSON_AddNumberToObject(json, "flaps", clean->flaps) &&
         cJSON_AddBoolToObject(json, "repeated", clean->repeated) && add_course(json, clean);
    return channel_print_json(json, ok, ret_request);
}

static int sign_request(const char *secret, int64_t wall_ms, struct channel_request *request)
{
    char signature[SIGN_HEX_MAX];
    char *text = NULL;
    int size = asprintf(&text, "%" PRId64 ".%s", wall_ms / 1000, request->body);
    int r;

    if (size < 0)
        return -ENOMEM;
    r = sign_hex(secret, text, (size_t)size, signature);
    free(text);
    if (r == 0)
        r = channel_add_header(request, "X-Rmqwatch-Timestamp: %" PRId64, wall_ms / 1000);
    return r == 0 ? channel_add_header(request, "X-Rmqwatch-Signature: sha256=%s", signature) : r;
}

static int webhook_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct channel_request request = {0};
    int r = webhook_print(notice, attempt->id, &request);

    request.method = channel->method;
    for (size_t i = 0; r == 0 && channel->headers[i]; i++)
        r = channel_add_header(&request, "%s", channel->headers[i]);
    if (r == 0 && channel->authorization.value)
        r = channel_add_header(&request, "Authorization: %s", channel->authorization.value);
    if (r == 0 && channel->secret.value)
        r = sign_request(channel->secret.value, attempt->wall_ms, &request);
    if (r < 0)
        channel_request_done(&request);
    else
        *ret_request = request;
    return r;
}

const struct channel_ops webhook_channel = {
    .name = "webhook",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_METHOD | CHANNEL_HEADERS | CHANNEL_AUTHORIZATION | CHANNEL_SECRET |
               CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .format = webhook_format,
    .classify = channel_classify_http,
};
