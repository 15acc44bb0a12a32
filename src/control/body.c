#include "control/body.h"
#include "base/clean.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static bool take_text(const struct body_field *field, const char *text)
{
    char clean[256];

    clean_text(clean, sizeof(clean), text, strlen(text), false);
    if (text[0] == '\0' || strlen(text) >= field->size || strcmp(clean, text) != 0)
        return false;
    text_copy(field->text, field->size, text);
    return true;
}

static bool take_field(const struct body_field *field, const cJSON *value, char *error, size_t size)
{
    if (field->flag) {
        if (cJSON_IsBool(value)) {
            *field->flag = cJSON_IsTrue(value);
            return true;
        }
        (void)snprintf(error, size, "\"%s\" must be true or false", field->name);
        return false;
    }
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

static bool is_known(const char *name, const struct body_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(fields[i].name, name))
            return true;
    return false;
}

static bool take_fields(
    const cJSON *json, const struct body_field *fields, size_t count, char *error, size_t size)
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

bool body_read(struct http_exchange *exchange, const struct body_field *fields, size_t count)
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
