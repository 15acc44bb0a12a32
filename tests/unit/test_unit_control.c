/* How requests to systemd end. */
#include "cmocka_all.h"
#include "unit_fixture.h"

#include "base/clock.h"

#include <string.h>

/* In the place of the system's clocks. */
static uint64_t skipped_ms;

uint64_t clock_boot_ms(void)
{
    return uv_hrtime() / 1000000 + skipped_ms;
}

uint64_t clock_suspended_ms(void)
{
    return 0;
}

int64_t clock_wall_ms(void)
{
    return (int64_t)clock_boot_ms();
}

static void test_start_ends_in_job_done(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    f->fake.state.job_id = 100;
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    unit_turn(f, 20);
    assert_int_equal(unit_control_own_job(f->control), 100);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 99, UNIT, "failed");
    unit_expect_silence(f);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done");
    event = unit_expect(f, EVENT_JOB_DONE);
    assert_true(event->job.ok);
    assert_string_equal(event->job.result, "done");
    assert_int_equal(unit_control_own_job(f->control), 0);
    unit_expect_silence(f);
}

/* Between the two the unit looks as if an operator had stopped it; that is not told. */
static void test_start_over_the_limit(void **state)
{
    struct unit_fixture *f = *state;

    unit_set_state(f, "failed", "failed", "start-limit-hit", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_FAILED);
    f->fake.hold_requests = true;
    unit_control_start_over_limit(f->control);
    unit_expect_call(f, "ResetFailedUnit");
    unit_set_state(f, "inactive", "dead", "success", 0);
    fake_systemd_signal_state(&f->fake);
    unit_expect_silence(f);
    fake_systemd_answer(&f->fake);
    unit_expect_call(f, "StartUnit fail");
    fake_systemd_signal_state(&f->fake);
    unit_expect_silence(f);
    fake_systemd_answer(&f->fake);
    unit_set_state(f, "activating", "start", "success", 100);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_ACTIVATING);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done");
    assert_true(unit_expect(f, EVENT_JOB_DONE)->job.ok);
    unit_expect_silence(f);
}

static void test_limit_that_cannot_be_lifted(void **state)
{
    struct unit_fixture *f = *state;

    f->fake.error = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    unit_control_start_over_limit(f->control);
    assert_true(unit_expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    assert_int_equal(fake_systemd_called(&f->fake, "StartUnit fail"), 1);
    f->fake.error = NULL;
    f->fake.hold_requests = true;
    unit_control_start_over_limit(f->control);
    unit_expect_call(f, "ResetFailedUnit");
    fake_systemd_hang_up(&f->fake);
    assert_false(unit_expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    unit_expect(f, EVENT_UNIT_LOST);
    unit_expect(f, EVENT_UNIT);
    unit_expect_silence(f);
}

static void test_job_removed_before_the_answer(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    f->fake.hold_requests = true;
    unit_control_stop(f->control);
    unit_expect_call(f, "StopUnit fail");
    fake_systemd_signal_job(&f->fake, "JobRemoved", 3, "other.service", "done");
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "timeout");
    fake_systemd_answer(&f->fake);
    event = unit_expect(f, EVENT_JOB_DONE);
    assert_false(event->job.ok);
    assert_string_equal(event->job.result, "timeout");
    unit_expect_silence(f);
}

static void test_kill_is_sent_to_all_processes(void **state)
{
    struct unit_fixture *f = *state;

    unit_control_kill(f->control);
    unit_expect(f, EVENT_REQUEST_DONE);
    assert_int_equal(fake_systemd_called(&f->fake, "KillUnit all 9"), 1);
    unit_expect_silence(f);
}

static void test_a_dump_is_asked_of_the_main_process(void **state)
{
    struct unit_fixture *f = *state;

    unit_control_dump(f->control);
    unit_expect(f, EVENT_REQUEST_DONE);
    assert_int_equal(fake_systemd_called(&f->fake, "KillUnit main 10"), 1);
    unit_expect_silence(f);
}

static void test_refusal_is_told_once(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    f->fake.error = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    unit_control_kill(f->control);
    event = unit_expect(f, EVENT_REQUEST_FAILED);
    assert_true(event->request.permanent);
    assert_non_null(strstr(event->request.error, "polkit"));
    f->fake.error = "org.freedesktop.systemd1.TransactionIsDestructive";
    unit_control_start(f->control);
    event = unit_expect(f, EVENT_REQUEST_FAILED);
    assert_false(event->request.permanent);
    assert_non_null(strstr(event->request.error, "because the test wants it"));
    unit_expect_silence(f);
}

static void test_newer_request_replaces_an_unanswered_one(void **state)
{
    struct unit_fixture *f = *state;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    f->fake.hold_requests = false;
    unit_control_kill(f->control);
    unit_expect(f, EVENT_REQUEST_DONE);
    fake_systemd_answer(&f->fake);
    unit_expect_silence(f);
}

static void test_request_lost_with_the_connection(void **state)
{
    struct unit_fixture *f = *state;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    fake_systemd_hang_up(&f->fake);
    assert_false(unit_expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    unit_expect(f, EVENT_UNIT_LOST);
    unit_expect(f, EVENT_UNIT);
    unit_expect_silence(f);
}

static void lose_a_start(struct unit_fixture *f)
{
    f->fake.hold_requests = true;
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    fake_systemd_hang_up(&f->fake);
    unit_expect(f, EVENT_REQUEST_FAILED);
}

static void test_job_of_a_request_that_was_carried_out_late(void **state)
{
    struct unit_fixture *f = *state;

    lose_a_start(f);
    skipped_ms += 50000;
    assert_true(unit_control_owns_job(f->control, 200));
    assert_true(unit_control_owns_job(f->control, 200));
    assert_false(unit_control_owns_job(f->control, 201));
}

static void test_job_of_somebody_else_long_after_a_lost_request(void **state)
{
    struct unit_fixture *f = *state;

    lose_a_start(f);
    skipped_ms += 61000;
    assert_false(unit_control_owns_job(f->control, 200));
}

static void test_job_that_ended_while_not_connected(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    unit_turn(f, 20);
    fake_systemd_hang_up(&f->fake);
    unit_expect(f, EVENT_UNIT_LOST);
    unit_expect(f, EVENT_UNIT);
    event = unit_expect(f, EVENT_JOB_DONE);
    assert_true(event->job.ok);
    assert_string_equal(event->job.result, "unknown");
    unit_expect_silence(f);
}

static void test_restart_is_asked_for(void **state)
{
    struct unit_fixture *f = *state;

    unit_control_restart(f->control);
    unit_expect_call(f, "RestartUnit fail");
    unit_turn(f, 20);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done");
    assert_true(unit_expect(f, EVENT_JOB_DONE)->job.ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUS(test_start_ends_in_job_done),
        WITH_BUS(test_start_over_the_limit),
        WITH_BUS(test_limit_that_cannot_be_lifted),
        WITH_BUS(test_job_removed_before_the_answer),
        WITH_BUS(test_kill_is_sent_to_all_processes),
        WITH_BUS(test_a_dump_is_asked_of_the_main_process),
        WITH_BUS(test_refusal_is_told_once),
        WITH_BUS(test_newer_request_replaces_an_unanswered_one),
        WITH_BUS(test_request_lost_with_the_connection),
        WITH_BUS(test_job_of_a_request_that_was_carried_out_late),
        WITH_BUS(test_job_of_somebody_else_long_after_a_lost_request),
        WITH_BUS(test_job_that_ended_while_not_connected),
        WITH_BUS(test_restart_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
