#include "probes/parse.h"

#include <cJSON.h>
#include <errno.h>
#include <string.h>

static void add_alarm(struct health_reply *reply, const cJSON *alarm)
{
    const char *resource = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(alarm, "resource"));

    if (!resource)
        return;
    /* "disk space" on the wire, "disk" in parts of the documentation. */
    if (strcmp(resource, "memory") == 0)
        reply->memory_alarm = true;
    else if (strncmp(resource, "disk", 4) == 0)
        reply->disk_alarm = true;
    else if (strncmp(resource, "file", 4) == 0) /* "file descriptors"; brokers before 4.0 */
        reply->descriptor_alarm = true;
}

int parse_health(const char *body, size_t size, struct health_reply *ret_reply)
{
    struct health_reply reply = {0};
    const cJSON *alarms, *alarm, *queues;
    const char *status;
    cJSON *json;
    int r;

    r = parse_json(body, size, &json);
    if (r < 0)
        return r;
    status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "status"));
    if (!status || (strcmp(status, "ok") != 0 && strcmp(status, "failed") != 0)) {
        cJSON_Delete(json);
        return -EBADMSG;
    }
    reply.ok = strcmp(status, "ok") == 0;
    alarms = cJSON_GetObjectItemCaseSensitive(json, "alarms");
    if (cJSON_IsArray(alarms)) {
        reply.has_alarms = true;
        cJSON_ArrayForEach(alarm, alarms) add_alarm(&reply, alarm);
    }
    queues = cJSON_GetObjectItemCaseSensitive(json, "queues");
    if (cJSON_IsArray(queues)) {
        reply.has_queues = true;
        reply.queue_count = (uint32_t)cJSON_GetArraySize(queues);
    }
    cJSON_Delete(json);
    *ret_reply = reply;
    return 0;
}
