/* What the whole network may ask: one page, read-only, bounded; and a port that cannot be had does no harm.
 */
#include "cmocka_all.h"
#include "control/public.h"
#include "core_story.h"
#include "log_catcher.h"
#include "loopback_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 3000, RETRY_MS = 40 };

static struct {
    uv_loop_t loop;
    struct story story;
    struct public *public;
    uint16_t port;
    struct log_catcher log;
    char answer[4096];
} test;

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&test.loop), 0);
    story_begin(&test.story);
    test.public = public_new(&test.loop, &test.story.core, RETRY_MS);
    assert_non_null(test.public);
    test.port = loopback_free_port();
    log_catcher_open(&test.log);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    public_close(test.public);
    log_catcher_close(&test.log);
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&test.loop), 0);
    return 0;
}

static void listen_on(const char *host)
{
    char address[64] = "";

    if (host)
        (void)snprintf(address, sizeof(address), "%s:%u", host, test.port);
    log_catcher_catch(&test.log);
    public_listen(test.public, address);
    log_catcher_release(&test.log);
}

static void turn(unsigned ms)
{
    log_catcher_catch(&test.log);
    for (unsigned i = 0; i < ms; i++) {
        (void)uv_run(&test.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    log_catcher_release(&test.log);
}

/* A connected socket, or a negative errno. */
static int dial(const char *host)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(test.port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(test.port)};
    bool is_v6 = strchr(host, ':') != NULL;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

    if (fd < 0)
        return -errno;
    assert_int_equal(
        inet_pton(is_v6 ? AF_INET6 : AF_INET, host, is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr), 1);
    r = is_v6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
              : connect(fd, (struct sockaddr *)&v4, sizeof(v4));
    if (r == 0)
        return fd;
    r = -errno;
    close(fd);
    return r;
}

/* Sends REQUEST, and reads until the other side closes. */
static const char *ask(const char *host, const char *request)
{
    int fd = dial(host);
    size_t size = 0;
    ssize_t got = 1;

    assert_true(fd >= 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    for (int waited = 0; waited < PATIENCE_MS && got != 0 && size < sizeof(test.answer) - 1; waited++) {
        turn(1);
        got = recv(fd, test.answer + size, sizeof(test.answer) - 1 - size, MSG_DONTWAIT);
        size += got > 0 ? (size_t)got : 0;
    }
    test.answer[size] = '\0';
    close(fd);
    return test.answer;
}

#define GET(page) "GET " page " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void test_health(void **state)
{
    const char *answer;

    (void)state;
    listen_on("127.0.0.1");
    answer = ask("127.0.0.1", GET("/health"));
    assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(answer,
        "\r\n\r\n{\"node\":\"rabbit@a\",\"version\":\"" RMQWATCH_VERSION "\",\"state\":\"watching\"}"));
    story_crash(&test.story);
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), "\"state\":\"starting\""));
    assert_int_equal(log_catcher_count(&test.log, "\n"), 0);
}

static void test_nothing_else_can_be_had(void **state)
{
    static const struct {
        const char *request, *status;
    } others[] = {
        {GET("/"), " 404 "},
        {GET("/v1/status"), " 404 "},
        {GET("/health/"), " 404 "},
        {GET("/../health"), " 404 "},
        {"POST /v1/hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", " 404 "},
        {"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", " 405 "},
        {"DELETE /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", " 405 "},
        {"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", " 400 "},
    };

    (void)state;
    listen_on("127.0.0.1");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *answer = ask("127.0.0.1", others[i].request);

        if (!strstr(answer, others[i].status) || strstr(answer, "rabbit@"))
            fail_msg("%s: %s", others[i].request, answer);
    }
}

static void test_all_addresses(void **state)
{
    int fd;

    (void)state;
    listen_on("*");
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), " 200 "));
    fd = dial("::1");
    if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT)
        return; /* a machine without IPv6: then that is all */
    assert_true(fd >= 0);
    close(fd);
    assert_non_null(strstr(ask("::1", GET("/health")), " 200 "));
    listen_on("[::1]");
    assert_non_null(strstr(ask("::1", GET("/health")), " 200 "));
    assert_int_equal(dial("127.0.0.1"), -ECONNREFUSED);
}

static void test_switched_off_and_on(void **state)
{
    (void)state;
    listen_on(NULL);
    assert_int_equal(dial("127.0.0.1"), -ECONNREFUSED);
    listen_on("127.0.0.1");
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), " 200 "));
    listen_on("127.0.0.1"); /* a reload that changes nothing */
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), " 200 "));
    listen_on(NULL);
    assert_int_equal(dial("127.0.0.1"), -ECONNREFUSED);
}

static void test_a_port_in_use_is_told_once(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(test.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    listen_on("127.0.0.1");
    listen_on("127.0.0.1");
    turn(5 * RETRY_MS);
    assert_int_equal(log_catcher_count(&test.log, "cannot listen there (Address already in use)"), 1);
    assert_int_equal(log_catcher_count(&test.log, "agents.listen"), 1);
    close(fd);
    turn(5 * RETRY_MS);
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), " 200 "));
    assert_int_equal(log_catcher_count(&test.log, "listening now"), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 2);
}

/* Somebody who opens connections and says nothing has a few of them, and the others are served. */
static void test_one_address_has_a_few_connections(void **state)
{
    int fds[16];
    unsigned open = 0;

    (void)state;
    listen_on("*");
    for (size_t i = 0; i < 16; i++) {
        fds[i] = dial("127.0.0.1");
        assert_true(fds[i] >= 0);
        turn(5);
    }
    turn(50);
    for (size_t i = 0; i < 16; i++) {
        struct pollfd end = {.fd = fds[i], .events = POLLIN};

        open += poll(&end, 1, 0) == 0;
    }
    assert_int_equal(open, 8);
    for (size_t i = 0; i < 16; i++)
        close(fds[i]);
    turn(50);
    assert_non_null(strstr(ask("127.0.0.1", GET("/health")), " 200 "));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_health),
        TEST(test_nothing_else_can_be_had),
        TEST(test_all_addresses),
        TEST(test_switched_off_and_on),
        TEST(test_a_port_in_use_is_told_once),
        TEST(test_one_address_has_a_few_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
