/* Stories: Evidence that comes late, twice, from strangers, or not at all. */
#include "cmocka_all.h"
#include "core_story.h"

#include <stdio.h>
#include <string.h>

static void probe_at(
    struct story *s, uint64_t started_ms, bool deep, enum probe_kind kind, enum probe_result result)
{
    struct event event = {.kind = EVENT_PROBE_DONE,
        .probe = {
            .node = STORY_LOCAL, .kind = kind, .deep = deep, .started_ms = started_ms, .result = result}};

    story_step(s, &event);
}

static void test_a_list_of_another_cluster_is_not_ours(void **context)
{
    const char *const others[] = {"rabbit@x", "rabbit@y"};
    struct story s;

    (void)context;
    story_begin(&s);
    story_members(&s, others, 2);
    assert_int_equal(s.core.member_count, 3);
}

static void test_a_list_that_was_heard_before_changes_nothing(void **context)
{
    const char *const same[] = {"rabbit@a", "rabbit@b", "rabbit@c"};
    struct event nameless = {
        .kind = EVENT_MEMBERS, .members = {.count = 3, .names = {"rabbit@a", "rabbit@b", "rabbit@c"}}};
    struct story s;
    uint32_t saves;

    (void)context;
    story_begin(&s);
    saves = s.saves;
    story_members(&s, same, 3);
    story_step(&s, &nameless);
    assert_int_equal(s.saves, saves);
    assert_string_equal(s.core.cluster, "prod");
}

static void test_more_members_than_there_is_room_for_are_cut_off(void **context)
{
    struct event event = {.kind = EVENT_MEMBERS, .members = {.count = RMQ_MEMBERS_MAX}};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    for (size_t i = 0; i < RMQ_MEMBERS_MAX; i++)
        snprintf(event.members.names[i], RMQ_NODE_NAME_MAX, "rabbit@%zu", i);
    strcpy(event.members.names[RMQ_MEMBERS_MAX - 1], STORY_LOCAL);
    story_step(&s, &event);
    assert_int_equal(s.core.member_count, RMQ_MEMBERS_MAX);
    strcpy(event.members.names[0], STORY_LOCAL); /* and now fifteen of them change their names at once */
    for (size_t i = 1; i < RMQ_MEMBERS_MAX; i++)
        snprintf(event.members.names[i], RMQ_NODE_NAME_MAX, "hare@%zu", i);
    story_step(&s, &event);
    assert_string_equal(s.core.members[RMQ_MEMBERS_MAX - 1].name, "hare@15");
    strcpy(event.members.names[1], "hare@100"); /* a list may name more than fit, once one has left */
    strcpy(event.members.names[0], STORY_LOCAL);
    story_step(&s, &event);
    assert_int_equal(s.core.member_count, RMQ_MEMBERS_MAX);
}

static void test_a_probe_of_a_stranger_is_ignored(void **context)
{
    struct event slow = {.kind = EVENT_PROBE_SLOW, .probe = {.node = "rabbit@x"}};
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@x", NULL, PROBE_RESULT_SILENT, 5);
    story_step(&s, &slow);
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        assert_int_equal(s.told[kind], 0);
}

static void test_a_slow_probe_quickens_the_pace_until_it_is_answered(void **context)
{
    struct event slow = {.kind = EVENT_PROBE_SLOW, .probe = {.node = STORY_LOCAL, .kind = PROBE_AMQP}};
    struct story s;

    (void)context;
    story_begin(&s);
    story_step(&s, &slow);
    assert_true(story_did(&s, ACTION_PACE));
    assert_true(story_local(&s)->fast);
    story_serve(&s, STORY_LOCAL);
    assert_false(story_local(&s)->fast);
}

static void test_what_is_older_than_the_last_word_is_not_believed(void **context)
{
    struct story s;
    uint64_t before_ms;

    (void)context;
    story_begin(&s);
    before_ms = s.now_ms;
    story_wait(&s, 500);
    story_serve(&s, STORY_LOCAL);
    probe_at(&s, before_ms, true, PROBE_AMQP, PROBE_RESULT_SILENT);
    assert_int_equal(story_local(&s)->probes[PROBE_AMQP].failures, 0);
    strcpy(s.unit.invocation_id, "01");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    strcpy(s.unit.invocation_id, "02"); /* restarted so quickly that nobody saw it down */
    before_ms = s.now_ms;
    story_wait(&s, 500);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_false(story_local(&s)->probes[PROBE_AMQP].seen);
    probe_at(&s, before_ms, true, PROBE_AMQP, PROBE_RESULT_OK); /* of the former run */
    assert_false(story_local(&s)->probes[PROBE_AMQP].seen);
}

static void test_our_own_trouble_is_not_the_nodes(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int i = 0; i < 20; i++) {
        probe_at(&s, s.now_ms, true, PROBE_AMQP, PROBE_RESULT_OWN_TROUBLE);
        probe_at(&s, s.now_ms, true, PROBE_MANAGEMENT, PROBE_RESULT_OWN_TROUBLE);
        story_wait(&s, 1000);
    }
    assert_int_equal(story_local(&s)->condition, CONDITION_HEALTHY);
    assert_false(story_local(&s)->fast);
}

static void test_a_mere_connection_is_an_answer_where_nothing_was_silent(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    probe_at(&s, s.now_ms, false, PROBE_AMQP, PROBE_RESULT_OK);
    story_wait(&s, 1000);
    probe_at(&s, s.now_ms, false, PROBE_AMQP, PROBE_RESULT_REFUSED);
    assert_int_equal(story_local(&s)->probes[PROBE_AMQP].failures, 1);
    story_wait(&s, 1000);
    probe_at(&s, s.now_ms, false, PROBE_AMQP, PROBE_RESULT_OK);
    assert_int_equal(story_local(&s)->probes[PROBE_AMQP].failures, 0);
}

static void test_counters_do_not_run_over(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_local(&s)->probes[PROBE_AMQP].successes = UINT32_MAX;
    story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
    assert_int_equal(story_local(&s)->probes[PROBE_AMQP].successes, UINT32_MAX);
    for (int i = 0; i < 3 * RMQ_RESTARTS_MAX; i++)
        budget_spend(&s.core.rescue.budget, s.now_ms);
    assert_int_equal(s.core.rescue.budget.count, RMQ_RESTARTS_MAX);
    assert_int_equal(budget_backoff_ms(&s.core.rescue.budget, &s.core.policy, s.now_ms), 120000);
}

static void test_a_broken_check_is_probed_fast_until_that_is_certain(void **context)
{
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
    assert_true(story_local(&s)->fast);
    story_wait(&s, 1000);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
    story_wait(&s, 1000);
    story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
    assert_false(story_local(&s)->fast);
}

static void test_a_peer_whose_check_breaks_has_not_returned(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", NULL, PROBE_RESULT_REFUSED, 3);
    s.core.members[1].probes[PROBE_AMQP].seen = false; /* only its API is asked */
    s.core.members[1].probes[PROBE_AMQP].health = HEALTH_UNKNOWN;
    for (int i = 0; i < 3; i++)
        story_probe(&s, "rabbit@b", PROBE_MANAGEMENT, PROBE_RESULT_UNAUTHORIZED);
    assert_int_equal(s.core.members[1].condition, CONDITION_MISCONFIGURED);
    assert_int_equal(s.core.rescue.budget.peer_count, 0);
}

static void test_a_unit_that_is_reloading_or_about_to_move_is_let_be(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_unit(&s, UNIT_RELOADING, "reload", "success");
    assert_int_equal(story_local(&s)->condition, CONDITION_HEALTHY);
    strcpy(s.unit.load_state, "masked"); /* only once it is stopped does a mask say anything */
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(story_local(&s)->condition, CONDITION_HEALTHY);
    strcpy(s.unit.load_state, "loaded");
    s.unit.job_id = 5;
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(story_local(&s)->condition, CONDITION_UNKNOWN);
}

/* Its API opens early, and lists nobody as running: itself neither. */
static struct node_view booting(void)
{
    struct node_view view = story_everything(NULL);

    for (size_t i = 0; i < view.member_count; i++)
        view.members[i].running = false;
    return view;
}

static void test_a_broker_that_boots_is_no_witness(void **context)
{
    const struct node_view view = booting();
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_answer(&s, "rabbit@b", &view);
    story_probe(&s, "rabbit@c", PROBE_MANAGEMENT, PROBE_RESULT_TIMED_OUT);
    assert_int_equal(s.core.rescue.state, STATE_HELD); /* it does not count the hung node out */
    assert_int_equal(s.lease_asks + s.kills, 0);
    assert_non_null(strstr(s.last.detail, "rabbit@b answers, but does not run yet"));
}

static void test_a_broker_that_boots_calls_nobody_down(void **context)
{
    const struct node_view view = booting();
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 200; second++) { /* a slow boot is no partition */
        story_view(&s, STORY_LOCAL, "rabbit@b");
        story_answer(&s, "rabbit@b", &view);
        story_view(&s, "rabbit@c", "rabbit@b");
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_PARTITION] + s.told[NOTICE_STALE_VIEW], 0);
    assert_int_equal(story_local(&s)->condition, CONDITION_HEALTHY);
    story_hang(&s, 3);
    story_answer(&s, "rabbit@b", &view);
    story_view(&s, "rabbit@c", "rabbit@b");
    assert_non_null(strstr(s.last.detail, "rabbit@c stands"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_of_another_cluster_is_not_ours),
        cmocka_unit_test(test_a_list_that_was_heard_before_changes_nothing),
        cmocka_unit_test(test_more_members_than_there_is_room_for_are_cut_off),
        cmocka_unit_test(test_a_probe_of_a_stranger_is_ignored),
        cmocka_unit_test(test_a_slow_probe_quickens_the_pace_until_it_is_answered),
        cmocka_unit_test(test_what_is_older_than_the_last_word_is_not_believed),
        cmocka_unit_test(test_our_own_trouble_is_not_the_nodes),
        cmocka_unit_test(test_a_mere_connection_is_an_answer_where_nothing_was_silent),
        cmocka_unit_test(test_counters_do_not_run_over),
        cmocka_unit_test(test_a_broken_check_is_probed_fast_until_that_is_certain),
        cmocka_unit_test(test_a_peer_whose_check_breaks_has_not_returned),
        cmocka_unit_test(test_a_unit_that_is_reloading_or_about_to_move_is_let_be),
        cmocka_unit_test(test_a_broker_that_boots_is_no_witness),
        cmocka_unit_test(test_a_broker_that_boots_calls_nobody_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
