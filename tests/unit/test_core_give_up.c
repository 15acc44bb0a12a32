/* Stories: After giving up, whose the stop is, and what a later death is. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

/* Its only restart came to nothing: given up, and its restart loop is to be ended. */
static void give_up(struct story *s)
{
    struct policy policy = story_policy();

    policy.max_restarts = 1;
    story_begin(s);
    story_configure(s, policy);
    story_crash(s);
    story_die_while_starting(s);
    assert_int_equal(s->core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s->stops, 1);
}

static void end_loop(struct story *s)
{
    story_job(s, true);
    story_unit(s, UNIT_INACTIVE, "dead", "exit-code");
}

static void test_a_later_agent_goes_on_with_the_slow_retries(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    end_loop(&s);
    story_reincarnate(&s);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.told[NOTICE_STOPPED], 0);
    story_wait(&s, 610000);
    assert_int_equal(s.starts, 1);
}

/* The slow retry was written down, and the agent died before it asked for the start. */
static void test_a_retry_that_was_never_begun_is_no_operators_stop(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    end_loop(&s);
    story_wait(&s, 610000);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_reincarnate(&s);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s.told[NOTICE_STOPPED], 0);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_wait(&s, 610000);
    assert_int_equal(s.starts, 2);
}

/* Each waits for the other at its boot, and would end in vain when the other has not begun yet. */
static void test_where_nobody_else_is_up_retries_meet(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    for (uint64_t later_ms = 0; later_ms < 1800000; later_ms += 170000) {
        policy.max_restarts = 1;
        story_begin(&s);
        story_configure(&s, policy);
        story_fail(&s, "rabbit@b", "rabbit@c", PROBE_RESULT_REFUSED, 3);
        story_wait(&s, later_ms);
        story_crash(&s);
        story_die_while_starting(&s);
        end_loop(&s);
        assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
        assert_in_range(s.core.rescue.deadline_ms - s.now_ms, 1, 600000);
        assert_int_equal((story_wall_ms(&s) + (int64_t)(s.core.rescue.deadline_ms - s.now_ms)) % 600000, 0);
    }
}

/* systemd refused to end the restart loop: whoever stops it is an operator, for a later agent, too. */
static void test_after_a_refused_stop_of_ours_a_stop_is_an_operators(void **context)
{
    struct story s;

    (void)context;
    give_up(&s);
    story_refuse(&s, "access denied");
    story_reincarnate(&s);
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_STANDBY);
    story_wait(&s, 3600000);
    assert_int_equal(s.starts, 0);
}

/* Given up, started by its slow retry, and alive since, for so many times five seconds. */
static void live_unproven(struct story *s, int times)
{
    give_up(s);
    end_loop(s);
    story_wait(s, 610000);
    story_boot(s);
    for (int i = 0; i < times; i++) {
        story_others_agree(s);
        story_alarm(s, true);
        story_probe(s, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_OK);
        story_wait(s, 5000);
    }
    assert_int_equal(s->core.rescue.state, STATE_UNVERIFIED);
}

/* An alarm keeps its recovery from being proven, for hours: it does not keep dying. */
static void test_a_death_long_after_a_give_up_is_a_first_one(void **context)
{
    struct story s;

    (void)context;
    live_unproven(&s, 200);
    story_crash(&s);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    assert_int_equal(s.told[NOTICE_GAVE_UP], 1);
    assert_int_equal(s.stops, 1);
}

/* While it is young that is the same crash loop still. */
static void test_a_death_soon_after_a_give_up_is_given_up(void **context)
{
    struct story s;

    (void)context;
    live_unproven(&s, 30);
    story_crash(&s);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.stops, 2);
}

/* It waits in the kernel for so long that nobody waits for its end any more, and the last restart is paid
 * for. */
static void test_what_we_killed_is_started_however_late_it_dies(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    for (int reincarnated = 0; reincarnated < 2; reincarnated++) {
        story_begin(&s);
        story_configure(&s, policy);
        strcpy(s.unit.invocation_id, "0123");
        story_unit(&s, UNIT_ACTIVE, "running", "success");
        story_hang(&s, 3);
        story_others_agree(&s);
        assert_int_equal(s.kills, 1);
        if (reincarnated)
            story_reincarnate(&s);
        else
            story_hang(&s, 30);
        story_crash(&s);
        assert_int_equal(s.core.rescue.state, STATE_STARTING);
        assert_int_equal(s.starts + s.restarts, 1);
        assert_int_equal(s.kills + s.stops, 1);
        assert_int_equal(s.core.rescue.budget.count, 1);
        story_die_while_starting(&s); /* of that nobody is to blame but itself */
        assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    }
}

/* systemd refused the kill: a death after that is one like any other. Or it runs again, as somebody else's
 * doing. */
static void test_what_was_not_killed_or_runs_again_is_paid_for(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    for (int refused = 0; refused < 2; refused++) {
        story_begin(&s);
        story_configure(&s, policy);
        strcpy(s.unit.invocation_id, "0123");
        story_unit(&s, UNIT_ACTIVE, "running", "success");
        story_hang(&s, 3);
        story_others_agree(&s);
        assert_int_equal(s.kills, 1);
        if (refused) {
            story_refuse(&s, "access denied");
        } else {
            strcpy(s.unit.invocation_id, "4567");
            story_unit(&s, UNIT_ACTIVE, "running", "success");
        }
        story_crash(&s);
        assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
        assert_int_equal(s.starts + s.restarts, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_nobody_else_is_up_retries_meet),
        cmocka_unit_test(test_a_later_agent_goes_on_with_the_slow_retries),
        cmocka_unit_test(test_a_retry_that_was_never_begun_is_no_operators_stop),
        cmocka_unit_test(test_after_a_refused_stop_of_ours_a_stop_is_an_operators),
        cmocka_unit_test(test_a_death_long_after_a_give_up_is_a_first_one),
        cmocka_unit_test(test_a_death_soon_after_a_give_up_is_given_up),
        cmocka_unit_test(test_what_we_killed_is_started_however_late_it_dies),
        cmocka_unit_test(test_what_was_not_killed_or_runs_again_is_paid_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
