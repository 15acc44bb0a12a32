/* The digest's state as JSON:
 *
 *   {"version": 1, "troubles": [{"key": "...", "open": true, "last_ms": ..., ...}, ...]}
 *
 * What was told is the text of notice_json.h.
 *
 * Times are of the wall clock: that of the boot begins anew with each. */
#include "alerts/digest_parts.h"
#include "alerts/notice_json.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

static const double number_max = 999999999999999.0;

static bool add_wall(cJSON *json, const char *name, int64_t boot_ms, struct digest_time now)
{
    return cJSON_AddNumberToObject(json, name, (double)(boot_ms - now.boot_ms + now.wall_ms)) != NULL;
}

/* The kinds by name: their numbers are not for ever. */
static bool add_urgent(cJSON *json, uint64_t urgent)
{
    cJSON *array = cJSON_AddArrayToObject(json, "urgent");

    for (int kind = 0; array && kind < NOTICE_KIND_COUNT; kind++)
        if ((urgent & UINT64_C(1) << kind) &&
            !cJSON_AddItemToArray(array, cJSON_CreateString(notice_info((enum notice_kind)kind)->event)))
            return false;
    return array != NULL;
}

static bool add_told(cJSON *json, const struct notice *told)
{
    char *text = notice_to_json(told);
    bool ok = text && cJSON_AddStringToObject(json, "told", text);

    free(text);
    return ok;
}

static bool write_trouble(cJSON *json, const struct digest_trouble *trouble, struct digest_time now)
{
    bool ok = cJSON_AddStringToObject(json, "key", trouble->key) &&
              cJSON_AddBoolToObject(json, "open", trouble->open) &&
              add_wall(json, "last_ms", trouble->last_ms, now);

    if (ok && trouble->level > 0)
        ok = cJSON_AddNumberToObject(json, "level", trouble->level) &&
             add_wall(json, "pause_until_ms", trouble->pause_until_ms, now) &&
             cJSON_AddBoolToObject(json, "gathers", trouble->gathers) && add_urgent(json, trouble->urgent);
    if (ok && trouble->told_count > 0)
        ok = cJSON_AddBoolToObject(json, "acked", trouble->acked) &&
             cJSON_AddNumberToObject(json, "told_count", trouble->told_count) &&
             add_wall(json, "told_ms", trouble->told_ms, now) && add_told(json, &trouble->told);
    return ok;
}

char *digest_save(struct digest *digest, struct digest_time now)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(json, "version", VERSION) != NULL;
    cJSON *troubles = cJSON_AddArrayToObject(json, "troubles");
    char *text = NULL;

    for (size_t i = 0; ok && i < digest->count; i++) {
        cJSON *trouble = cJSON_CreateObject();

        ok = cJSON_AddItemToArray(troubles, trouble) && write_trouble(trouble, &digest->troubles[i], now);
    }
    if (ok)
        text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    if (text)
        digest->changed = false;
    return text;
}

/* A time of this boot, at most MAX_MS: the wall clock may have been set in between. */
static bool read_wall(
    const cJSON *json, const char *name, struct digest_time now, int64_t max_ms, int64_t *ret_ms)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= -number_max && item->valuedouble <= number_max))
        return false;
    *ret_ms = (int64_t)item->valuedouble - now.wall_ms + now.boot_ms;
    if (*ret_ms > max_ms)
        *ret_ms = max_ms;
    return true;
}

static bool read_count(const cJSON *json, const char *name, double max, uint32_t *ret_count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 1 && item->valuedouble <= max))
        return false;
    *ret_count = (uint32_t)item->valuedouble;
    return true;
}

static bool read_bool(const cJSON *json, const char *name, bool *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    *ret_value = cJSON_IsTrue(item);
    return cJSON_IsBool(item);
}

static bool read_urgent(const cJSON *json, uint64_t *ret_urgent)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "urgent"), *item;

    cJSON_ArrayForEach(item, array)
    {
        const char *event = cJSON_GetStringValue(item);

        for (int kind = 0; event && kind < NOTICE_KIND_COUNT; kind++)
            if (strcmp(notice_info((enum notice_kind)kind)->event, event) == 0)
                *ret_urgent |= UINT64_C(1) << kind;
    }
    return cJSON_IsArray(array);
}

static bool read_trouble(const cJSON *json, struct digest_time now, struct digest_trouble *trouble)
{
    const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "key"));
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(json, "told");

    if (!key || !key[0] || strlen(key) >= sizeof(trouble->key) || !read_bool(json, "open", &trouble->open) ||
        !read_wall(json, "last_ms", now, now.boot_ms, &trouble->last_ms))
        return false;
    text_copy(trouble->key, sizeof(trouble->key), key);
    trouble->pause_until_ms = INT64_MIN;
    if (cJSON_HasObjectItem(json, "level") &&
        (!read_count(json, "level", DIGEST_LEVEL_MAX, &trouble->level) ||
            !read_wall(
                json, "pause_until_ms", now, now.boot_ms + DIGEST_PAUSE_MAX_MS, &trouble->pause_until_ms) ||
            !read_bool(json, "gathers", &trouble->gathers) || !read_urgent(json, &trouble->urgent)))
        return false;
    if (!told)
        return true;
    trouble->refreshed_ms = INT64_MIN / 2; /* what forgot it meanwhile hears it now */
    return read_bool(json, "acked", &trouble->acked) &&
           read_count(json, "told_count", UINT32_MAX, &trouble->told_count) &&
           read_wall(json, "told_ms", now, now.boot_ms, &trouble->told_ms) && cJSON_IsString(told) &&
           notice_from_json(told->valuestring, &trouble->told) == 0;
}

static struct digest_trouble *find_key(struct digest *digest, const char *key)
{
    for (size_t i = 0; i < digest->count; i++)
        if (strcmp(digest->troubles[i].key, key) == 0)
            return &digest->troubles[i];
    return NULL;
}

/* What came since the start is newer; what was told before it still counts. */
static void merge(struct digest *digest, const struct digest_trouble *loaded)
{
    struct digest_trouble *trouble = find_key(digest, loaded->key);
    struct digest_trouble newer;

    if (!trouble) {
        if (digest->count < DIGEST_TROUBLES_MAX)
            digest->troubles[digest->count++] = *loaded;
        return;
    }
    newer = *trouble;
    *trouble = *loaded;
    trouble->open = newer.open;
    trouble->last_ms = newer.last_ms;
    trouble->urgent |= newer.urgent;
    if (newer.told_count > 0) {
        trouble->told_count = newer.told_count;
        trouble->told_ms = newer.told_ms;
        trouble->told = newer.told;
    }
}

int digest_load(struct digest *digest, const char *text, struct digest_time now)
{
    cJSON *json = cJSON_Parse(text);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "version");
    const cJSON *troubles = cJSON_GetObjectItemCaseSensitive(json, "troubles"), *each;
    struct digest_trouble *loaded = calloc(DIGEST_TROUBLES_MAX, sizeof(*loaded));
    size_t count = 0;
    int r = !loaded ? -ENOMEM : 0;

    if (!cJSON_IsNumber(version) || version->valueint != VERSION || !cJSON_IsArray(troubles) ||
        cJSON_GetArraySize(troubles) > DIGEST_TROUBLES_MAX)
        r = r < 0 ? r : -EINVAL;
    cJSON_ArrayForEach(each, troubles)
    {
        if (r == 0 && !read_trouble(each, now, &loaded[count++]))
            r = -EINVAL;
    }
    for (size_t i = 0; r == 0 && i < count; i++)
        merge(digest, &loaded[i]);
    free(loaded);
    cJSON_Delete(json);
    return r;
}
