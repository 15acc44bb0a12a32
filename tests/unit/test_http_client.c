/* The HTTP client against servers that misbehave. */
#include "cmocka_all.h"
#include "http/client.h"
#include "loopback_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { SOON_MS = 1500, BRIEF_MS = 300, TLS_MS = 10000 };

struct seen {
    unsigned calls;
    struct http_reply reply;
    char body[8192];
};

static uv_loop_t loop;
static struct http_client *client;
static struct loopback_server server;
static bool client_closed;
static struct seen seen;
static char url[128];

static void on_client_closed(void *context)
{
    *(bool *)context = true;
}

static void on_done(void *context, const struct http_reply *reply)
{
    struct seen *into = context;

    into->calls++;
    into->reply = *reply;
    into->reply.body = NULL;
    assert_true(strlen(reply->body) <= reply->body_size);
    (void)snprintf(into->body, sizeof into->body, "%s", reply->body);
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&loop), 0);
    client = http_client_new(&loop);
    assert_non_null(client);
    memset(&seen, 0, sizeof seen);
    client_closed = false;
    server.loop = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (client)
        http_client_close(client, on_client_closed, &client_closed);
    if (server.loop)
        loopback_close(&server);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_true(client_closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void serve(const struct manners *manners, size_t count)
{
    loopback_open(&server, &loop, manners, count);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/api", server.port);
}

static void start(const struct http_request *request)
{
    unsigned before = seen.calls;

    assert_int_equal(http_client_start(client, request, on_done, &seen, NULL), 0);
    assert_int_equal(seen.calls, before);
}

static void run_until_done(void)
{
    unsigned before = seen.calls;

    while (seen.calls == before)
        assert_true(uv_run(&loop, UV_RUN_ONCE) != 0 || seen.calls != before);
}

static void run_for(uint64_t ms)
{
    uint64_t end = uv_hrtime() / 1000000 + ms;

    while (uv_hrtime() / 1000000 < end) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}

static enum http_result get(bool fresh, uint64_t timeout_ms)
{
    start(&(struct http_request){.url = url, .timeout_ms = timeout_ms, .fresh = fresh});
    run_until_done();
    return seen.reply.result;
}

static void test_get(void **state)
{
    static const struct manners manners[] = {
        {"GET /api ", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 0}};
    static const char *const headers[] = {"timeout: 5000"};

    (void)state;
    serve(manners, LENGTH(manners));
    start(&(struct http_request){.url = url,
        .timeout_ms = SOON_MS,
        .headers = headers,
        .header_count = 1,
        .username = "watch",
        .password = "secret"});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    assert_int_equal(seen.reply.status, 200);
    assert_true(seen.reply.connected);
    assert_string_equal(seen.body, "hello");
    assert_int_equal(seen.reply.body_size, 5);
    assert_non_null(strstr(server.last_request, "\r\ntimeout: 5000\r\n"));
    assert_non_null(strstr(server.last_request, "\r\nAuthorization: Basic d2F0Y2g6c2VjcmV0\r\n"));
    assert_null(strstr(server.last_request, "Accept-Encoding"));
}

static void test_post(void **state)
{
    static const struct manners manners[] = {
        {"POST /api ", MANNER_REPLY, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    start(&(struct http_request){.method = HTTP_POST,
        .url = url,
        .body = "{\"a\":1}",
        .body_size = 7,
        .content_type = "application/json",
        .timeout_ms = SOON_MS});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    assert_int_equal(seen.reply.status, 404);
    assert_string_equal(seen.body, "no");
    assert_non_null(strstr(server.last_request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.last_request, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(server.last_request, "Expect:"));
}

static void test_environment_proxy_and_redirect_are_ignored(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY,
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(get(true, SOON_MS), HTTP_RESULT_OK);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(seen.reply.status, 302);
}

static void test_refused(void **state)
{
    (void)state;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", loopback_free_port());
    assert_int_equal(get(true, SOON_MS), HTTP_RESULT_REFUSED);
    assert_false(seen.reply.connected);
}

static void test_accepted_by_the_kernel_alone(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    assert_int_equal(get(true, BRIEF_MS), HTTP_RESULT_TIMED_OUT);
    assert_true(seen.reply.connected);
    assert_in_range(seen.reply.total_ms, BRIEF_MS - 10, BRIEF_MS + 500);
    close(fd);
}

static void test_endings_without_an_answer(void **state)
{
    static const struct manners manners[] = {
        {"close", MANNER_CLOSE, NULL, 0, 0},
        {"reset", MANNER_RESET, NULL, 0, 0},
        {"cut", MANNER_REPLY_ONCE, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this", 0, 0},
        {"header", MANNER_REPLY_ONCE, "HTTP/1.1 200 OK\r\nContent-Le", 0, 0},
        {"chunk", MANNER_REPLY_ONCE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc", 0, 0},
        {"other", MANNER_REPLY_ONCE, "AMQP\1\1\1\1 and more of it, which is not HTTP\r\n\r\n", 0, 0},
    };
    size_t i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < LENGTH(manners); i++) {
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", server.port, manners[i].part);
        assert_int_equal(get(true, SOON_MS), i == 5 ? HTTP_RESULT_BAD_REPLY : HTTP_RESULT_CLOSED);
        assert_true(seen.reply.connected);
        assert_true(seen.reply.total_ms < SOON_MS - 100);
    }
}

static void test_too_much(void **state)
{
    static const struct manners manners[] = {
        {"length", MANNER_FLOOD, "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n", 0, 0},
        {"until-close", MANNER_FLOOD, "HTTP/1.1 200 OK\r\n\r\n", 0, 0},
        {"headers", MANNER_FLOOD, "HTTP/1.1 200 OK\r\nX: ", 0, 0},
    };
    size_t i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < LENGTH(manners); i++) {
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", server.port, manners[i].part);
        start(&(struct http_request){
            .url = url, .timeout_ms = SOON_MS, .fresh = true, .max_reply_bytes = 1000});
        run_until_done();
        assert_int_equal(seen.reply.result, HTTP_RESULT_TOO_LARGE);
        assert_int_equal(seen.reply.body_size, i < 2 ? 1000 : 0);
    }
}

static void test_exactly_as_much_as_allowed(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    start(&(struct http_request){.url = url, .timeout_ms = SOON_MS, .max_reply_bytes = 5});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    start(&(struct http_request){.url = url, .timeout_ms = SOON_MS, .max_reply_bytes = 4});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_TOO_LARGE);
    assert_string_equal(seen.body, "hell");
}

static void test_slow_drip_ends_by_the_total_deadline(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_DRIP, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    assert_int_equal(get(true, BRIEF_MS), HTTP_RESULT_TIMED_OUT);
    assert_in_range(seen.reply.total_ms, BRIEF_MS - 10, BRIEF_MS + 500);
}

static void test_connections_are_kept_or_fresh(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};
    int i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < 3; i++)
        assert_int_equal(get(false, SOON_MS), HTTP_RESULT_OK);
    assert_int_equal(server.connections, 1);
    for (i = 0; i < 3; i++)
        assert_int_equal(get(true, SOON_MS), HTTP_RESULT_OK);
    assert_int_equal(server.connections, 4);
    run_for(50);
    assert_int_equal(server.clean_ends, 3);
    assert_int_equal(server.resets, 0);
}

static void test_kept_connection_that_falls_silent(void **state)
{
    static struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    assert_int_equal(get(false, SOON_MS), HTTP_RESULT_OK);
    manners[0].manner = MANNER_SILENT;
    assert_int_equal(get(false, BRIEF_MS), HTTP_RESULT_TIMED_OUT);
    assert_int_equal(server.connections, 1);
    assert_true(seen.reply.connected);
    manners[0].manner = MANNER_REPLY;
}

static void test_kept_connection_that_was_closed_meanwhile(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY_ONCE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};
    int i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < 3; i++) {
        assert_int_equal(get(false, SOON_MS), HTTP_RESULT_OK);
        run_for(20);
    }
    assert_int_equal(server.connections, 3);
}

static void test_retry_after(void **state)
{
    static char dated[160];
    static struct manners manners[] = {
        {"/seconds", MANNER_REPLY, "HTTP/1.1 429 Slow\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n", 0, 0},
        {"/date", MANNER_REPLY, dated, 0, 0},
        {"/absurd", MANNER_REPLY,
            "HTTP/1.1 429 Slow\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n", 0, 0},
        {"/words", MANNER_REPLY, "HTTP/1.1 429 Slow\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 0, 0},
    };
    time_t then = time(NULL) + 60;
    char date[64];
    size_t i;

    (void)state;
    assert_true(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&then)) > 0);
    (void)snprintf(
        dated, sizeof dated, "HTTP/1.1 429 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
    serve(manners, LENGTH(manners));
    for (i = 0; i < LENGTH(manners); i++) {
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server.port, manners[i].part);
        assert_int_equal(get(false, SOON_MS), HTTP_RESULT_OK);
        assert_int_equal(seen.reply.status, 429);
        if (i == 0)
            assert_int_equal(seen.reply.retry_after_ms, 30000);
        else if (i == 1)
            assert_in_range(seen.reply.retry_after_ms, 55000, 61000);
        else if (i == 2)
            assert_int_equal(seen.reply.retry_after_ms, 21600000);
        else
            assert_int_equal(seen.reply.retry_after_ms, 0);
    }
}

static void test_unknown_host(void **state)
{
    (void)state;
    (void)snprintf(url, sizeof url, "http://no-such-host.invalid:15672/");
    assert_int_equal(get(true, 30000), HTTP_RESULT_UNKNOWN_HOST);
    assert_false(seen.reply.connected);
}

static void test_given_addresses_are_used(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    (void)snprintf(url, sizeof url, "http://no-such-host.invalid:%u/", server.port);
    start(&(struct http_request){
        .url = url, .addresses = "::1,127.0.0.1", .timeout_ms = SOON_MS, .fresh = true});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    assert_non_null(strstr(server.last_request, "\r\nHost: no-such-host.invalid:"));
    start(&(struct http_request){.url = url, .addresses = "127.0.0.2", .timeout_ms = SOON_MS, .fresh = true});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_REFUSED);
}

static void test_no_descriptors_left(void **state)
{
    struct rlimit before, none;

    (void)state;
    serve(NULL, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum http_result result = get(true, SOON_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, HTTP_RESULT_OWN_TROUBLE);
}

static void test_sockets_are_not_inherited(void **state)
{
    static const struct manners manners[] = {{"", MANNER_SILENT, NULL, 0, 0}};
    struct sockaddr_in address;
    socklen_t size;
    int fd, found = 0;

    (void)state;
    serve(manners, LENGTH(manners));
    start(&(struct http_request){.url = url, .timeout_ms = SOON_MS, .fresh = true});
    run_for(100);
    for (fd = 3; fd < 100; fd++) {
        size = sizeof address;
        if (getpeername(fd, (struct sockaddr *)&address, &size) < 0 || address.sin_family != AF_INET)
            continue;
        found++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(found, 2); /* both ends */
}

static void test_tls_against_a_plain_port(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY_ONCE, "AMQP\0\0\11\1", 8, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", server.port);
    start(&(struct http_request){.method = HTTP_CONNECT, .url = url, .timeout_ms = TLS_MS, .fresh = true});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_BAD_REPLY);
    start(&(struct http_request){.method = HTTP_CONNECT,
        .url = url,
        .ca_file = "/nonexistent/ca.pem",
        .timeout_ms = TLS_MS,
        .fresh = true});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_TLS_TRUST);
}

static void test_connect_only(void **state)
{
    (void)state;
    serve(NULL, 0);
    start(&(struct http_request){.method = HTTP_CONNECT, .url = url, .timeout_ms = SOON_MS, .fresh = true});
    run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    run_for(50);
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.clean_ends, 1);
    assert_int_equal(server.requests, 0);
}

static void test_requests_that_make_no_sense(void **state)
{
    static const char *const bad_headers[] = {"X: a\r\nY: b"};
    static const char *const bad_recipients[] = {"a@example.org>\r\nDATA"};
    const struct http_request requests[] = {
        {.timeout_ms = 10},
        {.url = "http://127.0.0.1/"},
        {.url = "http://127.0.0.1/\r\n", .timeout_ms = 10},
        {.url = "http://user:password@127.0.0.1/", .timeout_ms = 10},
        {.url = "not a url", .timeout_ms = 10},
        {.url = "http://127.0.0.1/", .timeout_ms = 10, .headers = bad_headers, .header_count = 1},
        {.url = "http://127.0.0.1/", .timeout_ms = 10, .username = "a\nb"},
        {.method = HTTP_MAIL, .url = "smtp://127.0.0.1/", .timeout_ms = 10},
        {.method = HTTP_MAIL,
            .url = "smtp://127.0.0.1/",
            .timeout_ms = 10,
            .mail_from = "a@example.org",
            .recipients = bad_recipients,
            .recipient_count = 1},
    };
    struct http_transfer *transfer = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(requests); i++)
        assert_int_equal(http_client_start(client, &requests[i], on_done, &seen, &transfer), -EINVAL);
    assert_null(transfer);
    run_for(30);
    assert_int_equal(seen.calls, 0);
}

static void test_other_protocols_are_not_spoken(void **state)
{
    (void)state;
    (void)snprintf(url, sizeof url, "file:///etc/passwd");
    assert_int_not_equal(get(true, SOON_MS), HTTP_RESULT_OK);
    assert_int_equal(seen.reply.body_size, 0);
}

static void test_cancel(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 50}};
    struct http_transfer *transfer;

    (void)state;
    serve(manners, LENGTH(manners));
    assert_int_equal(http_client_start(client, &(struct http_request){.url = url, .timeout_ms = BRIEF_MS},
                         on_done, &seen, &transfer),
        0);
    http_client_cancel(transfer);
    assert_int_equal(http_client_start(client, &(struct http_request){.url = url, .timeout_ms = BRIEF_MS},
                         on_done, &seen, &transfer),
        0);
    run_for(20);
    http_client_cancel(transfer);
    http_client_cancel(NULL);
    run_for(BRIEF_MS + 100);
    assert_int_equal(seen.calls, 0);
}

static void on_done_start_again(void *context, const struct http_reply *reply)
{
    on_done(context, reply);
    if (seen.calls < 3)
        assert_int_equal(http_client_start(client, &(struct http_request){.url = url, .timeout_ms = SOON_MS},
                             on_done_start_again, &seen, NULL),
            0);
}

static void test_start_from_within_done(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0}};

    (void)state;
    serve(manners, LENGTH(manners));
    assert_int_equal(http_client_start(client, &(struct http_request){.url = url, .timeout_ms = SOON_MS},
                         on_done_start_again, &seen, NULL),
        0);
    while (seen.calls < 3)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
}

static void on_done_close(void *context, const struct http_reply *reply)
{
    on_done(context, reply);
    http_client_close(client, on_client_closed, &client_closed);
    assert_int_equal(http_client_start(client, &(struct http_request){.url = url, .timeout_ms = SOON_MS},
                         on_done, &seen, NULL),
        -ECANCELED);
    client = NULL;
}

static void test_close_from_within_done_with_others_running(void **state)
{
    static const struct manners manners[] = {
        {"quick", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 0},
        {"", MANNER_SILENT, NULL, 0, 0}};
    char quick[160];
    int i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < 5; i++)
        start(&(struct http_request){.url = url, .timeout_ms = SOON_MS, .fresh = true});
    run_for(50);
    (void)snprintf(quick, sizeof quick, "%s/quick", url);
    assert_int_equal(http_client_start(client, &(struct http_request){.url = quick, .timeout_ms = SOON_MS},
                         on_done_close, &seen, NULL),
        0);
    run_until_done();
    run_for(50);
    assert_true(client_closed);
    assert_int_equal(seen.calls, 1);
}

static void test_many_at_once(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, 20}};
    int i;

    (void)state;
    serve(manners, LENGTH(manners));
    for (i = 0; i < 40; i++)
        start(&(struct http_request){.url = url, .timeout_ms = SOON_MS, .fresh = i % 2 == 0});
    while (seen.calls < 40)
        run_until_done();
    assert_int_equal(seen.reply.result, HTTP_RESULT_OK);
    assert_int_equal(server.resets, 0);
}

static void test_close_accepts_null(void **state)
{
    bool closed = false;

    (void)state;
    http_client_close(NULL, on_client_closed, &closed);
    assert_true(closed);
    http_client_close(NULL, NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get),
        TEST(test_post),
        TEST(test_environment_proxy_and_redirect_are_ignored),
        TEST(test_refused),
        TEST(test_accepted_by_the_kernel_alone),
        TEST(test_endings_without_an_answer),
        TEST(test_too_much),
        TEST(test_exactly_as_much_as_allowed),
        TEST(test_slow_drip_ends_by_the_total_deadline),
        TEST(test_connections_are_kept_or_fresh),
        TEST(test_kept_connection_that_falls_silent),
        TEST(test_kept_connection_that_was_closed_meanwhile),
        TEST(test_retry_after),
        TEST(test_unknown_host),
        TEST(test_given_addresses_are_used),
        TEST(test_no_descriptors_left),
        TEST(test_sockets_are_not_inherited),
        TEST(test_tls_against_a_plain_port),
        TEST(test_connect_only),
        TEST(test_requests_that_make_no_sense),
        TEST(test_other_protocols_are_not_spoken),
        TEST(test_cancel),
        TEST(test_start_from_within_done),
        TEST(test_close_from_within_done_with_others_running),
        TEST(test_many_at_once),
        cmocka_unit_test(test_close_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
