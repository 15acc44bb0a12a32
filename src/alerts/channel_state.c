#include "alerts/channel_state.h"

#include "store/fields.h"

#include <errno.h>
#include <stdlib.h>

/* A new member of the struct needs its line here; what it is called is part of the file's format. */
static const struct field state_fields[] = {
    FIELD(struct channel_state, lost),
    FIELD(struct channel_state, refusal),
    FIELD(struct channel_state, refusal_wall_ms),
    FIELDS_END,
};

char *channel_state_to_json(const struct channel_state *state, struct digest *digest, struct digest_time now)
{
    cJSON *root = cJSON_CreateObject();
    char *told = digest_save(digest, now);
    char *text = NULL;

    if (root && told && fields_write(root, state_fields, state) &&
        cJSON_AddStringToObject(root, "digest", told))
        text = cJSON_PrintUnformatted(root);
    free(told);
    cJSON_Delete(root);
    return text;
}

int channel_state_from_json(
    const char *text, struct channel_state *ret_state, struct digest *digest, struct digest_time now)
{
    struct channel_state state = {0};
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    cJSON *told = cJSON_DetachItemFromObjectCaseSensitive(root, "digest");
    int r = cJSON_IsObject(root) && fields_read(root, state_fields, &state) && cJSON_IsString(told) &&
                    digest_load(digest, told->valuestring, now) == 0
                ? 0
                : -EBADMSG;

    cJSON_Delete(told);
    cJSON_Delete(root);
    if (r == 0)
        *ret_state = state;
    return r;
}
