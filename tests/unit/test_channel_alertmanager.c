/* Alertmanager: labels that are the same at both ends of a trouble, and the replies. */
#include "channel_fixture.h"

#include <cjson/cJSON.h>
#include <string.h>

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("alertmanager", &notice,
        "[{\"labels\":{\"alertname\":\"RmqwatchBroker\",\"job\":\"rmqwatchd\",\"severity\":"
        "\"critical\",\"family\":\"broker\",\"cluster\":\"orders\",\"node\":\"rabbit@rmq2\"},"
        "\"annotations\":{\"summary\":\"CRITICAL rabbit@rmq2: gave up\",\"description\":"
        "\"it keeps dying: the restarts of this window are used up\",\"detail\":"
        "\"exit code 1; 5 restarts in 30 min\",\"event\":\"gave-up\",\"observer\":"
        "\"rabbit@rmq1\",\"incident\":\"rmq2-1769904000-7\",\"look\":"
        "\"To do: find and mend the cause, then start it there: rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\",\"command\":"
        "\"journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\"},\"startsAt\":"
        "\"2026-02-01T00:00:00Z\",\"endsAt\":\"2026-02-01T00:35:05Z\"}]");
}

static cJSON *alerts_of(const struct notice *notice)
{
    struct channel_config channel = channel_fixture_config("alertmanager");
    struct channel_request request = channel_fixture_format(&channel, notice);
    cJSON *json = cJSON_Parse(request.body);

    assert_true(cJSON_IsArray(json));
    assert_string_equal(request.url_suffix, "/api/v2/alerts");
    channel_request_done(&request);
    return json;
}

static const char *text_of(const cJSON *alert, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(alert, name));
}

/* Whatever fires is resolved by the trouble's end with the very same labels, whoever tells it. */
static void test_the_end_has_the_labels_of_the_begin(void **state)
{
    static const enum notice_kind pairs[][2] = {{NOTICE_CRASHED, NOTICE_RECOVERED},
        {NOTICE_GAVE_UP, NOTICE_RECOVERED}, {NOTICE_HUNG, NOTICE_STOPPED},
        {NOTICE_ALARM, NOTICE_ALARM_CLEARED}, {NOTICE_PEER_DOWN, NOTICE_PEER_BACK},
        {NOTICE_PARTITION, NOTICE_PARTITION_HEALED}, {NOTICE_HOLD_SET, NOTICE_HOLD_OVER}};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct notice notice = sample_gave_up();
        cJSON *begin, *end, *alert;
        bool found = false;

        notice.kind = pairs[i][0];
        notice.severity = notice_info(notice.kind)->severity;
        begin = alerts_of(&notice);
        assert_int_equal(cJSON_GetArraySize(begin), 1);
        notice.kind = pairs[i][1];
        notice.severity = notice_info(notice.kind)->severity;
        strcpy(notice.observer, "rabbit@rmq3");
        strcpy(notice.incident, "another");
        if (pairs[i][0] == NOTICE_PARTITION)
            strcpy(notice.node, "rabbit@rmq3"); /* of the cluster: another one may tell its end */
        notice.wall_ms += 60000;
        end = alerts_of(&notice);
        cJSON_ArrayForEach(alert, end)
        {
            found = found || cJSON_Compare(cJSON_GetObjectItem(alert, "labels"),
                                 cJSON_GetObjectItem(cJSON_GetArrayItem(begin, 0), "labels"), true);
            assert_string_equal(text_of(alert, "endsAt"), "2026-02-01T00:31:05Z");
            assert_string_equal(text_of(alert, "startsAt"), "2026-02-01T00:00:00Z");
        }
        assert_true(found);
        cJSON_Delete(begin);
        cJSON_Delete(end);
    }
}

/* Alertmanager refuses what ends before it begins. */
static void test_clock_set_back(void **state)
{
    struct notice notice = sample_recovered();
    cJSON *alerts;

    (void)state;
    notice.wall_ms = 1769900000000;
    alerts = alerts_of(&notice);
    assert_string_equal(text_of(cJSON_GetArrayItem(alerts, 0), "startsAt"), "2026-01-31T22:53:20Z");
    assert_string_equal(text_of(cJSON_GetArrayItem(alerts, 0), "endsAt"), "2026-01-31T22:53:20Z");
    cJSON_Delete(alerts);
}

static void test_names_of_troubles(void **state)
{
    struct notice notice = sample_gave_up();
    cJSON *alerts, *labels;

    (void)state;
    notice.kind = NOTICE_ALARM;
    strcpy(notice.trouble, "disk-alarm");
    alerts = alerts_of(&notice);
    labels = cJSON_GetObjectItem(cJSON_GetArrayItem(alerts, 0), "labels");
    assert_string_equal(text_of(labels, "alertname"), "RmqwatchDiskAlarm");
    assert_string_equal(text_of(labels, "family"), "alarm");
    cJSON_Delete(alerts);
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {200, "", DELIVERY_SENT, 0, 0, NULL},
        {400, "\"bad request\"", DELIVERY_REFUSED, 0, 0, NULL},
        {401, "", DELIVERY_REFUSED, 0, 0, "login"},
        {403, "", DELIVERY_REFUSED, 0, 0, "login"},
        {404, "", DELIVERY_REFUSED, 0, 0, "server"},
        {429, "", DELIVERY_RETRY, 0, 0, NULL},
        {500, "\"oops\"", DELIVERY_RETRY, 0, 0, NULL},
        {503, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("alertmanager", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_the_end_has_the_labels_of_the_begin),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_names_of_troubles),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
