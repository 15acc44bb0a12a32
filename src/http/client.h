/* HTTP(S) requests and SMTP(S) mail on the loop: curl's multi_socket interface behind a small face.
 *
 * One client per loop, on the loop's thread only. It never blocks: names are resolved on threads of curl's,
 * the certificates that https trusts are parsed on libuv's, and each mail has a thread of its own, as curl
 * waits in it for SMTP servers; all callbacks come from the loop. It keeps no secret (URL, user, password,
 * body, extra headers) longer than the transfer lives; none of them is ever logged. Ignored: proxies and
 * .netrc of the environment, redirects, compressed replies, TLS below 1.2. The program ignores SIGPIPE before
 * it starts a client. */
#ifndef RMQWATCH_HTTP_CLIENT_H
#define RMQWATCH_HTTP_CLIENT_H

#include "http/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_MAIL,    /* SMTP: url is "smtp://host:587" or "smtps://host:465" */
    HTTP_CONNECT, /* connects, with a TLS handshake if the scheme is https, sends nothing and closes */
};

/* What to do. Everything is copied by http_client_start(); zeroed fields mean "none". Control characters in
 * any text but the body are refused with -EINVAL. */
struct http_request {
    enum http_method method;
    const char *method_name;    /* POST: another word for it, "PUT"; NULL: "POST" */
    const char *url;            /* user and password do not belong in here */
    const char *const *headers; /* "Name: value" lines, header_count of them */
    size_t header_count;
    const void *body; /* POST: the body; MAIL: a complete RFC 5322 message with CRLF */
    size_t body_size;
    const char *content_type; /* POST */
    const char *username;     /* HTTP basic authentication, or SMTP AUTH; NULL: none */
    const char *password;
    const char *ca_file;    /* trusts only these; NULL: the system's trust store, or what SSL_CERT_FILE and
                             * SSL_CERT_DIR of the environment name. https reads it when it is first needed,
                             * and notices a change within a minute */
    const char *addresses;  /* numeric, comma separated: connect there instead of resolving the url's host */
    uint64_t timeout_ms;    /* the whole transfer, name lookup to last byte; 0 is refused */
    size_t max_reply_bytes; /* body; 0: the default of 64 KiB */
    bool fresh;             /* a connection of its own, closed afterwards; false: kept ones are used again.
                             * MAIL: always true */
    const char *mail_from;  /* MAIL: envelope addresses, without <> */
    const char *const *recipients; /* MAIL: sent if the server takes at least one of them */
    size_t recipient_count;
    bool require_tls; /* MAIL over smtp://: STARTTLS or nothing */
};

struct http_reply {
    enum http_result result;
    long status;      /* HTTP status, or the last SMTP reply code; 0: none came */
    bool connected;   /* the other side took a connection, whatever came of it */
    const char *body; /* NUL-terminated, never NULL; what came before a failure is kept */
    size_t body_size;
    uint64_t retry_after_ms; /* Retry-After, as seconds or as a date; at most six hours; 0: none */
    uint64_t total_ms;       /* how long the transfer took */
};

struct http_client;
struct http_transfer;

/* Called exactly once per started transfer that was not cancelled, never from within http_client_start().
 * REPLY and its body are valid during the call only, and the transfer is over when it is called; but for the
 * QUIT of a mail that was taken, for which the server has a second more, within the timeout. Starting,
 * cancelling others and closing the client are allowed in here. */
typedef void http_done_fn(void *context, const struct http_reply *reply);

/* NULL when out of memory. */
struct http_client *http_client_new(uv_loop_t *loop);

/* Cancels what runs, closes every connection, and frees the client once the loop has closed its handles;
 * then DONE (may be NULL) is called, from the loop. Accepts NULL: DONE is then called at once. */
void http_client_close(struct http_client *client, void (*done)(void *context), void *context);

/* 0, and *ret_transfer (may be NULL) for http_client_cancel(); -EINVAL for a request that makes no sense,
 * -ENOMEM, -ECANCELED when the client is closing. On failure DONE is not called. */
int http_client_start(struct http_client *client, const struct http_request *request, http_done_fn *done,
    void *context, struct http_transfer **ret_transfer);

/* Ends a transfer at once and without a call of its DONE. Accepts NULL; not for one whose DONE was called. */
void http_client_cancel(struct http_transfer *transfer);

#endif
