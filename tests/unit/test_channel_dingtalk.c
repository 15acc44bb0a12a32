/* DingTalk: the body, the signature in the URL, and the codes in its replies. */
#include "channel_fixture.h"

#include <stdlib.h>
#include <string.h>

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("dingtalk", &notice,
        "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"CRITICAL rabbit@rmq2: gave up\","
        "\"text\":\"### CRITICAL rabbit@rmq2: gave up\\n\\n"
        "it keeps dying: the restarts of this window are used up\\n\\n"
        "exit code 1; 5 restarts in 30 min\\n\\n- **Node**: rabbit@rmq2\\n"
        "- **Cluster**: orders\\n- **Observer**: rabbit@rmq1\\n"
        "- **Time**: 2026-02-01T00:30:05Z\\n"
        "- **Began**: 2026-02-01T00:00:00Z, 30 min 5 s earlier\\n"
        "- **Incident**: rmq2-1769904000-7\\n\\nTo do: find and mend the cause, then start it there: "
        "rmqwatchctl resume\\n\\n"
        "Look further, on the host of rabbit@rmq1:\\n\\n"
        "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`\"},\"at\":{\"isAtAll\":false}}");
}

/* Made with:
 * printf '%s\n%s' 1769905805126 SECdemo | openssl dgst -sha256 -hmac SECdemo -binary | base64
 * and Python's urllib.parse.quote_plus(). */
static void test_signature(void **state)
{
    struct channel_config channel = channel_fixture_config("dingtalk");
    struct notice notice = sample_gave_up();
    struct channel_request request = channel_fixture_format(&channel, &notice);
    char plain[] = "https://hooks.example.com/robot";

    (void)state;
    assert_string_equal(request.url_suffix,
        "&timestamp=1769905805126&sign=roBpmALvNPffs%2B2xkSN8Ub28jk%2FXC6RXVfMfp4t0K%2FM%3D");
    assert_null(strstr(request.body, CHANNEL_FIXTURE_SECRET));
    channel_request_done(&request);
    channel.url.value = plain;
    request = channel_fixture_format(&channel, &notice);
    assert_int_equal(request.url_suffix[0], '?');
    channel_request_done(&request);
    channel.secret.value = NULL;
    request = channel_fixture_format(&channel, &notice);
    assert_null(request.url_suffix);
    channel_request_done(&request);
}

static void test_lines_of_the_detail_stay_lines(void **state)
{
    struct channel_config channel = channel_fixture_config("dingtalk");
    struct notice notice = sample_gave_up();
    struct channel_request request;

    (void)state;
    strcpy(notice.detail, "one\n# two");
    request = channel_fixture_format(&channel, &notice);
    assert_non_null(strstr(request.body, "one\\n\\n\\\\# two\\n\\n- **Node**"));
    channel_request_done(&request);
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {200, "{\"errcode\":0,\"errmsg\":\"ok\"}", DELIVERY_SENT, 0, 0, NULL},
        {200, "{\"errcode\":130101,\"errmsg\":\"send too fast, exceed 20 times per minute\"}", DELIVERY_RETRY,
            600000, 130101, "too many"},
        {200, "{\"errcode\":410100,\"errmsg\":\"x\"}", DELIVERY_RETRY, 600000, 410100, "too many"},
        {200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}", DELIVERY_RETRY, 0, -1, "busy"},
        {200, "{\"status\":1111,\"wait\":5,\"source\":\"x5\",\"punish\":\"deny\"}", DELIVERY_RETRY, 0, 0,
            "not one of the target's own"},
        {200, "{\"errcode\":310000,\"errmsg\":\"keywords not in content\"}", DELIVERY_REFUSED, 0, 310000,
            "keywords"},
        {200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", DELIVERY_REFUSED, 0, 310000,
            "signature is wrong"},
        {200, "{\"errcode\":310000,\"errmsg\":\"invalid timestamp\"}", DELIVERY_REFUSED, 0, 310000, "clock"},
        {200, "{\"errcode\":310000,\"errmsg\":\"ip 1.2.3.4 not in whitelist\"}", DELIVERY_REFUSED, 0, 310000,
            "address"},
        {200, "{\"errcode\":310000,\"errmsg\":\"?\"}", DELIVERY_REFUSED, 0, 310000, "security"},
        {200, "{\"errcode\":300001,\"errmsg\":\"token is not exist\"}", DELIVERY_REFUSED, 0, 300001, "token"},
        {200, "{\"errcode\":300005,\"errmsg\":\"token is not exist\"}", DELIVERY_REFUSED, 0, 300005, "token"},
        {200, "{\"errcode\":40035,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 40035, "missing"},
        {200, "{\"errcode\":400013,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 400013, "group"},
        {200, "{\"errcode\":400101,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 400101, "token"},
        {200, "{\"errcode\":400102,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 400102, "switched off"},
        {200, "{\"errcode\":400105,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 400105, "markdown"},
        {200, "{\"errcode\":400106,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 400106, "gone"},
        {200, "{\"errcode\":430101,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 430101, "unsafe"},
        {200, "{\"errcode\":430102,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 430102, "inappropriate"},
        {200, "{\"errcode\":430103,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 430103, "inappropriate"},
        {200, "{\"errcode\":430104,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 430104, "inappropriate"},
        {200, "{\"errcode\":77,\"errmsg\":\"never heard of\"}", DELIVERY_REFUSED, 0, 77, NULL},
        {200, "{\"errcode\":\"0\"}", DELIVERY_RETRY, 0, 0, "not one of"},
        {200, "{\"errcode\":0.5}", DELIVERY_RETRY, 0, 0, "not one of"},
        {200, "<html>please log in</html>", DELIVERY_RETRY, 0, 0, "not one of"},
        {200, "", DELIVERY_RETRY, 0, 0, "not one of"},
        {302, "", DELIVERY_REFUSED, 0, 0, NULL},
        {404, "", DELIVERY_REFUSED, 0, 0, NULL},
        {429, "", DELIVERY_RETRY, 0, 0, NULL},
        {502, "<html>", DELIVERY_RETRY, 0, 0, NULL},
        {502, "{\"errcode\":0}", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("dingtalk", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_lines_of_the_detail_stay_lines),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
