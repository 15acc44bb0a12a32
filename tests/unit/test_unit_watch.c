/* What the watch tells, and of whose jobs it keeps silent. */
#include "cmocka_all.h"
#include "unit_fixture.h"

#include "base/clock.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t asleep_s; /* so long this machine has been suspended */

/* In place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    int r = (int)syscall(SYS_clock_gettime, id, now);

    if (id == CLOCK_BOOTTIME)
        now->tv_sec += asleep_s;
    return r;
}

static void test_reads_once_at_the_start(void **state)
{
    struct unit_fixture *f = *state;
    const struct unit_state *unit = &f->events[0].unit;

    assert_string_equal(unit->sub_state, "running");
    assert_string_equal(unit->load_state, "loaded");
    assert_int_equal(unit->main_pid, 42);
    assert_int_equal(unit->restart_delay_ms, 10000);
    unit_expect_silence(f);
    assert_int_equal(fake_systemd_called(&f->fake, "GetAll"), 2);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 1);
    assert_int_equal(f->fake.match_count, 8); /* JobRemoved twice: for the control and for the watch */
}

static void test_signal_is_told_without_waiting_for_a_reading(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    f->fake.hold_reads = true;
    unit_set_state(f, "failed", "failed", "oom-kill", 0);
    f->fake.state.main_pid = 0;
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_FAILED);
    assert_string_equal(event->unit.result, "oom-kill");
    assert_int_equal(event->unit.main_pid, 0);
    unit_expect_silence(f);
}

static void test_many_signals_cause_few_readings(void **state)
{
    struct unit_fixture *f = *state;

    for (int i = 0; i < 40; i++)
        fake_systemd_signal_job(&f->fake, "JobNew", 7, UNIT, NULL);
    unit_turn(f, 60);
    assert_true(fake_systemd_called(&f->fake, "GetAll") >= 2 + 2);
    assert_true(fake_systemd_called(&f->fake, "GetAll") <= 2 + 4);
    fake_systemd_signal_job(&f->fake, "JobNew", 8, "other.service", NULL);
    unit_turn(f, 60);
    assert_true(fake_systemd_called(&f->fake, "GetAll") <= 2 + 4);
    unit_expect_silence(f);
}

static void test_change_without_signal_is_found_after_reload(void **state)
{
    struct unit_fixture *f = *state;

    strcpy(f->fake.state.load_state, "masked");
    fake_systemd_signal_reloaded(&f->fake);
    assert_string_equal(unit_expect(f, EVENT_UNIT)->unit.load_state, "masked");
    assert_int_equal(fake_systemd_called(&f->fake, "LoadUnit"), 2);
}

static void test_systemd_leaving_the_bus(void **state)
{
    struct unit_fixture *f = *state;

    fake_systemd_signal_owner(&f->fake, ":1.0", "");
    unit_expect(f, EVENT_UNIT_LOST);
    fake_systemd_signal_owner(&f->fake, "", ":1.9");
    unit_expect(f, EVENT_UNIT);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 2);
    unit_expect_silence(f);
}

static void test_connection_lost_and_back(void **state)
{
    struct unit_fixture *f = *state;

    fake_systemd_listen(&f->fake, false);
    fake_systemd_hang_up(&f->fake);
    unit_expect(f, EVENT_UNIT_LOST);
    unit_turn(f, 400); /* some tries in vain */
    assert_int_equal(f->seen, f->count);
    fake_systemd_listen(&f->fake, true);
    f->fake.state.main_pid = 43;
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.main_pid, 43);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 2);
    assert_int_equal(f->fake.match_count, 16);
    unit_set_state(f, "inactive", "dead", "success", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

static void test_no_bus_at_all(void **state)
{
    struct unit_fixture *f = *state;

    fake_systemd_listen(&f->fake, false);
    bus_start(f->bus);
    unit_expect(f, EVENT_UNIT_LOST);
    unit_control_start(f->control);
    assert_false(unit_expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    unit_expect_silence(f);
    fake_systemd_listen(&f->fake, true);
    unit_expect(f, EVENT_UNIT);
}

static void test_bus_without_systemd(void **state)
{
    struct unit_fixture *f = *state;

    f->fake.load_error = "org.freedesktop.DBus.Error.ServiceUnknown";
    bus_start(f->bus);
    unit_expect(f, EVENT_UNIT_LOST);
    f->fake.load_error = NULL;
    fake_systemd_signal_owner(&f->fake, "", ":1.9");
    unit_expect(f, EVENT_UNIT);
}

static void test_activity_is_registered_and_completed(void **state)
{
    struct unit_fixture *f = *state;
    uint64_t before_ms = clock_boot_ms();

    assert_true(f->activities.items[0].used);
    assert_string_equal(f->activities.items[0].name, "unit watch");
    unit_turn(f, 20);
    fake_systemd_signal_reloaded(&f->fake);
    unit_turn(f, 60);
    assert_true(f->activities.items[0].completed_ms > before_ms);
}

/* --- whose job --- */

static void test_foreign_job_is_told(void **state)
{
    struct unit_fixture *f = *state;

    unit_set_state(f, "active", "running", "success", 55);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.job_id, 55);
    unit_set_state(f, "active", "running", "success", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.job_id, 0);
}

static void test_own_job_is_not_told_at_any_moment(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    unit_set_state(f, "activating", "start", "success", 100); /* seen before the answer */
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVATING);
    assert_int_equal(event->unit.job_id, 0);
    fake_systemd_answer(&f->fake);
    unit_expect_silence(f);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done"); /* gone before the state says so */
    unit_expect(f, EVENT_JOB_DONE);
    unit_expect_silence(f);
    unit_set_state(f, "active", "running", "success", 0);
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVE);
    assert_int_equal(event->unit.job_id, 0);
}

static void test_job_turns_out_to_be_foreign(void **state)
{
    struct unit_fixture *f = *state;

    f->fake.hold_requests = true;
    f->fake.error = "org.freedesktop.systemd1.TransactionIsDestructive";
    unit_control_start(f->control);
    unit_expect_call(f, "StartUnit fail");
    unit_set_state(f, "deactivating", "stop-sigterm", "success", 77);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.job_id, 0);
    fake_systemd_answer(&f->fake);
    unit_expect(f, EVENT_REQUEST_FAILED);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.job_id, 77);
}

static void test_restart_of_systemd_itself_is_nobodys_job(void **state)
{
    struct unit_fixture *f = *state;
    const struct event *event;

    unit_set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    unit_expect(f, EVENT_UNIT);
    unit_set_state(f, "activating", "auto-restart", "signal", 60);
    f->fake.state.n_restarts = 1;
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.n_restarts, 1);
    assert_int_equal(event->unit.job_id, 0);
    unit_set_state(f, "inactive", "dead", "success", 60); /* the moment between the wait and the start */
    fake_systemd_signal_state(&f->fake);
    unit_expect_silence(f);
    unit_set_state(f, "activating", "start", "success", 60);
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVATING);
    assert_int_equal(event->unit.job_id, 0);
}

static void test_start_by_a_person_during_the_wait_is_foreign(void **state)
{
    struct unit_fixture *f = *state;

    unit_set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    unit_expect(f, EVENT_UNIT);
    unit_set_state(f, "activating", "auto-restart", "signal", 61);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.job_id, 61);
    unit_set_state(f, "inactive", "dead", "success", 61);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

static void test_our_stop_is_told_when_it_ends(void **state)
{
    struct unit_fixture *f = *state;

    unit_set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    unit_expect(f, EVENT_UNIT);
    unit_control_stop(f->control);
    unit_expect_call(f, "StopUnit fail");
    unit_set_state(f, "inactive", "dead", "signal", 100);
    fake_systemd_signal_state(&f->fake);
    unit_expect_silence(f);
    unit_set_state(f, "inactive", "dead", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

/* systemd notes it by CLOCK_MONOTONIC, decisions are made by CLOCK_BOOTTIME. */
static void test_death_is_told_by_our_clock(void **state)
{
    struct unit_fixture *f = *state;
    uint64_t now_ms = clock_boot_ms();
    const struct event *event;

    asleep_s = 3600;
    unit_set_state(f, "activating", "auto-restart", "signal", 0);
    f->fake.state.inactive_enter_ms = now_ms;
    fake_systemd_signal_state(&f->fake);
    event = unit_expect(f, EVENT_UNIT);
    assert_in_range(event->unit.inactive_enter_ms, now_ms + 3600000, clock_boot_ms() + 1);
    unit_expect_silence(f);
    asleep_s = 7200;
    fake_systemd_signal_state(&f->fake);
    unit_expect_silence(f); /* nothing is new */
    asleep_s = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUS(test_reads_once_at_the_start),
        WITH_BUS(test_signal_is_told_without_waiting_for_a_reading),
        WITH_BUS(test_many_signals_cause_few_readings),
        WITH_BUS(test_change_without_signal_is_found_after_reload),
        WITH_BUS(test_systemd_leaving_the_bus),
        WITH_BUS(test_connection_lost_and_back),
        UNSTARTED(test_no_bus_at_all),
        UNSTARTED(test_bus_without_systemd),
        WITH_BUS(test_activity_is_registered_and_completed),
        WITH_BUS(test_foreign_job_is_told),
        WITH_BUS(test_own_job_is_not_told_at_any_moment),
        WITH_BUS(test_job_turns_out_to_be_foreign),
        WITH_BUS(test_restart_of_systemd_itself_is_nobodys_job),
        WITH_BUS(test_start_by_a_person_during_the_wait_is_foreign),
        WITH_BUS(test_our_stop_is_told_when_it_ends),
        WITH_BUS(test_death_is_told_by_our_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
