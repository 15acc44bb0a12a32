/* A channel that is taken out of the configuration, and comes back. */
#include "cmocka_all.h"
#include "durable_fixture.h"

#include <string.h>

#define HTTP_REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define HTTP_OK HTTP_REPLY("200 OK", "ok")
#define SCRIPT(...) ((const char *const[]){__VA_ARGS__})

static struct scripted_server server, other;

/* "ops", which is told of an end only if it was told of the begin, where WITH says so; and "other". */
static void configure(struct durable *d, bool with, uint64_t repeat_ms)
{
    d->fixture.config->alerts.repeat_interval_ms = repeat_ms;
    outbox_fixture_channel(&d->fixture, "webhook", "other", other.port);
    if (with)
        outbox_fixture_channel(&d->fixture, "webhook", "ops", server.port)->min_severity = SEVERITY_WARNING;
}

static void reload(struct durable *d, bool with)
{
    outbox_fixture_rewrite(&d->fixture);
    configure(d, with, 0);
    outbox_fixture_reload(&d->fixture);
    outbox_fixture_run_ms(&d->fixture, 100);
}

static void run(struct durable *d, bool with, uint64_t repeat_ms)
{
    durable_begin(d);
    configure(d, with, repeat_ms);
    durable_start(d);
    outbox_fixture_run_ms(&d->fixture, 100);
}

static size_t parked(const struct durable *d, size_t channel)
{
    struct outbox_channel_counts counts;

    assert_true(outbox_channel_count(d->fixture.outbox, channel, &counts));
    return counts.parked;
}

static void test_back_by_a_reload(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0,
        SCRIPT(HTTP_OK, HTTP_REPLY("404 Not Found", ""), HTTP_REPLY("404 Not Found", ""), HTTP_OK), 4);
    server_open(&other, false, 0, SCRIPT(HTTP_OK), 1);
    run(d, true, 0);
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "one");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "two");
    outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, "three");
    durable_wait(d, LETTER_PARKED, 2);
    assert_int_equal(parked(d, 1), 2);
    reload(d, false);
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 2);
    reload(d, true);
    assert_int_equal(parked(d, 0), 0);
    assert_int_equal(parked(d, 1), 2);
    assert_int_equal(outbox_fixture_counts(&d->fixture).parked, 2);
    outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, "one");
    outbox_fixture_wait(&d->fixture, &server.request_count, 4);
    assert_non_null(strstr(server.requests[3], "\"event\":\"recovered\""));
    assert_non_null(strstr(server.requests[3], "(2 earlier notices did not arrive here"));
    durable_end(d);
    server_close(&other);
    server_close(&server);
}

/* Nobody knows whether what it was told still goes on: that is not told again, and its end is, if it comes.
 */
static void test_back_after_a_start(void **state)
{
    struct durable *d = *state;

    server_open(&server, false, 0, SCRIPT(HTTP_OK), 1);
    server_open(&other, false, 0, SCRIPT(HTTP_OK), 1);
    for (int reloads = 0; reloads < 2; reloads++) {
        const size_t before = server.request_count;

        run(d, true, 0);
        outbox_fixture_put(&d->fixture, NOTICE_GAVE_UP, reloads ? "one" : "two");
        outbox_fixture_wait(&d->fixture, &server.request_count, before + 1);
        outbox_fixture_drain(&d->fixture);
        if (reloads)
            reload(d, false);
        durable_end(d);
        run(d, false, 0);
        durable_end(d);
        run(d, true, 50);
        outbox_fixture_run_ms(&d->fixture, 300);
        assert_int_equal(server.request_count, before + 1);
        outbox_fixture_put(&d->fixture, NOTICE_RECOVERED, reloads ? "one" : "two");
        outbox_fixture_wait(&d->fixture, &server.request_count, before + 2);
        assert_non_null(strstr(server.requests[before + 1], "\"event\":\"recovered\""));
        outbox_fixture_drain(&d->fixture);
        durable_end(d);
    }
    server_close(&other);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_back_by_a_reload, durable_setup, durable_teardown),
        cmocka_unit_test_setup_teardown(test_back_after_a_start, durable_setup, durable_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
