/* Stories: News that comes late, words that were said once, and answers that were overtaken. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* The unit is said to wait for its restart, and to have died AGE_MS ago. */
static void hear_of_a_death(struct story *s, uint64_t age_ms)
{
    struct event event = {.kind = EVENT_UNIT};

    s->unit.active = UNIT_ACTIVATING;
    strcpy(s->unit.sub_state, "auto-restart");
    strcpy(s->unit.result, "signal");
    s->unit.inactive_enter_ms = s->now_ms - age_ms;
    event.unit = s->unit;
    story_step(s, &event);
}

/* The agent slept for less than a stall. Of what it hears first it cannot tell whether it is so still. */
static void test_after_an_old_death_no_boot_is_disturbed(void **context)
{
    struct story s;

    (void)context;
    for (int slept = 0; slept < 2; slept++) {
        story_begin(&s);
        hear_of_a_death(&s, slept ? 7000 : 20);
        assert_int_equal(s.restarts, !slept);
        assert_int_equal(s.starts, slept);
    }
    story_begin(&s);
    hear_of_a_death(&s, (uint64_t)-20); /* the loop looks at its clock once in a turn */
    assert_int_equal(s.restarts, 1);
}

/* systemd may have started it again since: its stop would look like an operator's. */
static void test_after_an_old_death_no_restart_loop_is_ended(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    for (int slept = 0; slept < 2; slept++) {
        story_begin(&s);
        story_configure(&s, policy);
        story_crash(&s);
        story_unit(&s, UNIT_ACTIVATING, "start", "success");
        hear_of_a_death(&s, slept ? 7000 : 20);
        assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
        assert_int_equal(s.stops, !slept);
    }
}

/* Somebody restarts what is to be restarted, and it hangs again. The kernel accepts for it. */
static void test_a_mere_connection_to_another_run_is_no_recovery(void **context)
{
    static const enum state states[] = {STATE_ASKING, STATE_LEASING, STATE_HELD};
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct story s;

    (void)context;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        story_begin(&s);
        s.lease_answer = LEASE_TAKEN;
        s.mute_lease = states[i] == STATE_LEASING;
        strcpy(s.unit.invocation_id, "0123");
        story_unit(&s, UNIT_ACTIVE, "running", "success");
        story_hang(&s, 3);
        if (states[i] != STATE_ASKING)
            story_others_agree(&s);
        assert_int_equal(s.core.rescue.state, states[i]);
        strcpy(s.unit.invocation_id, "4567");
        story_unit(&s, UNIT_ACTIVE, "running", "success");
        strcpy(shallow.probe.node, STORY_LOCAL);
        shallow.probe.started_ms = s.now_ms;
        story_step(&s, &shallow);
        assert_int_equal(s.told[NOTICE_RECOVERED], 0);
        story_serve(&s, STORY_LOCAL);
        story_serve(&s, STORY_LOCAL);
        assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    }
}

/* The agent sleeps; meanwhile the port is opened, and the broker hangs. The kernel accepts for it. */
static void test_a_mere_connection_to_what_was_closed_before_a_stall_is_no_recovery(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    story_lose_listener(&s, 70, true);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    s.now_ms += 30000;
    story_step(&s, &tick);
    strcpy(shallow.probe.node, STORY_LOCAL);
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
}

static void test_a_mere_connection_to_a_silent_member_after_a_stall_is_no_answer(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_SILENT, 5);
    s.now_ms += 30000;
    story_step(&s, &tick);
    strcpy(shallow.probe.node, "rabbit@b");
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    assert_int_not_equal(s.core.members[1].condition, CONDITION_HEALTHY);
}

/* It was cut off, was restarted behind the cut, and boots: nobody has seen its ports closed. */
static void test_what_a_member_said_before_it_was_cut_off_is_void(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_probe(&s, "rabbit@c", PROBE_AMQP, PROBE_RESULT_TIMED_OUT);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", NULL);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.kills, 0);
    assert_non_null(strstr(s.last.detail, "rabbit@c answers, but has not said lately"));
}

static void test_a_disagreement_of_one_moment_is_no_partition(void **context)
{
    static const char *const parties[] = {"rabbit@b", "rabbit@c"};
    struct story s;

    (void)context;
    for (int gone = 0; gone < 2; gone++) {
        story_begin(&s);
        story_view(&s, "rabbit@b", "rabbit@c");
        story_view(&s, "rabbit@c", "rabbit@b");
        assert_int_not_equal(s.core.views.mutual.since_ms, 0);
        story_wait(&s, 1000);
        for (int second = 0; second < 200; second++) {
            story_view(&s, parties[!gone], parties[gone]);
            story_fail(&s, parties[gone], NULL, PROBE_RESULT_TIMED_OUT, 1);
            story_serve(&s, STORY_LOCAL);
        }
        assert_int_equal(s.told[NOTICE_PARTITION], 0);
        story_view(&s, parties[gone], parties[!gone]); /* it is there again, and says the same */
        assert_int_equal(s.told[NOTICE_PARTITION], 1);
    }
}

/* What was asked for first and told last may be the newer one. */
static void test_a_partition_in_an_answer_that_was_overtaken_counts_until_the_next(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int answer = 0; answer < 4; answer++) {
        struct event event = {.kind = EVENT_PROBE_DONE,
            .probe = {.kind = PROBE_MANAGEMENT, .result = PROBE_RESULT_OK, .has_view = answer > 0}};

        story_serve(&s, STORY_LOCAL);
        strcpy(event.probe.node, STORY_LOCAL);
        event.probe.started_ms = s.now_ms - 500;
        event.probe.view.partitions_known = answer > 1;
        event.probe.view.partitioned = answer > 2;
        story_step(&s, &event);
        assert_int_equal(s.core.members[0].view.partitioned, answer > 2);
    }
    assert_int_equal(s.told[NOTICE_PARTITION], 1);
    story_wait(&s, 1000);
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 1);
}

/* Its ports were closed when it became busy: it has not been silent since then. */
static void test_what_was_closed_was_not_silent(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.busy_patience_ms = 30000;
    story_begin(&s);
    story_configure(&s, policy);
    story_close_ports(&s, 10);
    story_hang_as(&s, 'R', 900, 0, 29);
    assert_int_equal(story_condition(&s), CONDITION_BUSY);
    story_hang_as(&s, 'R', 900, 0, 3);
    assert_int_equal(story_condition(&s), CONDITION_HUNG);
}

/* Given up, but systemd refuses to end the restart loop: who stops it later is a person. */
static void test_after_a_refused_stop_inactive_is_an_operators_wish(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.stops, 1);
    story_refuse(&s, "access denied");
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
    assert_int_equal(s.told[NOTICE_STOPPED], 1);
}

static void test_what_would_be_done_is_told_once(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.act = false;
    story_begin(&s);
    s.mute_lease = true;
    story_configure(&s, policy);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    policy.act = true;
    story_configure(&s, policy);
    story_hang(&s, 1);
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_LEASING);
    policy.act = false;
    story_configure(&s, policy);
    story_wait(&s, 500);
    story_lease(&s, LEASE_GRANTED, "");
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_OBSERVED);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_an_old_death_no_boot_is_disturbed),
        cmocka_unit_test(test_after_an_old_death_no_restart_loop_is_ended),
        cmocka_unit_test(test_a_mere_connection_to_another_run_is_no_recovery),
        cmocka_unit_test(test_a_mere_connection_to_what_was_closed_before_a_stall_is_no_recovery),
        cmocka_unit_test(test_a_mere_connection_to_a_silent_member_after_a_stall_is_no_answer),
        cmocka_unit_test(test_what_a_member_said_before_it_was_cut_off_is_void),
        cmocka_unit_test(test_a_disagreement_of_one_moment_is_no_partition),
        cmocka_unit_test(test_a_partition_in_an_answer_that_was_overtaken_counts_until_the_next),
        cmocka_unit_test(test_what_was_closed_was_not_silent),
        cmocka_unit_test(test_after_a_refused_stop_inactive_is_an_operators_wish),
        cmocka_unit_test(test_what_would_be_done_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
