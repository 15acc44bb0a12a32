#include "probes/outcome.h"

#include <uv.h>

static const enum probe_result results[HTTP_RESULT_COUNT] = {
    [HTTP_RESULT_OK] = PROBE_RESULT_OK,
    [HTTP_RESULT_TIMED_OUT] = PROBE_RESULT_TIMED_OUT,
    [HTTP_RESULT_REFUSED] = PROBE_RESULT_REFUSED,
    [HTTP_RESULT_UNREACHABLE] = PROBE_RESULT_UNREACHABLE,
    [HTTP_RESULT_CLOSED] = PROBE_RESULT_CLOSED,
    [HTTP_RESULT_TLS_TRUST] = PROBE_RESULT_TLS_TRUST,
    [HTTP_RESULT_UNKNOWN_HOST] = PROBE_RESULT_UNKNOWN_HOST,
    [HTTP_RESULT_TOO_LARGE] = PROBE_RESULT_TOO_LARGE,
    [HTTP_RESULT_BAD_REPLY] = PROBE_RESULT_BAD_REPLY,
    [HTTP_RESULT_OWN_TROUBLE] = PROBE_RESULT_OWN_TROUBLE,
};

enum probe_result probe_result_from_http(enum http_result result)
{
    return (unsigned)result < HTTP_RESULT_COUNT ? results[result] : PROBE_RESULT_OWN_TROUBLE;
}

enum probe_result probe_result_from_reply(const struct http_reply *reply)
{
    if (reply->result == HTTP_RESULT_TIMED_OUT && reply->connected)
        return PROBE_RESULT_SILENT;
    return probe_result_from_http(reply->result);
}

enum probe_result probe_result_from_uv(int error)
{
    switch (error) {
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
    case UV_EAI_ADDRFAMILY:
    case UV_EAI_FAIL:
        return PROBE_RESULT_UNKNOWN_HOST;
    case UV_EOF:
        return PROBE_RESULT_CLOSED;
    default:
        return probe_result_from_http(http_result_from_errno(-error));
    }
}
