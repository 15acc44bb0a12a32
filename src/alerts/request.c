/* What channels share to make requests. */
#include "alerts/channels.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wipe(char *text, size_t size)
{
    if (text)
        explicit_bzero(text, size);
    free(text);
}

void channel_request_done(struct channel_request *request)
{
    wipe(request->body, request->body_size);
    wipe(request->url_suffix, request->url_suffix ? strlen(request->url_suffix) : 0);
    for (size_t i = 0; i < request->header_count; i++)
        wipe(request->headers[i], strlen(request->headers[i]));
    *request = (struct channel_request){0};
}

int channel_print_json(struct cJSON *json, bool ok, struct channel_request *ret_request)
{
    char *body = ok ? cJSON_PrintUnformatted(json) : NULL;

    cJSON_Delete(json);
    if (!body)
        return -ENOMEM;
    *ret_request = (struct channel_request){
        .body = body,
        .body_size = strlen(body),
        .content_type = "application/json; charset=utf-8",
    };
    return 0;
}

bool channel_add_item(struct cJSON *parent, const char *name, struct cJSON *item)
{
    bool added = name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item);

    if (!added)
        cJSON_Delete(item);
    return added;
}

struct cJSON *channel_new_object(const char *name, const char *text)
{
    cJSON *object = cJSON_CreateObject();

    if (cJSON_AddStringToObject(object, name, text))
        return object;
    cJSON_Delete(object);
    return NULL;
}

int channel_add_header(struct channel_request *request, const char *format, ...)
{
    char *header = NULL;
    va_list args;
    int size;

    assert(request->header_count < CHANNEL_REQUEST_HEADERS_MAX);
    va_start(args, format);
    size = vasprintf(&header, format, args);
    va_end(args);
    if (size < 0)
        return -ENOMEM;
    request->headers[request->header_count++] = header;
    return 0;
}

int channel_set_suffix(struct channel_request *request, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vasprintf(&request->url_suffix, format, args);
    va_end(args);
    if (size >= 0)
        return 0;
    request->url_suffix = NULL;
    return -ENOMEM;
}

char channel_url_separator(const struct channel_config *channel)
{
    return channel->url.value && strchr(channel->url.value, '?') ? '&' : '?';
}
