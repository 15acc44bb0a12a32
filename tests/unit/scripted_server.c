#include "scripted_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { RECEIVED_MAX = 65536 };

struct connection {
    uv_tcp_t tcp;
    struct scripted_server *server;
    const char *script;
    size_t size;
    size_t parsed; /* SMTP: lines up to here were answered */
    bool in_data;
    bool stored;
    char received[RECEIVED_MAX];
};

static void on_connection_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void store(struct connection *connection, const char *text)
{
    struct scripted_server *server = connection->server;
    size_t at = server->request_count;

    if (connection->stored)
        return;
    connection->stored = true;
    if (at < SERVER_REQUESTS_MAX) {
        server->request_ms[at] = uv_hrtime() / 1000000;
        server->requests[at] = strdup(text);
        server->heads[at] = strndup(connection->received, (size_t)(text - connection->received));
    }
    server->request_count = at + 1; /* last: whoever sees it sees the request */
}

static void finish(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    if (connection->server->smtp && connection->size > 0)
        store(connection, connection->received);
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
}

static void say(struct connection *connection, const char *text)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));

    (void)uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1);
}

static void answer_http(struct connection *connection)
{
    const char *end = strstr(connection->received, "\r\n\r\n");
    const char *length = strcasestr(connection->received, "Content-Length:");
    size_t wanted = length ? strtoul(length + 15, NULL, 10) : 0;

    if (!end || strlen(end + 4) < wanted)
        return;
    store(connection, end + 4);
    if (strcmp(connection->script, "hang") == 0)
        return;
    if (strncmp(connection->script, "late ", 5) == 0) {
        uv_sleep(300);
        connection->script += 5;
    }
    say(connection, connection->script);
    finish(connection);
}

/* The scripted reply to VERB, or USUAL. */
static void smtp_reply(struct connection *connection, const char *verb, const char *usual)
{
    size_t size = strlen(verb);
    char line[256];
    bool scripted = strncmp(connection->script, verb, size) == 0 && connection->script[size] == ' ';

    snprintf(line, sizeof(line), "%s\r\n", scripted ? connection->script + size + 1 : usual);
    say(connection, line);
}

static void answer_smtp_line(struct connection *connection, const char *line)
{
    if (connection->in_data) {
        if (strncmp(line, ".\r\n", 3) == 0) {
            connection->in_data = false;
            smtp_reply(connection, ".", "250 2.0.0 queued");
        }
    } else if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0) {
        say(connection, "250 test\r\n");
    } else if (strncasecmp(line, "MAIL", 4) == 0) {
        smtp_reply(connection, "MAIL", "250 2.1.0 ok");
    } else if (strncasecmp(line, "RCPT", 4) == 0) {
        smtp_reply(connection, "RCPT", "250 2.1.5 ok");
    } else if (strncasecmp(line, "DATA", 4) == 0) {
        connection->in_data = true;
        say(connection, "354 go on\r\n");
    } else if (strncasecmp(line, "QUIT", 4) == 0) {
        say(connection, "221 2.0.0 bye\r\n");
        finish(connection);
    } else {
        say(connection, "502 5.5.1 what?\r\n");
    }
}

static void answer_smtp(struct connection *connection)
{
    const char *end;

    while ((end = strstr(connection->received + connection->parsed, "\r\n"))) {
        const char *line = connection->received + connection->parsed;

        connection->parsed = (size_t)(end + 2 - connection->received);
        answer_smtp_line(connection, line);
    }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;

    (void)suggested;
    *buffer =
        uv_buf_init(connection->received + connection->size, (unsigned)(RECEIVED_MAX - 1 - connection->size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;

    (void)buffer;
    if (size < 0) {
        finish(connection);
        return;
    }
    connection->size += (size_t)size;
    connection->received[connection->size] = '\0';
    if (connection->server->smtp)
        answer_smtp(connection);
    else
        answer_http(connection);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct scripted_server *server =
        (struct scripted_server *)((char *)listener - offsetof(struct scripted_server, listener));
    struct connection *connection = calloc(1, sizeof(*connection));
    size_t at = server->connections;

    assert(status == 0 && connection);
    connection->server = server;
    connection->script = server->script[at < server->script_count ? at : server->script_count - 1];
    uv_tcp_init(listener->loop, &connection->tcp);
    connection->tcp.data = connection;
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) < 0) {
        finish(connection);
        return;
    }
    server->connections = at + 1;
    if (server->smtp)
        smtp_reply(connection, "GREET", "220 test");
    uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read);
}

static void close_any(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (uv_is_closing(handle))
        return;
    uv_close(handle, handle->type == UV_TCP && handle->data ? on_connection_closed : NULL);
}

static void on_stop(uv_async_t *stop)
{
    uv_walk(stop->loop, close_any, NULL);
}

static void run_server(void *server)
{
    uv_run(&((struct scripted_server *)server)->loop, UV_RUN_DEFAULT);
}

void server_open(
    struct scripted_server *server, bool smtp, int port, const char *const *script, size_t script_count)
{
    struct sockaddr_in address;
    int size = sizeof(address);
    int r;

    memset(server, 0, sizeof(*server));
    server->smtp = smtp;
    server->script = script;
    server->script_count = script_count;
    uv_loop_init(&server->loop);
    uv_async_init(&server->loop, &server->stop, on_stop);
    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(&server->loop, &server->listener);
    server->listener.data = NULL; /* what tells it from a connection */
    r = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&server->listener, 16, on_connection);
    if (r == 0)
        r = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    if (r == 0)
        r = uv_thread_create(&server->thread, run_server, server);
    if (r < 0) {
        fprintf(stderr, "cannot serve: %s\n", uv_strerror(r));
        abort();
    }
}

void server_close(struct scripted_server *server)
{
    uv_async_send(&server->stop);
    uv_thread_join(&server->thread);
    if (uv_loop_close(&server->loop) != 0)
        abort();
    for (size_t i = 0; i < server->request_count && i < SERVER_REQUESTS_MAX; i++) {
        free(server->requests[i]);
        free(server->heads[i]);
    }
}

int server_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, size);

    if (r == 0)
        r = getsockname(fd, (struct sockaddr *)&address, &size);
    if (fd >= 0)
        close(fd);
    if (r < 0)
        abort();
    return ntohs(address.sin_port);
}
