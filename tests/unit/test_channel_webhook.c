#include "alerts/sign.h"
#include "channel_fixture.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static char *format(const struct notice *notice)
{
    struct channel_config channel = {.ops = channel_find("webhook")};
    struct channel_request request = {0};

    assert_int_equal(
        channel.ops->format(&channel, notice, &(struct channel_attempt){.id = "id-1"}, &request), 0);
    assert_string_equal(request.content_type, "application/json; charset=utf-8");
    assert_int_equal(request.body_size, strlen(request.body));
    return request.body;
}

static void test_recovered(void **state)
{
    struct notice notice = sample_recovered();
    char *body = format(&notice);

    (void)state;
    assert_string_equal(body,
        "{\"version\":1,\"id\":\"id-1\",\"event\":\"recovered\",\"severity\":\"info\",\"resolved\":true,"
        "\"condition\":\"healthy\",\"title\":\"OK rabbit@rmq2: recovered\",\"cluster\":\"orders\","
        "\"node\":\"rabbit@rmq2\",\"observer\":\"rabbit@rmq2\",\"incident\":\"rmq2-1769904000-7\","
        "\"evidence\":\"\","
        "\"why\":\"every proof of the recovery has held\","
        "\"detail\":\"listed as running by rabbit@rmq1, rabbit@rmq3\","
        "\"time\":\"2026-02-01T00:00:18Z\",\"since\":\"2026-02-01T00:00:00Z\","
        "\"phases\":[{\"name\":\"detect\",\"ms\":350},{\"name\":\"boot\",\"ms\":7900},"
        "{\"name\":\"verify\",\"ms\":10150},{\"name\":\"total\",\"ms\":18400}],"
        "\"count\":1,\"flaps\":0,\"repeated\":false,\"course\":[]}");
    free(body);
}

/* All fields are there even when nothing is known. */
static void test_little_is_known(void **state)
{
    struct notice notice = {.kind = NOTICE_AGENT_STALLED, .severity = SEVERITY_WARNING, .incident = "i"};
    char *body = format(&notice);

    (void)state;
    assert_string_equal(body,
        "{\"version\":1,\"id\":\"id-1\",\"event\":\"agent-stalled\",\"severity\":\"warning\","
        "\"resolved\":false,\"condition\":\"unknown\",\"title\":\"WARNING: watchdog stalled\","
        "\"cluster\":\"\",\"node\":\"\",\"observer\":\"\",\"incident\":\"i\",\"evidence\":\"\",\"why\":\"\","
        "\"detail\":\"\","
        "\"time\":\"1970-01-01T00:00:00Z\",\"since\":\"1970-01-01T00:00:00Z\",\"phases\":[],"
        "\"count\":1,\"flaps\":0,\"repeated\":false,\"course\":[]}");
    free(body);
}

/* What was folded is one body, and says so. */
static void test_folded(void **state)
{
    struct notice notice = sample_flapped();
    char *body = format(&notice);

    (void)state;
    assert_non_null(strstr(body, "\"title\":\"OK rabbit@rmq2: recovered (came back 2x)\""));
    assert_non_null(strstr(body, "\"count\":8,\"flaps\":2,\"repeated\":false,"
                                 "\"course\":[\"2026-01-31T23:59:58Z crashed: exit code 1\",\"+5\","
                                 "\"2026-02-01T00:00:11Z retrying\",\"2026-02-01T00:00:18Z recovered\"]}"));
    free(body);
    notice = sample_gave_up();
    notice.repeated = true;
    notice.count = 3;
    body = format(&notice);
    assert_non_null(strstr(body, "\"title\":\"CRITICAL rabbit@rmq2: still: gave up\""));
    assert_non_null(strstr(body, "\"count\":3,\"flaps\":0,\"repeated\":true,\"course\":[]}"));
    free(body);
}

static void assert_field(const cJSON *json, const char *name, const char *expected)
{
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, name)), expected);
}

static void test_hostile_fields_come_back_whole(void **state)
{
    struct notice notice = sample_hostile();
    char *body = format(&notice);
    cJSON *json = cJSON_Parse(body);

    (void)state;
    assert_non_null(json);
    assert_field(json, "node", "rabbit@rmq2  Bcc: x@y.example");
    assert_field(json, "cluster", "m\xc3\xbcnchen-\xe6\x97\xa5\xe6\x9c\xac");
    assert_field(json, "why", "\"quoted\" \\ /          end  .  QUIT");
    assert_field(json, "detail",
        "\xf0\x9f\x98\x80 <!channel> & *b*\n\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd| "
        "x\n.\n..two ");
    assert_field(json, "incident", "a'b $(x)");
    assert_field(json, "evidence", "");
    cJSON_Delete(json);
    free(body);
}

/* Made with: (printf '1769905805.'; cat BODY) | openssl dgst -sha256 -hmac SECdemo */
static void test_headers(void **state)
{
    struct channel_config channel = channel_fixture_config("webhook");
    struct notice notice = sample_gave_up();
    char team[] = "X-Team: messaging", put[] = "PUT";
    struct channel_request request;

    (void)state;
    channel.headers[0] = team;
    channel.method = put;
    request = channel_fixture_format(&channel, &notice);
    assert_string_equal(request.method, "PUT");
    assert_int_equal(request.header_count, 4);
    assert_string_equal(request.headers[0], "X-Team: messaging");
    assert_string_equal(request.headers[1], "Authorization: Bearer " CHANNEL_FIXTURE_SECRET);
    assert_string_equal(request.headers[2], "X-Rmqwatch-Timestamp: 1769905805");
    assert_string_equal(request.headers[3],
        "X-Rmqwatch-Signature: sha256=cc8b9b7879b8e38a3110015318ea8cdafad72d9e4c2b7eb155406513acbc8b5a");
    assert_null(strstr(request.body, CHANNEL_FIXTURE_SECRET));
    channel_request_done(&request);
    /* As many as can be configured. */
    for (size_t i = 0; i < RMQ_CHANNEL_HEADERS_MAX; i++)
        channel.headers[i] = team;
    request = channel_fixture_format(&channel, &notice);
    assert_int_equal(request.header_count, CHANNEL_REQUEST_HEADERS_MAX);
    channel_request_done(&request);
}

/* RFC 4231, test case 2, and an empty message as Feishu signs it, with the values of openssl dgst. */
static void test_signatures(void **state)
{
    static const char data[] = "what do ya want for nothing?";
    char hex[SIGN_HEX_MAX], base64[SIGN_BASE64_MAX];

    (void)state;
    assert_int_equal(sign_hex("Jefe", data, strlen(data), hex), 0);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_int_equal(sign_base64("100\ndemo", "", 0, base64), 0);
    assert_string_equal(base64, "jquNHnVOwmDRfw+vqTIrY5dooJAgi5EcRtLsQE4wfXg=");
}

static void test_replies(void **state)
{
    static const struct {
        long status;
        enum delivery delivery;
    } cases[] = {
        {200, DELIVERY_SENT},
        {202, DELIVERY_SENT},
        {204, DELIVERY_SENT},
        {0, DELIVERY_RETRY},
        {100, DELIVERY_RETRY},
        {408, DELIVERY_RETRY},
        {425, DELIVERY_RETRY},
        {429, DELIVERY_RETRY},
        {500, DELIVERY_RETRY},
        {503, DELIVERY_RETRY},
        {599, DELIVERY_RETRY},
        {301, DELIVERY_REFUSED},
        {307, DELIVERY_REFUSED},
        {400, DELIVERY_REFUSED},
        {401, DELIVERY_REFUSED},
        {404, DELIVERY_REFUSED},
        {422, DELIVERY_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct channel_reply reply = {
            .answered = cases[i].status != 0, .status = cases[i].status, .body = "", .retry_after_ms = 9000};
        struct channel_verdict verdict = channel_find("webhook")->classify(&reply);

        assert_int_equal(verdict.delivery, cases[i].delivery);
        assert_int_equal(
            verdict.retry_after_ms, verdict.delivery == DELIVERY_RETRY && cases[i].status ? 9000 : 0);
    }
}

static void test_registry(void **state)
{
    static const char *const names[] = {"slack", "dingtalk", "feishu", "wecom", "teams", "discord",
        "pagerduty", "alertmanager", "webhook", "mail", "script"};
    size_t count = sizeof(names) / sizeof(names[0]);
    struct channel_request request = {0};

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(channel_at(i)->name, names[i]);
        assert_ptr_equal(channel_find(names[i]), channel_at(i));
        assert_int_equal(channel_at(i)->transport == CHANNEL_MAIL, strcmp(names[i], "mail") == 0);
        assert_int_equal(channel_at(i)->transport == CHANNEL_EXEC, strcmp(names[i], "script") == 0);
        assert_int_equal(channel_at(i)->required & ~channel_at(i)->options, 0);
    }
    assert_null(channel_at(count));
    assert_null(channel_find("pigeon"));
    assert_null(channel_find(""));
    channel_request_done(&request);
    request.body = strdup("x");
    request.body_size = 1;
    request.url_suffix = strdup("?x");
    request.headers[0] = strdup("X: x");
    request.header_count = 1;
    channel_request_done(&request);
    assert_null(request.body);
    assert_null(request.headers[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recovered),
        cmocka_unit_test(test_little_is_known),
        cmocka_unit_test(test_folded),
        cmocka_unit_test(test_hostile_fields_come_back_whole),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_registry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
