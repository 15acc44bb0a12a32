/* What channels share to judge replies. */
#include "alerts/channels.h"

#include <cjson/cJSON.h>
#include <string.h>

struct channel_verdict channel_classify_http(const struct channel_reply *reply)
{
    long status = reply->answered ? reply->status : 0;

    if (status >= 200 && status <= 299)
        return (struct channel_verdict){.delivery = DELIVERY_SENT};
    /* A status below 200 is no final answer, one above 599 none that HTTP knows. */
    if (status < 200 || status >= 500 || status == 408 || status == 425 || status == 429)
        return (struct channel_verdict){
            .delivery = DELIVERY_RETRY,
            .retry_after_ms = reply->answered ? reply->retry_after_ms : 0,
        };
    return (struct channel_verdict){.delivery = DELIVERY_REFUSED};
}

static bool read_code(
    const struct channel_reply *reply, const char *name, const char *other_name, long *ret_code)
{
    cJSON *json = cJSON_ParseWithLength(reply->body, reply->body_size);
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, name);
    bool found;

    if (!number && other_name)
        number = cJSON_GetObjectItemCaseSensitive(json, other_name);
    found = cJSON_IsNumber(number) && number->valuedouble == (double)number->valueint;
    if (found)
        *ret_code = number->valueint;
    cJSON_Delete(json);
    return found;
}

struct channel_verdict channel_classify_code(const struct channel_reply *reply, const char *name,
    const char *other_name, const struct channel_code *codes, size_t code_count)
{
    struct channel_verdict verdict = channel_classify_http(reply);
    bool success = verdict.delivery == DELIVERY_SENT;
    long code = 0;

    if (!reply->answered || !read_code(reply, name, other_name, &code)) {
        if (success)
            verdict = (struct channel_verdict){
                .delivery = DELIVERY_RETRY, .reason = "the answer is not one of the target's own"};
        return verdict;
    }
    if (code == 0)
        return verdict; /* with the HTTP status that it came with */
    verdict.code = code;
    for (size_t i = 0; i < code_count; i++) {
        if (codes[i].code != code || (codes[i].phrase && !strstr(reply->body, codes[i].phrase)))
            continue;
        verdict.delivery = codes[i].delivery;
        verdict.reason = codes[i].reason;
        if (verdict.delivery == DELIVERY_RETRY && verdict.retry_after_ms < codes[i].retry_after_ms)
            verdict.retry_after_ms = codes[i].retry_after_ms;
        return verdict;
    }
    if (success)
        verdict.delivery = DELIVERY_REFUSED;
    return verdict;
}
