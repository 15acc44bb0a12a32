#include "probes/parse.h"

#include "base/text.h"

#include <cJSON.h>
#include <errno.h>
#include <string.h>

static int add_member(struct node_view *found, const cJSON *item)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    const cJSON *running = cJSON_GetObjectItemCaseSensitive(item, "running");
    struct member_view *member;
    size_t i;

    if (!name || name[0] == '\0' || strlen(name) >= RMQ_NODE_NAME_MAX || !cJSON_IsBool(running))
        return -EBADMSG;
    for (i = 0; i < found->member_count; i++)
        if (strcmp(found->members[i].name, name) == 0)
            return -EBADMSG;
    /* A list that is cut would count a quorum wrongly. */
    if (found->member_count == RMQ_MEMBERS_MAX)
        return -E2BIG;
    member = &found->members[found->member_count++];
    text_copy(member->name, sizeof member->name, name);
    member->running = cJSON_IsTrue(running);
    member->being_drained = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "being_drained"));
    return 0;
}

int parse_members(const char *body, size_t size, struct node_view *view)
{
    struct node_view found = {0};
    const cJSON *item;
    cJSON *json;
    int r;

    r = parse_json(body, size, &json);
    if (r < 0)
        return r;
    if (!cJSON_IsArray(json) || !json->child)
        r = -EBADMSG;
    else
        for (item = json->child; item && r == 0; item = item->next)
            r = add_member(&found, item);
    cJSON_Delete(json);
    if (r < 0)
        return r;
    view->members_known = true;
    view->member_count = found.member_count;
    memcpy(view->members, found.members, sizeof view->members);
    return 0;
}

int parse_cluster_name(const char *body, size_t size, char *ret_name, size_t name_size)
{
    const char *name;
    cJSON *json;
    int r;

    r = parse_json(body, size, &json);
    if (r < 0)
        return r;
    name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
    if (name && name[0] != '\0')
        text_copy(ret_name, name_size, name);
    else
        r = -EBADMSG;
    cJSON_Delete(json);
    return r;
}
