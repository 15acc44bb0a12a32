/* A small HTTP server on the loop: libmicrohttpd behind a table of routes.
 *
 * One thread, the loop's. A handler may answer later; meanwhile the server serves others. It is strict and
 * bounded: so many connections, so much memory for each, so many bytes of body, so much time. What it refuses
 * itself, it answers with {"error": "one sentence"}. The program ignores SIGPIPE before it starts a server.
 */
#ifndef RMQWATCH_HTTP_SERVER_H
#define RMQWATCH_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { HTTP_BODY_MAX = 64 * 1024 };

struct http_server;
/* One request, until it is answered. */
struct http_exchange;

/* Must see to it that EXCHANGE is answered exactly once, now or later, whatever becomes of the client or of
 * the server. */
typedef void http_handler_fn(void *context, struct http_exchange *exchange);

struct http_route {
    const char *method; /* "GET", which serves HEAD too, or "POST" */
    const char *path;   /* compared as it is: "/v1/status" */
    http_handler_fn *handle;
};

struct http_server_options {
    int listen_fd; /* listening, non-blocking: a unix or a TCP socket; the server's own once it was made */
    const struct http_route *routes; /* must outlive the server */
    size_t route_count;
    void *context; /* of all handlers */
    unsigned connections_max;
    unsigned connections_per_address_max; /* 0: no limit; for TCP */
    uint64_t timeout_ms; /* for a client to send a request and to take the answer, and for a handler to give
                            it: after that, the connection is closed, or the answer is 504 */
};

/* 0, or a negative errno: *ret_server is left alone then, and so is options->listen_fd. */
int http_server_new(
    uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret_server);
/* Closes every connection; who waits for a late answer is sent away with 503. The server is freed once the
 * loop has closed its handles. Accepts NULL. */
void http_server_close(struct http_server *server);

/* For handlers, before they return. The value of a parameter after the ?, NULL when there is none. */
const char *http_exchange_parameter(const struct http_exchange *exchange, const char *name);
/* NUL-terminated, never NULL. RET_SIZE may be NULL. */
const char *http_exchange_body(const struct http_exchange *exchange, size_t *ret_size);
/* The client's socket. */
int http_exchange_descriptor(const struct http_exchange *exchange);

/* Answers EXCHANGE, which is gone afterwards. BODY is malloc()ed and the server's own from now on; NULL: out
 * of memory. CONTENT_TYPE is static. */
void http_answer(
    struct http_exchange *exchange, unsigned status, const char *content_type, char *body, size_t body_size);
/* The same with {"error": SENTENCE}. */
void http_answer_error(struct http_exchange *exchange, unsigned status, const char *sentence);

#endif
