/* The HTTP server against clients that misbehave. */
#include "cmocka_all.h"
#include "http/server.h"
#include "raw_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENT_MS = 60000, HURRIED_MS = 300, LATE_MAX = 8 };

static uv_loop_t loop;
static struct http_server *server;
static char folder[64], path[96];
static struct raw_client client;
static struct http_exchange *late[LATE_MAX];
static size_t late_count;
static unsigned calls;

static void answer_text(struct http_exchange *exchange, const char *text)
{
    http_answer(exchange, 200, "text/plain", strdup(text), strlen(text));
}

static void on_hello(void *context, struct http_exchange *exchange)
{
    const char *name = http_exchange_parameter(exchange, "name");
    char text[64];

    assert_ptr_equal(context, &calls);
    assert_true(http_exchange_descriptor(exchange) > 0);
    calls++;
    (void)snprintf(text, sizeof(text), "hello %s", name ? name : "all");
    answer_text(exchange, text);
}

static void on_echo(void *context, struct http_exchange *exchange)
{
    size_t size;
    const char *body = http_exchange_body(exchange, &size);

    (void)context;
    calls++;
    assert_int_equal(strlen(body), size);
    http_answer(exchange, 200, "text/plain", strdup(body), size);
}

static void on_late(void *context, struct http_exchange *exchange)
{
    (void)context;
    assert_true(late_count < LATE_MAX);
    late[late_count++] = exchange;
}

static void on_large(void *context, struct http_exchange *exchange)
{
    size_t size = 4 * 1024 * 1024;
    char *body = malloc(size);

    (void)context;
    memset(body, 'x', size);
    http_answer(exchange, 200, "text/plain", body, size);
}

static const struct http_route routes[] = {
    {"GET", "/hello", on_hello},
    {"POST", "/hello", on_echo},
    {"POST", "/echo", on_echo},
    {"GET", "/late", on_late},
    {"GET", "/large", on_large},
};

static int listen_there(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static void serve(unsigned connections_max, uint64_t timeout_ms)
{
    struct http_server_options options = {
        .listen_fd = listen_there(),
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .context = &calls,
        .connections_max = connections_max,
        .timeout_ms = timeout_ms,
    };

    assert_int_equal(http_server_new(&loop, &options, &server), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&loop), 0);
    strcpy(folder, "/tmp/rmqwatch-http-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/sock", folder);
    server = NULL;
    client.fd = -1;
    late_count = 0;
    calls = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_server_close(server);
    raw_client_close(&client);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void serve_and_connect(uint64_t timeout_ms)
{
    serve(4, timeout_ms);
    raw_client_open(&client, &loop, path);
}

static void test_get_and_head(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /hello?name=a%20b HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "hello a b"));
    assert_non_null(strstr(client.received, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(client.received, "Content-Type: text/plain\r\n"));
    assert_non_null(strstr(client.received, "Cache-Control: no-store\r\n"));
    raw_client_forget(&client);
    assert_true(raw_client_say(&client, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "\r\n\r\n"));
    raw_client_wait(&client, 30);
    assert_non_null(strstr(client.received, "Content-Length: 9\r\n"));
    assert_null(strstr(client.received, "hello"));
    assert_int_equal(calls, 2);
}

static void test_a_post_byte_by_byte(void **state)
{
    static const char request[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello there";

    (void)state;
    serve_and_connect(PATIENT_MS);
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        assert_int_equal(calls, 0);
        assert_true(raw_client_send(&client, request + i, 1));
    }
    assert_true(raw_client_hears(&client, "\r\n\r\nhello there"));
    assert_int_equal(calls, 1);
}

static void test_what_it_does_not_serve(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "{\"error\":\"there is no such page\"}"));
    assert_non_null(strstr(client.received, "HTTP/1.1 404 "));
    assert_true(raw_client_ends(&client));
    raw_client_close(&client);
    raw_client_open(&client, &loop, path);
    assert_true(raw_client_say(&client, "DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "\"error\""));
    assert_non_null(strstr(client.received, "HTTP/1.1 405 "));
    assert_non_null(strstr(client.received, "Allow: GET, HEAD, POST\r\n"));
    raw_client_close(&client);
    raw_client_open(&client, &loop, path);
    assert_true(raw_client_say(&client, "HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "HTTP/1.1 405 "));
    assert_int_equal(calls, 0);
}

/* Sends REQUEST on a connection of its own, hears ANSWER, and sees that this was all. */
static void refuse(const char *request, const char *answer)
{
    raw_client_open(&client, &loop, path);
    assert_true(raw_client_say(&client, request));
    if (!raw_client_hears(&client, answer))
        fail_msg("%s: instead of %s: %s", request, answer, client.received);
    assert_true(raw_client_ends(&client));
    assert_null(strstr(client.received, "HTTP/1.1 200 "));
    raw_client_close(&client);
}

static void test_bodies_that_it_refuses(void **state)
{
    (void)state;
    serve(4, PATIENT_MS);
    refuse("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\nGET /hello HTTP/1.1\r\nHost: "
           "x\r\n\r\n",
        "HTTP/1.1 413 ");
    refuse("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 4");
    refuse("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 4");
    refuse("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 411 ");
    refuse("GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 37\r\n\r\nGET /hello HTTP/1.1\r\nHost: "
           "xxxxxx\r\n\r\n",
        "HTTP/1.1 400 ");
    assert_int_equal(calls, 0);
}

static void test_the_largest_body(void **state)
{
    size_t size = HTTP_BODY_MAX;
    char *body = malloc(size + 1);

    (void)state;
    memset(body, 'y', size);
    body[size] = '\0';
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n"));
    assert_true(raw_client_send(&client, body, size));
    assert_true(raw_client_hears(&client, body));
    free(body);
}

static void test_what_is_no_http(void **state)
{
    char request[40 * 1024 + 64];

    (void)state;
    serve(4, PATIENT_MS);
    refuse("GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "); /* no Host */
    /* Headers without end. */
    strcpy(request, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
    memset(request + strlen(request), 'x', 40 * 1024);
    request[40 * 1024] = '\0';
    raw_client_open(&client, &loop, path);
    (void)raw_client_say(&client, request);
    assert_true(raw_client_ends(&client));
    assert_int_equal(calls, 0);
}

static void test_pipelining(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /hello?name=1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                        "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"
                                        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                                        "GET /hello?name=2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "hello 1"));
    raw_client_wait(&client, 50);
    assert_null(strstr(client.received, "abc"));
    assert_int_equal(late_count, 1);
    answer_text(late[0], "at last");
    assert_true(raw_client_hears(&client, "hello 2"));
    assert_true(strstr(client.received, "at last") < strstr(client.received, "abc"));
    assert_true(strstr(client.received, "abc") < strstr(client.received, "hello 2"));
}

static void test_others_are_served_while_one_waits(void **state)
{
    static struct raw_client other;

    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    raw_client_wait(&client, 30);
    assert_int_equal(late_count, 1);
    raw_client_open(&other, &loop, path);
    assert_true(raw_client_say(&other, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&other, "hello all"));
    raw_client_close(&other);
    http_answer_error(late[0], 404, "no such \"thing\"");
    assert_true(raw_client_hears(&client, "{\"error\":\"no such \\\"thing\\\"\"}"));
}

static void test_a_client_that_left_before_the_answer(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    raw_client_wait(&client, 30);
    raw_client_close(&client);
    raw_client_wait(&client, 30);
    answer_text(late[0], "too late");
    raw_client_wait(&client, 30);
    raw_client_open(&client, &loop, path);
    assert_true(raw_client_say(&client, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "hello all"));
}

static void test_an_answer_that_does_not_come(void **state)
{
    (void)state;
    serve_and_connect(HURRIED_MS);
    assert_true(raw_client_say(&client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "HTTP/1.1 504 "));
    answer_text(late[0], "too late");
    raw_client_wait(&client, 30);
    assert_null(strstr(client.received, "too late"));
    /* And once more, with the connection gone before. */
    raw_client_close(&client);
    raw_client_open(&client, &loop, path);
    assert_true(raw_client_say(&client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "HTTP/1.1 504 "));
    raw_client_close(&client);
    raw_client_wait(&client, 30);
    answer_text(late[1], "too late");
}

static void test_slow_clients(void **state)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: 1234567890\r\n\r\n";

    (void)state;
    serve_and_connect(HURRIED_MS);
    /* Nothing at all. */
    assert_true(raw_client_ends(&client));
    raw_client_close(&client);
    /* A byte now and then keeps nobody connected. */
    raw_client_open(&client, &loop, path);
    for (size_t i = 0; i + 1 < sizeof(request) && !client.ended; i++) {
        (void)raw_client_send(&client, request + i, 1);
        raw_client_wait(&client, 100);
    }
    assert_true(client.ended);
    assert_int_equal(calls, 0);
}

static void test_a_client_that_does_not_read(void **state)
{
    static const char request[] = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char byte = 'x';
    unsigned ms = 0;

    (void)state;
    serve_and_connect(HURRIED_MS);
    assert_true(send(client.fd, request, strlen(request), MSG_NOSIGNAL) > 0);
    while (send(client.fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && ms < 5000) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        (void)usleep(10000);
        ms += 10;
    }
    assert_true(ms < 5000);
}

static void test_no_more_connections_than_allowed(void **state)
{
    static struct raw_client others[3];

    (void)state;
    serve(2, PATIENT_MS);
    for (size_t i = 0; i < 3; i++) {
        raw_client_open(&others[i], &loop, path);
        assert_true(raw_client_say(&others[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
        raw_client_wait(&others[i], 50);
    }
    assert_non_null(strstr(others[1].received, "hello all"));
    assert_int_equal(others[2].size, 0);
    raw_client_close(&others[0]);
    assert_true(raw_client_hears(&others[2], "hello all"));
    raw_client_close(&others[1]);
    raw_client_close(&others[2]);
}

static void test_the_end_while_somebody_waits(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"
                                        "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    raw_client_wait(&client, 30);
    assert_int_equal(late_count, 1);
    http_server_close(server);
    server = NULL;
    assert_true(raw_client_hears(&client, "HTTP/1.1 503 "));
    assert_true(raw_client_ends(&client));
    assert_int_equal(late_count, 1);
    answer_text(late[0], "too late");
}

static void test_an_idle_server_costs_no_time(void **state)
{
    (void)state;
    serve_and_connect(PATIENT_MS);
    assert_true(raw_client_say(&client, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(raw_client_hears(&client, "hello all"));
    raw_client_close(&client);
    raw_client_wait(&client, 50);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_backend_timeout(&loop), -1); /* nothing but a client wakes it */
}

#define SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER(test_get_and_head),
        SERVER(test_a_post_byte_by_byte),
        SERVER(test_what_it_does_not_serve),
        SERVER(test_bodies_that_it_refuses),
        SERVER(test_the_largest_body),
        SERVER(test_what_is_no_http),
        SERVER(test_pipelining),
        SERVER(test_others_are_served_while_one_waits),
        SERVER(test_a_client_that_left_before_the_answer),
        SERVER(test_an_answer_that_does_not_come),
        SERVER(test_slow_clients),
        SERVER(test_a_client_that_does_not_read),
        SERVER(test_no_more_connections_than_allowed),
        SERVER(test_the_end_while_somebody_waits),
        SERVER(test_an_idle_server_costs_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
