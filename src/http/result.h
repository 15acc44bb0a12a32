/* How a transfer ended, in words of our own: nobody outside src/http sees curl. */
#ifndef RMQWATCH_HTTP_RESULT_H
#define RMQWATCH_HTTP_RESULT_H

enum http_result {
    HTTP_RESULT_OK,           /* answered: status and body say what; also an SMTP server that said no */
    HTTP_RESULT_TIMED_OUT,    /* no (complete) answer within the timeout */
    HTTP_RESULT_REFUSED,      /* nothing listens there */
    HTTP_RESULT_UNREACHABLE,  /* no route, host or network down */
    HTTP_RESULT_CLOSED,       /* connected, then closed or reset before the answer was complete */
    HTTP_RESULT_TLS_TRUST,    /* certificate not trusted, CA file unusable, or TLS required and not offered */
    HTTP_RESULT_UNKNOWN_HOST, /* the resolver does not know the name */
    HTTP_RESULT_TOO_LARGE,    /* more bytes than max_reply_bytes, or endless headers */
    HTTP_RESULT_BAD_REPLY,    /* not the protocol we asked for */
    HTTP_RESULT_OWN_TROUBLE,  /* out of descriptors, memory or the like on our side; a hung resolver */
    HTTP_RESULT_COUNT,
};

/* "ok", "timed out", "refused" ...; never NULL, never holds anything of the request. */
const char *http_result_name(enum http_result result);

/* A socket's error (positive errno) in the same words; an unknown one is our own trouble. */
enum http_result http_result_from_errno(int error);

/* CODE is a CURLcode, not CURLE_OK with an error; OS_ERROR what CURLINFO_OS_ERRNO says (0: nothing). */
enum http_result http_result_from_curl(int code, int os_error);

#endif
