/* Stories: A recovery is proven step by step, and the first proof that is missing is named. */
#include "core/verify.h"

#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void crash_and_boot(struct story *s)
{
    story_crash(s);
    story_boot(s);
    assert_int_equal(s->core.rescue.state, STATE_VERIFYING);
}

/* For 70 seconds everybody answers, the restarted node with VIEW. */
static void answer_with(struct story *s, const struct node_view *view)
{
    for (int second = 0; second < 70; second++) {
        story_probe(s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_answer(s, STORY_LOCAL, view);
        story_serve(s, "rabbit@b");
        story_serve(s, "rabbit@c");
        story_wait(s, 1000);
    }
}

static void expect_missing(const struct node_view *view, const char *proof)
{
    const struct node_view well = story_everything(NULL);
    struct story s;
    char missing[RMQ_DETAIL_MAX] = "";

    story_begin(&s);
    crash_and_boot(&s);
    answer_with(&s, view);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    verify_describe(&s.core, missing, sizeof(missing));
    assert_non_null(strstr(missing, proof));
    answer_with(&s, &well); /* late is better than never */
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_each_proof_is_wanted(void **context)
{
    struct node_view view = story_everything(STORY_LOCAL);

    (void)context;
    expect_missing(&view, "the node lists itself as running");
    view = story_everything(NULL);
    view.memory_alarm = true;
    expect_missing(&view, "no memory, disk or descriptor alarm");
    view = story_everything(NULL);
    view.disk_alarm = true;
    expect_missing(&view, "no memory, disk or descriptor alarm");
    view = story_everything(NULL);
    view.descriptor_alarm = true;
    expect_missing(&view, "no memory, disk or descriptor alarm");
    view = story_everything(NULL);
    view.alarms_known = false;
    expect_missing(&view, "no memory, disk or descriptor alarm");
    view = story_everything(NULL);
    view.partitioned = true;
    expect_missing(&view, "no partition");
    view = story_everything(NULL);
    view.vhosts_up = false;
    expect_missing(&view, "the virtual hosts are up");
    view = story_everything(NULL);
    view.vhosts_known = false;
    expect_missing(&view, "the virtual hosts are up");
    view = story_everything(NULL);
    view.members_known = false;
    expect_missing(&view, "the node lists itself as running");
}

static void test_an_amqp_port_that_stays_closed_is_named(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash_and_boot(&s);
    for (int second = 0; second < 62; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_view(&s, STORY_LOCAL, NULL);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_an_api_that_does_not_answer_is_named_with_what_it_does(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash_and_boot(&s);
    for (int second = 0; second < 62; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SERVER_ERROR);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_non_null(strstr(s.last.detail, "(the management API: answers that it is not well)"));
}

static void test_a_unit_that_systemd_cannot_tell_of_is_no_proof(void **context)
{
    struct event lost = {.kind = EVENT_UNIT_LOST};
    struct story s;

    (void)context;
    story_begin(&s);
    crash_and_boot(&s);
    story_step(&s, &lost);
    story_serve_all(&s, 62000);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_non_null(strstr(s.last.detail, "the unit is active"));
}

static void test_peers_that_lived_only_before_are_no_witnesses(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_TIMED_OUT, 3);
    crash_and_boot(&s);
    for (int second = 0; second < 12; second++) {
        story_serve(&s, STORY_LOCAL);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_TIMED_OUT, 1);
    }
    assert_int_equal(s.told[NOTICE_RECOVERED], 1); /* nobody lives to speak against it */
}

static void test_without_the_api_the_amqp_port_is_the_proof(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.probe_management = false;
    story_begin(&s);
    story_configure(&s, policy);
    crash_and_boot(&s);
    story_wait(&s, 5000);
    assert_int_equal(s.core.rescue.verify.step, VERIFY_AMQP);
    for (int second = 0; second < 12; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_without_amqp_a_command_is_the_proof(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.probe_management = false;
    policy.probe_amqp = false;
    policy.probe_exec = true;
    story_begin(&s);
    story_configure(&s, policy);
    crash_and_boot(&s);
    story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_SERVER_ERROR);
    story_wait(&s, 11000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
    for (int second = 0; second < 12; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_OK);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);

    policy.probe_exec = false; /* and where nothing is asked, the unit itself */
    story_begin(&s);
    story_configure(&s, policy);
    crash_and_boot(&s);
    story_wait(&s, 11000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);
}

static void test_a_hang_is_proven_by_a_command_where_there_is_no_api(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.probe_management = false;
    policy.probe_exec = true;
    story_begin(&s);
    story_configure(&s, policy);
    story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_OK);
    for (int second = 0; second < 3; second++) {
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_probe(&s, STORY_LOCAL, PROBE_EXEC, PROBE_RESULT_TIMED_OUT);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_HUNG], 1);
    for (int second = 0; second < 5; second++) { /* refused ports prove nothing without it */
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_REFUSED);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.core.members[0].condition, CONDITION_UNKNOWN);
}

static void test_a_node_that_keeps_losing_proofs_is_told_in_the_end(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    crash_and_boot(&s);
    for (int round = 0; round < 60 && s.core.rescue.state == STATE_VERIFYING; round++) {
        story_serve_all(&s, 9000);
        story_probe(&s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_CLOSED);
        story_wait(&s, 1000);
    }
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 1);
    assert_int_equal(s.told[NOTICE_RECOVERED], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_proof_is_wanted),
        cmocka_unit_test(test_an_amqp_port_that_stays_closed_is_named),
        cmocka_unit_test(test_an_api_that_does_not_answer_is_named_with_what_it_does),
        cmocka_unit_test(test_a_unit_that_systemd_cannot_tell_of_is_no_proof),
        cmocka_unit_test(test_peers_that_lived_only_before_are_no_witnesses),
        cmocka_unit_test(test_without_the_api_the_amqp_port_is_the_proof),
        cmocka_unit_test(test_without_amqp_a_command_is_the_proof),
        cmocka_unit_test(test_a_hang_is_proven_by_a_command_where_there_is_no_api),
        cmocka_unit_test(test_a_node_that_keeps_losing_proofs_is_told_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
