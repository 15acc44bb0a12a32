#include "store/snapshot_json.h"

#include <errno.h>

enum { FORMAT_VERSION = 1 };

static const char *name_of_state(int state)
{
    return state_name((enum state)state);
}

static const struct field hold_fields[] = {
    FIELD(struct hold, active),
    FIELD(struct hold, until_wall_ms),
    FIELD(struct hold, until_ms),
    FIELD(struct hold, owner),
    FIELD(struct hold, reason),
    FIELDS_END,
};

static const char *name_of_watch(int kind)
{
    return watch_infos[kind].name;
}

static const struct field watch_fields[] = {
    FIELD_ENUM(struct core_snapshot_watch, kind, name_of_watch, WATCH_KIND_COUNT),
    FIELD(struct core_snapshot_watch, node),
    FIELD(struct core_snapshot_watch, since_wall_ms),
    FIELD(struct core_snapshot_watch, incident),
    FIELD(struct core_snapshot_watch, warned),
    FIELDS_END,
};

static const struct field view_fields[] = {
    FIELD(struct core_snapshot_view, said_ms),
    FIELD(struct core_snapshot_view, listed),
    FIELD(struct core_snapshot_view, running),
    FIELD(struct core_snapshot_view, drained),
    FIELDS_END,
};

static const struct field disagreement_fields[] = {
    FIELD(struct disagreement, since_ms),
    FIELD(struct disagreement, accuser),
    FIELD(struct disagreement, accused),
    FIELDS_END,
};

/* A new member of the struct needs its line here; what it is called is part of the file's format. */
const struct field snapshot_fields[] = {
    FIELD_ENUM(struct core_snapshot, state, name_of_state, STATE_COUNT),
    FIELD(struct core_snapshot, incident),
    FIELD(struct core_snapshot, since_wall_ms),
    FIELD_FIXED(struct core_snapshot, phase_ms),
    FIELD_LIST(struct core_snapshot, told, told_count),
    FIELD_LIST(struct core_snapshot, openings_wall_ms, opening_count),
    FIELD_STRUCTS(struct core_snapshot, watches, watch_count, watch_fields),
    FIELD(struct core_snapshot, give_ups),
    FIELD_LIST(struct core_snapshot, restarts_wall_ms, restart_count),
    FIELD_LIST(struct core_snapshot, peer_returns_wall_ms, peer_return_count),
    FIELD_STRUCT(struct core_snapshot, hold, hold_fields),
    FIELD(struct core_snapshot, seen_running),
    FIELD(struct core_snapshot, own_stop),
    FIELD(struct core_snapshot, killed),
    FIELD(struct core_snapshot, running),
    FIELD(struct core_snapshot, invocation_id),
    FIELD_LIST(struct core_snapshot, members, member_count),
    FIELD(struct core_snapshot, guarded),
    FIELD(struct core_snapshot, taken_ms),
    FIELD(struct core_snapshot, taken_wall_ms),
    FIELD_STRUCTS(struct core_snapshot, views, view_count, view_fields),
    FIELD(struct core_snapshot, partitioned),
    FIELD(struct core_snapshot, drained),
    FIELD_STRUCT(struct core_snapshot, mutual, disagreement_fields),
    FIELD_STRUCT(struct core_snapshot, stale, disagreement_fields),
    FIELDS_END,
};

char *snapshot_to_json(const struct core_snapshot *snapshot)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;

    if (cJSON_AddNumberToObject(root, "version", FORMAT_VERSION) &&
        fields_write(root, snapshot_fields, snapshot))
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

int snapshot_from_json(const char *text, struct core_snapshot *ret_snapshot)
{
    struct core_snapshot snapshot = {0};
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    cJSON *version = cJSON_DetachItemFromObjectCaseSensitive(root, "version");
    int r = -EBADMSG;

    /* The state is always written; without it this is something else. What a later version has added is
     * passed over: whoever goes back to this one must not lose a hold by that. */
    if (cJSON_IsNumber(version) && version->valuedouble == FORMAT_VERSION &&
        cJSON_HasObjectItem(root, "state") && fields_read_known(root, snapshot_fields, &snapshot)) {
        *ret_snapshot = snapshot;
        r = 0;
    }
    cJSON_Delete(version);
    cJSON_Delete(root);
    return r;
}
