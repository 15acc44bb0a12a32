#include "loopback_server.h"
#include "cmocka_all.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOOD_BYTES = 50 * 1000 * 1000, FLOOD_CHUNK = 64 * 1024, DRIP_MS = 20 };

struct visitor {
    struct visitor *previous, *next;
    struct loopback_server *server;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    const struct manners *manners;
    uint64_t flooded;
    unsigned open_handles;
    char request[sizeof((struct loopback_server *)NULL)->last_request];
    size_t request_size;
};

static char chunk[FLOOD_CHUNK];

static void on_closed(uv_handle_t *handle)
{
    struct visitor *visitor = handle->data;

    if (--visitor->open_handles == 0)
        free(visitor);
}

static void visitor_leave(struct visitor *visitor)
{
    if (uv_is_closing((uv_handle_t *)&visitor->timer))
        return;
    if (visitor->previous)
        visitor->previous->next = visitor->next;
    else
        visitor->server->visitors = visitor->next;
    if (visitor->next)
        visitor->next->previous = visitor->previous;
    if (!uv_is_closing((uv_handle_t *)&visitor->tcp))
        uv_close((uv_handle_t *)&visitor->tcp, on_closed);
    uv_close((uv_handle_t *)&visitor->timer, on_closed);
}

static void flood_on(struct visitor *visitor);

static void on_written(uv_write_t *request, int status)
{
    struct visitor *visitor = request->data;

    if (status < 0 || uv_is_closing((uv_handle_t *)&visitor->timer))
        return;
    if (visitor->manners->manner == MANNER_REPLY_ONCE)
        visitor_leave(visitor);
    else if (visitor->manners->manner == MANNER_FLOOD)
        flood_on(visitor);
}

static void send_bytes(struct visitor *visitor, const char *bytes, size_t size)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);

    visitor->write.data = visitor;
    visitor->server->sent += size;
    assert_int_equal(uv_write(&visitor->write, (uv_stream_t *)&visitor->tcp, &buffer, 1, on_written), 0);
}

static void flood_on(struct visitor *visitor)
{
    if (visitor->flooded >= FLOOD_BYTES)
        return;
    visitor->flooded += sizeof chunk;
    send_bytes(visitor, chunk, sizeof chunk);
}

static void on_drip(uv_timer_t *timer)
{
    struct visitor *visitor = timer->data;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t) " ", 1);

    (void)uv_try_write((uv_stream_t *)&visitor->tcp, &buffer, 1);
}

static void on_turn(uv_timer_t *timer)
{
    struct visitor *visitor = timer->data;
    const struct manners *manners = visitor->manners;

    switch (manners->manner) {
    case MANNER_SILENT:
        break;
    case MANNER_CLOSE:
        visitor_leave(visitor);
        break;
    case MANNER_RESET:
        assert_int_equal(uv_tcp_close_reset(&visitor->tcp, on_closed), 0);
        visitor_leave(visitor);
        break;
    case MANNER_DRIP:
        (void)uv_timer_start(&visitor->timer, on_drip, DRIP_MS, DRIP_MS);
        /* fall through */
    case MANNER_REPLY:
    case MANNER_REPLY_ONCE:
    case MANNER_FLOOD:
        send_bytes(
            visitor, manners->reply, manners->reply_size > 0 ? manners->reply_size : strlen(manners->reply));
        break;
    }
}

static const struct manners *find_manners(const struct loopback_server *server, const char *request)
{
    char line[512] = "";
    size_t i;

    strncpy(line, request, sizeof line - 1);
    line[strcspn(line, "\r")] = '\0';
    for (i = 0; i < server->manners_count; i++)
        if (strstr(line, server->manners[i].part))
            return &server->manners[i];
    return NULL;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct visitor *visitor = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(visitor->request + visitor->request_size,
        (unsigned)(sizeof visitor->request - 1 - visitor->request_size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct visitor *visitor = stream->data;
    struct loopback_server *server = visitor->server;

    (void)buffer;
    if (size < 0) {
        if (size == UV_EOF)
            server->clean_ends++;
        else
            server->resets++;
        visitor_leave(visitor);
        return;
    }
    visitor->request_size += (size_t)size;
    visitor->request[visitor->request_size] = '\0';
    /* HTTP is answered at the end of the head, anything else at once. */
    if (strchr(visitor->request, '/') && !strstr(visitor->request, "\r\n\r\n"))
        return;
    server->requests++;
    memcpy(server->last_request, visitor->request, visitor->request_size + 1);
    visitor->manners = find_manners(server, visitor->request);
    visitor->request_size = 0;
    if (visitor->manners)
        (void)uv_timer_start(&visitor->timer, on_turn, visitor->manners->delay_ms, 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct loopback_server *server = listener->data;
    struct visitor *visitor = calloc(1, sizeof *visitor);

    assert_int_equal(status, 0);
    assert_non_null(visitor);
    visitor->server = server;
    assert_int_equal(uv_tcp_init(server->loop, &visitor->tcp), 0);
    assert_int_equal(uv_timer_init(server->loop, &visitor->timer), 0);
    visitor->tcp.data = visitor->timer.data = visitor;
    visitor->open_handles = 2;
    visitor->next = server->visitors;
    if (server->visitors)
        server->visitors->previous = visitor;
    server->visitors = visitor;
    server->connections++;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&visitor->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&visitor->tcp, on_alloc, on_read), 0);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

void loopback_open(
    struct loopback_server *server, uv_loop_t *loop, const struct manners *manners, size_t manners_count)
{
    struct sockaddr_in address;
    int fd;

    *server = (struct loopback_server){.loop = loop, .manners = manners, .manners_count = manners_count};
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(loop, &server->listener), 0);
    server->listener.data = server;
    assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 64, on_connection), 0);
    assert_int_equal(uv_fileno((uv_handle_t *)&server->listener, &fd), 0);
    server->port = port_of(fd);
}

void loopback_close(struct loopback_server *server)
{
    while (server->visitors)
        visitor_leave(server->visitors);
    uv_close((uv_handle_t *)&server->listener, NULL);
}

static int bound_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

int silent_port_open(uint16_t *ret_port)
{
    int fd = bound_socket();

    assert_int_equal(listen(fd, 16), 0);
    *ret_port = port_of(fd);
    return fd;
}

uint16_t loopback_free_port(void)
{
    int fd = bound_socket();
    uint16_t port = port_of(fd);

    close(fd);
    return port;
}
