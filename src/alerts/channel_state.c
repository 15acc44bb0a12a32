#include "alerts/channel_state.h"

#include "store/fields.h"

#include <errno.h>

static const struct field story_fields[] = {
    FIELD_LIST(struct story_set, incidents, count),
    FIELDS_END,
};

/* A new member of the struct needs its line here; what it is called is part of the file's format. */
static const struct field state_fields[] = {
    FIELD_STRUCT(struct channel_state, stories, story_fields),
    FIELD(struct channel_state, lost),
    FIELD(struct channel_state, refusal),
    FIELD(struct channel_state, refusal_wall_ms),
    FIELDS_END,
};

char *channel_state_to_json(const struct channel_state *state)
{
    cJSON *root = cJSON_CreateObject();
    char *text = root && fields_write(root, state_fields, state) ? cJSON_PrintUnformatted(root) : NULL;

    cJSON_Delete(root);
    return text;
}

int channel_state_from_json(const char *text, struct channel_state *ret_state)
{
    struct channel_state state = {0};
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    int r = cJSON_IsObject(root) && fields_read(root, state_fields, &state) ? 0 : -EBADMSG;

    cJSON_Delete(root);
    if (r == 0)
        *ret_state = state;
    return r;
}
