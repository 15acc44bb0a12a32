/* What operators tell the agent: POSTs, checked to the last field before the core hears of them. */
#include "base/clean.h"
#include "base/clock.h"
#include "base/text.h"
#include "control/control_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, HOLD_DAYS_MAX = 31 };

/* A field of the body: a text of at most SIZE - 1 bytes, or, where NUMBER is set, a number. */
struct field {
    const char *name;
    char *text;
    size_t size;
    double *number;
    bool optional;
};

static bool take_text(const struct field *field, const char *text)
{
    char clean[256];

    clean_text(clean, sizeof(clean), text, strlen(text), false);
    if (text[0] == '\0' || strlen(text) >= field->size || strcmp(clean, text) != 0)
        return false;
    text_copy(field->text, field->size, text);
    return true;
}

static bool take_field(const struct field *field, const cJSON *value, char *error, size_t size)
{
    if (field->number) {
        if (cJSON_IsNumber(value)) {
            *field->number = value->valuedouble;
            return true;
        }
        (void)snprintf(error, size, "\"%s\" must be a number", field->name);
        return false;
    }
    if (cJSON_IsString(value) && take_text(field, value->valuestring))
        return true;
    (void)snprintf(error, size, "\"%s\" must be one line of text, of 1 to %zu bytes of UTF-8", field->name,
        field->size - 1);
    return false;
}

static bool is_known(const char *name, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(fields[i].name, name))
            return true;
    return false;
}

static bool take_fields(const cJSON *json, const struct field *fields, size_t count, char *error, size_t size)
{
    const cJSON *value;

    if (!cJSON_IsObject(json)) {
        (void)snprintf(error, size, "the body must be one JSON object");
        return false;
    }
    cJSON_ArrayForEach(value, json) if (!is_known(value->string, fields, count))
    {
        (void)snprintf(error, size, "the body has a field that this request does not know");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        value = cJSON_GetObjectItemCaseSensitive(json, fields[i].name);
        if (!value && fields[i].optional)
            continue;
        if (!value) {
            (void)snprintf(error, size, "\"%s\" is missing", fields[i].name);
            return false;
        }
        if (!take_field(&fields[i], value, error, size))
            return false;
    }
    return true;
}

/* Reads the body, or answers what is wrong with it and returns false. */
static bool read_body(struct http_exchange *exchange, const struct field *fields, size_t count)
{
    size_t size;
    const char *body = http_exchange_body(exchange, &size);
    char error[160];
    cJSON *json = NULL;
    bool ok;

    /* A text that holds a NUL ends early, and what comes after must not pass unseen. */
    if (strlen(body) == size)
        json = cJSON_ParseWithOpts(size > 0 ? body : "{}", NULL, true);
    ok = take_fields(json, fields, count, error, sizeof(error));
    cJSON_Delete(json);
    if (!ok)
        http_answer_error(exchange, 400, error);
    return ok;
}

static void name_owner(struct http_exchange *exchange, struct operator_event *said)
{
    if (!said->owner[0])
        control_socket_peer(http_exchange_descriptor(exchange), said->owner, sizeof(said->owner));
}

void control_on_hold(void *context, struct http_exchange *exchange)
{
    struct operator_event said = {.kind = OPERATOR_HOLD};
    double for_ms = 0;
    const struct field fields[] = {
        {.name = "for_ms", .number = &for_ms},
        {.name = "reason", .text = said.reason, .size = sizeof(said.reason)},
        {.name = "owner", .text = said.owner, .size = sizeof(said.owner), .optional = true},
    };

    if (!read_body(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    if (!(for_ms >= 1 && for_ms <= (double)HOLD_DAYS_MAX * DAY_MS)) {
        http_answer_error(exchange, 400, "\"for_ms\" must be from one millisecond to 31 days");
        return;
    }
    said.until_wall_ms = clock_wall_ms() + (int64_t)for_ms;
    name_owner(exchange, &said);
    control_tell(context, exchange, &said);
}

void control_on_resume(void *context, struct http_exchange *exchange)
{
    struct operator_event said = {.kind = OPERATOR_RESUME};
    const struct field fields[] = {
        {.name = "owner", .text = said.owner, .size = sizeof(said.owner), .optional = true},
    };

    if (!read_body(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    name_owner(exchange, &said);
    control_tell(context, exchange, &said);
}

/* An acknowledgement on its way through the store. */
struct ack {
    struct control *control;
    struct http_exchange *exchange;
    struct operator_event said;
};

static void on_acked(void *context, int result)
{
    struct ack *ack = context;
    struct control *control = ack->control;

    if (result == -ENOENT)
        http_answer_error(ack->exchange, 404, "there is no incident of this id");
    else if (result < 0 || control->closing)
        http_answer_error(ack->exchange, 503, "the incident store does not answer; nothing was noted");
    else
        control_tell(control, ack->exchange, &ack->said);
    free(ack);
    control_query_done(control);
}

void control_on_ack(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    struct store *store = *control->options.store;
    struct ack *ack = calloc(1, sizeof(*ack));
    struct operator_event *said;

    if (!ack || !store) {
        free(ack);
        http_answer_error(exchange, 503, store ? "out of memory" : "there is no incident store");
        return;
    }
    said = &ack->said;
    *ack = (struct ack){.control = control, .exchange = exchange, .said.kind = OPERATOR_ACK};
    const struct field fields[] = {
        {.name = "incident", .text = said->incident, .size = sizeof(said->incident)},
        {.name = "owner", .text = said->owner, .size = sizeof(said->owner), .optional = true},
    };
    if (!read_body(exchange, fields, sizeof(fields) / sizeof(fields[0]))) {
        free(ack);
        return;
    }
    name_owner(exchange, said);
    control_query_begun(control);
    if (store_ack(store, said->incident, said->owner, clock_wall_ms(), on_acked, ack) < 0)
        on_acked(ack, -EBUSY);
}
