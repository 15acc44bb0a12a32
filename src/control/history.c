/* What the store remembers:
 *
 * GET /v1/history?limit=N: {"incidents": [...]}, newest first, and GET /v1/incident?id=ID:
 * {"incident": {...}, "entries": [...]}, where
 *   incident   {id, node, since, last, last_event, ended, acked_by, acked_at}
 *   entry      {time, node, event, severity, condition, why, detail, evidence, decision}, in their order
 */
#include "control/control_parts.h"
#include "control/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 20, LIMIT_DIGITS_MAX = 6 };

/* A question on its way through the store. */
struct question {
    struct control *control;
    struct http_exchange *exchange;
};

static bool put_incident(cJSON *json, const struct store_incident *incident)
{
    return json && json_put_text(json, "id", incident->id) && json_put_text(json, "node", incident->node) &&
           json_put_time(json, "since", incident->since_wall_ms) &&
           json_put_time(json, "last", incident->last_wall_ms) &&
           json_put_text(json, "last_event", incident->last_event) &&
           json_put_bool(json, "ended", incident->ended) &&
           json_put_text(json, "acked_by", incident->acked_by) &&
           json_put_time(json, "acked_at", incident->acked_wall_ms);
}

static bool put_entry(cJSON *json, const struct store_entry *entry)
{
    return json && json_put_time(json, "time", entry->wall_ms) && json_put_text(json, "node", entry->node) &&
           json_put_text(json, "event", entry->event) && json_put_text(json, "severity", entry->severity) &&
           json_put_text(json, "condition", entry->condition) && json_put_text(json, "why", entry->why) &&
           json_put_text(json, "detail", entry->detail) && json_put_text(json, "evidence", entry->evidence) &&
           json_put_bool(json, "decision", entry->decision);
}

static void answer(struct question *question, int result, cJSON *json)
{
    struct control *control = question->control;

    if (result == 0)
        control_answer(question->exchange, json);
    else if (result == -ENOENT)
        http_answer_error(question->exchange, 404, "there is no incident of this id");
    else
        http_answer_error(question->exchange, 503, "the incident store does not answer");
    free(question);
    control_query_done(control);
}

static void on_history(void *context, int result, const struct store_incident *incidents, size_t count)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(json, "incidents");
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < count; i++)
        ok = put_incident(json_add_object(array), &incidents[i]);
    json = json_whole(json, ok && result == 0);
    answer(context, result, json);
}

static void on_incident(void *context, int result, const struct store_incident *incident,
    const struct store_entry *entries, size_t count)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = result == 0 && put_incident(cJSON_AddObjectToObject(json, "incident"), incident);
    cJSON *array = cJSON_AddArrayToObject(json, "entries");

    ok = ok && array;
    for (size_t i = 0; ok && i < count; i++)
        ok = put_entry(json_add_object(array), &entries[i]);
    json = json_whole(json, ok);
    answer(context, result, json);
}

/* A question that is counted, or NULL and EXCHANGE is answered. */
static struct question *begin(struct control *control, struct http_exchange *exchange)
{
    struct question *question = *control->options.store ? calloc(1, sizeof(*question)) : NULL;

    if (!question) {
        http_answer_error(
            exchange, 503, *control->options.store ? "out of memory" : "there is no incident store");
        return NULL;
    }
    question->control = control;
    question->exchange = exchange;
    control_query_begun(control);
    return question;
}

/* 0 or -EINVAL. */
static int parse_limit(const char *text, size_t *ret_limit)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > LIMIT_DIGITS_MAX || text[digits] != '\0')
        return -EINVAL;
    *ret_limit = strtoul(text, NULL, 10);
    return *ret_limit > 0 ? 0 : -EINVAL;
}

void control_on_history(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    const char *text = http_exchange_parameter(exchange, "limit");
    struct question *question;
    size_t limit = LIMIT_DEFAULT;

    if (text && parse_limit(text, &limit) < 0) {
        http_answer_error(exchange, 400, "\"limit\" must be a number from 1 to 999999");
        return;
    }
    question = begin(control, exchange);
    if (question && store_history(*control->options.store, limit, on_history, question) < 0)
        answer(question, -EBUSY, NULL);
}

void control_on_incident(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    const char *id = http_exchange_parameter(exchange, "id");
    struct question *question;

    if (!id || !id[0]) {
        http_answer_error(exchange, 400, "\"id\" is missing");
        return;
    }
    question = begin(control, exchange);
    if (question && store_incident(*control->options.store, id, on_incident, question) < 0)
        answer(question, -EBUSY, NULL);
}
