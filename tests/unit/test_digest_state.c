/* What the digest remembers: what is told again, over restarts too, and within its bounds. */
#include "alert_samples.h"
#include "alerts/clean.h"
#include "alerts/fold.h"
#include "alerts/notice_json.h"
#include "alerts/trouble.h"
#include "cmocka_all.h"
#include "digest_channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct digest_channel channel;

static void put(int64_t ms, enum notice_kind kind)
{
    digest_channel_put(&channel, ms, kind, "rabbit@rmq1");
}

static void expect(size_t i, int64_t ms, enum notice_kind kind, uint32_t count)
{
    digest_channel_expect(&channel, i, ms, kind, count);
}

static void test_what_is_not_over_is_told_again(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_CRASHED);
    put(SECOND, NOTICE_GAVE_UP);
    put(9 * HOUR, NOTICE_RECOVERED);
    digest_channel_run(&channel, 24 * HOUR);
    assert_int_equal(channel.count, 4);
    expect(0, SECOND, NOTICE_GAVE_UP, 2);
    for (size_t i = 1; i < 3; i++) {
        expect(i, (int64_t)i * 4 * HOUR + SECOND, NOTICE_GAVE_UP, (uint32_t)i + 1);
        assert_true(channel.messages[i].repeated);
        assert_int_equal(channel.messages[i].wall_ms, DIGEST_CHANNEL_EPOCH + channel.delivered_ms[i]);
        assert_int_equal(channel.messages[i].since_wall_ms, DIGEST_CHANNEL_EPOCH + SECOND);
        assert_string_equal(channel.messages[i].course, "");
    }
    assert_false(channel.messages[3].repeated);
    assert_int_equal(channel.counted, 3);
    digest_channel_close(&channel);
}

static void test_what_is_not_told_again(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    digest_channel_put(&channel, 0, NOTICE_HOLD_SET, "rabbit@rmq1");
    digest_channel_put(&channel, 0, NOTICE_DRAINED, "rabbit@rmq2");
    digest_channel_put(&channel, 0, NOTICE_STOPPED, "rabbit@rmq3");
    digest_channel_run(&channel, 24 * HOUR);
    assert_int_equal(channel.count, 3);
    channel.pacing.repeat_interval_ms = 0;
    put(25 * HOUR, NOTICE_GAVE_UP);
    digest_channel_run(&channel, 50 * HOUR);
    assert_int_equal(channel.count, 4);
    digest_channel_close(&channel);
}

/* Who knows of it is not told again, but hears of its end, and of the next incident. */
static void test_acknowledged(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_GAVE_UP);
    digest_channel_put(&channel, 0, NOTICE_GAVE_UP, "rabbit@rmq2");
    digest_channel_run(&channel, HOUR);
    digest_acked(channel.digest, "incident of rabbit@rmq2");
    digest_channel_restart(&channel, false);
    digest_channel_run(&channel, 5 * HOUR);
    assert_int_equal(channel.count, 3);
    assert_string_equal(channel.messages[2].node, "rabbit@rmq1");
    digest_channel_put(&channel, 5 * HOUR, NOTICE_RECOVERED, "rabbit@rmq2");
    digest_channel_put(&channel, 5 * HOUR, NOTICE_RECOVERED, "rabbit@rmq1");
    digest_channel_put(&channel, 6 * HOUR, NOTICE_GAVE_UP, "rabbit@rmq2");
    digest_channel_run(&channel, 11 * HOUR);
    assert_int_equal(channel.count, 7);
    assert_true(channel.messages[6].repeated);
    digest_channel_close(&channel);
}

/* A repeat that does not get through is due until it does. */
static void test_repeat_waits_for_the_network(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_GAVE_UP);
    digest_channel_run(&channel, HOUR);
    channel.down = true;
    digest_channel_run(&channel, 13 * HOUR);
    channel.down = false;
    digest_channel_run(&channel, 13 * HOUR + MINUTE);
    assert_int_equal(channel.count, 2);
    assert_int_equal(channel.messages[1].count, 2);
    digest_channel_close(&channel);
}

static void test_refreshed_until_its_end(void **state)
{
    (void)state;
    digest_channel_open(&channel, "alertmanager");
    put(0, NOTICE_PEER_DOWN);
    digest_channel_run(&channel, 20 * SECOND);
    assert_int_equal(channel.count, 1);
    digest_channel_run(&channel, 10 * HOUR);
    assert_int_equal(channel.count, 1); /* and no repeats: it has its own way */
    assert_int_equal(channel.refreshes, 10 * HOUR / MINUTE - 1);
    put(10 * HOUR, NOTICE_PEER_BACK);
    digest_channel_run(&channel, 20 * HOUR);
    assert_int_equal(channel.count, 2);
    assert_int_equal(channel.refreshes, 10 * HOUR / MINUTE - 1);
    digest_channel_close(&channel);
}

/* In the middle of a pause, with something kept back and something told: on the same boot, and on the next.
 */
static void test_restart_in_the_middle(void **state)
{
    (void)state;
    for (int reboot = 0; reboot < 2; reboot++) {
        digest_channel_open(&channel, "slack");
        digest_channel_put(&channel, 0, NOTICE_GAVE_UP, "rabbit@rmq2");
        put(0, NOTICE_PEER_DOWN);
        put(SECOND, NOTICE_PEER_BACK);
        put(30 * SECOND, NOTICE_PEER_DOWN);
        digest_channel_restart(&channel, reboot);
        put(40 * SECOND, NOTICE_PEER_BACK);
        digest_channel_restart(&channel, reboot);
        digest_channel_run(&channel, 62 * SECOND);
        assert_int_equal(channel.count, 3);
        expect(2, 61 * SECOND, NOTICE_PEER_BACK, 2);
        assert_int_equal(channel.messages[2].flaps, 1);
        put(2 * MINUTE, NOTICE_PEER_DOWN);
        put(3 * MINUTE, NOTICE_PEER_BACK);
        digest_channel_restart(&channel, reboot);
        digest_channel_run(&channel, 5 * HOUR);
        assert_int_equal(channel.count, 5);
        expect(3, 361 * SECOND, NOTICE_PEER_BACK, 2); /* the second pause, five minutes behind the first */
        expect(4, 4 * HOUR, NOTICE_GAVE_UP, 2);
        assert_true(channel.messages[4].repeated);
        digest_channel_put(&channel, 6 * HOUR, NOTICE_RECOVERED, "rabbit@rmq2");
        digest_channel_run(&channel, 7 * HOUR);
        assert_int_equal(channel.count, 6);
        digest_channel_close(&channel);
    }
}

/* The clock of a host without a battery: nothing waits for a time that never comes. */
static void test_wall_clock_set_back(void **state)
{
    char *text;

    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_GAVE_UP);
    digest_channel_put(&channel, 0, NOTICE_PEER_DOWN, "rabbit@rmq2");
    digest_channel_put(&channel, SECOND, NOTICE_PEER_BACK, "rabbit@rmq2");
    text = digest_save(channel.digest, channel.now);
    digest_free(channel.digest);
    channel.digest = digest_new(&channel.config, &channel.pacing);
    assert_int_equal(digest_load(channel.digest, text, (struct digest_time){channel.now.boot_ms, 0}), 0);
    free(text);
    assert_int_equal(digest_due_ms(channel.digest), channel.now.boot_ms + 4 * HOUR);
    digest_channel_put(&channel, 2 * SECOND, NOTICE_PEER_DOWN, "rabbit@rmq2");
    assert_int_equal(channel.waiting[0].due_ms, channel.now.boot_ms - SECOND + 30 * MINUTE);
    digest_channel_close(&channel);
}

static void test_damaged_state_is_refused(void **state)
{
    static const char *const texts[] = {"", "null", "[]", "{}", "{\"version\":2,\"troubles\":[]}",
        "{\"version\":1,\"troubles\":{}}", "{\"version\":1,\"troubles\":[7]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"\",\"open\":true,\"last_ms\":1}]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"a\",\"open\":1,\"last_ms\":1}]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"a\",\"open\":true,\"last_ms\":1e300}]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"a\",\"open\":true,\"last_ms\":1,\"told\":\"{}\",\"acked\":"
        "false,"
        "\"told_count\":1,\"told_ms\":1}]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"a\",\"open\":true,\"last_ms\":1,\"level\":9}]}",
        "{\"version\":1,\"troubles\":[{\"key\":\"a\",\"open\":true,\"last_ms\":1,\"told\":{},\"acked\":false,"
        "\"told_count\":1,\"told_ms\":1}]}"};

    (void)state;
    digest_channel_open(&channel, "slack");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(digest_load(channel.digest, texts[i], channel.now), -EINVAL);
        assert_int_equal(digest_due_ms(channel.digest), INT64_MAX);
    }
    assert_int_equal(digest_load(channel.digest, "{\"version\":1,\"troubles\":[]}", channel.now), 0);
    digest_channel_close(&channel);
}

static void test_changes_are_known(void **state)
{
    struct notice notice;

    (void)state;
    digest_channel_open(&channel, "alertmanager");
    channel.config.min_severity = SEVERITY_WARNING;
    assert_false(digest_is_changed(channel.digest));
    put(0, NOTICE_ALARM);
    assert_true(digest_is_changed(channel.digest));
    free(digest_save(channel.digest, channel.now));
    assert_false(digest_is_changed(channel.digest));
    digest_channel_run(&channel, 20 * SECOND);
    assert_true(digest_is_changed(channel.digest));
    free(digest_save(channel.digest, channel.now));
    digest_channel_run(&channel, 10 * MINUTE); /* refreshes need not be written down */
    assert_true(channel.refreshes > 5);
    assert_false(digest_is_changed(channel.digest));
    digest_channel_put(&channel, 10 * MINUTE, NOTICE_STOPPED, "rabbit@rmq2"); /* not for this channel */
    assert_false(digest_is_changed(channel.digest));
    assert_int_equal(digest_next(channel.digest, channel.now, &notice), DIGEST_NOTHING);
    digest_channel_close(&channel);
}

/* Closed ones are forgotten first, then the quietest. */
static void test_troubles_are_bounded(void **state)
{
    char node[32];

    (void)state;
    digest_channel_open(&channel, "slack");
    channel.config.min_severity = SEVERITY_CRITICAL;
    for (int i = 0; i < DIGEST_TROUBLES_MAX; i++) {
        snprintf(node, sizeof(node), "rabbit@rmq%d", i);
        digest_channel_put(&channel, i * MINUTE, NOTICE_GAVE_UP, node);
    }
    digest_channel_put(&channel, 70 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq40");
    digest_channel_put(&channel, 71 * MINUTE, NOTICE_GAVE_UP, "rabbit@rmq100"); /* in the place of 40 */
    digest_channel_put(&channel, 72 * MINUTE, NOTICE_GAVE_UP, "rabbit@rmq101"); /* in the place of 0 */
    digest_channel_run(&channel, 73 * MINUTE);
    channel.accepted = 0;
    digest_channel_put(&channel, 74 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq0");
    digest_channel_put(&channel, 74 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq40");
    assert_int_equal(channel.accepted, 0);
    digest_channel_put(&channel, 74 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq1");
    digest_channel_put(&channel, 74 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq100");
    digest_channel_put(&channel, 74 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq101");
    assert_int_equal(channel.accepted, 3);
    digest_channel_restart(&channel, true);
    digest_channel_close(&channel);
}

static size_t count_lines(const char *text)
{
    size_t count = text[0] != '\0';

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Whatever the texts are, the course is clean, has its lines, and they add up. */
static void test_hostile_texts(void **state)
{
    struct notice sample = sample_hostile(), notice, folded, again;
    char clean[RMQ_COURSE_MAX];
    char *text;

    (void)state;
    clean_notice(&notice, &sample);
    for (size_t i = 0; i + 4 < sizeof(notice.detail); i += 4)
        memcpy(notice.detail + i, i % 12 ? "\xf0\x9f\x98\x80" : "\n+99", 5);
    folded = notice;
    for (uint32_t i = 2; i < 300; i++) {
        const char *more;

        fold_notice(&folded, &notice);
        assert_int_equal(folded.count, i);
        assert_int_equal(count_lines(folded.course), i < FOLD_LINES_MAX ? i : FOLD_LINES_MAX);
        clean_text(clean, sizeof(clean), folded.course, sizeof(folded.course), true);
        assert_string_equal(clean, folded.course);
        more = strstr(folded.course, "\n+");
        assert_int_equal(more != NULL, i > FOLD_LINES_MAX);
        if (more)
            assert_int_equal(strtoul(more + 2, NULL, 10) + FOLD_LINES_MAX - 1, i);
    }
    again = folded;
    fold_notice(&again, &folded); /* two that were folded already */
    assert_int_equal(again.count, 2 * folded.count);
    assert_int_equal(strtoul(strstr(again.course, "\n+") + 2, NULL, 10) + FOLD_LINES_MAX - 1, again.count);
    text = notice_to_json(&folded);
    assert_int_equal(notice_from_json(text, &again), 0);
    assert_memory_equal(&again, &folded, sizeof(again));
    free(text);
}

static void test_counts_do_not_overflow(void **state)
{
    struct notice notice = sample_recovered(), other = sample_gave_up();

    (void)state;
    notice.count = notice.flaps = UINT32_MAX - 1;
    strcpy(notice.course, "2026-02-01T00:00:03Z crashed\n+4294967290\n2026-02-01T00:00:03Z recovered");
    other.count = other.flaps = 7;
    strcpy(other.course, "2026-02-01T00:00:03Z crashed\n+99999999999999999999\n2026-02-01T00:00:03Z gave-up");
    fold_notice(&notice, &other);
    assert_int_equal(notice.count, UINT32_MAX);
    assert_int_equal(notice.flaps, UINT32_MAX);
    assert_non_null(strstr(notice.course, "\n+4294967295\n"));
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* Whatever happens, every notice is told once, and the last word on each trouble is the true one. */
static void play(const char *kind, uint32_t seed)
{
    static const char *const nodes[] = {"rabbit@rmq1", "rabbit@rmq2", "rabbit@rmq3"};
    static const enum notice_kind kinds[] = {NOTICE_CRASHED, NOTICE_HUNG, NOTICE_HELD, NOTICE_RETRYING,
        NOTICE_GAVE_UP, NOTICE_UNVERIFIED, NOTICE_RECOVERED, NOTICE_RECOVERED, NOTICE_RECOVERED,
        NOTICE_STOPPED};
    enum notice_kind last[3] = {NOTICE_NONE, NOTICE_NONE, NOTICE_NONE};
    enum notice_kind told[3] = {NOTICE_NONE, NOTICE_NONE, NOTICE_NONE};
    int64_t ms = 0;

    digest_channel_open(&channel, kind);
    channel.config.min_severity = SEVERITY_INFO;
    channel.pacing.repeat_interval_ms = 0;
    for (int i = 0; i < 200; i++) {
        uint32_t node = dice(&seed, 3);

        ms += dice(&seed, 4) == 0 ? dice(&seed, 20 * MINUTE) : dice(&seed, 20 * SECOND);
        last[node] = kinds[dice(&seed, sizeof(kinds) / sizeof(kinds[0]))];
        digest_channel_put(&channel, ms, last[node], nodes[node]);
        if (dice(&seed, 20) == 0)
            channel.down = !channel.down;
        if (dice(&seed, 20) == 0)
            digest_channel_restart(&channel, dice(&seed, 2) == 0);
        assert_int_equal(channel.counted + digest_channel_waiting(&channel), channel.accepted);
        assert_true(channel.waiting_count <= 12);
    }
    channel.down = false;
    digest_channel_run(&channel, ms + 2 * HOUR);
    assert_int_equal(channel.accepted, 200);
    assert_int_equal(channel.counted, 200);
    for (size_t i = 0; i < channel.count; i++)
        for (size_t node = 0; node < 3; node++)
            if (strcmp(channel.messages[i].node, nodes[node]) == 0)
                told[node] = channel.messages[i].kind;
    for (size_t node = 0; node < 3; node++)
        assert_int_equal(told[node], last[node]);
    digest_channel_close(&channel);
}

static void test_nothing_is_lost_or_told_wrong(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        play("slack", seed);
        play("pagerduty", seed);
        play("alertmanager", seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_over_is_told_again),
        cmocka_unit_test(test_what_is_not_told_again),
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_repeat_waits_for_the_network),
        cmocka_unit_test(test_refreshed_until_its_end),
        cmocka_unit_test(test_restart_in_the_middle),
        cmocka_unit_test(test_wall_clock_set_back),
        cmocka_unit_test(test_damaged_state_is_refused),
        cmocka_unit_test(test_changes_are_known),
        cmocka_unit_test(test_troubles_are_bounded),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_counts_do_not_overflow),
        cmocka_unit_test(test_nothing_is_lost_or_told_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
