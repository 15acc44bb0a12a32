#include "alert_samples.h"
#include "cmocka_all.h"
#include "rmqwatch/channel.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static char *format(const struct notice *notice)
{
    struct channel_config channel = {.ops = channel_find("slack")};
    struct channel_request request = {0};

    assert_int_equal(
        channel.ops->format(&channel, notice, &(struct channel_attempt){.id = "id-1"}, &request), 0);
    assert_string_equal(request.content_type, "application/json; charset=utf-8");
    assert_int_equal(request.body_size, strlen(request.body));
    return request.body; /* freed by the caller: all that channel_request_done() does */
}

static void test_critical(void **state)
{
    struct notice notice = sample_gave_up();
    char *body = format(&notice);

    (void)state;
    assert_string_equal(body,
        "{\"text\":\"CRITICAL rabbit@rmq2: gave up\",\"blocks\":[{\"type\":\"section\",\"text\":"
        "{\"type\":\"mrkdwn\",\"text\":\":rotating_light: *CRITICAL rabbit@rmq2: gave up*\","
        "\"verbatim\":true}}],\"attachments\":[{\"color\":\"#d00000\",\"blocks\":["
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"it keeps dying: the restarts of this window are used up\",\"verbatim\":true}},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"exit code 1; 5 restarts in 30 min\",\"verbatim\":true}},"
        "{\"type\":\"section\",\"fields\":["
        "{\"type\":\"mrkdwn\",\"text\":\"*Node*\\nrabbit@rmq2\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Cluster*\\norders\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Observer*\\nrabbit@rmq1\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Time*\\n2026-02-01T00:30:05Z\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Began*\\n2026-02-01T00:00:00Z, 30 min 5 s earlier\","
        "\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Incident*\\nrmq2-1769904000-7\",\"verbatim\":true}]},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"To do: find and mend the cause, then start it there: rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\\n"
        "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`\",\"verbatim\":true}}]}]}");
    free(body);
}

static void test_chinese(void **state)
{
    struct notice notice = sample_chinese();
    char *body = format(&notice);

    (void)state;
    assert_string_equal(body,
        "{\"text\":\"严重 rabbit@rmq2：已放弃\",\"blocks\":[{\"type\":\"section\",\"text\":"
        "{\"type\":\"mrkdwn\",\"text\":\":rotating_light: *严重 rabbit@rmq2：已放弃*\","
        "\"verbatim\":true}}],\"attachments\":[{\"color\":\"#d00000\",\"blocks\":["
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"节点反复停止：本时间窗内的重启次数已用完\",\"verbatim\":true}},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"主进程已退出，退出码 1；30 min 内的重启次数已用 5/5\",\"verbatim\":true}},"
        "{\"type\":\"section\",\"fields\":["
        "{\"type\":\"mrkdwn\",\"text\":\"*节点*\\nrabbit@rmq2\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*集群*\\norders\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*观察节点*\\nrabbit@rmq1\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*时间*\\n2026-02-01T00:30:05Z\",\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*开始*\\n2026-02-01T00:00:00Z，即 30 min 5 s 前\","
        "\"verbatim\":true},"
        "{\"type\":\"mrkdwn\",\"text\":\"*故障编号*\\nrmq2-1769904000-7\",\"verbatim\":true}]},"
        "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":"
        "\"待办：找出并排除原因，然后在该节点上启动它：rmqwatchctl resume\\n"
        "请在 rabbit@rmq1 的主机上进一步查看：\\n"
        "`journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7`\",\"verbatim\":true}}]}]}");
    free(body);
}

static void test_good_news_look_good(void **state)
{
    struct notice notice = sample_recovered();
    char *body = format(&notice);

    (void)state;
    assert_non_null(strstr(body, "{\"text\":\"OK rabbit@rmq2: recovered\","));
    assert_non_null(strstr(body, "\":white_check_mark: *OK rabbit@rmq2: recovered*\""));
    assert_non_null(strstr(body, "\"color\":\"#2eb67d\""));
    assert_non_null(
        strstr(body, "\"*Took*\\ndetect 0.4 s, boot 7.9 s, verify 10 s, total 18 s\",\"verbatim\":true"));
    free(body);
}

static void test_markup_and_json_are_escaped(void **state)
{
    struct notice notice = sample_hostile();
    char *body = format(&notice);
    cJSON *json = cJSON_Parse(body);

    (void)state;
    assert_non_null(json);
    assert_non_null(strstr(body, "\xf0\x9f\x98\x80 &lt;!channel&gt; &amp; *b*\\n\xef\xbf\xbd"));
    assert_non_null(strstr(body, "\"\\\"quoted\\\" \\\\ /          end  .  QUIT\""));
    assert_non_null(strstr(body, "*Observer*\\nrabbit@&lt;rmq1&gt;"));
    assert_null(strpbrk(body, "<>\r\n\x01\x7f"));
    cJSON_Delete(json);
    free(body);
}

/* Escaping makes five bytes of one: whatever the fields hold, nothing is cut and Slack's bounds are kept. */
static void test_longest_texts(void **state)
{
    struct notice notice = sample_gave_up();
    char *body;
    cJSON *json, *blocks, *block, *field;

    (void)state;
    memset(notice.node, '&', sizeof(notice.node) - 1);
    memset(notice.observer, '&', sizeof(notice.observer) - 1);
    memset(notice.why, '&', sizeof(notice.why) - 1);
    memset(notice.detail, '&', sizeof(notice.detail) - 1);
    memset(notice.incident, '&', sizeof(notice.incident) - 1);
    body = format(&notice);
    json = cJSON_Parse(body);
    blocks = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "attachments"), 0), "blocks");
    assert_int_equal(cJSON_GetArraySize(blocks), 4);
    assert_int_equal(
        strlen(cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetArrayItem(blocks, 1), "text"), "text")
                   ->valuestring),
        (sizeof(notice.detail) - 1) * strlen("&amp;"));
    cJSON_ArrayForEach(block, blocks)
    {
        cJSON *text = cJSON_GetObjectItem(cJSON_GetObjectItem(block, "text"), "text");

        assert_true(!text || strlen(text->valuestring) <= 3000);
        cJSON_ArrayForEach(field, cJSON_GetObjectItem(block, "fields"))
        {
            assert_true(strlen(cJSON_GetObjectItem(field, "text")->valuestring) <= 2000);
        }
    }
    assert_string_equal(body + strlen(body) - strlen("&amp;'`\",\"verbatim\":true}}]}]}"),
        "&amp;'`\",\"verbatim\":true}}]}]}");
    cJSON_Delete(json);
    free(body);
}

static void test_replies(void **state)
{
    static const struct {
        long status; /* 0: no answer */
        const char *body;
        uint64_t retry_after_ms;
        enum delivery delivery;
    } cases[] = {
        {200, "ok", 0, DELIVERY_SENT},
        {200, "ok\r\n", 0, DELIVERY_SENT},
        {200, "okay", 0, DELIVERY_RETRY},
        {200, "", 0, DELIVERY_RETRY},
        {200, "ok <html>", 0, DELIVERY_RETRY},
        {200, "<html>please log in</html>", 0, DELIVERY_RETRY},
        {204, "", 0, DELIVERY_RETRY},
        {429, "rate_limited", 30000, DELIVERY_RETRY},
        {500, "rollup_error", 0, DELIVERY_RETRY},
        {503, "", 7000, DELIVERY_RETRY},
        {0, "", 0, DELIVERY_RETRY},
        {302, "", 0, DELIVERY_REFUSED},
        {400, "invalid_payload", 0, DELIVERY_REFUSED},
        {403, "action_prohibited", 0, DELIVERY_REFUSED},
        {404, "channel_not_found", 0, DELIVERY_REFUSED},
        {410, "channel_is_archived", 0, DELIVERY_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct channel_reply reply = {.answered = cases[i].status != 0,
            .status = cases[i].status,
            .body = cases[i].body,
            .body_size = strlen(cases[i].body),
            .retry_after_ms = cases[i].retry_after_ms};
        struct channel_verdict verdict = channel_find("slack")->classify(&reply);

        assert_int_equal(verdict.delivery, cases[i].delivery);
        assert_int_equal(verdict.retry_after_ms, cases[i].retry_after_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_critical),
        cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_good_news_look_good),
        cmocka_unit_test(test_markup_and_json_are_escaped),
        cmocka_unit_test(test_longest_texts),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
