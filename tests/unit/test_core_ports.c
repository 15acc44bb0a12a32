/* Stories: The Erlang machine lives, its client ports are closed: paused, stopped or drained. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* Its ports are closed, and the others say that it does not run. */
static void stop_app(struct story *s, unsigned seconds)
{
    for (unsigned second = 0; second < seconds; second++) {
        story_close_ports(s, 1);
        story_view(s, "rabbit@b", STORY_LOCAL);
        story_view(s, "rabbit@c", STORY_LOCAL);
    }
}

static void test_a_node_that_sees_no_majority_is_paused_and_never_restarted(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 300; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_PAUSED);
    assert_int_equal(s.told[NOTICE_PAUSED], 1);
    assert_non_null(strstr(s.last.detail, "run there: rabbitmqctl start_app"));
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 0);
    assert_int_equal(story_done(&s) + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PAUSE_OVER], 1);
    assert_null(strstr(s.last.detail, "start_app"));
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
}

static void test_maintenance_by_the_word_of_the_others_is_left_alone(void **context)
{
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.members[0].being_drained = true;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 300; second++) {
        story_close_ports(&s, 1);
        story_answer(&s, "rabbit@b", &view);
    }
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
    assert_int_equal(s.told[NOTICE_DRAINED], 1);
    assert_int_equal(s.last.severity, SEVERITY_INFO);
    assert_int_equal(story_done(&s) + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_REVIVED], 1);
}

/* A broker before 3.11 does not tell of maintenance, but that it runs. */
static void test_closed_ports_of_a_node_that_runs_are_maintenance(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    for (int second = 0; second < 100; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", NULL);
    }
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
    assert_int_equal(story_done(&s) + s.asks, 0);
}

static void test_a_stopped_application_is_told_and_left_alone(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    stop_app(&s, 600);
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 1);
    assert_int_equal(story_done(&s) + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_APP_BACK], 1);
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        if (kind != NOTICE_APP_STOPPED && kind != NOTICE_APP_BACK)
            assert_int_equal(s.told[kind], 0);
}

/* It served with the others again: what closed its ports since was not their absence. */
static void test_an_application_that_is_stopped_after_a_loss_of_the_majority_is_not_paused(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 10; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 1);
    }
    story_serve_all(&s, 6000);
    stop_app(&s, 40);
    assert_int_equal(s.told[NOTICE_PAUSED], 0);
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 1);
}

/* It had paused, and has served again since. */
static void test_an_application_that_is_stopped_after_a_pause_is_not_paused(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 8; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    assert_int_equal(story_condition(&s), CONDITION_PAUSED);
    story_serve_all(&s, 10000);
    stop_app(&s, 10);
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
}

/* The others list it as soon as its database is back; its boot may hang after that. */
static void test_a_pause_that_does_not_end_is_no_maintenance(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 8; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    for (int second = 0; second < 300; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", NULL);
        story_view(&s, "rabbit@c", NULL);
    }
    assert_int_equal(story_condition(&s), CONDITION_PAUSED);
    assert_int_equal(s.told[NOTICE_PAUSED], 1);
    assert_int_equal(s.told[NOTICE_PAUSE_OVER] + s.told[NOTICE_DRAINED], 0);
    assert_int_equal(story_done(&s) + s.asks, 0);
    story_serve_all(&s, 3000);
    assert_int_equal(s.told[NOTICE_PAUSE_OVER], 1);
}

/* Maintenance goes on through a loss of the majority. */
static void test_maintenance_before_a_pause_is_maintenance_after_it(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    for (int second = 0; second < 60; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", NULL);
    }
    assert_int_equal(s.told[NOTICE_DRAINED], 1);
    for (int second = 0; second < 8; second++) {
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_UNREACHABLE, 1);
        story_close_ports(&s, 1);
    }
    for (int second = 0; second < 100; second++) {
        story_close_ports(&s, 1);
        story_view(&s, "rabbit@b", NULL);
        story_view(&s, "rabbit@c", NULL);
    }
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
}

static void test_what_the_others_said_before_the_ports_closed_does_not_count(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_view(&s, "rabbit@b", NULL);
    story_wait(&s, 100);
    story_close_ports(&s, 4);
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN);
    story_view(&s, "rabbit@b", STORY_LOCAL);
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
    assert_int_equal(s.told[NOTICE_DRAINED], 0);
}

static void test_a_single_node_has_nobody_to_be_paused_by(void **context)
{
    const char *const alone[] = {STORY_LOCAL};
    struct story s;

    (void)context;
    story_begin_blank(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_close_ports(&s, 4);
    assert_int_equal(story_condition(&s), CONDITION_UNKNOWN); /* who knows whether it is one */
    story_members(&s, alone, 1);
    story_close_ports(&s, 1);
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
}

/* Without others, its own last word counts: also for a later agent, but not for a later broker. */
static void test_a_single_node_that_said_that_it_is_drained_is_left_alone(void **context)
{
    const char *const alone[] = {STORY_LOCAL};
    struct node_view view = story_everything(NULL);
    struct story s;

    (void)context;
    view.member_count = 1;
    view.members[0].being_drained = true;
    story_begin_blank(&s);
    story_opt_in(&s);
    strcpy(s.unit.invocation_id, "0123");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_members(&s, alone, 1);
    story_answer(&s, STORY_LOCAL, &view);
    story_close_ports(&s, 300);
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
    assert_int_equal(s.told[NOTICE_DRAINED], 1);
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_close_ports(&s, 300);
    assert_int_equal(story_condition(&s), CONDITION_DRAINED);
    assert_int_equal(s.told[NOTICE_DRAINED], 1);
    assert_int_equal(story_done(&s) + s.asks, 0);
    strcpy(s.unit.invocation_id, "4567");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    story_members(&s, alone, 1);
    story_close_ports(&s, 4);
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
}

static void test_a_stopped_application_is_restarted_in_order_where_opted_for(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    stop_app(&s, 60);
    assert_int_equal(s.told[NOTICE_APP_STOPPED], 1);
    assert_int_equal(s.asks + story_done(&s), 0); /* it gets the time to come back by itself */
    stop_app(&s, 4);
    assert_int_equal(s.lease_asks, 1);
    assert_int_equal(s.told[NOTICE_RESTARTING], 1);
    assert_int_equal(s.restarts, 1);
    assert_int_equal(s.kills + s.starts, 0);
    story_unit(&s, UNIT_DEACTIVATING, "stop", "success");
    story_unit(&s, UNIT_INACTIVE, "dead", "success");
    assert_int_equal(s.told[NOTICE_STOPPED], 0); /* that is our own doing */
    story_boot(&s);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
    assert_int_equal(s.lease_releases, 1);
    assert_int_equal(s.restarts, 1);
}

/* A partition that is not complete pauses it until every member is back, whatever majority is there. */
static void test_a_stopped_application_is_let_be_while_a_member_is_missing(void **context)
{
    const char *const five[] = {"rabbit@a", "rabbit@b", "rabbit@c", "rabbit@d", "rabbit@e"};
    struct node_view view = story_everything(STORY_LOCAL);
    struct story s;

    (void)context;
    view.member_count = 4;
    strcpy(view.members[3].name, "rabbit@d");
    view.members[3].running = true;
    story_begin(&s);
    story_opt_in(&s);
    story_members(&s, five, 5);
    for (int second = 0; second < 200; second++) {
        story_fail(&s, STORY_LOCAL, NULL, PROBE_RESULT_REFUSED, 1);
        story_fail(&s, "rabbit@e", NULL, PROBE_RESULT_TIMED_OUT, 1);
        for (int i = 1; i < 4; i++) {
            story_probe(&s, five[i], PROBE_AMQP, PROBE_RESULT_OK);
            story_answer(&s, five[i], &view);
        }
    }
    assert_int_equal(story_condition(&s), CONDITION_APP_STOPPED);
    assert_int_equal(s.asks + story_done(&s), 0);
}

static void test_a_restart_in_order_passes_every_gate(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s); /* no lease */
    s.lease_answer = LEASE_TAKEN;
    story_opt_in(&s);
    stop_app(&s, 64);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);

    story_begin(&s); /* an operator's hold */
    story_opt_in(&s);
    story_operator(&s, OPERATOR_HOLD, 3600000);
    stop_app(&s, 64);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);

    story_begin(&s); /* no budget */
    policy.restart_stopped_app = true;
    policy.max_restarts = 0;
    story_configure(&s, policy);
    stop_app(&s, 64);
    assert_int_equal(s.told[NOTICE_HELD], 1);
    assert_int_equal(story_done(&s), 0);

    story_begin(&s); /* mode = observe */
    policy = story_policy();
    policy.restart_stopped_app = true;
    policy.act = false;
    story_configure(&s, policy);
    stop_app(&s, 64);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    assert_int_equal(story_done(&s), 0);
}

static void test_mode_act_again_restarts_what_was_opted_in_for(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    story_begin(&s);
    policy.restart_stopped_app = true;
    policy.act = false;
    story_configure(&s, policy);
    stop_app(&s, 64);
    assert_int_equal(s.core.rescue.state, STATE_OBSERVED);
    stop_app(&s, 10);
    policy.act = true;
    story_configure(&s, policy);
    stop_app(&s, 4);
    assert_int_equal(s.told[NOTICE_WOULD_ACT], 1);
    assert_int_equal(s.restarts, 1);
}

static void test_a_restart_in_order_that_systemd_refuses_is_held_and_tried_again(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    stop_app(&s, 64);
    assert_int_equal(s.restarts, 1);
    story_refuse(&s, "a job is queued already");
    assert_int_equal(s.core.rescue.state, STATE_HELD);
    assert_string_equal(s.last.why, "systemd refused to restart it");
    assert_non_null(strstr(s.last.detail, "a job is queued already"));
    stop_app(&s, 12);
    assert_int_equal(s.restarts, 2);
}

static void test_an_application_that_is_started_again_while_being_asked_for_is_let_be(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_opt_in(&s);
    s.mute_lease = true;
    stop_app(&s, 64);
    assert_int_equal(s.core.rescue.state, STATE_LEASING);
    story_serve(&s, STORY_LOCAL);
    story_serve(&s, STORY_LOCAL);
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
    assert_int_equal(s.lease_releases, 1);
    assert_int_equal(story_done(&s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_node_that_sees_no_majority_is_paused_and_never_restarted),
        cmocka_unit_test(test_maintenance_by_the_word_of_the_others_is_left_alone),
        cmocka_unit_test(test_closed_ports_of_a_node_that_runs_are_maintenance),
        cmocka_unit_test(test_a_stopped_application_is_told_and_left_alone),
        cmocka_unit_test(test_an_application_that_is_stopped_after_a_loss_of_the_majority_is_not_paused),
        cmocka_unit_test(test_an_application_that_is_stopped_after_a_pause_is_not_paused),
        cmocka_unit_test(test_a_pause_that_does_not_end_is_no_maintenance),
        cmocka_unit_test(test_maintenance_before_a_pause_is_maintenance_after_it),
        cmocka_unit_test(test_what_the_others_said_before_the_ports_closed_does_not_count),
        cmocka_unit_test(test_a_single_node_has_nobody_to_be_paused_by),
        cmocka_unit_test(test_a_single_node_that_said_that_it_is_drained_is_left_alone),
        cmocka_unit_test(test_a_stopped_application_is_restarted_in_order_where_opted_for),
        cmocka_unit_test(test_a_stopped_application_is_let_be_while_a_member_is_missing),
        cmocka_unit_test(test_a_restart_in_order_passes_every_gate),
        cmocka_unit_test(test_mode_act_again_restarts_what_was_opted_in_for),
        cmocka_unit_test(test_a_restart_in_order_that_systemd_refuses_is_held_and_tried_again),
        cmocka_unit_test(test_an_application_that_is_started_again_while_being_asked_for_is_let_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
