/* Stories: What is left alone, and what proves nothing. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_an_answer_in_between_ends_the_proof_of_a_hang(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 2);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_OK);
    story_hang(&s, 1);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.asks, 0);
}

static void test_a_mere_connection_does_not_disprove_silence(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 2);
    strcpy(shallow.probe.node, STORY_LOCAL);
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    story_hang(&s, 1);
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
}

static void test_refused_ports_are_no_hang(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 30; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.asks + s.kills + s.starts + s.restarts, 0);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
}

static void test_an_operator_who_stops_it_is_obeyed(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 77;
    story_unit(&s, UNIT_DEACTIVATING, "stop", "success");
    s.unit.job_id = 0;
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(s.told[NOTICE_STOPPED], 1);
    assert_int_equal(s.last.severity, SEVERITY_INFO);
    story_wait(&s, 3600000);
    assert_int_equal(s.starts + s.restarts, 0);
    assert_int_equal(s.told[NOTICE_STOPPED], 1);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
}

static void test_a_stop_that_ends_in_failure_is_still_a_stop(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 77;
    story_unit(&s, UNIT_DEACTIVATING, "stop-sigterm", "success");
    s.unit.job_id = 0;
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    story_wait(&s, 60000);
    assert_int_equal(s.starts + s.restarts, 0);
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
}

static void test_a_boot_is_never_disturbed(void **context)
{
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    for (int i = 0; i < 300; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
    assert_int_equal(s.told[NOTICE_SLOW_BOOT], 1);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.told[NOTICE_BOOT_ENDED], 1);
}

static void test_observe_says_and_does_nothing(void **context)
{
    struct event event = {.kind = EVENT_POLICY};
    struct story s;

    (void)context;
    story_begin(&s);
    event.policy = story_policy();
    event.policy.act = false;
    story_step(&s, &event);
    story_crash(&s);
    story_wait(&s, 9000);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 2);
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
}

static void test_somebody_elses_job_is_never_overridden(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 99;
    story_crash(&s);
    assert_int_equal(s.restarts + s.starts, 0);
    s.unit.job_id = 0;
    story_crash(&s);
    assert_int_equal(s.restarts + s.starts, 1);
}

static void test_refused_by_polkit_is_told(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_refuse(&s, "polkit refuses");
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.detail, "polkit refuses"));
}

static void test_a_slow_start_is_not_taken_for_a_hang(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_boot(&s);
    story_hang(&s, 55); /* recovering, and every client comes back at once */
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.told[NOTICE_HUNG], 0);
    story_hang(&s, 6);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
}

static void test_probes_in_between_are_one_failure(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 10; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
        story_wait(&s, 100);
    }
    assert_int_equal(s.told[NOTICE_HUNG], 0);
}

static void test_a_probe_that_was_switched_off_proves_nothing(void **context)
{
    struct event event = {.kind = EVENT_POLICY, .policy = story_policy()};
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 3; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    event.policy.probe_amqp = false;
    story_step(&s, &event);
    assert_int_equal(s.core.members[0].condition, CONDITION_HEALTHY);
    for (int i = 0; i < 5; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_HUNG], 0);
}

static void test_an_operator_who_stops_a_start_of_ours_is_obeyed(void **context)
{
    struct event canceled = {.kind = EVENT_JOB_DONE, .job = {.ok = false, .result = "canceled"}};
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    s.unit.job_id = 88;
    story_unit(&s, UNIT_DEACTIVATING, "stop-sigterm", "success");
    story_step(&s, &canceled);
    s.unit.job_id = 0;
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    story_wait(&s, 3600000);
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
    assert_int_equal(s.starts + s.restarts, 1);
    assert_int_equal(s.told[NOTICE_RETRYING], 0);
}

static void test_masking_ends_the_slow_retries(void **context)
{
    struct event event = {.kind = EVENT_POLICY, .policy = story_policy()};
    struct story s;

    (void)context;
    story_begin(&s);
    event.policy.max_restarts = 1;
    story_step(&s, &event);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_job(&s, true);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    strcpy(s.unit.load_state, "masked");
    event = (struct event){.kind = EVENT_UNIT, .unit = s.unit};
    story_step(&s, &event);
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
    story_wait(&s, 7200000);
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_kill_that_comes_to_nothing_is_bounded_and_told_once(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int round = 0; round < 40; round++) {
        story_hang(&s, 3);
        story_others_agree(&s);
        if (s.core.rescue.state == STATE_KILLING)
            story_refuse(&s, "polkit refuses");
        story_wait(&s, 10000);
    }
    assert_in_range(s.kills, 2, 5);
    assert_int_equal(s.told[NOTICE_RESTARTING], 1);
    assert_in_range(s.told[NOTICE_HELD], 1, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_in_between_ends_the_proof_of_a_hang),
        cmocka_unit_test(test_a_mere_connection_does_not_disprove_silence),
        cmocka_unit_test(test_refused_ports_are_no_hang),
        cmocka_unit_test(test_an_operator_who_stops_it_is_obeyed),
        cmocka_unit_test(test_a_stop_that_ends_in_failure_is_still_a_stop),
        cmocka_unit_test(test_a_boot_is_never_disturbed),
        cmocka_unit_test(test_observe_says_and_does_nothing),
        cmocka_unit_test(test_somebody_elses_job_is_never_overridden),
        cmocka_unit_test(test_refused_by_polkit_is_told),
        cmocka_unit_test(test_a_slow_start_is_not_taken_for_a_hang),
        cmocka_unit_test(test_probes_in_between_are_one_failure),
        cmocka_unit_test(test_a_probe_that_was_switched_off_proves_nothing),
        cmocka_unit_test(test_an_operator_who_stops_a_start_of_ours_is_obeyed),
        cmocka_unit_test(test_masking_ends_the_slow_retries),
        cmocka_unit_test(test_a_kill_that_comes_to_nothing_is_bounded_and_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
