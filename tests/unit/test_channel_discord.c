/* Discord: content and embed, and the replies. */
#include "channel_fixture.h"

#include <string.h>

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("discord", &notice,
        "{\"content\":\"**CRITICAL rabbit@rmq2: gave up**\",\"embeds\":[{\"description\":"
        "\"it keeps dying: the restarts of this window are used up\\n"
        "exit code 1; 5 restarts in 30 min\\nTo do: find and mend the cause, then start it there: "
        "rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\\n"
        "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`\",\"color\":13631488,"
        "\"timestamp\":\"2026-02-01T00:30:05Z\",\"fields\":[{\"name\":\"Node\",\"value\":"
        "\"rabbit@rmq2\",\"inline\":true},{\"name\":\"Cluster\",\"value\":\"orders\","
        "\"inline\":true},{\"name\":\"Observer\",\"value\":\"rabbit@rmq1\",\"inline\":true},{"
        "\"name\":\"Time\",\"value\":\"2026-02-01T00:30:05Z\",\"inline\":true},{\"name\":"
        "\"Began\",\"value\":\"2026-02-01T00:00:00Z, 30 min 5 s earlier\",\"inline\":true},{"
        "\"name\":\"Incident\",\"value\":\"rmq2-1769904000-7\",\"inline\":true}]}],"
        "\"allowed_mentions\":{\"parse\":[]}}");
}

static void test_waits_for_the_answer(void **state)
{
    struct channel_config channel = channel_fixture_config("discord");
    struct notice notice = sample_recovered();
    struct channel_request request = channel_fixture_format(&channel, &notice);
    char plain[] = "https://discord.example.com/api/webhooks/1/x";

    (void)state;
    assert_string_equal(request.url_suffix, "&wait=true");
    channel_request_done(&request);
    channel.url.value = plain;
    request = channel_fixture_format(&channel, &notice);
    assert_string_equal(request.url_suffix, "?wait=true");
    channel_request_done(&request);
}

static void test_nothing_is_empty(void **state)
{
    struct channel_config channel = channel_fixture_config("discord");
    struct notice notice = sample_recovered();
    struct channel_request request;

    (void)state;
    strcpy(notice.observer, "   ");
    request = channel_fixture_format(&channel, &notice);
    assert_non_null(strstr(request.body, "{\"name\":\"Observer\",\"value\":\"-\",\"inline\":true}"));
    channel_request_done(&request);
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {200, "{\"id\":\"1\",\"type\":0}", DELIVERY_SENT, 0, 0, NULL},
        {204, "", DELIVERY_SENT, 0, 0, NULL},
        {429, "{\"message\":\"You are being rate limited.\",\"retry_after\":64.57,\"global\":false}",
            DELIVERY_RETRY, 64570, 0, "too many"},
        {429, "{\"retry_after\":0.3}", DELIVERY_RETRY, 301, 0, "too many"},
        {429, "{\"retry_after\":-1}", DELIVERY_RETRY, 0, 0, "too many"},
        {429, "{\"retry_after\":1e300}", DELIVERY_RETRY, 0, 0, "too many"},
        {429, "{\"retry_after\":\"x\"}", DELIVERY_RETRY, 0, 0, "too many"},
        {429, "<html>", DELIVERY_RETRY, 0, 0, "too many"},
        {400, "{\"code\":50035,\"message\":\"Invalid Form Body\"}", DELIVERY_REFUSED, 0, 0, NULL},
        {401, "{\"code\":50027,\"message\":\"Invalid Webhook Token\"}", DELIVERY_REFUSED, 0, 0, "url_file"},
        {403, "", DELIVERY_REFUSED, 0, 0, NULL},
        {404, "{\"code\":10015,\"message\":\"Unknown Webhook\"}", DELIVERY_REFUSED, 0, 0, "url_file"},
        {500, "", DELIVERY_RETRY, 0, 0, NULL},
        {502, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("discord", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_waits_for_the_answer),
        cmocka_unit_test(test_nothing_is_empty),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
