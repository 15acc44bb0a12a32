/* Scripts: what they read, and what their exit codes mean. That they are run: test_outbox_ways.c. */
#include "channel_fixture.h"

#include <string.h>

static void test_reads_what_a_webhook_gets(void **state)
{
    struct channel_config script = channel_fixture_config("script");
    struct channel_config webhook = channel_fixture_config("webhook");
    struct notice notice = sample_gave_up();
    struct channel_request a = channel_fixture_format(&script, &notice);
    struct channel_request b = channel_fixture_format(&webhook, &notice);

    (void)state;
    assert_string_equal(a.body, b.body);
    assert_int_equal(a.header_count, 0);
    channel_request_done(&a);
    channel_request_done(&b);
}

static void test_exit_codes(void **state)
{
    static const struct {
        bool answered;
        long status;
        enum delivery delivery;
        uint64_t wait_ms;
    } cases[] = {
        {true, 0, DELIVERY_SENT, 0},
        {true, 75, DELIVERY_RETRY, 0},
        {false, 0, DELIVERY_RETRY, 0},
        {false, 1, DELIVERY_RETRY, 0},
        {true, 126, DELIVERY_RETRY, 300000},
        {true, 127, DELIVERY_RETRY, 300000},
        {true, 1, DELIVERY_REFUSED, 0},
        {true, 64, DELIVERY_REFUSED, 0},
        {true, 255, DELIVERY_REFUSED, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct channel_reply reply = {
            .answered = cases[i].answered, .status = cases[i].status, .body = ""};
        struct channel_verdict verdict = channel_find("script")->classify(&reply);

        assert_int_equal(verdict.delivery, cases[i].delivery);
        assert_int_equal(verdict.retry_after_ms, cases[i].wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_webhook_gets),
        cmocka_unit_test(test_exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
