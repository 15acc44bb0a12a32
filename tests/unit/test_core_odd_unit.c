/* Stories: systemd tells of the unit in an odd order, late, or not at all. */
#include "cmocka_all.h"
#include "core_story.h"

#include <string.h>

static void test_a_kill_that_systemd_took_is_waited_for(void **context)
{
    struct event taken = {.kind = EVENT_REQUEST_DONE};
    struct story s;

    (void)context;
    story_begin(&s);
    story_hang(&s, 3);
    story_others_agree(&s);
    story_step(&s, &taken);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    story_unit(&s, UNIT_FAILED, "failed", "signal");
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "signal"); /* that is the same death */
    assert_int_equal(s.starts + s.restarts, 1);
}

static void test_a_unit_without_a_start_timeout_is_waited_for(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.timeout_start_ms = UINT64_MAX;
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_wait(&s, 7200000);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_begin(&s);
    s.unit.timeout_start_ms = 0;
    story_crash(&s);
    assert_int_equal(s.core.rescue.deadline_ms, UINT64_MAX);
}

/* systemd may tell of the job before it tells of the unit. */
static void test_a_start_that_fails_is_one_death(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_job(&s, false);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    assert_int_equal(s.told[NOTICE_RETRYING], 0);
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    assert_int_equal(s.told[NOTICE_RETRYING], 1);
    assert_int_equal(s.core.rescue.budget.count, 1);
}

/* The same before anything was told of the unit since the start: it still looks as dead as before. */
static void test_the_end_of_a_start_that_comes_before_the_units_news_is_one_death(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_job(&s, false);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_wait(&s, 3000);
    assert_int_equal(s.told[NOTICE_RETRYING], 1);
    assert_int_equal(s.core.rescue.budget.count, 1);

    story_begin(&s); /* the two changes are told as one */
    story_crash(&s);
    story_job(&s, false);
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);

    story_begin(&s); /* it was never started: nothing changes */
    story_crash(&s);
    story_job(&s, false);
    story_wait(&s, 999);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_wait(&s, 1);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
}

/* Of a unit that was not dead before; and of a job that somebody has put another one in the place of. */
static void test_the_end_of_a_job_is_believed_where_it_cannot_mislead(void **context)
{
    struct event canceled = {.kind = EVENT_JOB_DONE, .job = {.ok = false, .result = "canceled"}};
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_die_while_starting(&s);
    story_job(&s, true);
    story_unit(&s, UNIT_INACTIVE, "dead", "exit-code"); /* its restart loop was ended */
    story_wait(&s, 600000);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_job(&s, false);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);

    story_begin(&s);
    story_crash(&s);
    story_step(&s, &canceled);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    assert_false(s.core.unit.own_job);
}

static void test_a_give_up_is_told_once_whatever_systemd_says_first(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    story_begin(&s);
    story_configure(&s, policy);
    story_crash(&s);
    story_job(&s, false);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
    story_wait(&s, 3000);
    assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
    assert_int_equal(s.told[NOTICE_GAVE_UP], 1);
    assert_int_equal(s.core.rescue.budget.give_ups, 1);
}

static void test_a_start_that_is_done_before_the_unit_says_so_has_not_died(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_job(&s, true);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    assert_int_equal(s.told[NOTICE_RETRYING], 0);

    story_begin(&s); /* and has died in the same moment */
    story_crash(&s);
    story_job(&s, true);
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    assert_int_equal(s.told[NOTICE_RETRYING] + s.core.rescue.delayed.waiting, 1);
}

/* Somebody has a job for it; it is on hold; or this agent slept, and who knows what it has become since. */
static void test_the_restart_loop_of_a_unit_in_other_hands_is_not_ended(void **context)
{
    struct policy policy = story_policy();
    struct story s;

    (void)context;
    policy.max_restarts = 1;
    for (int reason = 0; reason < 3; reason++) {
        story_begin(&s);
        story_configure(&s, policy);
        story_crash(&s);
        story_unit(&s, UNIT_ACTIVATING, "start", "success");
        if (reason == 0)
            s.unit.job_id = 7;
        else if (reason == 1)
            story_operator(&s, OPERATOR_HOLD, 60000);
        else
            s.now_ms += 20000;
        story_unit(&s, UNIT_ACTIVATING, "auto-restart", "exit-code");
        assert_int_equal(s.core.rescue.state, STATE_GAVE_UP);
        assert_int_equal(s.stops, 0);
    }
}

static void test_unmasking_a_dead_unit_does_not_start_it(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    s.unit.job_id = 7; /* somebody is at it */
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    s.unit.job_id = 0;
    strcpy(s.unit.load_state, "masked");
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    assert_int_equal(s.told[NOTICE_STOPPED], 1);
    strcpy(s.unit.load_state, "loaded");
    story_unit(&s, UNIT_FAILED, "failed", "exit-code");
    story_wait(&s, 60000);
    assert_int_equal(s.starts + s.restarts, 0);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_WATCHING);
}

static void test_a_start_by_somebody_else_counts_in_a_crash_loop(void **context)
{
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    assert_int_equal(s.core.rescue.budget.count, 2);
}

static void kill_a_hung_one(struct story *s)
{
    story_begin(s);
    strcpy(s->unit.invocation_id, "0123");
    story_unit(s, UNIT_ACTIVE, "running", "success");
    story_serve(s, STORY_LOCAL);
    story_serve(s, STORY_LOCAL);
    story_hang(s, 3);
    story_others_agree(s);
    assert_int_equal(s->core.rescue.state, STATE_KILLING);
}

/* The news of what has happened meanwhile come behind the timers. */
static void test_a_stall_gives_what_is_waited_for_its_time_anew(void **context)
{
    struct event tick = {.kind = EVENT_TICK};
    struct story s;

    (void)context;
    kill_a_hung_one(&s);
    s.now_ms += 20000;
    story_step(&s, &tick);
    assert_int_equal(s.core.rescue.state, STATE_KILLING);
    assert_int_equal(s.told[NOTICE_HELD], 0);
    story_crash(&s);
    assert_int_equal(s.core.rescue.state, STATE_STARTING);
    story_boot(&s);
    story_view_without_statistics(&s, STORY_LOCAL);
    s.now_ms += 600000;
    story_step(&s, &tick);
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    assert_int_equal(s.told[NOTICE_UNVERIFIED], 0);
    story_serve_all(&s, 12000);
    assert_int_equal(s.told[NOTICE_RECOVERED], 1);

    story_begin(&s); /* a proof is missing still, and its stable time begins anew */
    story_crash(&s);
    story_boot(&s);
    story_wait(&s, 62000);
    assert_int_equal(s.core.rescue.state, STATE_UNVERIFIED);
    s.now_ms += 600000;
    story_step(&s, &tick);
    assert_int_equal(s.core.rescue.active_ms, s.now_ms);
    assert_int_equal(s.core.rescue.state, STATE_UNVERIFIED);
}

/* systemd has started it again before this agent heard of its death. */
static void test_a_death_and_a_start_in_one_is_a_start(void **context)
{
    struct story s;

    (void)context;
    kill_a_hung_one(&s);
    strcpy(s.unit.invocation_id, "4567");
    story_unit(&s, UNIT_ACTIVE, "running", "success");
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    assert_int_equal(s.starts + s.restarts, 0);
}

static void test_one_that_runs_when_systemd_tells_of_it_again_is_not_waited_for(void **context)
{
    struct event lost = {.kind = EVENT_UNIT_LOST};
    struct story s;

    (void)context;
    story_begin(&s);
    story_crash(&s);
    story_die_while_starting(&s);
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
    story_step(&s, &lost);
    story_wait(&s, 20000);
    story_unit(&s, UNIT_ACTIVE, "running", "success"); /* systemd's own start */
    assert_int_equal(s.core.rescue.state, STATE_VERIFYING);
    story_hang(&s, 62);
    assert_int_equal(s.told[NOTICE_HUNG], 1);

    story_begin(&s);
    story_crash(&s);
    story_unit(&s, UNIT_ACTIVATING, "start", "success");
    story_step(&s, &lost);
    story_unit(&s, UNIT_FAILED, "failed", "exit-code"); /* it died again meanwhile */
    assert_int_equal(s.core.rescue.state, STATE_BACKING_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kill_that_systemd_took_is_waited_for),
        cmocka_unit_test(test_a_unit_without_a_start_timeout_is_waited_for),
        cmocka_unit_test(test_a_start_that_fails_is_one_death),
        cmocka_unit_test(test_the_end_of_a_start_that_comes_before_the_units_news_is_one_death),
        cmocka_unit_test(test_the_end_of_a_job_is_believed_where_it_cannot_mislead),
        cmocka_unit_test(test_a_give_up_is_told_once_whatever_systemd_says_first),
        cmocka_unit_test(test_a_start_that_is_done_before_the_unit_says_so_has_not_died),
        cmocka_unit_test(test_the_restart_loop_of_a_unit_in_other_hands_is_not_ended),
        cmocka_unit_test(test_unmasking_a_dead_unit_does_not_start_it),
        cmocka_unit_test(test_a_start_by_somebody_else_counts_in_a_crash_loop),
        cmocka_unit_test(test_a_stall_gives_what_is_waited_for_its_time_anew),
        cmocka_unit_test(test_a_death_and_a_start_in_one_is_a_start),
        cmocka_unit_test(test_one_that_runs_when_systemd_tells_of_it_again_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
