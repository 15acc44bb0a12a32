#include "probes/parse.h"

#include <cJSON.h>
#include <errno.h>

enum { DEPTH_MAX = 32 };

/* cJSON recurses; its own limit of 1000 levels is a compile-time choice of whoever packaged it. */
static bool is_shallow(const char *body, size_t size)
{
    bool in_string = false;
    unsigned depth = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        if (in_string) {
            if (body[i] == '\\')
                i++;
            else if (body[i] == '"')
                in_string = false;
        } else if (body[i] == '"') {
            in_string = true;
        } else if (body[i] == '[' || body[i] == '{') {
            if (++depth > DEPTH_MAX)
                return false;
        } else if ((body[i] == ']' || body[i] == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}

int parse_json(const char *body, size_t size, struct cJSON **ret_json)
{
    const char *end = NULL;
    cJSON *json;

    if (size == 0 || !is_shallow(body, size))
        return -EBADMSG;
    json = cJSON_ParseWithLengthOpts(body, size, &end, false);
    if (!json)
        return -EBADMSG;
    for (; end < body + size; end++) {
        if (*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n')
            continue;
        cJSON_Delete(json);
        return -EBADMSG;
    }
    *ret_json = json;
    return 0;
}
