#include "control/json.h"
#include "base/clean.h"
#include "base/text.h"
#include "words/words.h"

#include <string.h>

enum { TEXT_MAX = 1024 };

bool json_put_text(cJSON *object, const char *name, const char *text)
{
    char clean[TEXT_MAX];

    if (!text || !text[0])
        return cJSON_AddNullToObject(object, name) != NULL;
    clean_text(clean, sizeof(clean), text, strlen(text), true);
    return cJSON_AddStringToObject(object, name, clean) != NULL;
}

bool json_put_number(cJSON *object, const char *name, double number)
{
    return cJSON_AddNumberToObject(object, name, number) != NULL;
}

bool json_put_bool(cJSON *object, const char *name, bool value)
{
    return cJSON_AddBoolToObject(object, name, value) != NULL;
}

bool json_put_time(cJSON *object, const char *name, int64_t wall_ms)
{
    char text[64] = "";

    if (wall_ms != 0)
        text_timestamp(text, sizeof(text), wall_ms);
    return json_put_text(object, name, text);
}

bool json_put_moment(cJSON *object, const char *name, const struct control_view *view, uint64_t moment_ms)
{
    int64_t wall_ms = view->wall_ms;

    if (moment_ms > view->now_ms)
        wall_ms += (int64_t)(moment_ms - view->now_ms);
    else
        wall_ms -= (int64_t)(view->now_ms - moment_ms);
    return json_put_time(object, name, moment_ms == 0 ? 0 : wall_ms);
}

bool json_put_hold(cJSON *object, const struct control_view *view)
{
    const struct hold *hold = &view->core->hold;
    cJSON *json;

    if (!hold->active)
        return cJSON_AddNullToObject(object, "hold") != NULL;
    json = cJSON_AddObjectToObject(object, "hold");
    return json && json_put_time(json, "until", hold->until_wall_ms) &&
           json_put_text(json, "owner", hold->owner) && json_put_text(json, "reason", hold->reason);
}

static const char *health_name(enum health health)
{
    switch (health) {
    case HEALTH_UP:
        return "up";
    case HEALTH_DOWN:
        return "down";
    case HEALTH_UNKNOWN:
        break;
    }
    return "unknown";
}

static bool put_probe(
    cJSON *array, const struct control_view *view, enum probe_kind kind, const struct probe_memory *memory)
{
    const struct probe_result_info *info = probe_result_info(memory->result);
    cJSON *json = json_add_object(array);

    return json && json_put_text(json, "kind", probe_kind_name(kind)) &&
           json_put_text(json, "result", info->tag) &&
           json_put_text(json, "says", words(view->core->policy.language, info->sentence)) &&
           json_put_text(json, "health", health_name(memory->health)) &&
           json_put_number(json, "failures", memory->failures) && json_put_bool(json, "slow", memory->slow) &&
           json_put_moment(json, "started", view, memory->started_ms) &&
           json_put_number(json, "age_ms", (double)(view->now_ms - memory->started_ms));
}

bool json_put_probes(cJSON *object, const struct control_view *view, const struct member *member)
{
    cJSON *array = cJSON_AddArrayToObject(object, "probes");
    bool ok = array != NULL;

    for (int kind = 0; ok && kind < PROBE_KIND_COUNT; kind++)
        if (member->probes[kind].seen)
            ok = put_probe(array, view, (enum probe_kind)kind, &member->probes[kind]);
    return ok;
}

cJSON *json_add_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();

    if (object && cJSON_AddItemToArray(array, object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *json_whole(cJSON *object, bool ok)
{
    if (ok)
        return object;
    cJSON_Delete(object);
    return NULL;
}
