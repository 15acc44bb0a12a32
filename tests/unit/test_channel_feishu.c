/* Feishu and Lark: the card, its signature, and the codes in the replies. */
#include "channel_fixture.h"

#include <string.h>

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("feishu", &notice,
        "{\"msg_type\":\"interactive\",\"card\":{\"config\":{\"wide_screen_mode\":true},"
        "\"header\":{\"template\":\"red\",\"title\":{\"tag\":\"plain_text\",\"content\":"
        "\"CRITICAL rabbit@rmq2: gave up\"}},\"elements\":[{\"tag\":\"div\",\"text\":{\"tag\":"
        "\"plain_text\",\"content\":"
        "\"it keeps dying: the restarts of this window are used up\"}},{\"tag\":\"div\","
        "\"text\":{\"tag\":\"plain_text\",\"content\":\"exit code 1; 5 restarts in 30 min\"}},{"
        "\"tag\":\"div\",\"fields\":[{\"is_short\":true,\"text\":{\"tag\":\"plain_text\","
        "\"content\":\"Node\\nrabbit@rmq2\"}},{\"is_short\":true,\"text\":{\"tag\":"
        "\"plain_text\",\"content\":\"Cluster\\norders\"}},{\"is_short\":true,\"text\":{\"tag\":"
        "\"plain_text\",\"content\":\"Observer\\nrabbit@rmq1\"}},{\"is_short\":true,\"text\":{"
        "\"tag\":\"plain_text\",\"content\":\"Time\\n2026-02-01T00:30:05Z\"}},{\"is_short\":true,"
        "\"text\":{\"tag\":\"plain_text\",\"content\":\"Began\\n"
        "2026-02-01T00:00:00Z, 30 min 5 s earlier\"}},{\"is_short\":true,\"text\":{\"tag\":"
        "\"plain_text\",\"content\":\"Incident\\nrmq2-1769904000-7\"}}]},{\"tag\":\"div\","
        "\"text\":{\"tag\":\"plain_text\",\"content\":"
        "\"To do: find and mend the cause, then start it there: rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\\n"
        "journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\"}}]}}");
}

/* Made with: printf '' | openssl dgst -sha256 -hmac "$(printf '1769905805\nSECdemo')" -binary | base64 */
static void test_signature(void **state)
{
    static const char signed_begin[] =
        "{\"timestamp\":\"1769905805\",\"sign\":\"uBkFKCMoOMNtElZXaOi7YYkgp5uwwvFNd6hJCZcl0/Q=\","
        "\"msg_type\":\"interactive\",";
    struct channel_config channel = channel_fixture_config("feishu");
    struct notice notice = sample_recovered();
    struct channel_request request = channel_fixture_format(&channel, &notice);

    (void)state;
    assert_memory_equal(request.body, signed_begin, strlen(signed_begin));
    assert_null(request.url_suffix);
    assert_null(strstr(request.body, CHANNEL_FIXTURE_SECRET));
    assert_non_null(strstr(request.body, "\"template\":\"green\""));
    channel_request_done(&request);
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {200, "{\"code\":0,\"msg\":\"success\",\"data\":{}}", DELIVERY_SENT, 0, 0, NULL},
        {200, "{\"Extra\":null,\"StatusCode\":0,\"StatusMessage\":\"success\"}", DELIVERY_SENT, 0, 0, NULL},
        {200, "{\"StatusCode\":0,\"StatusMessage\":\"success\",\"code\":0,\"data\":{},\"msg\":\"success\"}",
            DELIVERY_SENT, 0, 0, NULL},
        {200, "{\"code\":11232,\"msg\":\"create message trigger frequency limit\"}", DELIVERY_RETRY, 60000,
            11232, "too many"},
        {400, "{\"code\":11232,\"msg\":\"x\"}", DELIVERY_RETRY, 60000, 11232, "too many"},
        {200, "{\"code\":230020,\"msg\":\"x\"}", DELIVERY_RETRY, 60000, 230020, "too many"},
        {400, "{\"code\":99991400,\"msg\":\"request trigger frequency limit\"}", DELIVERY_RETRY, 60000,
            99991400, "too many"},
        {200, "{\"code\":9499,\"msg\":\"too many request\"}", DELIVERY_RETRY, 60000, 9499, "too many"},
        {400, "{\"code\":9499,\"msg\":\"Bad Request\",\"data\":{}}", DELIVERY_REFUSED, 0, 9499, "understand"},
        {200, "{\"code\":19001,\"msg\":\"param invalid: incoming webhook access token invalid\"}",
            DELIVERY_REFUSED, 0, 19001, "token"},
        {200, "{\"code\":19002,\"msg\":\"params error, msg_type need\"}", DELIVERY_REFUSED, 0, 19002,
            "understand"},
        {200,
            "{\"code\":19021,\"msg\":\"sign match fail or timestamp is not within one hour from current "
            "time\"}",
            DELIVERY_REFUSED, 0, 19021, "signature or its time"},
        {200, "{\"code\":19022,\"msg\":\"Ip Not Allowed\"}", DELIVERY_REFUSED, 0, 19022, "address"},
        {200, "{\"code\":19024,\"msg\":\"Key Words Not Found\"}", DELIVERY_REFUSED, 0, 19024, "keywords"},
        {200, "{\"code\":1,\"StatusCode\":0}", DELIVERY_REFUSED, 0, 1, NULL},
        {200, "{\"msg\":\"?\"}", DELIVERY_RETRY, 0, 0, "not one of"},
        {200, "[0]", DELIVERY_RETRY, 0, 0, "not one of"},
        {400, "", DELIVERY_REFUSED, 0, 0, NULL},
        {429, "", DELIVERY_RETRY, 0, 0, NULL},
        {500, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("feishu", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
