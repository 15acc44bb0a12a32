/* The AMQP probe against live, hung, absent and foreign servers. */
#include "cmocka_all.h"
#include "probe_fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { TIMEOUT_MS = 5000, BRIEF_MS = 300, TLS_BRIEF_MS = 1500 };

static const char start_frame[] = "\1\0\0\0\0\1\370\0\12\0\12\0\11\0\0\1\311\14capabilities";

static void expect(bool deep, enum probe_result result)
{
    probe_fixture_expect(&probe_amqp_ops, deep, TIMEOUT_MS, result);
}

/* Everybody has to leave with a FIN, whatever happened. */
static void expect_clean_end(void)
{
    probe_fixture_run_for(50);
    assert_int_equal(fixture.server.connections, 1);
    assert_int_equal(fixture.server.clean_ends, 1);
    assert_int_equal(fixture.server.resets, 0);
}

static void test_connection_alone(void **state)
{
    (void)state;
    probe_fixture_serve(NULL, 0);
    expect(false, PROBE_RESULT_OK);
    expect_clean_end();
    assert_int_equal(fixture.server.requests, 0);
}

static void test_deep(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY, start_frame, sizeof start_frame - 1, 0}};

    (void)state;
    probe_fixture_serve(manners, 1);
    expect(true, PROBE_RESULT_OK);
    expect_clean_end();
    assert_memory_equal(fixture.server.last_request, "AMQP\0\0\11\1", 9);
}

/* More than one read takes: the rest must not turn the goodbye into a reset. */
static void test_deep_with_a_long_answer(void **state)
{
    static char answer[100000];
    static const struct manners manners[] = {{"", MANNER_REPLY, answer, sizeof answer, 0}};

    (void)state;
    memcpy(answer, start_frame, sizeof start_frame);
    probe_fixture_serve(manners, 1);
    expect(true, PROBE_RESULT_OK);
    expect_clean_end();
}

static void test_deep_answers(void **state)
{
    static const struct {
        struct manners manners;
        enum probe_result result;
    } cases[] = {
        {{"", MANNER_REPLY_ONCE, "AMQP\0\0\11\1", 8, 0}, PROBE_RESULT_OK},
        {{"", MANNER_REPLY_ONCE, "AMQP\3\1\0\0", 8, 0}, PROBE_RESULT_OK},
        {{"", MANNER_DRIP, "\1\0\0\0\0\1\370\0\12\0\12", 11, 100}, PROBE_RESULT_OK},
        {{"", MANNER_REPLY, "HTTP/1.1 400 Bad Request\r\n\r\n", 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY, "\25\3\3\0\2\2\26", 7, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_FLOOD, "GARBAGE", 0, 0}, PROBE_RESULT_BAD_REPLY},
        {{"", MANNER_REPLY_ONCE, "\1\0\0", 3, 0}, PROBE_RESULT_CLOSED},
        {{"", MANNER_CLOSE, NULL, 0, 0}, PROBE_RESULT_CLOSED},
        {{"", MANNER_RESET, NULL, 0, 0}, PROBE_RESULT_CLOSED},
    };
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(cases); i++) {
        probe_fixture_serve(&cases[i].manners, 1);
        expect(true, cases[i].result);
        loopback_close(&fixture.server);
        probe_fixture_run_for(30);
    }
    fixture.server.loop = NULL;
}

static void test_silence_after_the_connection(void **state)
{
    static const struct manners manners[] = {{"", MANNER_SILENT, NULL, 0, 0}};

    (void)state;
    probe_fixture_serve(manners, 1);
    probe_fixture_expect(&probe_amqp_ops, true, BRIEF_MS, PROBE_RESULT_SILENT);
    assert_true(fixture.took_ms >= BRIEF_MS - 5);
    expect_clean_end();
}

/* A hung broker: its kernel goes on to accept. */
static void test_hung_broker(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    probe_fixture_point_to(port);
    expect(false, PROBE_RESULT_OK);
    probe_fixture_expect(&probe_amqp_ops, true, BRIEF_MS, PROBE_RESULT_SILENT);
    close(fd);
}

/* The listen queue is full: the kernel does not answer any more. */
static void test_hung_broker_with_a_full_queue(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd, fillers[8];
    uint16_t port;
    size_t i;

    (void)state;
    fd = silent_port_open(&port);
    assert_int_equal(listen(fd, 0), 0);
    address.sin_port = htons(port);
    for (i = 0; i < LENGTH(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    probe_fixture_point_to(port);
    probe_fixture_expect(&probe_amqp_ops, false, BRIEF_MS, PROBE_RESULT_TIMED_OUT);
    for (i = 0; i < LENGTH(fillers); i++)
        close(fillers[i]);
    close(fd);
}

static void test_refused(void **state)
{
    (void)state;
    probe_fixture_point_to(loopback_free_port());
    expect(false, PROBE_RESULT_REFUSED);
    expect(true, PROBE_RESULT_REFUSED);
    assert_true(fixture.took_ms < 500);
}

static void test_unreachable(void **state)
{
    (void)state;
    /* Multicast: no kernel connects there, whatever its routes are. */
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "224.0.0.1");
    fixture.target.amqp_port = 5672;
    expect(false, PROBE_RESULT_UNREACHABLE);
}

static void test_unknown_host(void **state)
{
    (void)state;
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "no-such-host.invalid");
    fixture.target.amqp_port = 5672;
    probe_fixture_expect(&probe_amqp_ops, true, 30000, PROBE_RESULT_UNKNOWN_HOST);
}

static void test_name_of_a_host(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY, start_frame, sizeof start_frame - 1, 0}};
    int i;

    (void)state;
    probe_fixture_serve(manners, 1);
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "localhost");
    for (i = 0; i < 3; i++)
        expect(true, PROBE_RESULT_OK);
    assert_int_equal(fixture.server.connections, 3);
}

static void test_no_descriptors_left(void **state)
{
    struct rlimit before, none;

    (void)state;
    probe_fixture_serve(NULL, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(probe_fixture_start(&probe_amqp_ops, true, TIMEOUT_MS), 0);
    while (fixture.calls == 0)
        (void)uv_run(&fixture.loop, UV_RUN_ONCE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(fixture.result, PROBE_RESULT_OWN_TROUBLE);
}

static void test_cancel(void **state)
{
    static const struct manners manners[] = {{"", MANNER_SILENT, NULL, 0, 0}};

    (void)state;
    probe_fixture_serve(manners, 1);
    assert_int_equal(probe_fixture_start(&probe_amqp_ops, true, BRIEF_MS), 0);
    probe_amqp_ops.cancel(&fixture.probe);
    probe_amqp_ops.cancel(&fixture.probe);
    probe_fixture_run_for(50);
    assert_int_equal(probe_fixture_start(&probe_amqp_ops, true, BRIEF_MS), 0);
    probe_fixture_run_for(100);
    probe_amqp_ops.cancel(&fixture.probe);
    probe_fixture_run_for(BRIEF_MS + 100);
    assert_int_equal(fixture.calls, 0);
    assert_int_equal(fixture.server.resets, 0);
}

static void test_cancel_while_the_name_is_looked_up(void **state)
{
    (void)state;
    (void)snprintf(fixture.target.host, sizeof fixture.target.host, "localhost");
    fixture.target.amqp_port = 5672;
    assert_int_equal(probe_fixture_start(&probe_amqp_ops, true, BRIEF_MS), 0);
    probe_amqp_ops.cancel(&fixture.probe);
    probe_fixture_run_for(BRIEF_MS + 100);
    assert_int_equal(fixture.calls, 0);
}

static void test_tls_port_without_tls(void **state)
{
    static const struct manners manners[] = {{"", MANNER_REPLY_ONCE, "AMQP\0\0\11\1", 8, 0}};

    (void)state;
    fixture.config.amqp.tls = true;
    probe_fixture_serve(manners, 1);
    expect(false, PROBE_RESULT_OK);
    expect(true, PROBE_RESULT_BAD_REPLY);
}

static void test_tls_port_that_hangs(void **state)
{
    uint16_t port;
    int fd = silent_port_open(&port);

    (void)state;
    fixture.config.amqp.tls = true;
    probe_fixture_point_to(port);
    probe_fixture_expect(&probe_amqp_ops, true, TLS_BRIEF_MS, PROBE_RESULT_SILENT);
    close(fd);
    probe_fixture_point_to(loopback_free_port());
    expect(true, PROBE_RESULT_REFUSED);
}

static uv_process_t tls_server;
static bool tls_server_runs;

static void on_tls_server_exit(uv_process_t *process, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    tls_server_runs = false;
    uv_close((uv_handle_t *)process, NULL);
}

static void test_tls(void **state)
{
    char folder[] = "/tmp/rmqwatch-tls-XXXXXX", command[600], port_word[16], cert[64], key[64];
    char *argv[] = {(char[]){"openssl"}, (char[]){"s_server"}, (char[]){"-quiet"}, (char[]){"-accept"},
        port_word, (char[]){"-cert"}, cert, (char[]){"-key"}, key, NULL};
    uint16_t port = loopback_free_port();
    const uv_process_options_t options = {.file = "openssl", .args = argv, .exit_cb = on_tls_server_exit};
    int tries;

    (void)state;
    if (system("command -v openssl >/dev/null") != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    (void)snprintf(command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=broker "
        "-addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s 2>/dev/null",
        key, cert);
    assert_int_equal(system(command), 0);
    (void)snprintf(port_word, sizeof port_word, "127.0.0.1:%u", port);
    assert_int_equal(uv_spawn(&fixture.loop, &tls_server, &options), 0);
    tls_server_runs = true;
    fixture.config.amqp.tls = true;
    fixture.config.amqp.ca_file = cert;
    probe_fixture_point_to(port);
    fixture.result = PROBE_RESULT_COUNT;
    for (tries = 0; tries < 50 && fixture.result != PROBE_RESULT_OK; tries++) {
        probe_fixture_run_for(50);
        fixture.result = PROBE_RESULT_COUNT;
        assert_int_equal(probe_fixture_start(&probe_amqp_ops, false, TIMEOUT_MS), 0);
        while (fixture.calls == 0)
            (void)uv_run(&fixture.loop, UV_RUN_ONCE);
    }
    expect(true, PROBE_RESULT_OK);
    fixture.config.amqp.ca_file = NULL;
    expect(true, PROBE_RESULT_TLS_TRUST);
    (void)unlink(cert);
    (void)unlink(key);
    (void)rmdir(folder);
}

static int teardown_tls(void **state)
{
    if (tls_server_runs)
        assert_int_equal(uv_process_kill(&tls_server, SIGKILL), 0);
    return probe_fixture_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, probe_fixture_setup, probe_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_connection_alone),
        TEST(test_deep),
        TEST(test_deep_with_a_long_answer),
        TEST(test_deep_answers),
        TEST(test_silence_after_the_connection),
        TEST(test_hung_broker),
        TEST(test_hung_broker_with_a_full_queue),
        TEST(test_refused),
        TEST(test_unreachable),
        TEST(test_unknown_host),
        TEST(test_name_of_a_host),
        TEST(test_no_descriptors_left),
        TEST(test_cancel),
        TEST(test_cancel_while_the_name_is_looked_up),
        TEST(test_tls_port_without_tls),
        TEST(test_tls_port_that_hangs),
        cmocka_unit_test_setup_teardown(test_tls, probe_fixture_setup, teardown_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
