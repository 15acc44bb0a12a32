/* PagerDuty: what triggers, what resolves, and the replies. */
#include "channel_fixture.h"

#include <string.h>

static void test_trigger(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("pagerduty", &notice,
        "{\"routing_key\":\"SECdemo\",\"event_action\":\"trigger\",\"dedup_key\":"
        "\"rmqwatchd:orders:rabbit@rmq2:broker\",\"client\":\"rmqwatchd\",\"payload\":{"
        "\"summary\":"
        "\"CRITICAL rabbit@rmq2: gave up: it keeps dying: the restarts of this window are used up\","
        "\"source\":\"rabbit@rmq2\",\"severity\":\"critical\",\"timestamp\":"
        "\"2026-02-01T00:30:05Z\",\"component\":\"rabbitmq\",\"group\":\"orders\",\"class\":"
        "\"broker\",\"custom_details\":{\"event\":\"gave-up\",\"condition\":\"crashed\",\"node\":"
        "\"rabbit@rmq2\",\"observer\":\"rabbit@rmq1\",\"why\":"
        "\"it keeps dying: the restarts of this window are used up\",\"detail\":"
        "\"exit code 1; 5 restarts in 30 "
        "min\",\"course\":\"\",\"incident\":\"rmq2-1769904000-7\",\"evidence\":"
        "\"\",\"look\":\"To do: find and mend the cause, then start it there: rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\",\"command\":"
        "\"journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\"}}}");
}

static void test_resolve(void **state)
{
    struct notice notice = sample_recovered();

    (void)state;
    channel_fixture_assert_body("pagerduty", &notice,
        "{\"routing_key\":\"SECdemo\",\"event_action\":\"resolve\",\"dedup_key\":"
        "\"rmqwatchd:orders:rabbit@rmq2:broker\",\"client\":\"rmqwatchd\"}");
}

static void test_severities_and_url(void **state)
{
    static const char *const words[] = {
        [SEVERITY_INFO] = "\"severity\":\"info\"",
        [SEVERITY_WARNING] = "\"severity\":\"warning\"",
        [SEVERITY_CRITICAL] = "\"severity\":\"critical\"",
    };
    struct channel_config channel = channel_fixture_config("pagerduty");
    struct notice notice = sample_gave_up();

    (void)state;
    assert_string_equal(channel.ops->server, "https://events.pagerduty.com");
    for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRITICAL; severity++) {
        struct channel_request request;

        notice.severity = (enum severity)severity;
        request = channel_fixture_format(&channel, &notice);
        assert_string_equal(request.url_suffix, "/v2/enqueue");
        assert_non_null(strstr(request.body, words[severity]));
        channel_request_done(&request);
    }
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {202, "{\"status\":\"success\",\"message\":\"Event processed\",\"dedup_key\":\"x\"}", DELIVERY_SENT,
            0, 0, NULL},
        {400, "{\"status\":\"invalid event\",\"errors\":[\"x\"]}", DELIVERY_REFUSED, 0, 0,
            "routing_key_file"},
        {403, "", DELIVERY_REFUSED, 0, 0, NULL},
        {404, "", DELIVERY_REFUSED, 0, 0, NULL},
        {429, "", DELIVERY_RETRY, 30000, 0, "too many"},
        {500, "", DELIVERY_RETRY, 0, 0, NULL},
        {503, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };
    const struct channel_reply patient = {
        .answered = true, .status = 429, .body = "", .retry_after_ms = 120000};

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("pagerduty", cases);
    assert_int_equal(channel_find("pagerduty")->classify(&patient).retry_after_ms, 120000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trigger),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_severities_and_url),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
