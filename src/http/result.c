#include "http/result.h"

#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>

enum {
    ANY = -1,
    CURL_TOO_LARGE = 100, /* a header; 7.88 has no name for it, and calls it out of memory */
};

/* First match wins. CURLE_OK as the code stands for "a socket's error, whoever saw it". */
static const struct {
    int code;
    int os_error;
    enum http_result result;
} results[] = {
    {CURLE_OK, 0, HTTP_RESULT_OK},
    {CURLE_OK, ETIMEDOUT, HTTP_RESULT_TIMED_OUT},
    {CURLE_OK, ECONNREFUSED, HTTP_RESULT_REFUSED},
    {CURLE_OK, ENETUNREACH, HTTP_RESULT_UNREACHABLE},
    {CURLE_OK, EHOSTUNREACH, HTTP_RESULT_UNREACHABLE},
    {CURLE_OK, ENETDOWN, HTTP_RESULT_UNREACHABLE},
    {CURLE_OK, EHOSTDOWN, HTTP_RESULT_UNREACHABLE},
    {CURLE_OK, ECONNRESET, HTTP_RESULT_CLOSED},
    {CURLE_OK, ECONNABORTED, HTTP_RESULT_CLOSED},
    {CURLE_OK, EPIPE, HTTP_RESULT_CLOSED},
    {CURLE_OK, ENOTCONN, HTTP_RESULT_CLOSED},
    {CURLE_OK, ANY, HTTP_RESULT_OWN_TROUBLE},

    {CURLE_OPERATION_TIMEDOUT, ANY, HTTP_RESULT_TIMED_OUT},
    {CURLE_COULDNT_RESOLVE_HOST, ANY, HTTP_RESULT_UNKNOWN_HOST},

    {CURLE_COULDNT_CONNECT, ETIMEDOUT, HTTP_RESULT_TIMED_OUT},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, HTTP_RESULT_REFUSED},
    {CURLE_COULDNT_CONNECT, ENETUNREACH, HTTP_RESULT_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, EHOSTUNREACH, HTTP_RESULT_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, ENETDOWN, HTTP_RESULT_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, EHOSTDOWN, HTTP_RESULT_UNREACHABLE},
    {CURLE_COULDNT_CONNECT, ECONNRESET, HTTP_RESULT_CLOSED},
    /* Also without an error of the system: socket() itself failed, for want of descriptors or memory. */
    {CURLE_COULDNT_CONNECT, ANY, HTTP_RESULT_OWN_TROUBLE},

    {CURLE_PARTIAL_FILE, ANY, HTTP_RESULT_CLOSED},
    {CURLE_GOT_NOTHING, ANY, HTTP_RESULT_CLOSED},
    {CURLE_SEND_ERROR, ANY, HTTP_RESULT_CLOSED},
    {CURLE_RECV_ERROR, ANY, HTTP_RESULT_CLOSED},

    {CURLE_PEER_FAILED_VERIFICATION, ANY, HTTP_RESULT_TLS_TRUST},
    {CURLE_SSL_CACERT_BADFILE, ANY, HTTP_RESULT_TLS_TRUST},
    {CURLE_SSL_ISSUER_ERROR, ANY, HTTP_RESULT_TLS_TRUST},
    {CURLE_SSL_CERTPROBLEM, ANY, HTTP_RESULT_TLS_TRUST},
    {CURLE_USE_SSL_FAILED, ANY, HTTP_RESULT_TLS_TRUST},
    {CURLE_SSL_CONNECT_ERROR, ECONNRESET, HTTP_RESULT_CLOSED},
    {CURLE_SSL_CONNECT_ERROR, EPIPE, HTTP_RESULT_CLOSED},
    {CURLE_SSL_CONNECT_ERROR, ANY, HTTP_RESULT_BAD_REPLY},

    {CURLE_FILESIZE_EXCEEDED, ANY, HTTP_RESULT_TOO_LARGE},
    {CURL_TOO_LARGE, ANY, HTTP_RESULT_TOO_LARGE},
    /* HTTP/0.9 and other bytes that are no HTTP. */
    {CURLE_UNSUPPORTED_PROTOCOL, ANY, HTTP_RESULT_BAD_REPLY},
    {CURLE_WEIRD_SERVER_REPLY, ANY, HTTP_RESULT_BAD_REPLY},
    {CURLE_REMOTE_ACCESS_DENIED, ANY, HTTP_RESULT_BAD_REPLY},
    {CURLE_LOGIN_DENIED, ANY, HTTP_RESULT_BAD_REPLY},
    {CURLE_BAD_CONTENT_ENCODING, ANY, HTTP_RESULT_BAD_REPLY},
};

static const char *const names[HTTP_RESULT_COUNT] = {
    [HTTP_RESULT_OK] = "ok",
    [HTTP_RESULT_TIMED_OUT] = "timed out",
    [HTTP_RESULT_REFUSED] = "refused",
    [HTTP_RESULT_UNREACHABLE] = "unreachable",
    [HTTP_RESULT_CLOSED] = "closed",
    [HTTP_RESULT_TLS_TRUST] = "TLS not trusted",
    [HTTP_RESULT_UNKNOWN_HOST] = "unknown host",
    [HTTP_RESULT_TOO_LARGE] = "reply too large",
    [HTTP_RESULT_BAD_REPLY] = "bad reply",
    [HTTP_RESULT_OWN_TROUBLE] = "own trouble",
};

const char *http_result_name(enum http_result result)
{
    return (unsigned)result < HTTP_RESULT_COUNT ? names[result] : names[HTTP_RESULT_OWN_TROUBLE];
}

enum http_result http_result_from_curl(int code, int os_error)
{
    size_t i;

    for (i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i].code == code && (results[i].os_error == ANY || results[i].os_error == os_error))
            return results[i].result;
    return HTTP_RESULT_OWN_TROUBLE;
}

enum http_result http_result_from_errno(int error)
{
    return http_result_from_curl(CURLE_OK, error);
}
