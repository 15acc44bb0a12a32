/* Stories: The API answers, the AMQP port does not. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* A kept-alive connection to its API outlives the suspension of its listeners. */
static void test_maintenance_is_no_lost_listener(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.members[0].being_drained = true;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 300; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_answer(&s, STORY_LOCAL, &view);
        story_wait(&s, 1000);
    }
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
    assert_int_equal(s.told[NOTICE_DRAINED], 1);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 0);
    assert_int_equal(story_done(&s) + s.asks, 0);
}

/* It came up without its listener: the operator opted in for that, whatever led to it. */
static void test_a_start_that_brings_no_listener_is_followed_by_a_restart_where_opted_for(void **context)
{
    struct story s;

    (void)context;
    for (int opted = 0; opted < 2; opted++) {
        story_begin(&s);
        if (opted)
            story_opt_in(&s);
        story_crash(&s);
        story_boot(&s);
        story_lose_listener(&s, 90, false);
        assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
        assert_int_equal(s.restarts, 1 + opted); /* the crash's own one counts, too */
        assert_int_equal(s.lease_asks, opted);
        assert_int_equal(s.kills, 0);
    }
    story_begin(&s); /* somebody has a job for it */
    story_opt_in(&s);
    story_crash(&s);
    story_boot(&s);
    s.unit.job_id = 7;
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_lose_listener(&s, 90, false);
    assert_int_equal(s.restarts, 1);
}

static void test_a_lost_listener_is_told_and_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_lose_listener(&s, 300, false);
    assert_int_equal(story_condition(&s), CONDITION_LISTENER_LOST);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 1);
    assert_int_equal(s.last.severity, SEVERITY_CRITICAL);
    assert_int_equal(story_done(&s) + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_LISTENER_BACK], 1);
}

/* That may be anything: a proxy, a port that is full of connections. */
static void test_a_listener_that_is_silent_is_not_lost(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 100; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_view(&s, STORY_LOCAL, NULL);
        story_wait(&s, 1000);
    }
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
    assert_int_equal(s.told[NOTICE_LISTENER_LOST], 0);
    assert_int_equal(story_done(&s) + s.asks, 0);
}

static void test_a_lost_listener_is_cured_where_opted_for_and_no_queue_suffers(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    story_lose_listener(&s, 66, false);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.kills, 0);

    story_begin(&s);
    story_opt_in(&s);
    story_lose_listener(&s, 300, true);
    assert_int_equal(story_done(&s), 0);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_non_null(strstr(s.last.why, "a queue could lose its quorum"));
}

static void test_a_lost_listener_without_quorum_of_the_others_is_held(void **context)
{
    struct node_view view = story_everything("rabbit@c");
    struct story s;

    (void)context;
    view.queues_known = true;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 80; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_answer(&s, STORY_LOCAL, &view);
        story_view(&s, "rabbit@b", "rabbit@c");
        story_fail(&s, "rabbit@c", NULL, PROBE_RESULT_TIMED_OUT, 1);
    }
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(s.lease_asks + story_done(&s), 0);
}

/* The others may be quicker, but only the node itself knows its queues. */
static void test_the_word_on_its_own_queues_is_waited_for(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.queues_known = true;
    story_begin(&s);
    story_opt_in(&s);
    story_lose_listener(&s, 60, false);
    for (int i = 0; i < 100 && s.core.rescue.state != STATE_ASKING; i++)
        story_wait(&s, 100);
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    story_serve(&s, "rabbit@b");
    story_serve(&s, "rabbit@c");
    assert_int_equal(s.core.rescue.state, STATE_ASKING);
    story_answer(&s, STORY_LOCAL, &view);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.told[NOTICE_HELD], 0);
}

static void test_an_api_that_cannot_tell_of_queues_speaks_against_a_restart(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 80; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_view(&s, STORY_LOCAL, NULL);
        story_serve(&s, "rabbit@b");
        story_serve(&s, "rabbit@c");
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maintenance_is_no_lost_listener),
        cmocka_unit_test(test_a_start_that_brings_no_listener_is_followed_by_a_restart_where_opted_for),
        cmocka_unit_test(test_a_lost_listener_is_told_and_left_alone),
        cmocka_unit_test(test_a_listener_that_is_silent_is_not_lost),
        cmocka_unit_test(test_a_lost_listener_is_cured_where_opted_for_and_no_queue_suffers),
        cmocka_unit_test(test_a_lost_listener_without_quorum_of_the_others_is_held),
        cmocka_unit_test(test_the_word_on_its_own_queues_is_waited_for),
        cmocka_unit_test(test_an_api_that_cannot_tell_of_queues_speaks_against_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
