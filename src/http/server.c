#include "http/server.h"
#include "base/clock.h"
#include "http/server_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers, and what is read or written at a time */
    SWEEP_MS = 500,
    LAST_RUNS = 3, /* of libmicrohttpd when it ends: resume, write, close */
};

static void on_idle(uv_idle_t *idle);
static void on_timer(uv_timer_t *timer);

static void schedule(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    uv_idle_stop(&server->idle);
    uv_timer_stop(&server->timer);
    if (server->peer_left) {
        /* Below its limit again, libmicrohttpd listens again only when it runs once more. */
        server->peer_left = false;
        uv_idle_start(&server->idle, on_idle);
        return;
    }
    if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES)
        return;
    if (wait_ms == 0)
        uv_idle_start(&server->idle, on_idle);
    else
        uv_timer_start(&server->timer, on_timer, wait_ms, 0);
}

static void run(struct http_server *server)
{
    (void)MHD_run(server->daemon);
    schedule(server);
}

static void on_idle(uv_idle_t *idle)
{
    run(idle->data);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status; /* whatever it is, libmicrohttpd finds out */
    (void)events;
    run(poll->data);
}

void server_wake(struct http_server *server)
{
    uv_idle_start(&server->idle, on_idle);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now_ms = clock_boot_ms();

    for (struct http_peer *peer = server->peers; peer; peer = peer->next) {
        if (now_ms - peer->since_ms < server->timeout_ms)
            continue;
        if (peer->exchange && peer->exchange->suspended)
            exchange_give_up(
                peer->exchange, MHD_HTTP_GATEWAY_TIMEOUT, "the answer could not be found out in time");
        else
            (void)shutdown(peer->fd, SHUT_RDWR); /* libmicrohttpd sees its end, and closes it */
    }
}

static void peer_enter(struct http_server *server, struct http_peer *peer)
{
    peer->next = server->peers;
    peer->link = &server->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    server->peers = peer;
    if (!uv_is_active((uv_handle_t *)&server->sweep) && !uv_is_closing((uv_handle_t *)&server->sweep)) {
        uv_update_time(server->loop);
        uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    }
}

static void peer_leave(struct http_server *server, struct http_peer *peer)
{
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    free(peer);
    server->peer_left = true;
    if (!server->peers)
        uv_timer_stop(&server->sweep);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    const union MHD_ConnectionInfo *info;
    struct http_peer *peer;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context)
            peer_leave(server, *socket_context);
        *socket_context = NULL;
        return;
    }
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer = info ? calloc(1, sizeof(*peer)) : NULL;
    *socket_context = peer;
    if (!peer) { /* nobody would see to its end */
        if (info)
            (void)shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    peer->fd = info->connect_fd;
    peer->since_ms = clock_boot_ms();
    peer_enter(server, peer);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, const struct http_server_options *options)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_on_request,
        server, MHD_OPTION_LISTEN_SOCKET, options->listen_fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_address_max,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    if (--server->open_handles == 0)
        free(server);
}

/* Timers and idle handles cannot fail to be made. */
static void init_handles(struct http_server *server)
{
    uv_timer_init(server->loop, &server->timer);
    uv_timer_init(server->loop, &server->sweep);
    uv_idle_init(server->loop, &server->idle);
    server->timer.data = server;
    server->sweep.data = server;
    server->idle.data = server;
    server->open_handles = 4; /* with the poll */
}

static int start_poll(struct http_server *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int r;

    if (!info)
        return -EOPNOTSUPP;
    r = uv_poll_init(server->loop, &server->poll, info->epoll_fd);
    if (r < 0)
        return r;
    server->poll.data = server;
    (void)uv_poll_start(&server->poll, UV_READABLE, on_poll); /* cannot fail on one that was just made */
    return 0;
}

int http_server_new(
    uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret_server)
{
    struct http_server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->loop = loop;
    server->routes = options->routes;
    server->route_count = options->route_count;
    server->context = options->context;
    server->timeout_ms = options->timeout_ms;
    server->daemon = start_daemon(server, options);
    if (!server->daemon) {
        free(server);
        return -ENOMEM;
    }
    r = start_poll(server);
    if (r < 0) {
        /* Hands the descriptor back: stopping would close it. */
        (void)MHD_quiesce_daemon(server->daemon);
        MHD_stop_daemon(server->daemon);
        free(server);
        return r;
    }
    init_handles(server);
    *ret_server = server;
    return 0;
}

void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    server->closing = true;
    /* libmicrohttpd must not be stopped while a connection is suspended. */
    for (struct http_peer *peer = server->peers; peer; peer = peer->next)
        if (peer->exchange && peer->exchange->suspended)
            exchange_give_up(peer->exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "this daemon is ending");
    for (int i = 0; i < LAST_RUNS; i++)
        (void)MHD_run(server->daemon);
    uv_close((uv_handle_t *)&server->poll, on_handle_closed);
    MHD_stop_daemon(server->daemon);
    uv_close((uv_handle_t *)&server->timer, on_handle_closed);
    uv_close((uv_handle_t *)&server->idle, on_handle_closed);
    uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
}
