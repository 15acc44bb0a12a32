/* Stories: What is told and never acted on. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_an_alarm_is_told_and_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 50; i++) {
        story_alarm(&s, true);
        story_wait(&s, 5000);
    }
    assert_int_equal(s.core.members[0].condition, CONDITION_ALARM);
    assert_int_equal(s.told[NOTICE_ALARM], 1);
    story_alarm(&s, false);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 1);
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
}

static void test_bad_credentials_are_one_warning(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 50; i++) {
        story_probe(&s, "rabbit@a", PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
        story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
        story_wait(&s, 5000);
    }
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    assert_int_equal(s.starts + s.restarts + s.kills + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
}

/* The cure that the configuration's own error message names: enabled = false. */
static void test_a_check_that_is_not_in_use_any_more_is_no_warning(void **context)
{
    struct story s;

    (void)context;
    for (int restarted = 0; restarted < 2; restarted++) {
        struct policy policy = story_policy();

        story_begin(&s);
        for (int i = 0; i < 5; i++) {
            story_probe(&s, "rabbit@a", PROBE_MANAGEMENT, PROBE_RESULT_NOT_FOUND);
            story_wait(&s, 5000);
        }
        assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
        policy.probe_management = false;
        if (restarted)
            story_reincarnate_as(&s, policy);
        else
            story_configure(&s, policy);
        for (int i = 0; i < 5; i++) {
            story_probe(&s, "rabbit@a", PROBE_AMQP, PROBE_RESULT_OK);
            story_wait(&s, 5000);
        }
        assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
        assert_string_equal(s.last.detail, "management API: not in use any more");
        assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    }
}

static void test_a_stall_discards_what_was_counted(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 2);
    s.now_ms += 60000; /* nobody ticked: the machine slept */
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
    assert_int_equal(s.told[NOTICE_AGENT_STALLED], 0); /* that very probe started after the sleep */
    story_hang(&s, 1);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.asks, 0);
}

static void test_a_slow_start_is_no_stall(void **context)
{
    struct event tick = {.kind = EVENT_TICK};

    (void)context;
    for (int begun = 0; begun < 2; begun++) {
        struct policy policy = story_policy();
        struct story s = {.now_ms = 1000000};

        core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
        s.now_ms += 9000; /* the disk was slow */
        if (begun)
            core_begin(&s.core, s.now_ms);
        story_step(&s, &tick);
        assert_int_equal(s.told[NOTICE_AGENT_STALLED], !begun);
    }
}

static void test_a_probe_from_before_a_stall_is_not_believed(void **context)
{
    struct event late = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_SILENT}};
    struct story s;

    (void)context;
    story_begin(&s);
    strcpy(late.probe.node, STORY_LOCAL);
    late.probe.started_ms = s.now_ms;
    s.now_ms += 60000;
    story_step(&s, &late);
    assert_int_equal(s.told[NOTICE_AGENT_STALLED], 1);
    assert_int_equal(s.core.members[0].probes[PROBE_AMQP].failures, 0);
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.told[NOTICE_AGENT_OK], 1);
}

static void test_only_the_lead_speaks_for_a_silent_host(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 12; i++) {
        story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1); /* c's host is silent; b's own agent speaks for b */
    assert_true(s.core.peer_watches[2][0].raised);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 1); /* a alone serves */
    assert_int_equal(s.told[NOTICE_ISOLATED], 0);    /* and sees b's host */
    story_serve(&s, "rabbit@c");
    story_serve(&s, "rabbit@c");
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(s.starts + s.restarts + s.kills, 0);
}

static void test_a_unit_that_systemd_does_not_know_is_told(void **context)
{
    struct event event = {.kind = EVENT_UNIT};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    event.unit.active = UNIT_INACTIVE;
    strcpy(event.unit.load_state, "not-found");
    story_step(&s, &event);
    assert_int_equal(s.told[NOTICE_CHECK_MISCONFIGURED], 1);
    assert_non_null(strstr(s.last.detail, "option unit"));
}

static void test_a_peer_that_leaves_while_down_is_told_over(void **context)
{
    const char *const two[] = {"rabbit@a", "rabbit@b"};
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 12; i++) {
        story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    story_members(&s, two, 2);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
}

static void toggle_alarm(struct story *s, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        story_alarm(s, true);
        story_serve_all(s, 5000);
        story_alarm(s, false);
        story_serve_all(s, 5000);
    }
}

static void test_a_problem_that_comes_and_goes_floods_nobody(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    toggle_alarm(&s, 3);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 3);
    assert_null(strstr(s.last.detail, "comes and goes"));
    story_alarm(&s, true);
    assert_non_null(strstr(s.last.detail, "comes and goes"));
    toggle_alarm(&s, 40);
    assert_int_equal(s.told[NOTICE_ALARM], 4);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 3);
    story_serve_all(&s, 610000);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 4);
    /* Later it is told, and told over, as for the first time. */
    story_serve_all(&s, 600000);
    toggle_alarm(&s, 1);
    assert_int_equal(s.told[NOTICE_ALARM], 5);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 5);
}

static void test_an_operators_word_is_told_however_often_it_changes(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 10; i++) {
        story_operator(&s, OPERATOR_HOLD, 60000);
        story_operator(&s, OPERATOR_RESUME, 0);
    }
    assert_int_equal(s.told[NOTICE_HOLD_SET], 10);
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 10);
}

static void test_a_peer_that_comes_and_goes_and_leaves_is_told_over(void **context)
{
    const char *const two[] = {"rabbit@a", "rabbit@b"};
    struct story s;

    (void)context;
    story_begin(&s);
    for (unsigned i = 0; i < 6; i++) {
        story_fail(&s, "rabbit@c", NULL, PROBE_RESULT_TIMED_OUT, 12);
        story_serve_all(&s, 3000);
    }
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 4);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 3);
    story_members(&s, two, 2);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 4);
}

static void test_one_that_falls_again_and_again_is_flapping(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int round = 0; round < 9; round++) {
        story_crash(&s);
        if (s.core.rescue.state == STATE_GAVE_UP)
            story_operator(&s, OPERATOR_RESUME, 0);
        story_boot(&s);
        story_serve_all(&s, 12000);
        assert_int_equal(s.told[NOTICE_FLAPPING], round >= 3);
    }
    for (int minute = 0; minute < 70; minute++) {
        story_serve_all(&s, 1000);
        story_wait(&s, 59000);
    }
    assert_int_equal(s.told[NOTICE_FLAPPING], 1);
    assert_int_equal(s.told[NOTICE_FLAPPING_OVER], 1);
}

static void test_queues_without_a_leader_are_told_when_it_lasts(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.leaders_known = true;
    view.leaderless_queues = 3;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(s.told[NOTICE_LEADERLESS], 0); /* a moment without one is no trouble */
    story_wait(&s, 5000);
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(s.told[NOTICE_LEADERLESS], 1);
    assert_string_equal(s.last.detail, "3 quorum queues have no leader");
    view.leaderless_queues = 0;
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(s.told[NOTICE_LEADERS_BACK], 1);
    assert_int_equal(story_done(&s), 0);
}

/* This node, and OTHER unless it is NULL, serve for so long, while nothing on the others' hosts answers. */
static void cut(struct story *s, const char *silent, const char *too, const char *other, unsigned seconds)
{
    for (unsigned second = 0; second < seconds; second++) {
        story_serve(s, STORY_LOCAL);
        if (other)
            story_serve(s, other);
        story_fail(s, silent, too, PROBE_RESULT_TIMED_OUT, 1);
    }
}

static void test_one_that_is_cut_off_speaks_for_nobody_else(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    cut(&s, "rabbit@b", NULL, "rabbit@c", 6); /* the first is found before the other */
    cut(&s, "rabbit@b", "rabbit@c", NULL, 60);
    assert_int_equal(s.told[NOTICE_ISOLATED], 1);
    cut(&s, "rabbit@c", NULL, "rabbit@b", 14); /* and is back before it */
    assert_int_equal(s.told[NOTICE_ISOLATION_OVER], 1);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
    cut(&s, "rabbit@c", NULL, "rabbit@b", 3); /* which is not back at all */
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    assert_string_equal(s.last.node, "rabbit@c");
    cut(&s, "rabbit@b", "rabbit@c", NULL, 60);
    assert_int_equal(s.told[NOTICE_ISOLATED], 2);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 0); /* what was told stands */
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(story_done(&s), 0);
}

static void test_a_dead_broker_does_not_make_a_cut_a_dead_host(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 12; second++) {
        story_serve(&s, STORY_LOCAL);
        story_serve(&s, "rabbit@c");
        story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 1);
    }
    cut(&s, "rabbit@b", NULL, "rabbit@c", 1);
    cut(&s, "rabbit@b", "rabbit@c", NULL, 2); /* b is silent, c is on its way there */
    assert_int_equal(s.told[NOTICE_PEER_DOWN] + s.told[NOTICE_ISOLATED], 0);
    cut(&s, "rabbit@b", NULL, "rabbit@c", 13); /* that was short */
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
    cut(&s, "rabbit@b", NULL, "rabbit@c", 3);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
    assert_int_equal(s.told[NOTICE_ISOLATED], 0);
}

static void test_of_two_members_the_one_that_is_left_tells_once(void **context)
{
    const char *const two[] = {"rabbit@a", "rabbit@b"};
    struct story s;

    (void)context;
    for (int stopped = 0; stopped < 2; stopped++) {
        story_begin(&s);
        story_members(&s, two, 2);
        if (stopped)
            story_unit(&s, UNIT_INACTIVE, "dead", "success");
        story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_TIMED_OUT, 60);
        assert_int_equal(s.told[NOTICE_ISOLATED], 1);
        assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
        story_serve(&s, "rabbit@b");
        assert_int_equal(s.told[NOTICE_ISOLATION_OVER], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_alarm_is_told_and_left_alone),
        cmocka_unit_test(test_bad_credentials_are_one_warning),
        cmocka_unit_test(test_a_check_that_is_not_in_use_any_more_is_no_warning),
        cmocka_unit_test(test_a_stall_discards_what_was_counted),
        cmocka_unit_test(test_a_slow_start_is_no_stall),
        cmocka_unit_test(test_a_probe_from_before_a_stall_is_not_believed),
        cmocka_unit_test(test_only_the_lead_speaks_for_a_silent_host),
        cmocka_unit_test(test_a_unit_that_systemd_does_not_know_is_told),
        cmocka_unit_test(test_a_peer_that_leaves_while_down_is_told_over),
        cmocka_unit_test(test_a_problem_that_comes_and_goes_floods_nobody),
        cmocka_unit_test(test_an_operators_word_is_told_however_often_it_changes),
        cmocka_unit_test(test_a_peer_that_comes_and_goes_and_leaves_is_told_over),
        cmocka_unit_test(test_one_that_falls_again_and_again_is_flapping),
        cmocka_unit_test(test_queues_without_a_leader_are_told_when_it_lasts),
        cmocka_unit_test(test_one_that_is_cut_off_speaks_for_nobody_else),
        cmocka_unit_test(test_a_dead_broker_does_not_make_a_cut_a_dead_host),
        cmocka_unit_test(test_of_two_members_the_one_that_is_left_tells_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
