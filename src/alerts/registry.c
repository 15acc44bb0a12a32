#include "alerts/channels.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct channel_ops *const channels[] = {
    &slack_channel,
    &webhook_channel,
    &mail_channel,
};

enum { CHANNEL_COUNT = sizeof(channels) / sizeof(channels[0]) };

const struct channel_ops *channel_at(size_t i)
{
    return i < CHANNEL_COUNT ? channels[i] : NULL;
}

const struct channel_ops *channel_find(const char *name)
{
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        if (strcmp(channels[i]->name, name) == 0)
            return channels[i];
    return NULL;
}

void channel_request_done(struct channel_request *request)
{
    free(request->body);
    *request = (struct channel_request){0};
}

enum delivery channel_classify_http(const struct channel_reply *reply, uint64_t *ret_retry_after_ms)
{
    long status = reply->answered ? reply->status : 0;

    if (status >= 200 && status <= 299)
        return DELIVERY_SENT;
    /* A status below 200 is no final answer, one above 599 none that HTTP knows. */
    if (status < 200 || status >= 500 || status == 408 || status == 425 || status == 429) {
        *ret_retry_after_ms = reply->answered ? reply->retry_after_ms : 0;
        return DELIVERY_RETRY;
    }
    return DELIVERY_REFUSED;
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
