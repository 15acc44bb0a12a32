/* What people see of troubles that heal, flap, last, and come while nothing gets through. */
#include "alerts/fold.h"
#include "alerts/trouble.h"
#include "cmocka_all.h"
#include "digest_channel.h"

#include <stdio.h>
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

static void test_healed_in_time_is_one_message(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(3 * SECOND, NOTICE_CRASHED);
    put(5 * SECOND, NOTICE_RESTARTING);
    put(15 * SECOND, NOTICE_RECOVERED);
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 1);
    expect(0, 15 * SECOND, NOTICE_RECOVERED, 3);
    assert_int_equal(channel.messages[0].severity, SEVERITY_INFO);
    assert_int_equal(channel.messages[0].flaps, 0);
    assert_string_equal(channel.messages[0].course, "2026-02-01T00:00:03Z crashed: said at 3\n"
                                                    "2026-02-01T00:00:05Z restarting: said at 5\n"
                                                    "2026-02-01T00:00:15Z recovered: said at 15");
    digest_channel_close(&channel);
}

static void test_what_lasts_is_told_after_the_delay(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_HUNG);
    put(10 * SECOND, NOTICE_RESTARTING);
    put(40 * SECOND, NOTICE_RETRYING);
    put(50 * SECOND, NOTICE_RECOVERED);
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 2);
    expect(0, 20 * SECOND, NOTICE_RESTARTING, 2);
    assert_int_equal(channel.messages[0].severity, SEVERITY_CRITICAL); /* as loud as it was */
    expect(1, 50 * SECOND, NOTICE_RECOVERED, 2);
    digest_channel_close(&channel);
}

static void test_what_needs_a_person_does_not_wait(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_HUNG);
    put(5 * SECOND, NOTICE_HELD);
    put(5 * SECOND, NOTICE_PARTITION); /* another trouble takes nothing with it */
    put(7 * SECOND, NOTICE_UNVERIFIED);
    digest_channel_run(&channel, MINUTE);
    assert_int_equal(channel.count, 3);
    expect(0, 5 * SECOND, NOTICE_HELD, 2);
    expect(1, 5 * SECOND, NOTICE_PARTITION, 1);
    assert_string_equal(channel.messages[1].course, "");
    expect(2, 7 * SECOND, NOTICE_UNVERIFIED, 1);
    digest_channel_close(&channel);
}

static void test_without_delay_each_is_a_message(void **state)
{
    static const enum notice_kind kinds[] = {NOTICE_CRASHED, NOTICE_RETRYING, NOTICE_RECOVERED};

    (void)state;
    digest_channel_open(&channel, "slack");
    channel.pacing = (struct alerts_config){0};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < 3; i++)
            put(round * SECOND, kinds[i]);
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 6);
    for (size_t i = 0; i < 6; i++)
        expect(i, i < 3 ? 0 : SECOND, kinds[i % 3], 1);
    digest_channel_close(&channel);
}

/* A begin and an end every 600 ms for ten minutes. */
static void flap(const char *kind)
{
    digest_channel_open(&channel, kind);
    for (int i = 0; i < 1000; i++) {
        put((int64_t)i * 600, NOTICE_PEER_DOWN);
        put((int64_t)i * 600 + 300, NOTICE_PEER_BACK);
    }
    digest_channel_run(&channel, 24 * HOUR);
    assert_int_equal(channel.accepted, 2000);
    assert_int_equal(channel.counted, 2000);
    assert_int_equal(channel.flaps, 999);
    printf("%s: 1000 flaps in ten minutes: %zu messages, counts add up to %d, flaps to %d\n", kind,
        channel.count, (int)channel.counted, (int)channel.flaps);
}

static void test_flapping(void **state)
{
    const struct notice *last = &channel.messages[5];

    (void)state;
    flap("slack");
    assert_int_equal(channel.count, 6);
    expect(0, 300, NOTICE_PEER_BACK, 2);
    expect(1, MINUTE + 300, NOTICE_PEER_DOWN, 199); /* how it is just then, and at once that it is over */
    expect(2, MINUTE + 300, NOTICE_PEER_BACK, 1);
    expect(3, 6 * MINUTE + 300, NOTICE_PEER_DOWN, 999);
    expect(4, 6 * MINUTE + 300, NOTICE_PEER_BACK, 1);
    expect(5, 21 * MINUTE + 300, NOTICE_PEER_BACK, 798);
    assert_int_equal(last->flaps, 399);
    assert_non_null(strstr(last->course, "\n+793\n"));
    digest_channel_close(&channel);
}

/* The same, as pairs: whoever matches ends to begins sees no end without its begin. */
static void test_flapping_in_pairs(void **state)
{
    (void)state;
    flap("pagerduty");
    assert_true(channel.count <= 12);
    for (size_t i = 0; i < channel.count; i++)
        assert_int_equal(trouble_ends(channel.messages[i].kind), i % 2);
    assert_int_equal(channel.count % 2, 0);
    digest_channel_close(&channel);
}

/* It is told how it is at the end of a pause, and the end of what people believe does not wait for the next.
 */
static void test_broken_at_the_end_of_a_pause(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_PEER_DOWN);
    put(10 * SECOND, NOTICE_PEER_BACK); /* a pause until 70 s */
    put(30 * SECOND, NOTICE_PEER_DOWN);
    put(40 * SECOND, NOTICE_PEER_BACK);
    put(60 * SECOND, NOTICE_PEER_DOWN);
    put(2 * MINUTE, NOTICE_PEER_BACK); /* in the pause until 370 s */
    put(3 * MINUTE, NOTICE_PEER_DOWN);
    put(4 * MINUTE, NOTICE_PEER_BACK);
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 4);
    expect(0, 10 * SECOND, NOTICE_PEER_BACK, 2);
    expect(1, 70 * SECOND, NOTICE_PEER_DOWN, 3);
    assert_int_equal(channel.messages[1].flaps, 2);
    assert_int_equal(channel.messages[1].since_wall_ms, DIGEST_CHANNEL_EPOCH + 60 * SECOND);
    expect(2, 2 * MINUTE, NOTICE_PEER_BACK, 1);
    expect(3, 370 * SECOND, NOTICE_PEER_BACK, 2);
    assert_int_equal(channel.messages[3].flaps, 1);
    digest_channel_close(&channel);
}

/* Half an hour of quiet, and it is a new trouble. */
static void test_quiet_ends_the_pauses(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_PEER_DOWN);
    put(SECOND, NOTICE_PEER_BACK);
    put(20 * MINUTE, NOTICE_PEER_DOWN); /* no pause any more, but the next one is longer */
    put(20 * MINUTE + SECOND, NOTICE_PEER_BACK);
    put(24 * MINUTE, NOTICE_PEER_DOWN);
    put(24 * MINUTE + SECOND, NOTICE_PEER_BACK);
    put(60 * MINUTE, NOTICE_PEER_DOWN);
    put(60 * MINUTE + SECOND, NOTICE_PEER_BACK);
    digest_channel_run(&channel, 2 * HOUR);
    assert_int_equal(channel.count, 4);
    expect(1, 20 * MINUTE + SECOND, NOTICE_PEER_BACK, 2);
    assert_int_equal(channel.messages[1].flaps, 1);
    expect(2, 25 * MINUTE + SECOND, NOTICE_PEER_BACK, 2);
    expect(3, 60 * MINUTE + SECOND, NOTICE_PEER_BACK, 2);
    assert_int_equal(channel.messages[3].flaps, 0);
    digest_channel_close(&channel);
}

/* In a pause, too, a person is called; once for the same. */
static void test_urgent_once_per_pause(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    put(0, NOTICE_HELD);
    put(SECOND, NOTICE_RECOVERED); /* a pause until 61 s */
    for (int64_t i = 0; i < 4; i++) {
        put((2 + 10 * i) * SECOND, NOTICE_HUNG);
        put((3 + 10 * i) * SECOND, NOTICE_HELD);
        put((4 + 10 * i) * SECOND, NOTICE_RECOVERED);
    }
    put(45 * SECOND, NOTICE_GAVE_UP);
    digest_channel_run(&channel, MINUTE + SECOND);
    assert_int_equal(channel.count, 5);
    expect(2, 3 * SECOND, NOTICE_HELD, 2);
    expect(3, 4 * SECOND, NOTICE_RECOVERED, 1);
    expect(4, 45 * SECOND, NOTICE_GAVE_UP, 10); /* takes all with it that waits */
    digest_channel_close(&channel);
}

static void test_network_down_for_an_hour(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    channel.down = true;
    digest_channel_put(&channel, 1 * MINUTE, NOTICE_PEER_DOWN, "rabbit@rmq2");
    digest_channel_put(&channel, 2 * MINUTE, NOTICE_CRASHED, "rabbit@rmq1");
    digest_channel_put(&channel, 3 * MINUTE, NOTICE_ALARM, "rabbit@rmq1");
    digest_channel_put(&channel, 20 * MINUTE, NOTICE_GAVE_UP, "rabbit@rmq1");
    digest_channel_put(&channel, 30 * MINUTE, NOTICE_PEER_BACK, "rabbit@rmq2");
    digest_channel_put(&channel, 40 * MINUTE, NOTICE_RECOVERED, "rabbit@rmq1");
    digest_channel_run(&channel, 61 * MINUTE);
    assert_int_equal(channel.count, 0);
    channel.down = false;
    digest_channel_run(&channel, 62 * MINUTE);
    assert_int_equal(channel.count, 3);
    assert_string_equal(channel.messages[0].node, "rabbit@rmq2");
    assert_string_equal(channel.messages[0].course, "2026-02-01T00:01:00Z peer-down: said at 60\n"
                                                    "2026-02-01T00:30:00Z peer-back: said at 1800");
    assert_int_equal(channel.messages[1].kind, NOTICE_RECOVERED);
    assert_string_equal(channel.messages[1].course, "2026-02-01T00:02:00Z crashed: said at 120\n"
                                                    "2026-02-01T00:20:00Z gave-up: said at 1200\n"
                                                    "2026-02-01T00:40:00Z recovered: said at 2400");
    assert_int_equal(channel.messages[2].kind, NOTICE_ALARM);
    assert_int_equal(channel.messages[2].wall_ms, DIGEST_CHANNEL_EPOCH + 3 * MINUTE);
    digest_channel_close(&channel);
}

/* What was on its way when it turned out that nothing gets through is one message all the same. */
static void test_failed_tries_fold(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    channel.pacing.group_delay_ms = 0;
    channel.down = true;
    channel.retry_ms = channel.now.boot_ms + 100; /* another delivery is in flight */
    put(0, NOTICE_PEER_DOWN);
    put(50, NOTICE_PEER_BACK);
    assert_int_equal(channel.waiting_count, 2);
    digest_channel_run(&channel, SECOND);
    assert_int_equal(channel.waiting_count, 1);
    channel.down = false;
    digest_channel_run(&channel, MINUTE);
    assert_int_equal(channel.count, 1);
    assert_int_equal(channel.messages[0].count, 2);
    digest_channel_close(&channel);
}

static void test_pairs_while_down(void **state)
{
    (void)state;
    digest_channel_open(&channel, "pagerduty");
    channel.down = true;
    for (int64_t i = 0; i < 5; i++) {
        put(i * MINUTE, NOTICE_PEER_DOWN);
        put(i * MINUTE + 30 * SECOND, NOTICE_PEER_BACK);
        assert_int_equal(channel.waiting_count, 2);
    }
    digest_channel_run(&channel, 10 * MINUTE);
    channel.down = false;
    digest_channel_run(&channel, 11 * MINUTE);
    assert_int_equal(channel.count, 2);
    assert_int_equal(channel.messages[0].kind, NOTICE_PEER_DOWN);
    assert_int_equal(channel.messages[0].count, 9);
    assert_int_equal(channel.messages[0].flaps, 4);
    assert_int_equal(channel.messages[1].kind, NOTICE_PEER_BACK);
    assert_int_equal(fold_count(&channel.messages[1]), 1);
    digest_channel_close(&channel);
}

/* The begin is there already: the end alone waits, and a new begin takes its place. */
static void test_pair_is_kept_when_its_begin_was_told(void **state)
{
    (void)state;
    digest_channel_open(&channel, "pagerduty");
    put(0, NOTICE_PEER_DOWN);
    digest_channel_run(&channel, MINUTE);
    assert_int_equal(channel.count, 1);
    channel.down = true;
    put(2 * MINUTE, NOTICE_PEER_BACK);
    put(4 * MINUTE, NOTICE_PEER_DOWN);
    digest_channel_run(&channel, 5 * MINUTE);
    assert_int_equal(channel.waiting_count, 1);
    assert_int_equal(channel.waiting[0].notice.kind, NOTICE_PEER_DOWN);
    put(6 * MINUTE, NOTICE_PEER_BACK);
    channel.down = false;
    digest_channel_run(&channel, 7 * MINUTE);
    assert_int_equal(channel.count, 3);
    assert_int_equal(channel.messages[1].kind, NOTICE_PEER_DOWN);
    assert_int_equal(channel.messages[2].kind, NOTICE_PEER_BACK);
    assert_int_equal(channel.counted, 4);
    digest_channel_close(&channel);
}

static void test_whoever_heard_of_it_hears_of_its_end(void **state)
{
    (void)state;
    digest_channel_open(&channel, "slack");
    channel.config.min_severity = SEVERITY_CRITICAL;
    put(0, NOTICE_CRASHED);
    put(SECOND, NOTICE_RECOVERED); /* nobody was told of that */
    put(2 * SECOND, NOTICE_STOPPED);
    assert_int_equal(channel.accepted, 0);
    put(MINUTE, NOTICE_GAVE_UP);
    put(2 * MINUTE, NOTICE_RETRYING); /* a warning */
    put(3 * MINUTE, NOTICE_STOPPED);
    put(4 * MINUTE, NOTICE_RECOVERED); /* the operator had it */
    digest_channel_put(&channel, 5 * MINUTE, NOTICE_HUNG, "rabbit@rmq2");
    digest_channel_put(
        &channel, 5 * MINUTE + SECOND, NOTICE_RECOVERED, "rabbit@rmq2"); /* before it was told */
    digest_channel_run(&channel, HOUR);
    assert_int_equal(channel.count, 3);
    expect(0, MINUTE, NOTICE_GAVE_UP, 1);
    expect(1, 3 * MINUTE, NOTICE_STOPPED, 1);
    expect(2, 5 * MINUTE + SECOND, NOTICE_RECOVERED, 2);
    channel.config.min_severity = SEVERITY_INFO;
    channel.config.events = UINT64_C(1) << NOTICE_ALARM;
    put(2 * HOUR, NOTICE_ALARM);
    put(2 * HOUR, NOTICE_PEER_DOWN);
    put(3 * HOUR, NOTICE_ALARM_CLEARED);
    put(3 * HOUR, NOTICE_PEER_BACK);
    assert_int_equal(channel.count + channel.waiting_count, 5);
    digest_channel_close(&channel);
}

/* The cluster's name is not known at first; that is no other trouble. */
static void test_cluster_name_comes_late(void **state)
{
    struct notice notice = {.kind = NOTICE_GAVE_UP, .severity = SEVERITY_CRITICAL, .node = "rabbit@rmq1"};

    (void)state;
    digest_channel_open(&channel, "slack");
    channel.config.min_severity = SEVERITY_CRITICAL;
    digest_channel_put_notice(&channel, &notice);
    digest_channel_run(&channel, SECOND);
    notice = (struct notice){.kind = NOTICE_RECOVERED, .node = "rabbit@rmq1", .cluster = "orders"};
    digest_channel_put_notice(&channel, &notice);
    digest_channel_run(&channel, MINUTE);
    assert_int_equal(channel.count, 2);
    digest_channel_close(&channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healed_in_time_is_one_message),
        cmocka_unit_test(test_what_lasts_is_told_after_the_delay),
        cmocka_unit_test(test_what_needs_a_person_does_not_wait),
        cmocka_unit_test(test_without_delay_each_is_a_message),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_flapping_in_pairs),
        cmocka_unit_test(test_broken_at_the_end_of_a_pause),
        cmocka_unit_test(test_quiet_ends_the_pauses),
        cmocka_unit_test(test_urgent_once_per_pause),
        cmocka_unit_test(test_network_down_for_an_hour),
        cmocka_unit_test(test_failed_tries_fold),
        cmocka_unit_test(test_pairs_while_down),
        cmocka_unit_test(test_pair_is_kept_when_its_begin_was_told),
        cmocka_unit_test(test_whoever_heard_of_it_hears_of_its_end),
        cmocka_unit_test(test_cluster_name_comes_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
