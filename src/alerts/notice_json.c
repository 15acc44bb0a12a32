#include "alerts/notice_json.h"

#include "alerts/clean.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

struct text_field {
    const char *name;
    size_t offset, size;
};

#define TEXT(field)                                                                                          \
    {                                                                                                        \
#field, offsetof(struct notice, field), sizeof(((struct notice *)0)->field)                          \
    }
static const struct text_field texts[] = {TEXT(incident), TEXT(cluster), TEXT(node), TEXT(observer),
    TEXT(why), TEXT(detail), TEXT(trouble), TEXT(evidence), TEXT(course)};
static const char *const phases[] = {"detect", "ask", "kill", "boot", "verify", "total"};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]), PHASES = sizeof(phases) / sizeof(phases[0]) };

/* As far as a double is exact, and cJSON prints it: the times of people, not those of machines. */
static const double number_max = 999999999999999.0;

static double clamp(uint64_t number)
{
    return (double)number < number_max ? (double)number : number_max;
}

static bool write_phases(cJSON *json, const struct notice *notice)
{
    cJSON *array = cJSON_AddArrayToObject(json, "phases");

    for (size_t i = 0; array && i < notice->phase_count; i++) {
        cJSON *phase = cJSON_CreateObject();

        if (!cJSON_AddItemToArray(array, phase) ||
            !cJSON_AddStringToObject(phase, "name", notice->phases[i].name) ||
            !cJSON_AddNumberToObject(phase, "ms", clamp(notice->phases[i].ms)))
            return false;
    }
    return array != NULL;
}

char *notice_to_json(const struct notice *notice)
{
    cJSON *json = cJSON_CreateObject();
    char *text = NULL;
    bool ok = cJSON_AddStringToObject(json, "event", notice_info(notice->kind)->event) &&
              cJSON_AddNumberToObject(json, "severity", notice->severity) &&
              cJSON_AddStringToObject(json, "condition", condition_name(notice->condition)) &&
              cJSON_AddNumberToObject(json, "wall_ms", (double)notice->wall_ms) &&
              cJSON_AddNumberToObject(json, "since_wall_ms", (double)notice->since_wall_ms) &&
              cJSON_AddNumberToObject(json, "count", notice->count) &&
              cJSON_AddNumberToObject(json, "flaps", notice->flaps) &&
              cJSON_AddBoolToObject(json, "repeated", notice->repeated) && write_phases(json, notice);

    for (size_t i = 0; ok && i < TEXTS; i++) {
        const char *field = (const char *)notice + texts[i].offset;

        ok = !field[0] || cJSON_AddStringToObject(json, texts[i].name, field);
    }
    if (ok)
        text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

static bool read_number(const cJSON *json, const char *name, double min, double max, double *ret_number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    *ret_number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return cJSON_IsNumber(item) && *ret_number >= min && *ret_number <= max &&
           (double)(int64_t)*ret_number == *ret_number;
}

static bool read_kind(const cJSON *json, enum notice_kind *ret_kind)
{
    const char *event = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "event"));

    for (int kind = 0; event && kind < NOTICE_KIND_COUNT; kind++)
        if (strcmp(notice_info((enum notice_kind)kind)->event, event) == 0) {
            *ret_kind = (enum notice_kind)kind;
            return true;
        }
    return false;
}

static bool read_condition(const cJSON *json, enum condition *ret_condition)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "condition"));

    for (int condition = 0; name && condition < CONDITION_COUNT; condition++)
        if (strcmp(condition_name((enum condition)condition), name) == 0) {
            *ret_condition = (enum condition)condition;
            return true;
        }
    return false;
}

static bool read_phases(const cJSON *json, struct notice *notice)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "phases"), *phase;

    if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) > RMQ_PHASES_MAX)
        return false;
    cJSON_ArrayForEach(phase, array)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(phase, "name"));
        size_t i = 0;
        double ms;

        while (name && i < PHASES && strcmp(phases[i], name) != 0)
            i++;
        if (!name || i == PHASES || !read_number(phase, "ms", 0, number_max, &ms))
            return false;
        notice->phases[notice->phase_count++] = (struct phase){phases[i], (uint64_t)ms};
    }
    return true;
}

static bool read_texts(const cJSON *json, struct notice *notice)
{
    for (size_t i = 0; i < TEXTS; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, texts[i].name);

        if (!item)
            continue;
        if (!cJSON_IsString(item) || strlen(item->valuestring) >= texts[i].size)
            return false;
        text_copy((char *)notice + texts[i].offset, texts[i].size, item->valuestring);
    }
    return true;
}

static bool read_notice(const cJSON *json, struct notice *ret_notice)
{
    const cJSON *repeated = cJSON_GetObjectItemCaseSensitive(json, "repeated");
    double severity, wall_ms, since_wall_ms, count, flaps;
    struct notice notice = {0};

    if (!read_kind(json, &notice.kind) || !read_condition(json, &notice.condition) ||
        !read_number(json, "severity", SEVERITY_INFO, SEVERITY_CRITICAL, &severity) ||
        !read_number(json, "wall_ms", -number_max, number_max, &wall_ms) ||
        !read_number(json, "since_wall_ms", -number_max, number_max, &since_wall_ms) ||
        !read_number(json, "count", 0, UINT32_MAX, &count) ||
        !read_number(json, "flaps", 0, UINT32_MAX, &flaps) || !cJSON_IsBool(repeated) ||
        !read_phases(json, &notice) || !read_texts(json, &notice))
        return false;
    notice.severity = (enum severity)severity;
    notice.wall_ms = (int64_t)wall_ms;
    notice.since_wall_ms = (int64_t)since_wall_ms;
    notice.count = (uint32_t)count;
    notice.flaps = (uint32_t)flaps;
    notice.repeated = cJSON_IsTrue(repeated);
    clean_notice(ret_notice, &notice); /* the file may have been damaged */
    return true;
}

int notice_from_json(const char *text, struct notice *ret_notice)
{
    cJSON *json = cJSON_Parse(text);
    bool ok = read_notice(json, ret_notice);

    cJSON_Delete(json);
    return ok ? 0 : -EBADMSG;
}
