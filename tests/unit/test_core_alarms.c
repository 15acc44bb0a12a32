/* Stories: Alarms that would be false, or told too often, are not told. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_a_port_that_opens_after_a_hang_is_no_lost_listener(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    for (int second = 0; second < 2; second++) { /* the API is back first */
        story_view(&s, STORY_LOCAL, NULL);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, second == 0 ? PROBE_RESULT_SILENT : PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 0);

    story_begin(&s); /* it closes while it pauses, the API a moment later */
    story_hang(&s, 3);
    story_view(&s, STORY_LOCAL, NULL);
    story_view(&s, STORY_LOCAL, NULL);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 0);

    story_begin(&s); /* both were closed; the API opens, and closes again */
    story_close_ports(&s, 5);
    story_view(&s, STORY_LOCAL, NULL);
    story_wait(&s, 5000);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 0);
}

static void test_the_end_of_a_pause_is_neither_maintenance_nor_a_stop(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 30; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    assert_int_equal(s.told[NOTICE_PAUSED], 1);
    for (int second = 0; second < 10; second++) { /* the others are back, and list it not yet */
        story_serve(&s, "rabbit@b");
        story_serve(&s, "rabbit@c");
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_view(&s, "rabbit@c", STORY_LOCAL);
        story_close_ports(&s, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_PAUSED);
    story_others_agree(&s);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PAUSE_OVER], 1);
    assert_int_equal(s.told[NOTICE_DRAINED] + s.told[NOTICE_APP_STOPPED], 0);
}

static void test_a_pause_that_does_not_end_is_a_stop_at_last(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    for (int second = 0; second < 80; second++) {
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_OK);
        story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_OK);
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_view(&s, "rabbit@c", STORY_LOCAL);
        story_close_ports(&s, 1);
    }
    assert_int_equal(s.told[NOTICE_PAUSED], 1);
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 1);
}

/* The others have lost it for a moment: it pauses itself, and goes on. */
static void test_an_application_that_is_back_in_seconds_was_not_stopped(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_view(&s, "rabbit@c", STORY_LOCAL);
    }
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
    story_others_agree(&s); /* they know already, its ports were not asked since */
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_DRAINED] + s.told[NOTICE_APP_STOPPED] + s.told[NOTICE_APP_BACK], 0);
}

static void test_an_application_does_not_run_again_because_its_unit_was_stopped(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 20; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", STORY_LOCAL);
        story_view(&s, "rabbit@c", STORY_LOCAL);
    }
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 1);
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    story_boot(&s);
    assert_int_equal(s.told[NOTICE_APP_BACK], 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_APP_BACK], 1);
}

/* What it had said of a node that was down then, it cannot take back. */
static void test_a_machine_that_loses_power_is_no_partition(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_view(&s, "rabbit@b", STORY_LOCAL); /* its last words */
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_wait(&s, 3000);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int second = 0; second < 200; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_view(&s, STORY_LOCAL, "rabbit@b");
        story_serve(&s, "rabbit@c");
        story_view(&s, "rabbit@c", "rabbit@b");
        story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_TIMED_OUT, 1);
    }
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_STALE_VIEW], 0);
}

static void end_probe(struct story *s, const char *node, enum probe_kind kind, uint64_t after_ms)
{
    struct event event = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = kind, .deep = true, .result = PROBE_RESULT_TIMED_OUT}};

    strcpy(event.probe.node, node);
    event.probe.started_ms = s->now_ms - after_ms;
    story_step(s, &event);
}

/* The loop slept for less than a stall; timers come before answers. */
static void test_a_timeout_that_ends_late_is_our_own(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 5; second++) {
        story_wait(&s, 1000);
        end_probe(&s, "rabbit@b", PROBE_AMQP, 4001);
        end_probe(&s, "rabbit@b", PROBE_MANAGEMENT, 4001);
    }
    assert_int_equal(s.core.members[1].probes[PROBE_AMQP].failures, 0);
    end_probe(&s, "rabbit@b", PROBE_EXEC, 4001); /* a command has a timeout of its own */
    assert_int_equal(s.core.members[1].probes[PROBE_EXEC].failures, 1);
    end_probe(&s, "rabbit@b", PROBE_AMQP, 3000);
    assert_int_equal(s.core.members[1].probes[PROBE_AMQP].failures, 1);
}

static void test_one_probe_without_an_answer_silences_no_host(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_SILENT, 12);
    assert_int_equal(s.core.members[1].condition, CONDITION_PEER_DOWN);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_TIMED_OUT, 2);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_TIMED_OUT, 1);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 1);
}

static void test_members_that_are_coming_back_are_not_lost(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
    }
    assert_int_equal(s.told[NOTICE_ISOLATED], 1);
    story_serve_all(&s, 1000); /* the first answer of each is no rise yet */
    assert_int_equal(s.told[NOTICE_ISOLATION_OVER], 1);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 0);
}

static void test_what_was_not_heard_of_since_a_stall_is_not_over(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
    }
    s.now_ms += 60000;
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.told[NOTICE_ISOLATION_OVER] + s.told[NOTICE_PEER_BACK], 0);
    assert_int_equal(s.core.rescue.budget.peer_count, 0); /* nor has anybody come back */

    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 1);
    }
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 1);
    s.now_ms += 60000;
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.told[NOTICE_QUORUM_BACK], 0);
}

static void test_a_mere_connection_after_a_stall_is_no_recovery(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    s.now_ms += 30000;
    story_step(&s, &tick);
    strcpy(shallow.probe.node, STORY_LOCAL);
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
}

static void test_a_mere_connection_of_a_new_broker_ends_no_incident_that_is_only_observed(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.act = false;
    for (int amqp = 1; amqp >= 0; amqp--) {
        story_begin(&s);
        policy.probe_amqp = amqp;
        story_configure(&s, policy);
        story_crash(&s);
        assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
        strcpy(s.unit.invocation_id, "4567");
        story_boot(&s);
        assert_int_equal(story_local(&s)->probes[PROBE_AMQP].seen, amqp);
        strcpy(shallow.probe.node, STORY_LOCAL);
        shallow.probe.started_ms = s.now_ms;
        if (amqp)
            story_step(&s, &shallow);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
        story_serve_all(&s, 3000);
        assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    }
}

static void test_a_boot_is_not_slow_because_we_slept(void **context)
{
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    story_begin(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    s.now_ms += 200000;
    story_step(&s, &tick);
    assert_int_equal(s.told[NOTICE_SLOW_BOOT], 0);
}

/* The kernel's word is here before systemd's. */
static void test_a_process_that_has_just_ended_does_not_hang(void **context)
{
    struct event gone = {.kind = EVENT_HOST, .host = {.process_known = true}};
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang_as(&s, 'R', 900, 0, 5);
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
    story_step(&s, &gone);
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
    assert_int_equal(s.told[NOTICE_HUNG], 0);
    story_hang(&s, 6); /* systemd says that it is active: there was no process to look at */
    assert_int_equal(s.told[NOTICE_HUNG], 1);
}

/* It was down a while ago, and has answered since. */
static void test_an_old_word_counts_nobody_out(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    story_wait(&s, 1000);
    story_serve(&s, STORY_LOCAL);
    story_fail(&s, "rabbit@c", NULL, PROBE_RESULT_REFUSED, 3);
    story_hang_as(&s, 'S', 10, 0, 3);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks, 0);
}

/* Whoever answers, and does not say who runs, is not one of those who say that it does not. */
static void test_silence_counts_nobody_out(void **context)
{
    struct node_view view = story_everything("rabbit@c");
    struct story s;

    (void)context;
    story_begin(&s);
    s.core.members[2].view.members_known = false;
    story_hang_as(&s, 'S', 10, 0, 3);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks, 0);

    story_begin(&s); /* nor is one whose word is more than a minute old */
    story_hang_as(&s, 'S', 10, 0, 3);
    story_answer(&s, "rabbit@b", &view);
    story_view(&s, "rabbit@c", STORY_LOCAL);
    for (int second = 0; second < 80; second++) {
        view.members[0].running = second < 65;
        story_hang_as(&s, 'S', 10, 0, 1);
        story_answer(&s, "rabbit@b", &view);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    }
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks, 0);
}

static void test_what_begins_in_one_moment_has_incidents_of_its_own(void **context)
{
    char incident[RMQ_INCIDENT_ID_MAX] = "";
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 3);
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_ALL_DOWN], 1);
    for (uint32_t i = 0; i < s.snapshot.watch_count; i++)
        if (s.snapshot.watches[i].kind == WATCH_ALL_DOWN)
            strcpy(incident, s.snapshot.watches[i].incident);
    assert_true(strlen(incident) > 0);
    assert_string_not_equal(incident, s.core.rescue.incident.id);
}

/* On hold, so that systemd's own loop is not ended. */
static void test_giving_up_in_a_loop_is_told_as_often_as_it_would_be_tried(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_operator(&s, OPERATOR_HOLD, 7200000);
    for (int death = 0; death < 100; death++) {
        story_die_while_starting(&s);
        story_wait(&s, 10000);
    }
    assert_int_equal(s.stops, 0);
    assert_in_range(s.told[NOTICE_GAVE_UP], 1, 3); /* in twenty minutes, with pauses of ten and more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_port_that_opens_after_a_hang_is_no_lost_listener),
        cmocka_unit_test(test_the_end_of_a_pause_is_neither_maintenance_nor_a_stop),
        cmocka_unit_test(test_a_pause_that_does_not_end_is_a_stop_at_last),
        cmocka_unit_test(test_an_application_that_is_back_in_seconds_was_not_stopped),
        cmocka_unit_test(test_an_application_does_not_run_again_because_its_unit_was_stopped),
        cmocka_unit_test(test_a_machine_that_loses_power_is_no_partition),
        cmocka_unit_test(test_a_timeout_that_ends_late_is_our_own),
        cmocka_unit_test(test_one_probe_without_an_answer_silences_no_host),
        cmocka_unit_test(test_members_that_are_coming_back_are_not_lost),
        cmocka_unit_test(test_what_was_not_heard_of_since_a_stall_is_not_over),
        cmocka_unit_test(test_a_mere_connection_after_a_stall_is_no_recovery),
        cmocka_unit_test(test_a_mere_connection_of_a_new_broker_ends_no_incident_that_is_only_observed),
        cmocka_unit_test(test_a_boot_is_not_slow_because_we_slept),
        cmocka_unit_test(test_a_process_that_has_just_ended_does_not_hang),
        cmocka_unit_test(test_an_old_word_counts_nobody_out),
        cmocka_unit_test(test_silence_counts_nobody_out),
        cmocka_unit_test(test_what_begins_in_one_moment_has_incidents_of_its_own),
        cmocka_unit_test(test_giving_up_in_a_loop_is_told_as_often_as_it_would_be_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
