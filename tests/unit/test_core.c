/* Stories: what the core does about whole courses of events. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void crash(struct story *s)
{
    s->unit.exec_main_code = 2;
    s->unit.exec_main_status = 9;
    story_unit(s, UNIT_ACTIVATING, "auto-restart", "signal");
}

static void boot(struct story *s)
{
    story_unit(s, UNIT_ACTIVATING, "start", "success");
    story_wait(s, 7000);
    story_unit(s, UNIT_ACTIVE, "running", "success");
    story_job(s, true);
}

static void serve_all_for(struct story *s, uint64_t ms)
{
    for (uint64_t waited = 0; waited < ms; waited += 1000) {
        story_serve(s, "rabbit@a");
        story_serve(s, "rabbit@b");
        story_serve(s, "rabbit@c");
        story_wait(s, 1000);
    }
}

static void test_all_is_well(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    assert_int_equal(s.core.members[0].condition, CONDITION_HEALTHY);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    serve_all_for(&s, 60000);
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        assert_int_equal(s.told[kind], 0);
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
}

static void test_a_crash_is_started_at_once_and_proven(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash(&s);
    /* in the very step that told of it, and over systemd's own pause */
    assert_true(story_did(&s, ACTION_RESTART_UNIT));
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_non_null(strstr(s.last.detail, "signal 9 (SIGKILL)"));
    assert_non_null(strstr(s.last.detail, "1 of 5 restarts"));
    story_unit(&s, UNIT_INACTIVE, "dead", "signal"); /* RestartUnit passes through here */
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    boot(&s);
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    serve_all_for(&s, 9000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    serve_all_for(&s, 3000);
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
    crash(&s);
    assert_int_equal(s.restarts, 1);
    boot(&s);
    /* what was heard before the kill proves neither life nor a hang */
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    serve_all_for(&s, 12000);
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
    crash(&s);
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
    crash(&s);
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
    const char *const alone[] = {STORY_LOCAL};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_members(&s, alone, 1);
    story_hang(&s, 3);
    assert_int_equal(s.kills, 1);
}

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
    serve_all_for(&s, 3000);
    assert_int_equal(s.told[NOTICE_CHECK_OK], 1);
}

static void die_while_starting(struct story *s)
{
    story_unit(s, UNIT_ACTIVATING, "start", "success");
    story_wait(s, 2000);
    s->unit.exec_main_code = 1;
    s->unit.exec_main_status = 1;
    story_unit(s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    story_job(s, false);
}

static void test_a_crash_loop_is_bounded_and_given_up_loudly(void **context)
{
    struct story s;
    uint64_t first_retry_ms;

    (void)context;
    story_begin(&s);
    crash(&s);
    for (int i = 0; i < 20 && s.core.rescue.state != STATE_GAVE_UP; i++) {
        die_while_starting(&s);
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
    die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_wait(&s, 700000); /* the pause has doubled */
    assert_int_equal(s.starts + s.restarts, 6);
    story_wait(&s, 600000);
    assert_int_equal(s.starts + s.restarts, 7);
    assert_true(s.now_ms > first_retry_ms);
    boot(&s);
    serve_all_for(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.core.rescue.budget.give_ups, 0);
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
    crash(&s);
    story_wait(&s, 9000);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    serve_all_for(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", NULL);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 2);
    assert_int_equal(s.starts + s.restarts + s.kills + s.stops, 0);
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

static void test_somebody_elses_job_is_never_overridden(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 99;
    crash(&s);
    assert_int_equal(s.restarts + s.starts, 0);
    s.unit.job_id = 0;
    crash(&s);
    assert_int_equal(s.restarts + s.starts, 1);
}

static void test_refused_by_polkit_is_told(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash(&s);
    story_refuse(&s, "polkit refuses");
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.detail, "polkit refuses"));
}

static void test_a_missing_proof_is_named(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash(&s);
    boot(&s);
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
    serve_all_for(&s, 12000);
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
    }
    crash(&s);
    assert_int_equal(s.core.members[0].condition, CONDITION_ALL_DOWN);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.told[NOTICE_ALL_DOWN], 1);
    boot(&s);
    serve_all_for(&s, 14000);
    assert_int_equal(s.told[NOTICE_ALL_DOWN_OVER], 1);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_only_the_lead_speaks_for_a_silent_host(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 3; i++) {
        story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
    }
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1); /* c's host is silent; b's own agent speaks for b */
    assert_string_equal(s.last.node, "rabbit@c");
    story_serve(&s, "rabbit@c");
    story_serve(&s, "rabbit@c");
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(s.starts + s.restarts + s.kills, 0);
}

/* Kills the agent after every step of a rescue and goes on with a new one. */
static void reincarnate(struct story *s)
{
    struct core_snapshot snapshot;
    struct policy policy = s->core.policy;

    core_snapshot(&s->core, &snapshot, s->now_ms, 1700000000000 + (int64_t)s->now_ms);
    s->now_ms += 300;
    core_init(&s->core, STORY_LOCAL, "", &policy, s->now_ms);
    core_restore(&s->core, &snapshot, s->now_ms, 1700000000000 + (int64_t)s->now_ms);
}

static void test_a_restarted_agent_completes_the_rescue(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", NULL);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.kills, 1);
    reincarnate(&s);
    assert_int_equal(s.core.member_count, 3);
    crash(&s);
    assert_int_equal(s.restarts, 1);
    reincarnate(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_wait(&s, 5000);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    serve_all_for(&s, 14000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.starts + s.restarts, 1);
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
        cmocka_unit_test(test_an_answer_in_between_ends_the_proof_of_a_hang),
        cmocka_unit_test(test_a_mere_connection_does_not_disprove_silence),
        cmocka_unit_test(test_refused_ports_are_no_hang),
        cmocka_unit_test(test_an_operator_who_stops_it_is_obeyed),
        cmocka_unit_test(test_a_stop_that_ends_in_failure_is_still_a_stop),
        cmocka_unit_test(test_a_boot_is_never_disturbed),
        cmocka_unit_test(test_an_alarm_is_told_and_left_alone),
        cmocka_unit_test(test_bad_credentials_are_one_warning),
        cmocka_unit_test(test_a_crash_loop_is_bounded_and_given_up_loudly),
        cmocka_unit_test(test_observe_says_and_does_nothing),
        cmocka_unit_test(test_a_stall_discards_what_was_counted),
        cmocka_unit_test(test_a_probe_from_before_a_stall_is_not_believed),
        cmocka_unit_test(test_somebody_elses_job_is_never_overridden),
        cmocka_unit_test(test_refused_by_polkit_is_told),
        cmocka_unit_test(test_a_missing_proof_is_named),
        cmocka_unit_test(test_all_down_is_started_without_asking_anyone),
        cmocka_unit_test(test_only_the_lead_speaks_for_a_silent_host),
        cmocka_unit_test(test_a_restarted_agent_completes_the_rescue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
