/* The dead man's ping: sent in time while all is well, never otherwise, and no flood of words when it fails.
 */
#include "alerts/heartbeat.h"
#include "base/clock.h"
#include "cmocka_all.h"
#include "log_catcher.h"
#include "loopback_server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL_MS = 100 };

#define OK "HTTP/1.0 200 OK\r\n\r\nOK"

static struct {
    uv_loop_t loop;
    struct http_client *http;
    struct loopback_server server;
    struct activity_list activities;
    int activity;
    struct heartbeat_config config;
    struct heartbeat *heartbeat;
    char url[64];
    struct log_catcher log;
} test;

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    memset(&test, 0, sizeof(test));
    assert_int_equal(uv_loop_init(&test.loop), 0);
    test.http = http_client_new(&test.loop);
    test.activity = activity_add(&test.activities, "core", 60000, clock_boot_ms());
    test.config.interval_ms = INTERVAL_MS;
    test.heartbeat = heartbeat_new(&test.loop, test.http, &test.activities);
    assert_non_null(test.heartbeat);
    log_catcher_open(&test.log);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_catcher_close(&test.log);
    heartbeat_close(test.heartbeat);
    http_client_close(test.http, NULL, NULL);
    if (test.server.loop)
        loopback_close(&test.server);
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&test.loop), 0);
    return 0;
}

static void run_for(uint64_t ms)
{
    uint64_t end_ms = clock_boot_ms() + ms;

    log_catcher_catch(&test.log);
    while (clock_boot_ms() < end_ms) {
        (void)uv_run(&test.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    log_catcher_release(&test.log);
}

/* Runs until the server has had so many requests, or for some seconds. */
static void run_until(size_t requests)
{
    uint64_t end_ms = clock_boot_ms() + 5000;

    while (test.server.requests < requests && clock_boot_ms() < end_ms)
        run_for(1);
    run_for(20); /* for the answer */
    assert_true(test.server.requests >= requests);
}

static void point_to(uint16_t port)
{
    (void)snprintf(test.url, sizeof(test.url), "http://127.0.0.1:%u/ping/s3cret", port);
    test.config.url.value = test.url;
    heartbeat_configure(test.heartbeat, &test.config);
}

static void serve(const struct manners *manners)
{
    loopback_open(&test.server, &test.loop, manners, 1);
    point_to(test.server.port);
}

static const struct manners well[] = {{"GET /ping/s3cret HTTP", MANNER_REPLY_ONCE, OK, 0, 0}};

static void test_the_interval_is_kept(void **state)
{
    uint64_t begin_ms = clock_boot_ms(), took_ms;

    (void)state;
    serve(well);
    run_until(5);
    took_ms = clock_boot_ms() - begin_ms;
    assert_true(took_ms >= 5 * INTERVAL_MS - 10);
    assert_true(test.server.requests <= took_ms / INTERVAL_MS + 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 0);
}

static void test_without_a_url_nothing_is_sent(void **state)
{
    (void)state;
    serve(well);
    run_until(1);
    test.config.url.value = NULL;
    heartbeat_configure(test.heartbeat, &test.config);
    test.server.requests = 0;
    run_for(3 * INTERVAL_MS);
    assert_int_equal(test.server.requests, 0);
}

static void test_a_reload_does_not_put_it_off(void **state)
{
    (void)state;
    serve(well);
    for (int i = 0; i < 30; i++) {
        heartbeat_configure(test.heartbeat, &test.config);
        run_for(INTERVAL_MS / 10);
    }
    assert_true(test.server.requests >= 2);
}

static void test_it_stops_when_an_activity_is_stuck(void **state)
{
    size_t before;

    (void)state;
    serve(well);
    run_until(1);
    activity_set_max_silence(&test.activities, test.activity, 1);
    run_for(INTERVAL_MS);
    before = test.server.requests;
    run_for(5 * INTERVAL_MS);
    assert_int_equal(test.server.requests, before);
    assert_int_equal(log_catcher_count(&test.log, "heartbeat: held back, for core has not completed"), 1);
    activity_set_max_silence(&test.activities, test.activity, 60000);
    run_until(before + 2);
    assert_int_equal(log_catcher_count(&test.log, "heartbeat: goes on"), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 2);
}

static void test_a_bad_status_is_told_once(void **state)
{
    static struct manners manners[] = {{"", MANNER_REPLY_ONCE, "HTTP/1.0 500 No\r\n\r\n", 0, 0}};
    char again[64];
    size_t failed;

    (void)state;
    serve(manners);
    run_until(4);
    assert_int_equal(log_catcher_count(&test.log, "not delivered (HTTP status 500)"), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 1);
    failed = test.server.requests;
    manners[0].reply = OK;
    run_until(failed + 2);
    (void)snprintf(again, sizeof(again), "delivered again, after %zu that were not", failed);
    assert_int_equal(log_catcher_count(&test.log, again), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 2);
    assert_int_equal(log_catcher_count(&test.log, "s3cret"), 0);
}

static void test_nobody_is_there(void **state)
{
    (void)state;
    point_to(loopback_free_port());
    run_for(4 * INTERVAL_MS);
    assert_int_equal(log_catcher_count(&test.log, "not delivered (refused)"), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 1);
    assert_int_equal(log_catcher_count(&test.log, "s3cret"), 0);
}

static void test_redirects_are_not_followed(void **state)
{
    static const struct manners manners[] = {
        {"", MANNER_REPLY_ONCE, "HTTP/1.0 302 Found\r\nLocation: /elsewhere\r\n\r\n", 0, 0}};

    (void)state;
    serve(manners);
    run_until(3);
    assert_non_null(strstr(test.server.last_request, "GET /ping/s3cret HTTP"));
    assert_int_equal(log_catcher_count(&test.log, "HTTP status 302"), 1);
    assert_int_equal(log_catcher_count(&test.log, "\n"), 1);
}

/* One after the other, however slow the answers are; and the end does not wait for one. */
static void test_no_two_at_the_same_time(void **state)
{
    static const struct manners manners[] = {{"", MANNER_SILENT, "", 0, 0}};

    (void)state;
    serve(manners);
    run_until(1);
    run_for(5 * INTERVAL_MS);
    assert_int_equal(test.server.connections, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_interval_is_kept),
        TEST(test_without_a_url_nothing_is_sent),
        TEST(test_a_reload_does_not_put_it_off),
        TEST(test_it_stops_when_an_activity_is_stuck),
        TEST(test_a_bad_status_is_told_once),
        TEST(test_nobody_is_there),
        TEST(test_redirects_are_not_followed),
        TEST(test_no_two_at_the_same_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
