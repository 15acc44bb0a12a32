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
    /* Since when it is dead is not known, so systemd's own start might come in this very moment: no
     * RestartUnit. */
    assert_int_equal(s.starts, 1);
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
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 4);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 2);
    for (uint32_t i = 0; i < s.snapshot.watch_count; i++)
        if (!strcmp(s.snapshot.watches[i].node, "rabbit@b"))
            strcpy(s.snapshot.watches[i].node, "rabbit@x");
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PEER_BACK], 1);
    assert_int_equal(s.told[NOTICE_ISOLATION_OVER], 1);
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

    story_begin(&s); /* where AMQP is not asked, nothing is known of it */
    policy.probe_amqp = false;
    story_hang(&s, 3);
    core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
    core_restore(&s.core, &s.snapshot, s.now_ms, story_wall_ms(&s));
    assert_false(s.core.members[0].probes[PROBE_AMQP].seen);
}

/* The others answer, but while a member hangs they cannot say who runs. */
static void answer_without_lists(struct story *s)
{
    for (const char *const *node = (const char *const[]){"rabbit@b", "rabbit@c", NULL}; *node; node++) {
        story_probe(s, *node, PROBE_AMQP, PROBE_RESULT_OK);
        story_probe(s, *node, PROBE_MANAGEMENT, PROBE_RESULT_OK);
    }
}

static void hang_among_mute_ones(struct story *s, unsigned seconds)
{
    while (seconds-- > 0) {
        story_hang(s, 1);
        answer_without_lists(s);
    }
}

/* It hangs, its agent is killed MS after the first silence, and a new one takes over. */
static void lose_the_agent_in_a_hang(struct story *s, uint64_t ms)
{
    story_begin(s);
    story_hang(s, 1);
    story_reincarnate_after(s, ms);
    story_unit(s, UNIT_ACTIVE, "running", "success");
}

static void test_an_agent_restarted_in_a_hang_knows_what_the_others_said(void **context)
{
    struct story s;

    (void)context;
    lose_the_agent_in_a_hang(&s, 2000);
    hang_among_mute_ones(&s, 5);
    assert_int_equal(s.kills, 1);
    assert_int_equal(s.told[NOTICE_HELD], 0);
}

static void test_a_word_does_not_become_younger_by_a_restart(void **context)
{
    struct story s;

    (void)context;
    lose_the_agent_in_a_hang(&s, 50000);
    story_hang(&s, 2);
    story_reincarnate_after(&s, 10000); /* what it had restored is saved again, as old as it is */
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    hang_among_mute_ones(&s, 20);
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.detail, "has not said lately who is running"));
}

static void test_a_reboot_or_another_time_voids_what_was_said(void **context)
{
    static const struct {
        uint64_t now_ms;
        int64_t wall_ms;
    } jumps[] = {
        {5000, 30000},       /* the machine was down for a while: its own clock began anew */
        {2000, 2000 + 1500}, /* somebody has set the time forward */
        {2000, 2000 - 1500}, /* or back */
    };
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        uint64_t now_ms;

        story_begin(&s);
        story_hang(&s, 1);
        now_ms = i == 0 ? jumps[i].now_ms : s.now_ms + jumps[i].now_ms;
        core_init(&s.core, STORY_LOCAL, "", &policy, now_ms);
        core_restore(&s.core, &s.snapshot, now_ms, story_wall_ms(&s) + jumps[i].wall_ms);
        s.now_ms = now_ms;
        assert_int_equal(s.core.member_count, 3);
        assert_false(s.core.members[1].view.members_known);
    }
}

static void test_one_that_boots_is_not_the_one_that_spoke(void **context)
{
    struct story s;

    (void)context;
    lose_the_agent_in_a_hang(&s, 15000);
    for (int second = 0; second < 6; second++) { /* its API is open early, its AMQP port is not */
        story_hang(&s, 1);
        answer_without_lists(&s);
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_REFUSED);
    }
    assert_int_equal(s.kills, 0);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.detail, "rabbit@b answers, but has not said lately"));
}

static void test_a_partition_is_remembered_over_a_restart(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    story_begin(&s);
    strcpy(s.unit.invocation_id, "0123");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_answer(&s, STORY_LOCAL, &partitioned);
    story_hang(&s, 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    hang_among_mute_ones(&s, 5);
    assert_int_equal(s.kills, 0);
    assert_non_null(strstr(s.last.why, "no side is chosen"));
    strcpy(s.unit.invocation_id, "4567"); /* another broker has heard of none */
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_false(s.core.members[0].view.partitioned);
}

static void test_members_that_disagree_do_so_over_a_restart(void **context)
{
    struct story s;

    (void)context;
    for (int mutual = 0; mutual < 2; mutual++) {
        story_begin(&s);
        for (int second = 0; second < 80; second++) {
            story_serve(&s, STORY_LOCAL);
            story_view(&s, "rabbit@b", "rabbit@c");
            story_view(&s, "rabbit@c", mutual ? "rabbit@b" : NULL);
            story_wait(&s, 1000);
        }
        story_hang(&s, 1);
        story_reincarnate(&s);
        story_unit(&s, UNIT_ACTIVE, "running", "success");
        hang_among_mute_ones(&s, 5);
        assert_int_equal(s.core.rescue.state, STATE_HELD);
        assert_non_null(strstr(s.last.why, "no side is chosen"));
    }
}

static void test_views_that_make_no_sense_are_not_believed(void **context)
{
    struct policy policy = story_policy();
    struct core_snapshot snapshot;
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 1);
    for (int damage = 0; damage < 5; damage++) {
        snapshot = s.snapshot;
        if (damage == 0)
            snapshot.view_count = 2;
        else if (damage == 1)
            strcpy(snapshot.members[0], "rabbit@x"); /* it was another node's */
        else if (damage == 2)
            snapshot.views[1].said_ms = snapshot.taken_ms + 1;
        else if (damage == 3)
            snapshot.mutual = (struct disagreement){.since_ms = 5, .accuser = 16};
        else
            snapshot.stale = (struct disagreement){.since_ms = 5, .accused = 16};
        core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
        core_restore(&s.core, &snapshot, s.now_ms, story_wall_ms(&s));
        assert_int_equal(s.core.members[1].view.members_known, damage > 2);
        assert_int_equal(s.core.views.mutual.since_ms + s.core.views.stale.since_ms, 0);
    }
}

static void test_a_suspicion_is_written_down_and_hesitation_is_not_each_time(void **context)
{
    struct story s;
    uint32_t saves;

    (void)context;
    story_begin(&s);
    saves = s.saves;
    story_serve_all(&s, 60000);
    assert_int_equal(s.saves, saves); /* nothing that all is well with is */
    story_hang(&s, 2);
    assert_int_equal(s.saves, saves + 1);
    for (int second = 0; second < 12; second++) {
        story_serve(&s, STORY_LOCAL);
        story_hang(&s, 1);
    }
    assert_int_equal(s.saves, saves + 2);
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
        cmocka_unit_test(test_a_pause_before_the_next_start_is_kept_by_a_new_agent),
        cmocka_unit_test(test_a_problem_is_neither_told_twice_nor_without_its_end),
        cmocka_unit_test(test_the_word_on_another_member_is_kept_and_on_one_that_left_it_is_not),
        cmocka_unit_test(test_a_mere_connection_is_no_recovery_for_a_new_agent),
        cmocka_unit_test(test_an_agent_restarted_in_a_hang_knows_what_the_others_said),
        cmocka_unit_test(test_a_word_does_not_become_younger_by_a_restart),
        cmocka_unit_test(test_a_reboot_or_another_time_voids_what_was_said),
        cmocka_unit_test(test_one_that_boots_is_not_the_one_that_spoke),
        cmocka_unit_test(test_a_partition_is_remembered_over_a_restart),
        cmocka_unit_test(test_members_that_disagree_do_so_over_a_restart),
        cmocka_unit_test(test_views_that_make_no_sense_are_not_believed),
        cmocka_unit_test(test_a_suspicion_is_written_down_and_hesitation_is_not_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
