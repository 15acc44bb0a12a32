/* What becomes worse after it was told: the same incident, once more and louder. */
#include "alert_samples.h"
#include "channel_fixture.h"
#include "digest_channel.h"

#include <string.h>

static struct digest_channel channel;

static void put(int64_t ms, enum severity severity)
{
    struct notice notice = sample_gave_up();

    digest_channel_run(&channel, ms);
    notice.kind = severity == SEVERITY_INFO ? NOTICE_SERVING_AGAIN : NOTICE_NOT_SERVING;
    notice.severity = severity;
    notice.wall_ms = channel.now.wall_ms;
    digest_channel_put_notice(&channel, &notice);
}

static void expect(size_t i, int64_t ms, enum severity severity, uint32_t count)
{
    digest_channel_expect(
        &channel, i, ms, severity == SEVERITY_INFO ? NOTICE_SERVING_AGAIN : NOTICE_NOT_SERVING, count);
    assert_int_equal(channel.messages[i].severity, severity);
}

static void test_it_is_told_as_loud_as_it_became(void **state)
{
    static const char *const kinds[] = {"slack", "pagerduty"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        digest_channel_open(&channel, kinds[i]);
        put(0, SEVERITY_WARNING);
        put(2 * MINUTE, SEVERITY_CRITICAL);
        put(5 * HOUR, SEVERITY_INFO);
        digest_channel_run(&channel, 24 * HOUR);
        assert_int_equal(channel.count, 4);
        expect(0, 20 * SECOND, SEVERITY_WARNING, 1);
        expect(1, 2 * MINUTE + 20 * SECOND, SEVERITY_CRITICAL, 1);
        expect(2, 4 * HOUR + 2 * MINUTE + 20 * SECOND, SEVERITY_CRITICAL, 3); /* not over: told again */
        assert_true(channel.messages[2].repeated);
        expect(3, 5 * HOUR, SEVERITY_INFO, 1);
        digest_channel_close(&channel);
    }
}

/* What was refreshed as a warning is refreshed as critical from then on. */
static void test_a_target_that_is_refreshed_hears_the_louder_one(void **state)
{
    struct notice notice;

    (void)state;
    digest_channel_open(&channel, "alertmanager");
    put(0, SEVERITY_WARNING);
    put(2 * MINUTE, SEVERITY_CRITICAL);
    digest_channel_run(&channel, 3 * MINUTE);
    assert_int_equal(channel.count, 2);
    channel.now.boot_ms += MINUTE;
    assert_int_equal(digest_next(channel.digest, channel.now, &notice), DIGEST_REFRESH);
    assert_int_equal(notice.severity, SEVERITY_CRITICAL);
    digest_channel_close(&channel);
}

/* The louder one is not lost in the other that waits still. */
static void test_one_that_waits_becomes_louder(void **state)
{
    (void)state;
    digest_channel_open(&channel, "pagerduty");
    channel.down = true;
    put(0, SEVERITY_WARNING);
    put(2 * MINUTE, SEVERITY_CRITICAL);
    digest_channel_run(&channel, 3 * MINUTE);
    channel.down = false;
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 1);
    assert_int_equal(channel.messages[0].severity, SEVERITY_CRITICAL);
    assert_int_equal(channel.messages[0].count, 2);
    digest_channel_close(&channel);
}

static void test_who_wants_the_critical_only_hears_that_and_the_end(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    channel.config.min_severity = SEVERITY_CRITICAL;
    put(0, SEVERITY_WARNING);
    put(2 * MINUTE, SEVERITY_CRITICAL);
    put(4 * MINUTE, SEVERITY_INFO);
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 2);
    expect(0, 2 * MINUTE + 20 * SECOND, SEVERITY_CRITICAL, 1);
    expect(1, 4 * MINUTE, SEVERITY_INFO, 1);
    digest_channel_close(&channel);
}

static void test_pagerduty_gets_one_key_with_another_severity(void **state)
{
    struct channel_config config = channel_fixture_config("pagerduty");
    struct notice notice = sample_gave_up();

    (void)state;
    notice.kind = NOTICE_NOT_SERVING;
    for (int severity = SEVERITY_WARNING; severity <= SEVERITY_CRITICAL; severity++) {
        struct channel_request request;

        notice.severity = (enum severity)severity;
        request = channel_fixture_format(&config, &notice);
        assert_non_null(
            strstr(request.body, "\"trigger\",\"dedup_key\":\"rmqwatchd:orders:rabbit@rmq2:not-serving\""));
        assert_non_null(strstr(request.body,
            severity == SEVERITY_WARNING ? "\"severity\":\"warning\"" : "\"severity\":\"critical\""));
        channel_request_done(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_told_as_loud_as_it_became),
        cmocka_unit_test(test_a_target_that_is_refreshed_hears_the_louder_one),
        cmocka_unit_test(test_one_that_waits_becomes_louder),
        cmocka_unit_test(test_who_wants_the_critical_only_hears_that_and_the_end),
        cmocka_unit_test(test_pagerduty_gets_one_key_with_another_severity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
