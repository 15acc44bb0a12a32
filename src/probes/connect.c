#include "probes/connect.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOW_MS = 250, LINGER_MS = 500 };

/* A socket. Freed by its close callback, so that everybody may forget it at any time. */
struct connection {
    uv_tcp_t tcp; /* first: a connection is its stream */
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uv_timer_t linger;
    unsigned open_handles;
    struct connector *connector; /* NULL: connected, or nobody is interested */
};

struct connector {
    uv_loop_t *loop;
    uv_timer_t slow; /* until the next address gets its chance */
    struct address_list addresses;
    uint16_t port;
    size_t tried;
    struct connection *pending[ADDRESSES_MAX];
    int worst; /* the error that says most of the other side */
    connector_done_fn *done;
    void *context;
};

static void connection_unref(struct connection *connection)
{
    if (--connection->open_handles == 0)
        free(connection);
}

/* The stream's data belongs to whoever got it. */
static void on_tcp_closed(uv_handle_t *handle)
{
    connection_unref((struct connection *)handle);
}

static void on_linger_closed(uv_handle_t *handle)
{
    connection_unref(handle->data);
}

static void connection_drop(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    uv_close((uv_handle_t *)&connection->tcp, on_tcp_closed);
    uv_close((uv_handle_t *)&connection->linger, on_linger_closed);
}

static void on_linger_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char discarded[1024]; /* written by every one of them, read by nobody */

    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(discarded, sizeof discarded);
}

static void on_linger_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    if (size < 0)
        connection_drop((struct connection *)stream);
}

static void on_linger_over(uv_timer_t *timer)
{
    connection_drop(timer->data);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    if (status < 0)
        connection_drop(request->data);
}

void connection_close(uv_stream_t *stream)
{
    struct connection *connection = (struct connection *)stream;

    (void)uv_read_stop(stream);
    connection->shutdown.data = connection;
    if (uv_shutdown(&connection->shutdown, stream, on_shutdown) < 0 ||
        uv_read_start(stream, on_linger_alloc, on_linger_read) < 0 ||
        uv_timer_start(&connection->linger, on_linger_over, LINGER_MS, 0) < 0)
        connection_drop(connection);
}

static void on_connector_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void connector_cancel(struct connector *connector)
{
    size_t i;

    if (!connector)
        return;
    for (i = 0; i < ADDRESSES_MAX; i++)
        if (connector->pending[i]) {
            connector->pending[i]->connector = NULL;
            connection_drop(connector->pending[i]);
            connector->pending[i] = NULL;
        }
    if (!uv_is_closing((uv_handle_t *)&connector->slow))
        uv_close((uv_handle_t *)&connector->slow, on_connector_closed);
}

static void connector_finish(struct connector *connector, int status, uv_stream_t *stream)
{
    connector_done_fn *done = connector->done;
    void *context = connector->context;

    connector_cancel(connector);
    done(context, status, stream);
}

/* With several addresses, what a host said counts for more than what our own network said, and both for more
 * than trouble of our own ("no such address family here"). */
static unsigned telling(int error)
{
    switch (error) {
    case 0:
        return 0;
    case -ECONNREFUSED:
    case -ECONNRESET:
        return 4;
    case -ETIMEDOUT:
        return 3;
    case -ENETUNREACH:
    case -EHOSTUNREACH:
    case -ENETDOWN:
    case -EHOSTDOWN:
        return 2;
    default:
        return 1;
    }
}

static void connector_failed(struct connector *connector, int error)
{
    if (telling(error) >= telling(connector->worst))
        connector->worst = error;
}

static bool is_pending(const struct connector *connector)
{
    size_t i;

    for (i = 0; i < ADDRESSES_MAX; i++)
        if (connector->pending[i])
            return true;
    return false;
}

static void connector_try_next(struct connector *connector);

static void on_connect(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    struct connector *connector = connection->connector;
    size_t i;

    if (!connector)
        return;
    connection->connector = NULL;
    for (i = 0; i < ADDRESSES_MAX; i++)
        if (connector->pending[i] == connection)
            connector->pending[i] = NULL;
    if (status == 0) {
        connector_finish(connector, 0, (uv_stream_t *)&connection->tcp);
        return;
    }
    connection_drop(connection);
    connector_failed(connector, status);
    connector_try_next(connector);
}

static int connection_start(struct connector *connector, size_t i)
{
    union address address = connector->addresses.items[i];
    struct connection *connection = calloc(1, sizeof *connection);
    int r;

    if (!connection)
        return -ENOMEM;
    if (address.any.sa_family == AF_INET)
        address.v4.sin_port = htons(connector->port);
    else
        address.v6.sin6_port = htons(connector->port);
    (void)uv_tcp_init(connector->loop, &connection->tcp);
    (void)uv_timer_init(connector->loop, &connection->linger);
    connection->linger.data = connection;
    connection->connect.data = connection;
    connection->open_handles = 2;
    r = uv_tcp_connect(&connection->connect, &connection->tcp, &address.any, on_connect);
    if (r < 0) {
        connection_drop(connection);
        return r;
    }
    connection->connector = connector;
    connector->pending[i] = connection;
    return 0;
}

static void on_slow(uv_timer_t *timer)
{
    connector_try_next(timer->data);
}

/* Starts the next address that can be started; reports when nothing is left to wait for. */
static void connector_try_next(struct connector *connector)
{
    size_t i;
    int r;

    while (connector->tried < connector->addresses.count) {
        i = connector->tried++;
        r = connection_start(connector, i);
        if (r == 0) {
            if (connector->tried < connector->addresses.count)
                (void)uv_timer_start(&connector->slow, on_slow, SLOW_MS, 0);
            return;
        }
        connector_failed(connector, r);
    }
    if (!is_pending(connector))
        connector_finish(connector, connector->worst, NULL);
}

int connector_start(uv_loop_t *loop, const struct address_list *addresses, uint16_t port,
    connector_done_fn *done, void *context, struct connector **ret_connector)
{
    struct connector *connector;

    if (addresses->count == 0 || addresses->count > ADDRESSES_MAX || port == 0)
        return -EINVAL;
    connector = calloc(1, sizeof *connector);
    if (!connector)
        return -ENOMEM;
    connector->loop = loop;
    connector->addresses = *addresses;
    connector->port = port;
    connector->done = done;
    connector->context = context;
    (void)uv_timer_init(loop, &connector->slow);
    connector->slow.data = connector;
    /* Through the timer, as an address can fail at once and DONE must not be called from here. */
    (void)uv_timer_start(&connector->slow, on_slow, 0, 0);
    *ret_connector = connector;
    return 0;
}
