/* Stories: An agent that was restarted goes on where the former one was. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_a_restarted_agent_completes_the_rescue(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.kills, 1);
    story_reincarnate(&s);
    assert_int_equal(s.core.member_count, 3);
    story_crash(&s);
    assert_int_equal(s.restarts, 1); /* systemd tells that it has died in this moment */
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_wait(&s, 5000);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve_all(&s, 14000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_failed_stop_is_a_stop_for_the_next_agent_too(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    strcpy(s.unit.invocation_id, "0123");
    s.unit.job_id = 77;
    story_unit(&s, UNIT_DEACTIVATING, "stop-sigterm", "success");
    s.unit.job_id = 0;
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    story_reincarnate(&s);
    story_unit(&s, UNIT_FAILED, "failed", "timeout");
    assert_int_equal(s.starts + s.restarts, 0);
    story_reincarnate(&s);
    strcpy(s.unit.invocation_id, "4567"); /* started and died while no agent was there */
    story_unit(&s, UNIT_FAILED, "failed", "signal");
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_remembered_list_of_one_is_no_cluster_of_one(void **context)
{
    struct story s;

    (void)context;
    story_begin_alone(&s);
    assert_int_equal(s.saves, 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_hang(&s, 4);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
}

static void test_old_restarts_are_forgotten_over_a_reboot(void **context)
{
    struct core_snapshot snapshot = {.state = STATE_WATCHING, .restart_count = 5};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    s.now_ms = 60000; /* a minute after the machine's boot; the restarts are a day old */
    for (int i = 0; i < 5; i++)
        snapshot.restarts_wall_ms[i] = 1700000000000 - 86400000;
    core_init(&s.core, STORY_LOCAL, "", &(struct policy){0}, s.now_ms);
    s.core.policy = story_policy();
    core_restore(&s.core, &snapshot, s.now_ms, 1700000000000 + (int64_t)s.now_ms);
    assert_int_equal(s.core.rescue.budget.count, 0);
}

static void test_a_restarted_agent_always_gets_to_an_end(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int i = 0; i < 90; i++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.core.rescue.state, STATE_UNVERIFIED);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
}

static void test_what_was_told_is_not_told_again(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s); /* a proof is missing */
    story_crash(&s);
    story_boot(&s);
    story_wait(&s, 62000);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_wait(&s, 600000);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);

    story_begin(&s); /* it hangs, and is held */
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", "rabbit@c");
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.told[NOTICE_HUNG] + s.told[NOTICE_HELD], 2);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int round = 0; round < 5; round++) {
        story_hang(&s, 10);
        story_view(&s, "rabbit@b", "rabbit@c");
        story_view(&s, "rabbit@c", NULL);
    }
    assert_int_equal(s.told[NOTICE_HUNG] + s.told[NOTICE_HELD], 2);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

/* Which rows people know of does not depend on the words that told them. */
static void test_another_language_tells_nothing_again(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_view(&s, "rabbit@b", "rabbit@c");
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.told[NOTICE_HUNG] + s.told[NOTICE_HELD], 2);
    policy.language = LANGUAGE_CHINESE;
    story_configure(&s, policy);
    for (int round = 0; round < 5; round++) {
        story_hang(&s, 10);
        story_view(&s, "rabbit@b", "rabbit@c");
        story_view(&s, "rabbit@c", NULL);
    }
    assert_int_equal(s.told[NOTICE_HUNG] + s.told[NOTICE_HELD], 2);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.last.language, LANGUAGE_CHINESE);
    assert_string_equal(s.last.why, "节点自行恢复了应答，未经 rmqwatchd 干预");
}

static void test_a_pause_before_the_next_start_is_kept_by_a_new_agent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_reincarnate(&s);
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    story_wait(&s, 4900);
    assert_int_equal(s.starts + s.restarts, 1);
    story_wait(&s, 200);
    assert_int_equal(s.starts + s.restarts, 2);
}

/* Whoever was told hears the end of it, and not before it is certain. */
static void test_a_problem_is_neither_told_twice_nor_without_its_end(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    partitioned.memory_alarm = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &partitioned);
    story_operator(&s, OPERATOR_HOLD, 3600000);
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_ALARM] + s.told[NOTICE_HOLD_SET], 3);
    s.snapshot.taken_ms = 0; /* all else that was said is too old to count */
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_OK);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED] + s.told[NOTICE_ALARM_CLEARED], 0);
    story_answer(&s, STORY_LOCAL, &partitioned);
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_ALARM] + s.told[NOTICE_HOLD_SET], 3);
    story_serve_all(&s, 3000);
    story_operator(&s, OPERATOR_RESUME, 0);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 1);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 1);
    assert_int_equal(s.told[NOTICE_HOLD_OVER], 1);
}

static void test_the_word_on_another_member_is_kept_and_on_one_that_left_it_is_not(void **context)
{
    const char *const five[] = {"rabbit@a", "rabbit@b", "rabbit@c", "rabbit@d", "rabbit@e"};
    struct story s;

    (void)context;
    story_begin(&s);
    story_members(&s, five, 5);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 12);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 2);
    for (uint32_t i = 0; i < s.snapshot.watch_count; i++)
        if (!strcmp(s.snapshot.watches[i].node, "rabbit@b"))
            strcpy(s.snapshot.watches[i].node, "rabbit@x");
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
}

static void test_a_mere_connection_is_no_recovery_for_a_new_agent(void **context)
{
    struct event shallow = {
        .kind = EVENT_PROBE_DONE, .probe = {.kind = PROBE_AMQP, .result = PROBE_RESULT_OK}};
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    assert_int_equal(s.told[NOTICE_HUNG], 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    strcpy(shallow.probe.node, STORY_LOCAL);
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);

    story_begin(&s); /* nor where it was only said what would be done */
    policy.act = false;
    story_configure(&s, policy);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    shallow.probe.started_ms = s.now_ms;
    story_step(&s, &shallow);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);

    story_begin(&s); /* where AMQP is not asked, nothing is known of it */
    policy.probe_amqp = false;
    story_hang(&s, 3);
    core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
    core_restore(&s.core, &s.snapshot, s.now_ms, story_wall_ms(&s));
    assert_false(s.core.members[0].probes[PROBE_AMQP].seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_restarted_agent_completes_the_rescue),
        cmocka_unit_test(test_a_failed_stop_is_a_stop_for_the_next_agent_too),
        cmocka_unit_test(test_a_remembered_list_of_one_is_no_cluster_of_one),
        cmocka_unit_test(test_old_restarts_are_forgotten_over_a_reboot),
        cmocka_unit_test(test_a_restarted_agent_always_gets_to_an_end),
        cmocka_unit_test(test_what_was_told_is_not_told_again),
        cmocka_unit_test(test_another_language_tells_nothing_again),
        cmocka_unit_test(test_a_pause_before_the_next_start_is_kept_by_a_new_agent),
        cmocka_unit_test(test_a_problem_is_neither_told_twice_nor_without_its_end),
        cmocka_unit_test(test_the_word_on_another_member_is_kept_and_on_one_that_left_it_is_not),
        cmocka_unit_test(test_a_mere_connection_is_no_recovery_for_a_new_agent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
