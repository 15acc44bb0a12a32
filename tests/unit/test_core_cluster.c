/* Stories: What is wrong with the cluster is told by one agent, and keeps every agent's hands off. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* Everybody answers, and this is whom each of them calls down. */
static void say(struct story *s, const char *a_says, const char *b_says, const char *c_says, unsigned seconds)
{
    for (unsigned second = 0; second < seconds; second++) {
        story_view(s, "rabbit@a", a_says);
        story_view(s, "rabbit@b", b_says);
        story_view(s, "rabbit@c", c_says);
        story_wait(s, 1000);
    }
}

static void test_two_members_that_call_each_other_down_are_a_partition(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 74);
    assert_int_equal(s.told[NOTICE_PARTITION], 0); /* the net tick may just be slow */
    say(&s, NULL, "rabbit@c", "rabbit@b", 200);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    assert_int_equal(s.told[NOTICE_PARTITION], 1);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
    assert_non_null(strstr(s.last.detail, "rabbit@b calls rabbit@c down, and rabbit@c calls rabbit@b down"));
    assert_int_equal(story_done(&s), 0);
    say(&s, NULL, NULL, NULL, 3);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 1);
    assert_int_equal(story_condition(&s), CONDITION_HEALTHY);
}

static void test_a_partition_that_the_broker_reports_needs_no_time(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.partitioned = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    assert_int_equal(s.told[NOTICE_PARTITION], 1);
    assert_non_null(strstr(s.last.detail, "rabbit@a itself reports a partition"));
}

/* Nobody would ever say that it is over. */
static void test_without_the_api_what_it_told_does_not_stand(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    partitioned.memory_alarm = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &partitioned);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_ALARM], 2);
    policy.probe_management = false;
    policy.probe_exec = true;
    story_configure(&s, policy);
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
    assert_int_equal(story_condition(&s), CONDITION_HEALTHY);
    assert_int_equal(s.core.views.mutual.since_ms, 0);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 1);
    assert_int_equal(s.told[NOTICE_ALARM_CLEARED], 1);
    assert_string_equal(
        s.last.detail, "the management API is not asked any more: nobody knows what it is like now");
}

static void test_a_partition_outlasts_a_stall(void **context)
{
    struct node_view view = story_everything(NULL);
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    view.partitioned = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    s.now_ms += 30000;
    story_step(&s, &tick);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.why, "no side is chosen"));
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 0);
}

static void test_a_partition_freezes_a_hang(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 80);
    story_hang_as(&s, 'T', 0, 0, 60); /* frozen, so quorum alone would not hold it */
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.why, "no side is chosen"));
    assert_non_null(strstr(s.last.detail, "rabbit@c calls rabbit@b down"));
    assert_int_equal(story_done(&s) + s.lease_asks, 0);
}

static void test_a_partition_outlasts_the_silence_of_a_party_but_not_its_end(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 80);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_SILENT, 60);
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 0);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 5); /* it comes back with a view of its own */
    assert_int_equal(s.told[NOTICE_PARTITION_HEALED], 1);
}

static void test_one_that_is_alone_with_its_view_has_a_stale_one(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, "rabbit@b", NULL, NULL, 200);
    assert_int_equal(story_condition(&s), CONDITION_STALE_VIEW);
    assert_int_equal(s.told[NOTICE_STALE_VIEW], 1);
    assert_non_null(strstr(s.last.detail, "rabbit@a calls rabbit@b down"));
    assert_null(strstr(s.last.detail, "and rabbit@b"));
    assert_int_equal(story_done(&s), 0);
    say(&s, NULL, NULL, NULL, 3);
    assert_int_equal(s.told[NOTICE_VIEWS_AGREE], 1);

    story_begin(&s); /* two against one are not alone */
    say(&s, "rabbit@b", NULL, "rabbit@b", 200);
    assert_int_equal(s.told[NOTICE_STALE_VIEW], 0);
}

static void test_a_disagreement_ends_with_either_party_and_may_become_mutual(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 80);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
    assert_int_equal(s.core.views.mutual.since_ms, 0);

    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 80);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.core.views.mutual.since_ms, 0);

    story_begin(&s);
    say(&s, NULL, "rabbit@c", "rabbit@b", 80);
    story_view(&s, "rabbit@b", "rabbit@b"); /* it boots, and calls itself down */
    assert_int_equal(s.core.views.mutual.since_ms, 0);

    story_begin(&s);
    say(&s, NULL, "rabbit@c", NULL, 80);
    assert_int_equal(s.told[NOTICE_STALE_VIEW], 1);
    story_view(&s, "rabbit@c", "rabbit@b");
    assert_int_equal(s.core.views.stale.since_ms, 0);
    assert_true(s.core.views.mutual.since_ms > 0);

    story_begin(&s);
    say(&s, NULL, "rabbit@c", NULL, 80);
    assert_true(s.core.views.stale.since_ms > 0);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_SILENT, 3);
    assert_int_equal(s.core.views.stale.since_ms, 0);

    story_begin(&s);
    say(&s, NULL, "rabbit@c", NULL, 80);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_REFUSED);
    assert_int_equal(s.core.views.stale.since_ms, 0);
}

static void test_a_stale_view_freezes_a_hang(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    say(&s, NULL, "rabbit@c", NULL, 80);
    story_hang_as(&s, 'T', 0, 0, 60);
    assert_int_equal(s.told[NOTICE_VIEWS_AGREE], 0); /* while a member hangs, nobody can say who is running */
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.why, "no side is chosen"));
    assert_int_equal(story_done(&s) + s.lease_asks, 0);
}

static void test_members_who_agree_again_for_a_moment_have_to_disagree_anew(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int round = 0; round < 5; round++) {
        say(&s, NULL, "rabbit@c", "rabbit@b", 60);
        say(&s, NULL, NULL, NULL, 1);
    }
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_STALE_VIEW], 0);
}

static void test_an_isolated_node_says_so_and_does_nothing(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 100; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_ISOLATED);
    assert_int_equal(s.told[NOTICE_ISOLATED], 1);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 0); /* who knows what the others do */
    story_hang(&s, 60);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_ISOLATION_OVER], 1);
}

static void test_lost_quorum_is_told_and_the_last_good_node_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 100; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_QUORUM_LOST);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 1);
    assert_string_equal(s.last.detail,
        "1 of 3 members serve, 3 can be reached; rabbit@b does not answer; rabbit@c does not answer");
    assert_int_equal(story_done(&s), 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_QUORUM_BACK], 1);
}

/* The same cluster as rabbit@c sees it. */
static void begin_as_c(struct story *s)
{
    const char *const everyone[] = {"rabbit@a", "rabbit@b", "rabbit@c"};
    struct policy policy = story_policy();

    story_begin_blank(s);
    core_init(&s->core, "rabbit@c", "", &policy, s->now_ms);
    story_unit(s, UNIT_ACTIVE, "running", "success");
    story_members(s, everyone, 3);
    story_serve_all(s, 3000);
}

static void test_others_leave_it_to_the_lead_to_tell_of_the_cluster(void **context)
{
    struct node_view partitioned = story_everything(NULL);
    struct story s;

    (void)context;
    partitioned.partitioned = true;
    begin_as_c(&s);
    story_answer(&s, "rabbit@c", &partitioned);
    assert_int_equal(story_condition(&s), CONDITION_PARTITIONED);
    assert_int_equal(s.told[NOTICE_PARTITION], 0);
}

static void test_a_lead_that_does_not_serve_leaves_it_to_the_next(void **context)
{
    struct story s;

    (void)context;
    begin_as_c(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, "rabbit@c");
        story_fail(&s, "rabbit@a", "rabbit@b", PROBE_RESULT_REFUSED, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_QUORUM_LOST);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 1);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0); /* their own agents are there */
}

static void test_a_silent_peer_is_told_by_the_lead_only(void **context)
{
    struct story s;

    (void)context;
    begin_as_c(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, "rabbit@a");
        story_serve(&s, "rabbit@c");
        story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_UNREACHABLE, 1);
    }
    assert_int_equal(s.core.members[2].condition, CONDITION_PEER_DOWN);
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 0);
}

static void test_the_next_one_speaks_when_the_leads_host_is_silent_too(void **context)
{
    const char *const five[] = {"rabbit@a", "rabbit@b", "rabbit@c", "rabbit@d", "rabbit@e"};
    struct story s;

    (void)context;
    begin_as_c(&s);
    story_members(&s, five, 5);
    for (int second = 0; second < 12; second++) {
        story_serve(&s, "rabbit@c");
        story_fail(&s, "rabbit@a", "rabbit@b", PROBE_RESULT_UNREACHABLE, 1);
    }
    assert_int_equal(s.told[NOTICE_PEER_DOWN], 2);
    assert_int_equal(s.told[NOTICE_ISOLATED], 0);
}

static void test_all_down_is_over_when_the_first_serves(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 3);
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_ALL_DOWN], 1);
    story_boot(&s);
    for (int second = 0; second < 5; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_QUORUM_LOST);
    assert_int_equal(s.told[NOTICE_ALL_DOWN_OVER], 1);
    assert_int_equal(s.told[NOTICE_QUORUM_LOST], 1);
}

static void test_too_many_restarts_in_the_cluster_leave_a_hang_alone(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_cluster_restarts = 2;
    story_begin(&s);
    story_configure(&s, policy);
    for (int round = 0; round < 2; round++) {
        for (int second = 0; second < 3; second++) {
            story_serve(&s, STORY_LOCAL);
            story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 1);
        }
        story_serve_all(&s, 3000);
    }
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.kills + s.lease_asks, 0);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.why, "the cluster has seen too many restarts lately"));
    story_crash(&s); /* a dead node is started, crowd or not */
    assert_int_equal(s.restarts, 1);
}

static void test_a_network_that_is_away_is_no_restart(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int round = 0; round < 8; round++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_TIMED_OUT, 3);
        story_serve_all(&s, 3000);
    }
    assert_int_equal(s.core.rescue.budget.peer_count, 0);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_TIMED_OUT, 3); /* a host that boots anew */
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 1);
    story_serve_all(&s, 3000);
    assert_int_equal(s.core.rescue.budget.peer_count, 1);
}

static void test_returns_of_others_survive_this_agent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 3; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 1);
    }
    story_serve_all(&s, 3000);
    assert_int_equal(s.core.rescue.budget.peer_count, 1);
    story_reincarnate(&s);
    assert_int_equal(s.core.rescue.budget.peer_count, 1);
    s.now_ms += 600000;
    story_reincarnate(&s);
    assert_int_equal(s.core.rescue.budget.peer_count, 0); /* it is out of the window */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_members_that_call_each_other_down_are_a_partition),
        cmocka_unit_test(test_a_partition_that_the_broker_reports_needs_no_time),
        cmocka_unit_test(test_without_the_api_what_it_told_does_not_stand),
        cmocka_unit_test(test_a_partition_outlasts_a_stall),
        cmocka_unit_test(test_a_partition_freezes_a_hang),
        cmocka_unit_test(test_a_partition_outlasts_the_silence_of_a_party_but_not_its_end),
        cmocka_unit_test(test_one_that_is_alone_with_its_view_has_a_stale_one),
        cmocka_unit_test(test_a_disagreement_ends_with_either_party_and_may_become_mutual),
        cmocka_unit_test(test_a_stale_view_freezes_a_hang),
        cmocka_unit_test(test_members_who_agree_again_for_a_moment_have_to_disagree_anew),
        cmocka_unit_test(test_an_isolated_node_says_so_and_does_nothing),
        cmocka_unit_test(test_lost_quorum_is_told_and_the_last_good_node_left_alone),
        cmocka_unit_test(test_others_leave_it_to_the_lead_to_tell_of_the_cluster),
        cmocka_unit_test(test_a_lead_that_does_not_serve_leaves_it_to_the_next),
        cmocka_unit_test(test_a_silent_peer_is_told_by_the_lead_only),
        cmocka_unit_test(test_the_next_one_speaks_when_the_leads_host_is_silent_too),
        cmocka_unit_test(test_all_down_is_over_when_the_first_serves),
        cmocka_unit_test(test_too_many_restarts_in_the_cluster_leave_a_hang_alone),
        cmocka_unit_test(test_a_network_that_is_away_is_no_restart),
        cmocka_unit_test(test_returns_of_others_survive_this_agent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
