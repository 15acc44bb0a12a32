/* Stories: What the members said last is remembered over a restart of the agent, as old as it is. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

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
    for (int course = 0; course < 3; course++) {
        lose_the_agent_in_a_hang(&s, 15000);
        if (course == 1)
            answer_without_lists(&s);
        for (int second = 0; second < 6; second++) { /* its API is open early, its AMQP port is not */
            story_hang(&s, 1);
            if (course < 2) /* else nobody knows yet */
                story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_REFUSED);
            story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
            story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_OK);
        }
        assert_int_equal(s.kills, 0);
        assert_int_equal(s.core.rescue.state, STATE_HELD);
        assert_non_null(strstr(s.last.detail, "rabbit@b answers, but has not said lately"));
    }
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

/* Nobody would say anything to the contrary, ever. */
static void test_what_was_said_is_not_recalled_where_nobody_is_asked_any_more(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &partitioned);
    policy.probe_management = false;
    policy.probe_exec = true;
    story_reincarnate_as(&s, policy);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int second = 0; second < 90 && s.kills == 0; second++) {
        story_host(&s, 'T', 0, 0);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_TIMED_OUT);
        story_wait(&s, 1000);
    }
    assert_int_equal(story_condition(&s), CONDITION_FROZEN);
    assert_int_equal(s.told[NOTICE_HELD], 0);
    assert_int_equal(s.kills, 1);
}

/* Sentences change from version to version: the former agent's fill the list. */
static void test_what_another_version_told_leaves_room(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    s.snapshot.told_count = TOLD_ROWS_MAX;
    for (uint32_t i = 0; i < TOLD_ROWS_MAX; i++)
        s.snapshot.told[i] = i + 1;
    story_reincarnate(&s);
    memset(s.told, 0, sizeof(s.told));
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int round = 0; round < 5; round++) {
        story_hang(&s, 3);
        story_wait(&s, 10000);
    }
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(s.core.rescue.incident.told_count, TOLD_ROWS_MAX);
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

static void test_a_disagreement_that_is_over_is_not_remembered(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 5; second++) {
        story_view(&s, "rabbit@b", "rabbit@c");
        story_serve_all(&s, 1000);
        story_view(&s, "rabbit@b", "rabbit@c");
    }
    story_hang(&s, 1);
    story_serve_all(&s, 90000);
    story_reincarnate(&s);
    assert_int_equal(s.core.views.stale.since_ms, 0);
}

static void test_views_that_make_no_sense_are_not_believed(void **context)
{
    struct policy policy = story_policy();
    struct core_snapshot snapshot;
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 1);
    for (int damage = 0; damage < 7; damage++) {
        snapshot = s.snapshot;
        if (damage == 0)
            snapshot.view_count = 2;
        else if (damage == 1)
            strcpy(snapshot.members[0], "rabbit@x"); /* it was another node's */
        else if (damage == 2)
            snapshot.views[1].said_ms = snapshot.taken_ms + 1;
        else if (damage == 3)
            snapshot.mutual = (struct disagreement){.since_ms = 5, .accuser = 16};
        else if (damage == 4)
            snapshot.stale = (struct disagreement){.since_ms = 5, .accused = 16};
        else if (damage == 5)
            snapshot.stale = (struct disagreement){.since_ms = snapshot.taken_ms + 1};
        else { /* the list is in another order */
            strcpy(snapshot.members[0], "rabbit@b");
            strcpy(snapshot.members[1], STORY_LOCAL);
        }
        core_init(&s.core, STORY_LOCAL, "", &policy, s.now_ms);
        core_restore(&s.core, &snapshot, s.now_ms, story_wall_ms(&s));
        assert_int_equal(s.core.members[1].view.members_known, damage > 2 && damage < 6);
        assert_int_equal(s.core.views.mutual.since_ms + s.core.views.stale.since_ms, 0);
    }
}

static void test_what_another_member_did_not_mention_is_not_recalled(void **context)
{
    struct node_view view = story_everything("rabbit@c");
    struct story s;

    (void)context;
    view.member_count = 2;
    story_begin(&s);
    story_answer(&s, "rabbit@b", &view);
    story_hang(&s, 1);
    story_reincarnate(&s);
    assert_int_equal(member_says_running(&s.core.members[1], STORY_LOCAL), 1);
    assert_int_equal(member_says_running(&s.core.members[1], "rabbit@c"), -1);
}

/* It may have come back since. */
static void test_a_recalled_word_counts_nobody_out(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    story_view(&s, "rabbit@c", STORY_LOCAL);
    story_hang(&s, 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    for (int second = 0; second < 6; second++) {
        story_hang(&s, 1);
        story_probe(&s, "rabbit@b", PROBE_AMQP, PROBE_RESULT_OK);
        story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
        story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
    }
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.lease_asks, 0);
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
        cmocka_unit_test(test_an_agent_restarted_in_a_hang_knows_what_the_others_said),
        cmocka_unit_test(test_a_word_does_not_become_younger_by_a_restart),
        cmocka_unit_test(test_a_reboot_or_another_time_voids_what_was_said),
        cmocka_unit_test(test_one_that_boots_is_not_the_one_that_spoke),
        cmocka_unit_test(test_a_partition_is_remembered_over_a_restart),
        cmocka_unit_test(test_what_was_said_is_not_recalled_where_nobody_is_asked_any_more),
        cmocka_unit_test(test_what_another_version_told_leaves_room),
        cmocka_unit_test(test_members_that_disagree_do_so_over_a_restart),
        cmocka_unit_test(test_a_disagreement_that_is_over_is_not_remembered),
        cmocka_unit_test(test_views_that_make_no_sense_are_not_believed),
        cmocka_unit_test(test_what_another_member_did_not_mention_is_not_recalled),
        cmocka_unit_test(test_a_recalled_word_counts_nobody_out),
        cmocka_unit_test(test_a_suspicion_is_written_down_and_hesitation_is_not_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
