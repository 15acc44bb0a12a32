/* What a server and a request are made of. Private to server.c and exchange.c. */
#ifndef RMQWATCH_HTTP_SERVER_PARTS_H
#define RMQWATCH_HTTP_SERVER_PARTS_H

#include "http/server.h"

#include <microhttpd.h>
#include <stdbool.h>

/* A connection. */
struct http_peer {
    int fd;
    uint64_t since_ms;              /* when it was accepted, or its last request was over, or answered late */
    struct http_exchange *exchange; /* the request that it is busy with; NULL: none */
    struct http_peer *next, **link;
};

struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL: gone, and only the handler still knows of this */
    struct http_peer *peer;
    const struct http_route *route;
    char *body;
    size_t body_size, body_room;
    bool handled;                  /* the handler was called */
    bool owed;                     /* and has not answered yet */
    bool suspended;                /* the connection waits for that */
    struct MHD_Response *response; /* NULL: none yet, or out of memory */
    unsigned status;               /* 0: not answered yet */
};

struct http_server {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    const struct http_route *routes;
    size_t route_count;
    void *context;
    uint64_t timeout_ms;
    struct http_peer *peers;
    bool peer_left;   /* since libmicrohttpd ran last */
    uv_poll_t poll;   /* libmicrohttpd's epoll descriptor */
    uv_timer_t timer; /* when libmicrohttpd wants to run next */
    uv_idle_t idle;   /* it wants to run at once */
    uv_timer_t sweep; /* runs while there are connections */
    unsigned open_handles;
    bool closing; /* no handler is called any more */
};

/* libmicrohttpd's callbacks. */
enum MHD_Result exchange_on_request(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state);
void exchange_on_completed(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);

/* Answers in the handler's place; the handler still owes its answer, which nobody will see. */
void exchange_give_up(struct http_exchange *exchange, unsigned status, const char *sentence);

/* Lets libmicrohttpd run soon: something was resumed. */
void server_wake(struct http_server *server);

#endif
