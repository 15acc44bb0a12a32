/* Notices and what channels remember, as text and back. */
#include "alert_samples.h"
#include "alerts/channel_state.h"
#include "alerts/notice_json.h"
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void assert_same(const struct notice *a, const struct notice *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->condition, b->condition);
    assert_string_equal(a->incident, b->incident);
    assert_string_equal(a->cluster, b->cluster);
    assert_string_equal(a->node, b->node);
    assert_string_equal(a->observer, b->observer);
    assert_string_equal(a->why, b->why);
    assert_string_equal(a->detail, b->detail);
    assert_string_equal(a->trouble, b->trouble);
    assert_string_equal(a->evidence, b->evidence);
    assert_int_equal(a->wall_ms, b->wall_ms);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->flaps, b->flaps);
    assert_int_equal(a->repeated, b->repeated);
    assert_string_equal(a->course, b->course);
    assert_int_equal(a->since_wall_ms, b->since_wall_ms);
    assert_int_equal(a->phase_count, b->phase_count);
    for (size_t i = 0; i < a->phase_count; i++) {
        assert_string_equal(a->phases[i].name, b->phases[i].name);
        assert_int_equal(a->phases[i].ms, b->phases[i].ms);
    }
}

static void assert_goes_through(const struct notice *notice)
{
    char *text = notice_to_json(notice);
    struct notice back;

    assert_non_null(text);
    assert_int_equal(notice_from_json(text, &back), 0);
    assert_same(notice, &back);
    free(text);
}

static void test_all_of_it_comes_back(void **state)
{
    static const char *const names[] = {"detect", "ask", "kill", "boot", "verify", "total"};
    struct notice notice = sample_gave_up();

    (void)state;
    assert_goes_through(&notice);
    notice = sample_recovered();
    assert_goes_through(&notice);
    /* every kind, every condition, every text at its longest, every phase */
    memset(notice.cluster, 'c', sizeof(notice.cluster) - 1);
    memset(notice.node, 'n', sizeof(notice.node) - 1);
    memset(notice.observer, 'o', sizeof(notice.observer) - 1);
    memset(notice.why, '"', sizeof(notice.why) - 1);
    memset(notice.detail, '\n', sizeof(notice.detail) - 1);
    memset(notice.trouble, 't', sizeof(notice.trouble) - 1);
    memset(notice.evidence, '/', sizeof(notice.evidence) - 1);
    memset(notice.incident, 'i', sizeof(notice.incident) - 1);
    memset(notice.course, 'c', sizeof(notice.course) - 1);
    notice.count = notice.flaps = UINT32_MAX;
    notice.repeated = true;
    notice.phase_count = RMQ_PHASES_MAX;
    for (size_t i = 0; i < RMQ_PHASES_MAX; i++)
        notice.phases[i] = (struct phase){names[i], UINT64_MAX - i};
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        notice.kind = (enum notice_kind)kind;
        notice.severity = (enum severity)(kind % 3);
        notice.condition = (enum condition)(kind % CONDITION_COUNT);
        assert_goes_through(&notice);
    }
}

static void test_what_is_damaged_is_refused(void **state)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"kind\":\"gave-up\"}",
        "{\"incident\":\"i\"}",
        "{\"kind\":\"unheard-of\",\"incident\":\"i\"}",
        "{\"kind\":7,\"incident\":\"i\"}",
        "{\"kind\":\"gave-up\",\"incident\":\"\"}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"incident\":\"i\"}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"phases\":[{\"name\":\"boot\",\"ms\":1,\"else\":1}]}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"phases\":1}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"phases\":[{\"name\":\"sleep\",\"ms\":1}]}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"phases\":[{},{},{},{},{},{},{}]}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\",\"phases\":[],\"phases\":[]}",
        "{\"kind\":\"gave-up\",\"incident\":\"0123456789012345678901234567890123456789012345678\"}",
        "{\"kind\":\"gave-up\",\"incident\":\"i\"} x",
    };
    struct notice notice = sample_gave_up();

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
        assert_int_equal(notice_from_json(damaged[i], &notice), -EBADMSG);
    assert_string_equal(notice.incident, "rmq2-1769904000-7"); /* left alone */
    /* What a later version added. */
    assert_int_equal(notice_from_json("{\"kind\":\"gave-up\",\"incident\":\"i\",\"else\":1}", &notice), 0);
    assert_string_equal(notice.incident, "i");
}

/* Wherever a row is cut, or a byte of it changes: no crash, and no half of a notice. */
static void test_any_damage_is_survived(void **state)
{
    const struct notice notice = sample_recovered();
    char *text = notice_to_json(&notice);
    const size_t size = strlen(text);
    struct notice back;

    (void)state;
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];

        text[i] = '\0';
        assert_int_equal(notice_from_json(text, &back), -EBADMSG);
        text[i] = (char)(byte ^ 0x15);
        if (notice_from_json(text, &back) == 0)
            assert_in_range(back.phase_count, 0, RMQ_PHASES_MAX);
        text[i] = byte;
    }
    free(text);
}

static void test_what_a_channel_remembers(void **state)
{
    const struct channel_state one = {.lost = 7, .refusal = "slack-ops-1", .refusal_wall_ms = 1700000000000};
    const struct channel_config config = {.ops = channel_find("slack")};
    const struct alerts_config pacing = {.repeat_interval_ms = 60000};
    const struct digest_time now = {.boot_ms = 5000, .wall_ms = 1769905805000};
    struct digest *digest = digest_new(&config, &pacing), *other = digest_new(&config, &pacing);
    const struct notice notice = sample_gave_up();
    struct channel_state back;
    struct digest_plan plan;
    char *text;

    (void)state;
    digest_take(digest, &notice, NULL, 0, now, &plan);
    digest_told(digest, DIGEST_NOTHING, &notice, now);
    text = channel_state_to_json(&one, digest, now);
    assert_non_null(text);
    assert_int_equal(channel_state_from_json(text, &back, other, now), 0);
    assert_int_equal(back.lost, 7);
    assert_string_equal(back.refusal, "slack-ops-1");
    assert_int_equal(back.refusal_wall_ms, 1700000000000);
    assert_int_equal(digest_due_ms(other), 65000);
    free(text);
    digest_free(other);
    other = digest_new(&config, &pacing);
    assert_int_equal(channel_state_from_json("{\"lost\":-1}", &back, other, now), -EBADMSG);
    assert_int_equal(channel_state_from_json("", &back, other, now), -EBADMSG);
    assert_int_equal(channel_state_from_json("{\"lost\":1}", &back, other, now), -EBADMSG);
    assert_int_equal(channel_state_from_json("{\"lost\":1,\"digest\":\"{}\"}", &back, other, now), -EBADMSG);
    assert_int_equal(back.lost, 7);
    assert_int_equal(digest_due_ms(other), INT64_MAX);
    digest_free(digest);
    digest_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_comes_back),
        cmocka_unit_test(test_what_is_damaged_is_refused),
        cmocka_unit_test(test_any_damage_is_survived),
        cmocka_unit_test(test_what_a_channel_remembers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
