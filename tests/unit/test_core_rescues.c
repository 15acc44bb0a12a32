/* Stories: What is done about a node that died or hangs. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_all_is_well(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    assert_int_equal(s.core.members[0].condition, CONDITION_HEALTHY);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    story_serve_all(&s, 60000);
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        assert_int_equal(s.told[kind], 0);
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
}

static void test_a_crash_is_started_at_once_and_proven(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    /* in the very step that told of it, and over systemd's own pause */
    assert_true(story_did(&s, ACTION_RESTART_UNIT));
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_non_null(strstr(s.last.detail, "signal 9 (SIGKILL)"));
    assert_non_null(strstr(s.last.detail, "1 of 5 restarts"));
    story_unit(&s, UNIT_INACTIVE, "dead", "signal"); /* RestartUnit passes through here */
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_boot(&s);
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    story_serve_all(&s, 9000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_string_equal(s.last.phases[0].name, "boot");
    assert_int_equal(s.last.phases[0].ms, 7000);
    assert_string_equal(s.last.phases[1].name, "verify");
    assert_int_equal(s.last.phases[1].ms, 10000);
    assert_string_equal(s.last.phases[2].name, "total");
    assert_int_equal(s.last.phases[2].ms, 17000);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.restarts, 1);
}

static void test_a_hang_is_killed_with_quorum_only(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 2);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    story_hang(&s, 1);
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
    story_view(&s, "rabbit@b", NULL);
    assert_int_equal(s.kills, 0);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.told[NOTICE_RESTARTING], 1);
    assert_non_null(strstr(s.last.detail, "rabbit@b stands; rabbit@c stands"));
    story_crash(&s);
    assert_int_equal(s.restarts, 1);
    story_boot(&s);
    /* what was heard before the kill proves neither life nor a hang */
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_string_equal(s.last.phases[0].name, "detect");
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.core.rescue.budget.count, 1);
}

static void test_a_hang_without_quorum_is_held(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", "rabbit@c");
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.detail, "rabbit@c did not answer"));
    for (int round = 0; round < 20; round++) { /* asks again and again, never acts */
        story_hang(&s, 3);
        story_wait(&s, 10000);
    }
    assert_int_equal(s.kills + s.restarts + s.starts, 0);
    assert_in_range(
        s.told[NOTICE_HELD], 1, 2); /* each reason once: c is called down, then nobody has a view */
    story_serve(&s, STORY_LOCAL);
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

/* While a member hangs the others answer, but cannot list who is running: what they said before counts for a
 * while. */
static void test_the_last_word_of_the_others_counts_for_a_minute(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.kills, 0);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.kills, 1);

    story_begin(&s);
    for (int second = 0; second < 61; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    story_hang(&s, 3);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.detail, "has not said lately who is running"));
}

static void test_systemds_own_restart_is_not_raced(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_unit(&s, UNIT_FAILED, "failed", "signal"); /* what systemd 252 says first */
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.starts, 0);

    story_begin(&s);
    s.unit.restart_delay_ms = 100; /* systemd is about to start it itself */
    story_crash(&s);
    assert_int_equal(s.restarts, 0);
    assert_int_equal(s.starts, 1);
}

static void test_giving_up_ends_the_loop_whatever_systemd_says_first(void **context)
{
    struct event event = {.kind = EVENT_POLICY};
    struct story s;

    (void)context;
    story_begin(&s);
    event.policy = story_policy();
    event.policy.max_restarts = 1;
    story_step(&s, &event);
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.stops, 1);
}

static void test_a_member_called_down_by_another_does_not_stand(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", "rabbit@c");
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.kills, 0);
}

static void test_a_hang_without_a_member_list_is_held(void **context)
{
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_hang(&s, 4);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.detail, "no member list"));
}

static void test_a_cluster_of_one_has_no_quorum_to_lose(void **context)
{
    struct story s;

    (void)context;
    story_begin_alone(&s);
    story_hang(&s, 3);
    assert_int_equal(s.kills, 1);
}

static void test_a_crash_loop_is_bounded_and_given_up_loudly(void **context)
{
    struct story s;
    uint64_t first_retry_ms;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    for (int i = 0; i < 20 && s.core.rescue.state != STATE_GAVE_UP; i++) {
        story_die_while_starting(&s);
        if (s.core.rescue.state == STATE_BACKING_OFF)
            story_wait(&s, core_deadline_ms(&s.core) - s.now_ms + 130000);
    }
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.starts + s.restarts, 5);
    assert_int_equal(s.told[NOTICE_GAVE_UP], 1);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
    assert_non_null(strstr(s.last.detail, "next slow retry in 10 min"));
    assert_int_equal(s.stops, 1); /* ends systemd's own loop */
    story_job(&s, true);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    first_retry_ms = s.now_ms;
    story_wait(&s, 601000);
    assert_int_equal(s.starts + s.restarts, 6);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_wait(&s, 700000); /* the pause has doubled */
    assert_int_equal(s.starts + s.restarts, 6);
    story_wait(&s, 600000);
    assert_int_equal(s.starts + s.restarts, 7);
    assert_true(s.now_ms > first_retry_ms);
    story_boot(&s);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.core.rescue.budget.give_ups, 0);
}

static void test_a_missing_proof_is_named(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_boot(&s);
    for (int i = 0; i < 70; i++) {
        story_probe(&s, "rabbit@a", PROBE_AMQP, PROBE_RESULT_OK);
        story_view(&s, "rabbit@a", NULL);
        story_view(&s, "rabbit@b", "rabbit@a");
        story_view(&s, "rabbit@c", "rabbit@a");
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_non_null(strstr(s.last.detail, "majority of the other living nodes"));
    assert_non_null(strstr(s.last.detail, "(0 of 2 do)"));
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.restarts, 1);
}

static void test_all_down_is_started_without_asking_anyone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 3; i++) {
        for (const char *const *node = (const char *const[]){"rabbit@b", "rabbit@c", NULL}; *node; node++) {
            story_probe(&s, *node, PROBE_AMQP, PROBE_RESULT_REFUSED);
            story_probe(&s, *node, PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
        }
        story_wait(&s, 1000);
    }
    story_crash(&s);
    assert_int_equal(s.core.members[0].condition, CONDITION_ALL_DOWN);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.told[NOTICE_ALL_DOWN], 1);
    story_boot(&s);
    story_serve_all(&s, 14000);
    assert_int_equal(s.told[NOTICE_ALL_DOWN_OVER], 1);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_unknown_partitions_neither_verify_nor_spin(void **context)
{
    struct story s;
    unsigned ticks = 0;
    uint64_t end_ms;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_boot(&s);
    for (int second = 0; second < 90; second++) {
        struct event event = {.kind = EVENT_TICK};

        story_serve(&s, "rabbit@b");
        story_serve(&s, "rabbit@c");
        story_probe(&s, "rabbit@a", PROBE_AMQP, PROBE_RESULT_OK);
        story_view_without_statistics(&s, "rabbit@a");
        end_ms = s.now_ms + 1000;
        for (; core_deadline_ms(&s.core) <= end_ms; ticks++) {
            s.now_ms = core_deadline_ms(&s.core);
            story_step(&s, &event);
        }
        s.now_ms = end_ms;
    }
    assert_in_range(ticks, 1, 500);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_non_null(strstr(s.last.detail, "no partition"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_a_crash_is_started_at_once_and_proven),
        cmocka_unit_test(test_a_hang_is_killed_with_quorum_only),
        cmocka_unit_test(test_a_hang_without_quorum_is_held),
        cmocka_unit_test(test_the_last_word_of_the_others_counts_for_a_minute),
        cmocka_unit_test(test_systemds_own_restart_is_not_raced),
        cmocka_unit_test(test_giving_up_ends_the_loop_whatever_systemd_says_first),
        cmocka_unit_test(test_a_member_called_down_by_another_does_not_stand),
        cmocka_unit_test(test_a_hang_without_a_member_list_is_held),
        cmocka_unit_test(test_a_cluster_of_one_has_no_quorum_to_lose),
        cmocka_unit_test(test_a_crash_loop_is_bounded_and_given_up_loudly),
        cmocka_unit_test(test_a_missing_proof_is_named),
        cmocka_unit_test(test_all_down_is_started_without_asking_anyone),
        cmocka_unit_test(test_unknown_partitions_neither_verify_nor_spin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
