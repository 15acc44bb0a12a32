/* Stories: Rescues that take an odd course. */
#include "cmocka_all.h"
#include "core_story.h"

#include <stdio.h>
#include <string.h>

static void test_the_detection_began_with_the_first_silence(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
    story_wait(&s, 1000);
    story_hang(&s, 3);
    assert_int_equal(s.core.rescue.incident.phase_ms[PHASE_DETECT], 3000);
}

static void test_others_are_judged_by_those_who_told_lately(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.core.members[1].view.members_known = false;
    story_hang(&s, 3);
    story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_OK);
    story_view(&s, "rabbit@c", NULL);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.detail, "rabbit@b answers, but has not said lately who is running"));
}

static void test_a_node_given_up_in_mode_observe_keeps_its_restart_loop(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    policy.act = false; /* while the start is under way */
    story_configure(&s, policy);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.stops, 0);
}

static void test_mode_act_again_goes_on_with_the_same_incident(void **context)
{
    struct policy policy = story_policy();
    struct story s;
    char incident[RMQ_INCIDENT_ID_MAX];

    (void)context;
    policy.act = false;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    strcpy(incident, s.last.incident);
    story_configure(&s, story_policy());
    story_wait(&s, 5000);
    assert_int_equal(s.told[NOTICE_CRASHED], 1);
    assert_string_equal(s.last.incident, incident);
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_delayed_word_outlasts_a_short_pause(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.backoff_ms = 500;
    story_begin(&s);
    s.mute_collector = true;
    story_configure(&s, policy);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(core_deadline_ms(&s.core), s.now_ms + 500);
    story_wait(&s, 600);
    assert_int_equal(s.starts + s.restarts, 2);
    assert_int_equal(s.told[NOTICE_RETRYING], 0);
    story_wait(&s, 1500);
    assert_int_equal(s.told[NOTICE_RETRYING], 1);
}

static void test_a_deadline_in_the_past_is_no_loop(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.ask_timeout_ms = 0;
    policy.held_retry_ms = 1000;
    story_begin(&s);
    story_configure(&s, policy);
    story_hang(&s, 5);
    assert_true(core_deadline_ms(&s.core) > s.now_ms);
    assert_int_equal(s.kills, 0);
}

static void test_a_restarted_agent_keeps_to_a_give_up(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_die_while_starting(&s);
    story_reincarnate(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    story_wait(&s, 599000);
    assert_int_equal(s.starts + s.restarts, 1);
    story_wait(&s, 2000);
    assert_int_equal(s.starts + s.restarts, 2);
}

static void test_a_retry_after_a_resume_that_came_to_nothing_waits_no_longer(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_die_while_starting(&s);
    policy.act = false;
    story_configure(&s, policy);
    story_operator(&s, OPERATOR_RESUME, 0);
    story_wait(&s, 650000);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    policy.act = true;
    story_configure(&s, policy);
    story_wait(&s, 600000);
    assert_int_equal(s.starts + s.restarts, 2);
}

static void test_a_snapshot_that_is_damaged_or_from_the_future_is_survived(void **context)
{
    struct core_snapshot snapshot = {.state = STATE_KILLING,
        .restart_count = 999,
        .peer_return_count = 999,
        .opening_count = 99,
        .watch_count = 99,
        .told_count = 99,
        .member_count = RMQ_MEMBERS_MAX};
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    snapshot.since_wall_ms = 1800000000000;
    for (int i = 0; i < RMQ_RESTARTS_MAX; i++)
        snapshot.restarts_wall_ms[i] = 1800000000000;
    for (int i = 0; i < RMQ_CLUSTER_RESTARTS_MAX; i++)
        snapshot.peer_returns_wall_ms[i] = 1800000000000;
    snapshot.restarts_wall_ms[0] = 1700000000000 - 9000;
    for (size_t i = 0; i < RMQ_MEMBERS_MAX; i++)
        snprintf(snapshot.members[i], RMQ_NODE_NAME_MAX, "rabbit@%zu", i);
    core_init(&s.core, STORY_LOCAL, "", &policy, 5000);
    core_restore(&s.core, &snapshot, 5000, 1700000000000);
    assert_int_equal(s.core.rescue.budget.count, RMQ_RESTARTS_MAX);
    assert_int_equal(s.core.rescue.budget.peer_count, RMQ_CLUSTER_RESTARTS_MAX);
    assert_int_equal(s.core.rescue.budget.restarts_ms[0], 0); /* before this machine's boot */
    assert_int_equal(s.core.rescue.budget.restarts_ms[1], 5000);
    assert_int_equal(s.core.member_count, RMQ_MEMBERS_MAX);
    assert_int_equal(s.core.rescue.state, STATE_RESUMED);
    assert_int_equal(s.core.rescue.opening_count, OPENINGS_MAX);
    assert_int_equal(s.core.rescue.incident.told_count, TOLD_ROWS_MAX);
    core_init(&s.core, STORY_LOCAL, "", &policy, 5000);
    core_snapshot(&s.core, &snapshot, 5000, 1700000000000); /* nobody has told of members yet */
    assert_int_equal(snapshot.member_count, 0);
}

static void test_a_partition_that_is_not_over_freezes_a_hang(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.partitioned = true;
    story_begin(&s);
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(story_local(&s)->condition, CONDITION_PARTITIONED);
    story_hang(&s, 3);
    story_others_agree(&s);
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_non_null(strstr(s.last.why, "no side is chosen"));
    assert_int_equal(s.kills + s.lease_asks, 0);
}

/* systemd may have started it in the meantime. */
static void test_an_agent_that_overslept_a_death_does_not_restart(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.now_ms += 20000;
    story_crash(&s);
    assert_int_equal(s.restarts, 0);
    assert_int_equal(s.starts, 1);
}

static void test_a_stopped_node_among_dead_ones_is_not_all_down(void **context)
{
    struct event lost = {.kind = EVENT_UNIT_LOST};
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 3);
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(story_local(&s)->condition, CONDITION_STOPPED);
    story_step(&s, &lost);
    assert_int_equal(story_local(&s)->condition, CONDITION_UNKNOWN);
    assert_int_equal(s.told[NOTICE_ALL_DOWN], 0);
}

static void test_a_view_that_does_not_name_the_node_says_nothing_of_it(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.member_count = 1;
    strcpy(view.members[0].name, "rabbit@x");
    story_begin(&s);
    story_answer(&s, "rabbit@b", &view);
    assert_int_equal(member_says_running(&s.core.members[1], STORY_LOCAL), -1);
    assert_false(member_says_drained(&s.core.members[1], STORY_LOCAL));
}

static void test_a_host_that_says_nothing_of_packages_changes_nothing(void **context)
{
    struct event event = {.kind = EVENT_HOST, .host = {.process_known = false}};
    struct story s;

    (void)context;
    story_begin(&s);
    s.core.packages_changing = true;
    s.core.packages_ms = s.now_ms;
    story_step(&s, &event);
    assert_true(core_is_on_hold(&s.core, s.now_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_detection_began_with_the_first_silence),
        cmocka_unit_test(test_others_are_judged_by_those_who_told_lately),
        cmocka_unit_test(test_a_node_given_up_in_mode_observe_keeps_its_restart_loop),
        cmocka_unit_test(test_mode_act_again_goes_on_with_the_same_incident),
        cmocka_unit_test(test_a_delayed_word_outlasts_a_short_pause),
        cmocka_unit_test(test_a_deadline_in_the_past_is_no_loop),
        cmocka_unit_test(test_a_restarted_agent_keeps_to_a_give_up),
        cmocka_unit_test(test_a_retry_after_a_resume_that_came_to_nothing_waits_no_longer),
        cmocka_unit_test(test_a_snapshot_that_is_damaged_or_from_the_future_is_survived),
        cmocka_unit_test(test_a_partition_that_is_not_over_freezes_a_hang),
        cmocka_unit_test(test_an_agent_that_overslept_a_death_does_not_restart),
        cmocka_unit_test(test_a_stopped_node_among_dead_ones_is_not_all_down),
        cmocka_unit_test(test_a_view_that_does_not_name_the_node_says_nothing_of_it),
        cmocka_unit_test(test_a_host_that_says_nothing_of_packages_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
