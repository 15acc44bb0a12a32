#include "store/incident_file.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORMAT_VERSION = 1, FILE_SIZE_MAX = 64 * 1024 };

static const char *const phase_names[PHASE_COUNT] = {
    "detect_ms", "ask_ms", "kill_ms", "boot_ms", "verify_ms"};

static cJSON *to_json(const struct core_snapshot *snapshot)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list;

    cJSON_AddNumberToObject(root, "version", FORMAT_VERSION);
    cJSON_AddStringToObject(root, "state", state_name(snapshot->state));
    cJSON_AddStringToObject(root, "incident", snapshot->incident);
    cJSON_AddNumberToObject(root, "since_wall_ms", (double)snapshot->since_wall_ms);
    cJSON_AddNumberToObject(root, "give_ups", snapshot->give_ups);
    cJSON_AddBoolToObject(root, "seen_running", snapshot->seen_running);
    cJSON_AddStringToObject(root, "invocation_id", snapshot->invocation_id);
    for (int i = 0; i < PHASE_COUNT; i++)
        cJSON_AddNumberToObject(root, phase_names[i], (double)snapshot->phase_ms[i]);
    list = cJSON_AddArrayToObject(root, "restarts_wall_ms");
    for (uint32_t i = 0; i < snapshot->restart_count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)snapshot->restarts_wall_ms[i]));
    list = cJSON_AddArrayToObject(root, "members");
    for (size_t i = 0; i < snapshot->member_count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(snapshot->members[i]));
    return root;
}

static bool get_number(const cJSON *root, const char *name, double max, double *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= max))
        return false;
    *ret_value = item->valuedouble;
    return true;
}

static bool get_state(const cJSON *root, enum state *ret_state)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "state"));

    for (int state = 0; name && state < STATE_COUNT; state++) {
        if (strcmp(name, state_name((enum state)state)) != 0)
            continue;
        *ret_state = (enum state)state;
        return true;
    }
    return false;
}

static bool get_lists(const cJSON *root, struct core_snapshot *snapshot)
{
    const cJSON *restarts = cJSON_GetObjectItemCaseSensitive(root, "restarts_wall_ms");
    const cJSON *members = cJSON_GetObjectItemCaseSensitive(root, "members");
    const cJSON *item;

    if (!cJSON_IsArray(restarts) || !cJSON_IsArray(members))
        return false;
    cJSON_ArrayForEach(item, restarts)
    {
        if (!cJSON_IsNumber(item) || snapshot->restart_count == BUDGET_RESTARTS_MAX)
            return false;
        snapshot->restarts_wall_ms[snapshot->restart_count++] = (int64_t)item->valuedouble;
    }
    cJSON_ArrayForEach(item, members)
    {
        if (!cJSON_IsString(item) || snapshot->member_count == RMQ_MEMBERS_MAX)
            return false;
        text_copy(snapshot->members[snapshot->member_count++], RMQ_NODE_NAME_MAX, item->valuestring);
    }
    return true;
}

static int from_json(const cJSON *root, struct core_snapshot *ret_snapshot)
{
    struct core_snapshot snapshot = {0};
    const char *incident = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "incident"));
    const double far = 9007199254740992.0; /* 2^53: what a JSON number holds exactly */
    const char *invocation = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "invocation_id"));
    double version, since, give_ups, phase;

    if (!get_number(root, "version", FORMAT_VERSION, &version) || (int)version != FORMAT_VERSION ||
        !incident || !get_state(root, &snapshot.state) || !get_number(root, "since_wall_ms", far, &since) ||
        !get_number(root, "give_ups", UINT16_MAX, &give_ups) || !get_lists(root, &snapshot))
        return -EBADMSG;
    for (int i = 0; i < PHASE_COUNT; i++) {
        if (!get_number(root, phase_names[i], far, &phase))
            return -EBADMSG;
        snapshot.phase_ms[i] = (uint64_t)phase;
    }
    text_copy(snapshot.incident, sizeof(snapshot.incident), incident);
    text_copy(snapshot.invocation_id, sizeof(snapshot.invocation_id), invocation);
    snapshot.since_wall_ms = (int64_t)since;
    snapshot.give_ups = (uint32_t)give_ups;
    snapshot.seen_running = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "seen_running"));
    *ret_snapshot = snapshot;
    return 0;
}

static int write_whole(int fd, const char *text, size_t size)
{
    ssize_t written = write(fd, text, size);

    if (written < 0)
        return -errno;
    return (size_t)written == size ? 0 : -EIO;
}

int incident_file_save(const char *directory, const struct core_snapshot *snapshot)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    cJSON *root = to_json(snapshot);
    char *text = cJSON_PrintUnformatted(root);
    int fd, r;

    cJSON_Delete(root);
    if (!text)
        return -ENOMEM;
    snprintf(path, sizeof(path), "%s/incident.json", directory);
    snprintf(temporary, sizeof(temporary), "%s/incident.json.new", directory);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    r = fd < 0 ? -errno : write_whole(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    /* No fsync: it would wait for the disk, and what must survive is the death of the agent, not of the host.
     */
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    free(text);
    return r;
}

int incident_file_load(const char *directory, struct core_snapshot *ret_snapshot)
{
    char path[PATH_MAX];
    char *text = calloc(1, FILE_SIZE_MAX + 1);
    cJSON *root;
    ssize_t size;
    int fd, r;

    if (!text)
        return -ENOMEM;
    snprintf(path, sizeof(path), "%s/incident.json", directory);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size = fd < 0 ? -1 : read(fd, text, FILE_SIZE_MAX);
    r = size < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    if (r == 0) {
        root = cJSON_ParseWithLength(text, (size_t)size);
        r = from_json(root, ret_snapshot);
        cJSON_Delete(root);
    }
    free(text);
    return r;
}
