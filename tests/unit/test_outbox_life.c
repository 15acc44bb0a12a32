/* The outbox over its life: reload, outage, the way down. */
#include "base/clock.h"
#include "cmocka_all.h"
#include "outbox_fixture.h"

#include <stdio.h>
#include <string.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct outbox_fixture fixture;
static struct scripted_server server;

static uint64_t flush(uint64_t timeout_ms)
{
    uint64_t start_ms = clock_boot_ms();
    size_t done = fixture.done;

    outbox_flush_then(fixture.outbox, timeout_ms, outbox_fixture_done, &fixture);
    assert_int_equal(fixture.done, done); /* never from within */
    outbox_fixture_wait(&fixture, &fixture.done, done + 1);
    return clock_boot_ms() - start_ms;
}

static void wait_for_retries(uint64_t wanted)
{
    while (outbox_fixture_counts(&fixture).retries < wanted)
        outbox_fixture_run_ms(&fixture, 5);
}

static void test_reload_keeps_what_waits(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    outbox_fixture_channel(&fixture, "slack", "ops", server_free_port());
    outbox_fixture_channel(&fixture, "webhook", "old", server_free_port());
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put_of(&fixture, NOTICE_GAVE_UP, "j", "rabbit@rmq3");
    wait_for_retries(2);
    assert_int_equal(outbox_pending(fixture.outbox), 4);

    /* "ops" moves to another place in the list and to a server that answers; "old" is gone, "new" came */
    outbox_fixture_rewrite(&fixture);
    outbox_fixture_channel(&fixture, "webhook", "ops", server_free_port()); /* same name, other kind */
    outbox_fixture_channel(&fixture, "slack", "ops", server.port);
    outbox_fixture_reload(&fixture);
    assert_int_equal(outbox_pending(fixture.outbox), 2);
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "crashed"));
    assert_non_null(strstr(server.requests[1], "gave up"));
    server_close(&server);
    outbox_fixture_close(&fixture);
}

/* The answer "no such hook" to the old URL says nothing of the new one. */
static void test_reload_while_in_flight(void **state)
{
    struct scripted_server second;

    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT("late " HTTP_REPLY("404 Not Found", "no_service")), 1);
    server_open(&second, false, 0, SCRIPT(HTTP_OK), 1);
    outbox_fixture_channel(&fixture, "slack", "ops", server.port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    outbox_fixture_wait(&fixture, &server.request_count, 1);
    outbox_fixture_rewrite(&fixture);
    outbox_fixture_channel(&fixture, "slack", "ops", second.port);
    outbox_fixture_reload(&fixture);
    outbox_fixture_drain(&fixture);
    assert_int_equal(server.request_count, 1);
    assert_int_equal(second.request_count, 1);
    assert_int_equal(outbox_fixture_counts(&fixture).refused, 0);
    assert_null(strstr(second.requests[0], "did not arrive"));
    server_close(&second);
    server_close(&server);
    outbox_fixture_close(&fixture);
}

static void test_configuration_that_cannot_work(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, true, 0, SCRIPT(""), 1);
    outbox_fixture_channel(&fixture, "mail", "ops", server.port)->to_count = 0;
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_GAVE_UP, "i");
    wait_for_retries(1);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    assert_non_null(
        strstr(fixture.log, "not delivered yet: its configuration cannot work; next try in 5 min"));
    fixture.config->channels[0].to_count = 1;
    outbox_fixture_reload(&fixture);
    outbox_fixture_drain(&fixture);
    assert_int_equal(outbox_fixture_counts(&fixture).sent, 1);
    server_close(&server);
    outbox_fixture_close(&fixture);
}

/* Each of a trouble of its own. */
static void put_many(int count)
{
    static int number;
    char node[32];

    for (int i = 0; i < count; i++) {
        snprintf(node, sizeof(node), "rabbit@many%d", number++);
        outbox_fixture_put_of(&fixture, NOTICE_CRASHED, "many", node);
    }
}

/* An outage longer than the queue: it is told by the first message after it. */
static void test_full_queue_is_told(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    outbox_fixture_channel(&fixture, "webhook", "ops", server_free_port());
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_HUNG, "first");
    put_many(1043);
    assert_int_equal(outbox_pending(fixture.outbox), 1000);
    assert_int_equal(outbox_fixture_counts(&fixture).dropped, 44);
    wait_for_retries(1);
    put_many(1);

    outbox_fixture_rewrite(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    outbox_fixture_channel(&fixture, "webhook", "ops", server.port);
    outbox_fixture_reload(&fixture);
    outbox_fixture_wait(&fixture, &server.request_count, 2);
    assert_non_null(strstr(server.requests[0], "\"event\":\"hung\""));
    assert_non_null(strstr(server.requests[0], "(45 earlier notices did not arrive here"));
    assert_null(strstr(server.requests[1], "did not arrive"));
    server_close(&server);
    outbox_fixture_close(&fixture);
}

static size_t count_of(const char *text, const char *phrase)
{
    size_t count = 0;

    for (; (text = strstr(text, phrase)); text++)
        count++;
    return count;
}

/* Whatever was lost before in another way. */
static void test_full_queue_is_logged_once(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_REPLY("400 Bad Request", ""), HTTP_REPLY("500 Oops", "")), 2);
    outbox_fixture_channel(&fixture, "webhook", "ops", server.port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "refused");
    outbox_fixture_drain(&fixture);
    put_many(1000);
    wait_for_retries(1);
    put_many(2);
    assert_int_equal(outbox_fixture_counts(&fixture).dropped, 2);
    assert_int_equal(count_of(fixture.log, "1000 notices wait"), 1);
    server_close(&server);
    outbox_fixture_close(&fixture);
}

static void test_flush_of_nothing_is_quick(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    outbox_fixture_channel(&fixture, "webhook", "ops", server_free_port());
    outbox_fixture_start(&fixture);
    assert_true(flush(700) < 200);
    outbox_fixture_close(&fixture);
}

/* What waits for its next try gets it now. */
static void test_flush_delivers_what_waits(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_REPLY("500 Oops", ""), HTTP_OK), 2);
    outbox_fixture_channel(&fixture, "webhook", "ops", server.port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_put_of(&fixture, NOTICE_RECOVERED, "j", "rabbit@rmq3");
    wait_for_retries(1);
    assert_true(flush(5000) < 500);
    assert_int_equal(outbox_pending(fixture.outbox), 0);
    assert_int_equal(server.request_count, 3);
    server_close(&server);
    outbox_fixture_close(&fixture);
}

/* Nobody is waited for who will not come before the end. */
static void test_flush_ends_when_all_has_failed(void **state)
{
    (void)state;
    outbox_fixture_open(&fixture);
    outbox_fixture_channel(&fixture, "webhook", "ops", server_free_port());
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    assert_true(flush(700) < 400);
    assert_int_equal(outbox_fixture_counts(&fixture).retries, 1);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    outbox_fixture_close(&fixture);
}

static void test_flush_ends_in_time(void **state)
{
    uint64_t took_ms;

    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT("hang"), 1);
    outbox_fixture_channel(&fixture, "webhook", "ops", server.port);
    outbox_fixture_start(&fixture);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    took_ms = flush(300);
    assert_in_range(took_ms, 295, 600);
    assert_int_equal(server.connections, 1);
    assert_int_equal(outbox_pending(fixture.outbox), 1);
    server_close(&server);
    outbox_fixture_close(&fixture); /* with a transfer in flight */
}

static void test_progress_is_proven(void **state)
{
    struct activity_list activities = {0};
    uint64_t registered_ms;

    (void)state;
    outbox_fixture_open(&fixture);
    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    outbox_fixture_channel(&fixture, "webhook", "ops", server.port);
    outbox_fixture_start(&fixture);
    assert_int_equal(outbox_watch(fixture.outbox, &activities), 0);
    assert_true(activities.items[0].used);
    assert_string_equal(activities.items[0].name, "outbox");
    registered_ms = activities.items[0].completed_ms;
    outbox_fixture_run_ms(&fixture, 5);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    outbox_fixture_drain(&fixture);
    assert_true(activities.items[0].completed_ms > registered_ms);
    server_close(&server);
    outbox_fixture_close(&fixture);
    assert_false(activities.items[0].used);
}

static void find_timer_of_outbox(uv_handle_t *handle, void *due_ms)
{
    if (handle->type == UV_TIMER && handle->data == fixture.outbox)
        *(uint64_t *)due_ms = uv_timer_get_due_in((uv_timer_t *)handle);
}

/* What nobody wants, and what waits for its next try, does not put off the next proof. */
static void test_notices_do_not_put_off_the_proof(void **state)
{
    struct activity_list activities = {0};
    uint64_t due_ms = UINT64_MAX;

    (void)state;
    outbox_fixture_open(&fixture);
    outbox_fixture_channel(&fixture, "webhook", "ops", server_free_port())->min_severity = SEVERITY_CRITICAL;
    outbox_fixture_start(&fixture);
    assert_int_equal(outbox_watch(fixture.outbox, &activities), 0);
    outbox_fixture_run_ms(&fixture, 200);
    outbox_fixture_put(&fixture, NOTICE_CRASHED, "i");
    assert_int_equal(outbox_pending(fixture.outbox), 0);
    uv_walk(&fixture.loop, find_timer_of_outbox, &due_ms);
    assert_in_range(due_ms, 1, 9850);
    outbox_fixture_close(&fixture);
}

static void test_close_accepts_nothing(void **state)
{
    struct outbox_fixture none = {0};

    (void)state;
    outbox_close(NULL, outbox_fixture_done, &none);
    assert_int_equal(none.done, 1);
    outbox_close(NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reload_keeps_what_waits),
        cmocka_unit_test(test_reload_while_in_flight),
        cmocka_unit_test(test_configuration_that_cannot_work),
        cmocka_unit_test(test_full_queue_is_told),
        cmocka_unit_test(test_full_queue_is_logged_once),
        cmocka_unit_test(test_flush_of_nothing_is_quick),
        cmocka_unit_test(test_flush_delivers_what_waits),
        cmocka_unit_test(test_flush_ends_when_all_has_failed),
        cmocka_unit_test(test_flush_ends_in_time),
        cmocka_unit_test(test_progress_is_proven),
        cmocka_unit_test(test_notices_do_not_put_off_the_proof),
        cmocka_unit_test(test_close_accepts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
