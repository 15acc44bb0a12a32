/* Microsoft Teams: the adaptive card and the replies of Workflows. */
#include "channel_fixture.h"

static void test_body(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    channel_fixture_assert_body("teams", &notice,
        "{\"type\":\"message\",\"attachments\":[{\"contentType\":"
        "\"application/vnd.microsoft.card.adaptive\",\"contentUrl\":null,\"content\":{"
        "\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\",\"type\":"
        "\"AdaptiveCard\",\"version\":\"1.2\",\"msteams\":{\"width\":\"Full\"},\"body\":[{"
        "\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":"
        "\"CRITICAL rabbit@rmq2: gave up\",\"size\":\"large\",\"weight\":\"bolder\",\"color\":"
        "\"attention\"}]},{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\","
        "\"text\":\"it keeps dying: the restarts of this window are used up\"}]},{\"type\":"
        "\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":"
        "\"exit code 1; 5 restarts in 30 min\"}]},{\"type\":\"FactSet\",\"facts\":[{\"title\":"
        "\"Node\",\"value\":\"rabbit@rmq2\"},{\"title\":\"Cluster\",\"value\":\"orders\"},{"
        "\"title\":\"Observer\",\"value\":\"rabbit@rmq1\"},{\"title\":\"Time\",\"value\":"
        "\"2026-02-01T00:30:05Z\"},{\"title\":\"Began\",\"value\":"
        "\"2026-02-01T00:00:00Z, 30 min 5 s earlier\"},{\"title\":\"Incident\",\"value\":"
        "\"rmq2-1769904000-7\"}]},{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\","
        "\"text\":\"To do: find and mend the cause, then start it there: rmqwatchctl resume\\n"
        "Look further, on the host of rabbit@rmq1:\"}]},{\"type\":\"RichTextBlock\","
        "\"inlines\":[{\"type\":\"TextRun\",\"text\":"
        "\"journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\",\"fontType\":"
        "\"monospace\"}]}]}}]}");
}

static void test_replies(void **state)
{
    static const struct channel_case cases[] = {
        {202, "", DELIVERY_SENT, 0, 0, NULL},
        {200, "1", DELIVERY_SENT, 0, 0, NULL},
        {200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 "
            "with "
            "ContextId x",
            DELIVERY_RETRY, 30000, 0, "has not taken it"},
        {400, "{\"error\":{\"code\":\"TriggerInputSchemaMismatch\"}}", DELIVERY_REFUSED, 0, 0, NULL},
        {401, "{\"error\":{\"code\":\"DirectApiAuthorizationRequired\"}}", DELIVERY_REFUSED, 0, 0,
            "signature"},
        {403, "", DELIVERY_REFUSED, 0, 0, "signature"},
        {404, "{\"error\":{\"code\":\"WorkflowNotFound\"}}", DELIVERY_REFUSED, 0, 0, "no such workflow"},
        {410, "", DELIVERY_REFUSED, 0, 0, "no such workflow"},
        {413, "", DELIVERY_REFUSED, 0, 0, "too long"},
        {429, "", DELIVERY_RETRY, 0, 0, NULL},
        {500, "", DELIVERY_RETRY, 0, 0, NULL},
        {504, "", DELIVERY_RETRY, 0, 0, NULL},
        {0, "", DELIVERY_RETRY, 0, 0, NULL},
    };

    (void)state;
    CHANNEL_FIXTURE_ASSERT_REPLIES("teams", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
