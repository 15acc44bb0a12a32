#include "probes/parse.h"

#include <cJSON.h>
#include <errno.h>
#include <string.h>

int parse_agent(const char *body, size_t size, const char *node)
{
    const char *name;
    cJSON *json;
    int r;

    r = parse_json(body, size, &json);
    if (r < 0)
        return r;
    name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "node"));
    if (!name || !cJSON_GetObjectItemCaseSensitive(json, "version") || strcmp(name, node) != 0)
        r = -EBADMSG;
    cJSON_Delete(json);
    return r;
}
