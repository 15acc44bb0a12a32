/* WeCom: the body, what is cut to its 4096 bytes, and the codes in the replies. */
#include "channel_fixture.h"

#include <cjson/cJSON.h>
#include <string.h>

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("wecom", &notice,
        "{\"msgtype\":\"markdown\",\"markdown\":{\"content\":"
        "\"### <font color=\\\"warning\\\">CRITICAL rabbit@rmq2: gave up</font>\\n"
        "it keeps dying: the restarts of this window are used up\\n"
        "exit code 1; 5 restarts in 30 min\\n>**Node**: rabbit@rmq2\\n>**Cluster**: orders\\n"
        ">**Observer**: rabbit@rmq1\\n>**Time**: 2026-02-01T00:30:05Z\\n"
        ">**Began**: 2026-02-01T00:00:00Z, 30 min 5 s earlier\\n"
        ">**Incident**: rmq2-1769904000-7\\nTo do: find and mend the cause, then start it there: rmqwatchctl "
        "resume\\n"
        "Look further, on the host of rabbit@rmq1:\\n"
        "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`\"}}");
}

/* However long the texts are, and if all of them grow to three times their size: title, node and command
 * stay. */
static void test_cut_to_the_limit(void **state)
{
    struct channel_config channel = channel_fixture_config("wecom");
    struct notice notice = sample_gave_up();
    const char *content;
    struct channel_request request;
    cJSON *json;

    (void)state;
    memset(notice.node, '*', sizeof(notice.node) - 1);
    memset(notice.observer, '<', sizeof(notice.observer) - 1);
    memset(notice.why, '`', sizeof(notice.why) - 1);
    memset(notice.detail, '>', sizeof(notice.detail) - 1);
    memset(notice.cluster, '[', sizeof(notice.cluster) - 1);
    memset(notice.evidence, ']', sizeof(notice.evidence) - 1);
    request = channel_fixture_format(&channel, &notice);
    json = cJSON_Parse(request.body);
    content = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "markdown"), "content"));
    assert_true(strlen(content) <= 4096);
    assert_true(strlen(content) > 2000);
    assert_memory_equal(content, "### <font color=\"warning\">CRITICAL \xef\xbc\x8a", 38);
    assert_non_null(strstr(content, ": gave up</font>\n"));
    assert_non_null(strstr(content, "\n>**Node**: \xef\xbc\x8a"));
    assert_non_null(strstr(content, "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`"));
    cJSON_Delete(json);
    channel_request_done(&request);
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {200, "{\"errcode\":0,\"errmsg\":\"ok\"}", DELIVERY_SENT, 0, 0, NULL},
        {200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}", DELIVERY_RETRY, 0, -1, "busy"},
        {200, "{\"errcode\":45009,\"errmsg\":\"api freq out of limit, hint: [1]\"}", DELIVERY_RETRY, 60000,
            45009, "too many"},
        {200, "{\"errcode\":45033,\"errmsg\":\"x\"}", DELIVERY_RETRY, 60000, 45033, "too many"},
        {200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url, hint: [1], from ip: 1.2.3.4\"}",
            DELIVERY_REFUSED, 0, 93000, "url_file"},
        {200, "{\"errcode\":93004,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 93004, "switched off"},
        {200, "{\"errcode\":93008,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 93008, "not in the group"},
        {200, "{\"errcode\":40008,\"errmsg\":\"invalid message type\"}", DELIVERY_REFUSED, 0, 40008,
            "markdown"},
        {200, "{\"errcode\":40058,\"errmsg\":\"markdown.content exceed max length\"}", DELIVERY_REFUSED, 0,
            40058, "understand"},
        {200, "{\"errcode\":45002,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 45002, "too long"},
        {200, "{\"errcode\":60020,\"errmsg\":\"not allow to access from your ip\"}", DELIVERY_REFUSED, 0,
            60020, "address"},
        {200, "{\"errcode\":4,\"errmsg\":\"x\"}", DELIVERY_REFUSED, 0, 4, NULL},
        {200, "", DELIVERY_RETRY, 0, 0, "not one of"},
        {403, "", DELIVERY_REFUSED, 0, 0, NULL},
        {503, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("wecom", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_cut_to_the_limit),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
