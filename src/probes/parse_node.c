#include "probes/parse.h"

#include <cJSON.h>
#include <errno.h>

/* Absent, of another type, negative or beyond what a double counts exactly: not known. */
static bool get_count(const cJSON *json, const char *name, uint64_t *ret_count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 9007199254740992.0)
        return false;
    *ret_count = (uint64_t)item->valuedouble;
    return true;
}

int parse_node(const char *body, size_t size, struct node_view *view)
{
    uint64_t memory_used, memory_limit, disk_free, disk_limit, used, total;
    const cJSON *partitions;
    cJSON *json;
    int r;

    r = parse_json(body, size, &json);
    if (r < 0)
        return r;
    if (!cJSON_IsObject(json) || !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "name"))) {
        cJSON_Delete(json);
        return -EBADMSG;
    }
    partitions = cJSON_GetObjectItemCaseSensitive(json, "partitions");
    if (cJSON_IsArray(partitions)) {
        view->partitions_known = true;
        view->partitioned = partitions->child != NULL;
    }
    if (get_count(json, "mem_used", &memory_used) && get_count(json, "mem_limit", &memory_limit) &&
        get_count(json, "disk_free", &disk_free) && get_count(json, "disk_free_limit", &disk_limit)) {
        view->resources_known = true;
        view->memory_used_bytes = memory_used;
        view->memory_limit_bytes = memory_limit;
        view->disk_free_bytes = disk_free;
        view->disk_limit_bytes = disk_limit;
    }
    /* A broker that does not count them any more says 0, or nothing. */
    if (get_count(json, "fd_used", &used) && get_count(json, "fd_total", &total) && used > 0 && total > 0) {
        view->descriptors_known = true;
        view->descriptors_used = used;
        view->descriptors_limit = total;
    }
    cJSON_Delete(json);
    return 0;
}
