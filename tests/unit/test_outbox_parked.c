/* What a target refuses for good is kept, and told through the others; what operators do about it. */
#include "alert_samples.h"
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct scripted_server server, other;
static int signed_count;
static struct notice signed_notice;

static void sign(void *context, struct notice *notice)
{
    (void)context;
    strcpy(notice->cluster, "orders");
    strcpy(notice->node, "rabbit@rmq1");
    strcpy(notice->observer, "rabbit@rmq1");
    signed_count++;
    signed_notice = *notice;
}

/* "ops" at SERVER and "other" at OTHER, which are open. */
static void run_two(struct durable *d)
{
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port);
    outbox_fixture_channel(&d->fixture, "webhook", "other", other.port);
    durable_start(d);
    outbox_set_sign(d->fixture.outbox, sign, NULL);
    signed_count = 0;
}

static void test_refused_is_parked_and_told_through_the_others(void **state)
{
    struct durable *d = *state;
    char incident[RMQ_INCIDENT_ID_MAX];

    server_open(&server, false, 0,
        SCRIPT(HTTP_REPLY("404 Not Found", "no such hook"), HTTP_REPLY("410 Gone", ""), HTTP_OK), 3);
    server_open(&other, false, 0, SCRIPT(HTTP_OK), 1);
    run_two(d);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "one");
    durable_wait(d, LETTER_PARKED, 2);
    assert_string_equal(d->letters[0].name, "ops");
    assert_string_equal(d->letters[0].result, "HTTP 404");
    assert_string_equal(d->letters[1].result, "HTTP 410");
    outbox_fixture_wait(&d->fixture, &other.request_count, 3);
    outbox_fixture_run_ms(&d->fixture, 50);
    assert_int_equal(signed_count, 1); /* once, however many are refused */
    assert_int_equal(signed_notice.kind, NOTICE_DELIVERY_REFUSED);
    assert_string_equal(signed_notice.trouble, "webhook-ops");
    strcpy(incident, signed_notice.incident);
    assert_int_equal(other.request_count, 3);
    assert_non_null(strstr(other.requests[2], "\"event\":\"delivery-refused\""));
    assert_non_null(strstr(other.requests[2], "\"why\":\"the channel webhook \\\"ops\\\" refuses what it is "
                                              "sent: it is kept, and not tried again\""));
    assert_int_equal(server.request_count, 2); /* not through the one that it is about */
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 2);
    durable_end(d);

    /* the next run knows, and tells the end */
    run_two(d);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "one");
    outbox_fixture_wait(&d->fixture, &other.request_count, 5);
    outbox_fixture_run_ms(&d->fixture, 50);
    assert_int_equal(signed_count, 1);
    assert_int_equal(signed_notice.kind, NOTICE_DELIVERY_OK);
    assert_string_equal(signed_notice.incident, incident);
    assert_non_null(strstr(other.requests[4], "\"event\":\"delivery-ok\""));
    assert_int_equal(server.request_count, 3);
    assert_non_null(strstr(server.requests[2], "(2 earlier notices did not arrive here"));
    durable_end(d);
    server_close(&other);
    server_close(&server);
}

/* Each is told of once, through whoever listens; nothing goes in circles. */
static void test_all_that_refuse_make_no_circle(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_REPLY("404 Not Found", "")), 1);
    server_open(&other, false, 0, SCRIPT(HTTP_REPLY("404 Not Found", "")), 1);
    run_two(d);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    durable_wait(d, LETTER_PARKED, 4);
    outbox_fixture_run_ms(&d->fixture, 200);
    assert_int_equal(signed_count, 2);
    assert_int_equal(server.request_count, 2);
    assert_int_equal(other.request_count, 2);
    durable_end(d);
    server_close(&other);
    server_close(&server);
}

/* One that takes some and refuses others is told of once in a while, not for each. */
static void test_taking_and_refusing_in_turn_is_paced(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0,
        SCRIPT(
            HTTP_REPLY("400 No", ""), HTTP_OK, HTTP_REPLY("400 No", ""), HTTP_OK, HTTP_REPLY("400 No", "")),
        5);
    server_open(&other, false, 0, SCRIPT(HTTP_OK), 1);
    run_two(d);
    for (int i = 0; i < 5; i++) {
        outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
        outbox_fixture_drain(&d->fixture);
        outbox_fixture_run_ms(&d->fixture, 30);
    }
    assert_int_equal(signed_count, 2);
    assert_int_equal(signed_notice.kind, NOTICE_DELIVERY_OK);
    durable_end(d);
    server_close(&other);
    server_close(&server);
}

static void test_a_channel_that_goes_ends_what_was_told_of_it(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_REPLY("404 Not Found", "")), 1);
    server_open(&other, false, 0, SCRIPT(HTTP_OK), 1);
    run_two(d);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    outbox_fixture_wait(&d->fixture, &other.request_count, 2);
    outbox_fixture_rewrite(&d->fixture);
    outbox_fixture_channel(&d->fixture, "webhook", "other", other.port);
    outbox_fixture_reload(&d->fixture);
    outbox_fixture_wait(&d->fixture, &other.request_count, 3);
    assert_non_null(strstr(other.requests[2], "\"event\":\"delivery-ok\""));
    durable_end(d);
    server_close(&other);
    server_close(&server);
}

static void on_done(void *context, int result)
{
    struct durable *d = context;

    d->answers++;
    d->result = result;
}

static int ask(struct durable *d,
    int (*request)(struct outbox *outbox, int64_t number, outbox_done_fn *fn, void *context), int64_t number)
{
    int answers = d->answers, r = request(d->fixture.outbox, number, on_done, d);

    if (r < 0)
        return r;
    while (d->answers == answers)
        outbox_fixture_run_ms(&d->fixture, 1);
    return d->result;
}

/* An end that came before its begin would leave it open for ever. */
static void test_retried_in_their_order(void **state)
{
    static const char *const names[] = {"one", "two", "three", "four"};
    struct durable *d = *state;
    char incident[32];
    int64_t numbers[3];
    int port;

    server_open(&server, false, 0,
        SCRIPT(HTTP_REPLY("404 Not Found", ""), HTTP_REPLY("404 Not Found", ""),
            HTTP_REPLY("404 Not Found", ""), "hang"),
        4);
    port = server.port;
    durable_run(d, port);
    for (size_t i = 0; i < 3; i++) {
        outbox_fixture_put(&d->fixture, NOTICE_CRASHED, names[i]);
        outbox_fixture_run_ms(&d->fixture, 2); /* each comes at a time of its own */
    }
    durable_wait(d, LETTER_PARKED, 3);
    for (size_t i = 0; i < 3; i++)
        numbers[i] = d->letters[i].number;
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, names[3]);
    outbox_fixture_wait(&d->fixture, &server.request_count, 4); /* and hangs */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(d, outbox_retry, numbers[i]), 0);
    server_close(&server);
    server_open(&server, false, port, SCRIPT(HTTP_OK), 1);
    outbox_fixture_wait(&d->fixture, &server.request_count, 4);
    for (size_t i = 0; i < 4; i++) {
        snprintf(incident, sizeof(incident), "\"incident\":\"%s\"", names[i]);
        assert_non_null(strstr(server.requests[i], incident));
    }
    durable_end(d);
    server_close(&server);
}

static void test_retry_and_drop(void **state)
{
    struct durable *d = *state;
    int64_t first, second;

    server_open(&server, false, 0,
        SCRIPT(HTTP_REPLY("404 Not Found", ""), HTTP_REPLY("404 Not Found", ""), HTTP_OK, "hang"), 4);
    durable_run(d, server.port);
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "one");
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "two");
    durable_wait(d, LETTER_PARKED, 2);
    first = d->letters[0].number;
    second = d->letters[1].number;
    assert_int_equal(ask(d, outbox_retry, first), 0);
    durable_wait(d, LETTER_SENT, 1);
    assert_int_equal(d->letters[0].number, first);
    assert_int_equal(d->letters[0].tries, 2);
    assert_non_null(strstr(server.requests[2], "\"incident\":\"one\""));
    assert_int_equal(ask(d, outbox_retry, first), -ENOENT);
    assert_int_equal(ask(d, outbox_drop, first), -ENOENT);
    assert_int_equal(ask(d, outbox_drop, second), 0);
    durable_wait(d, LETTER_DROPPED, 1);
    assert_string_equal(d->letters[0].result, "dropped by an operator");
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 0);
    assert_int_equal(ask(d, outbox_retry, second), -ENOENT);
    assert_int_equal(ask(d, outbox_retry, 4711), -ENOENT);
    assert_int_equal(ask(d, outbox_retry, 0), -ENOENT);
    /* one in flight, one behind it */
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "three");
    outbox_fixture_put(&d->fixture, NOTICE_CRASHED, "four");
    durable_wait(d, LETTER_WAITING, 2);
    outbox_fixture_wait(&d->fixture, &server.request_count, 4);
    first = d->letters[0].number;
    second = d->letters[1].number;
    assert_int_equal(ask(d, outbox_drop, first), -EBUSY);
    assert_int_equal(ask(d, outbox_drop, second), 0);
    assert_int_equal(outbox_pending(d->fixture.outbox), 1);
    assert_int_equal(outbox_retry(d->fixture.outbox, first, on_done, d), 0);
    first = d->answers;
    durable_end(d); /* whoever still waits is told */
    assert_int_equal(d->answers, first + 1);
    assert_int_equal(d->result, -ECANCELED);
    server_close(&server);
}

static struct {
    int count;
    struct outbox_result result;
    char how[200], answer[OUTBOX_ANSWER_MAX];
} heard;

static void on_result(void *context, const struct outbox_result *result)
{
    (void)context;
    heard.count++;
    heard.result = *result;
    snprintf(heard.how, sizeof(heard.how), "%s", result->how);
    snprintf(heard.answer, sizeof(heard.answer), "%s", result->answer);
}

static void put_to(struct durable *d, const char *name)
{
    const struct notice notice = sample_gave_up();

    memset(&heard, 0, sizeof(heard));
    assert_int_equal(outbox_put_to(d->fixture.outbox, "webhook", name, &notice, false, on_result, &heard), 0);
    assert_int_equal(heard.count, 0);
    while (heard.count == 0)
        outbox_fixture_run_ms(&d->fixture, 1);
}

static void test_one_for_a_test_is_answered(void **state)
{
    struct durable *d = *state;
    const struct notice notice = sample_gave_up();

    server_open(&server, false, 0,
        SCRIPT(HTTP_OK, HTTP_REPLY("404 Not Found", "no\r\n\x1b[31msuch hook"), HTTP_REPLY("503 No", "later"),
            HTTP_OK),
        4);
    durable_begin(d);
    outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port)->min_severity = SEVERITY_CRITICAL;
    durable_start(d);
    assert_int_equal(
        outbox_put_to(d->fixture.outbox, "slack", "ops", &notice, false, on_result, NULL), -ENOENT);
    put_to(d, "ops");
    assert_int_equal(heard.result.error, 0);
    assert_int_equal(heard.result.delivery, DELIVERY_SENT);
    assert_int_equal(heard.result.status, 200);
    assert_string_equal(heard.answer, "ok");
    put_to(d, "ops");
    assert_int_equal(heard.result.delivery, DELIVERY_REFUSED);
    assert_string_equal(heard.how, "HTTP 404");
    assert_string_equal(heard.answer, "no   [31msuch hook");
    put_to(d, "ops");
    assert_int_equal(heard.result.delivery, DELIVERY_RETRY);
    assert_int_equal(heard.result.status, 503);
    outbox_fixture_drain(&d->fixture);
    assert_int_equal(heard.count, 1); /* of its first failed try only */
    durable_wait(d, LETTER_SENT, 2);
    durable_wait(d, LETTER_PARKED, 1);
    assert_null(strstr(d->fixture.log, "such hook"));
    durable_end(d);
    server_close(&server);
}

static void test_whoever_waits_is_told_of_the_end_unless_forgotten(void **state)
{
    struct durable *d = *state;
    const struct notice notice = sample_gave_up();

    server_open(&server, false, 0, SCRIPT("hang"), 1);
    durable_run(d, server.port);
    memset(&heard, 0, sizeof(heard));
    assert_int_equal(outbox_put_to(d->fixture.outbox, NULL, "ops", &notice, false, on_result, &heard), 0);
    assert_int_equal(outbox_put_to(d->fixture.outbox, NULL, "ops", &notice, false, on_result, &server), 0);
    outbox_forget(d->fixture.outbox, &server);
    outbox_fixture_wait(&d->fixture, &server.request_count, 1);
    durable_end(d);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.result.error, -ECANCELED);
    server_close(&server);
}

/* What a thousand notices cost that wait for COUNT channels, by the allocator's own account. There is no
 * store: its thread, which opens a database meanwhile, would be in that account. */
static size_t cost_of_a_thousand(struct durable *d, int count)
{
    static const char *const names[] = {"one", "two"};
    size_t before, used;

    outbox_fixture_open(&d->fixture);
    for (int i = 0; i < count; i++)
        outbox_fixture_channel(&d->fixture, "webhook", names[i], server_free_port());
    outbox_fixture_start(&d->fixture);
    before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++) {
        struct notice notice = sample_recovered();

        snprintf(notice.incident, sizeof(notice.incident), "rmq2-2026-01-31-120000-%d", i);
        memset(notice.detail, 'd', 200);
        assert_int_equal(outbox_put(d->fixture.outbox, &notice), 0);
    }
    used = mallinfo2().uordblks - before;
    assert_int_equal(outbox_pending(d->fixture.outbox), (size_t)count * 1000);
    outbox_fixture_close(&d->fixture);
    return used;
}

/* Less than a megabyte; and channels share what they have in common. */
static void test_a_thousand_are_small(void **state)
{
    size_t one, two;

#if defined(__SANITIZE_ADDRESS__)
    skip(); /* its allocator keeps no such account */
#endif
    (void)cost_of_a_thousand(*state, 2); /* what the allocator keeps for later counts as used */
    one = cost_of_a_thousand(*state, 1);
    two = cost_of_a_thousand(*state, 2);
    print_message("1000 notices: %zu bytes for one channel, %zu for two\n", one, two);
    assert_in_range(one, 500 * 1000, 1000 * 1000);
    assert_in_range(two - one, 50 * 1000, 150 * 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, durable_setup, durable_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_refused_is_parked_and_told_through_the_others),
        TEST(test_all_that_refuse_make_no_circle),
        TEST(test_taking_and_refusing_in_turn_is_paced),
        TEST(test_a_channel_that_goes_ends_what_was_told_of_it),
        TEST(test_retried_in_their_order),
        TEST(test_retry_and_drop),
        TEST(test_one_for_a_test_is_answered),
        TEST(test_whoever_waits_is_told_of_the_end_unless_forgotten),
        TEST(test_a_thousand_are_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
