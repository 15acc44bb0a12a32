/* The watch and the control against a systemd that the test plays, over a real socket. */
#include "cmocka_all.h"
#include "fake_systemd.h"

#include "base/clock.h"
#include "systemd/unit_control.h"
#include "systemd/unit_watch.h"

#include <stdlib.h>
#include <string.h>

#define UNIT "rabbitmq-server.service"

enum { EVENTS_MAX = 64, PATIENCE_MS = 5000 };

struct fixture {
    uv_loop_t loop;
    uv_timer_t clock; /* keeps the loop turning while a test waits */
    struct fake_systemd fake;
    struct bus *bus;
    struct unit_control *control;
    struct unit_watch *watch;
    struct activity_list activities;
    size_t count;
    size_t seen; /* events that the test has looked at */
    struct event events[EVENTS_MAX];
};

static void post(void *context, struct event *event)
{
    struct fixture *f = context;

    assert_true(f->count < EVENTS_MAX);
    f->events[f->count++] = *event;
}

static void on_clock(uv_timer_t *timer)
{
    (void)timer;
}

static void turn(struct fixture *f, uint64_t ms)
{
    uint64_t end = clock_boot_ms() + ms;

    while (clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* The next event, which must come in time and be of this kind. */
static const struct event *expect(struct fixture *f, enum event_kind kind)
{
    uint64_t end = clock_boot_ms() + PATIENCE_MS;

    while (f->seen == f->count && clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(f->seen < f->count);
    assert_int_equal(f->events[f->seen].kind, kind);
    return &f->events[f->seen++];
}

static void expect_silence(struct fixture *f)
{
    turn(f, 60);
    assert_int_equal(f->seen, f->count);
}

static void expect_call(struct fixture *f, const char *call)
{
    uint64_t end = clock_boot_ms() + PATIENCE_MS;

    while (fake_systemd_called(&f->fake, call) == 0 && clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(fake_systemd_called(&f->fake, call) > 0);
}

static void set_state(
    struct fixture *f, const char *active, const char *sub, const char *result, uint32_t job)
{
    f->fake.active = active;
    f->fake.state.job_id = job;
    strcpy(f->fake.state.sub_state, sub);
    strcpy(f->fake.state.result, result);
}

static int setup_unstarted(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct event_sink sink = {post, f};
    struct unit_watch_options options = {.unit = UNIT, .sink = sink, .activities = &f->activities};

    assert_int_equal(uv_loop_init(&f->loop), 0);
    uv_timer_init(&f->loop, &f->clock);
    uv_timer_start(&f->clock, on_clock, 2, 2);
    fake_systemd_open(&f->fake, &f->loop);
    assert_int_equal(bus_new(&f->loop, &f->bus), 0);
    assert_int_equal(unit_control_new(f->bus, UNIT, &sink, &f->control), 0);
    options.bus = f->bus;
    options.control = f->control;
    assert_int_equal(unit_watch_new(&f->loop, &options, &f->watch), 0);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    struct fixture *f;

    setup_unstarted(state);
    f = *state;
    bus_start(f->bus);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.active, UNIT_ACTIVE);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    unit_watch_free(f->watch);
    unit_control_free(f->control);
    bus_free(f->bus);
    fake_systemd_close(&f->fake);
    uv_close((uv_handle_t *)&f->clock, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

/* --- watching --- */

static void test_reads_once_at_the_start(void **state)
{
    struct fixture *f = *state;
    const struct unit_state *unit = &f->events[0].unit;

    assert_string_equal(unit->sub_state, "running");
    assert_string_equal(unit->load_state, "loaded");
    assert_int_equal(unit->main_pid, 42);
    assert_int_equal(unit->restart_delay_ms, 10000);
    expect_silence(f);
    assert_int_equal(fake_systemd_called(&f->fake, "GetAll"), 2);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 1);
    assert_int_equal(f->fake.match_count, 8); /* JobRemoved twice: for the control and for the watch */
}

static void test_signal_is_told_without_waiting_for_a_reading(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    f->fake.hold_reads = true;
    set_state(f, "failed", "failed", "oom-kill", 0);
    f->fake.state.main_pid = 0;
    fake_systemd_signal_state(&f->fake);
    event = expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_FAILED);
    assert_string_equal(event->unit.result, "oom-kill");
    assert_int_equal(event->unit.main_pid, 0);
    expect_silence(f);
}

static void test_many_signals_cause_few_readings(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 40; i++)
        fake_systemd_signal_job(&f->fake, "JobNew", 7, UNIT, NULL);
    turn(f, 60);
    assert_true(fake_systemd_called(&f->fake, "GetAll") >= 2 + 2);
    assert_true(fake_systemd_called(&f->fake, "GetAll") <= 2 + 4);
    fake_systemd_signal_job(&f->fake, "JobNew", 8, "other.service", NULL);
    turn(f, 60);
    assert_true(fake_systemd_called(&f->fake, "GetAll") <= 2 + 4);
    expect_silence(f);
}

static void test_change_without_signal_is_found_after_reload(void **state)
{
    struct fixture *f = *state;

    strcpy(f->fake.state.load_state, "masked");
    fake_systemd_signal_reloaded(&f->fake);
    assert_string_equal(expect(f, EVENT_UNIT)->unit.load_state, "masked");
    assert_int_equal(fake_systemd_called(&f->fake, "LoadUnit"), 2);
}

static void test_systemd_leaving_the_bus(void **state)
{
    struct fixture *f = *state;

    fake_systemd_signal_owner(&f->fake, ":1.0", "");
    expect(f, EVENT_UNIT_LOST);
    fake_systemd_signal_owner(&f->fake, "", ":1.9");
    expect(f, EVENT_UNIT);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 2);
    expect_silence(f);
}

static void test_connection_lost_and_back(void **state)
{
    struct fixture *f = *state;

    fake_systemd_listen(&f->fake, false);
    fake_systemd_hang_up(&f->fake);
    expect(f, EVENT_UNIT_LOST);
    turn(f, 400); /* some tries in vain */
    assert_int_equal(f->seen, f->count);
    fake_systemd_listen(&f->fake, true);
    f->fake.state.main_pid = 43;
    assert_int_equal(expect(f, EVENT_UNIT)->unit.main_pid, 43);
    assert_int_equal(fake_systemd_called(&f->fake, "Subscribe"), 2);
    assert_int_equal(f->fake.match_count, 16);
    set_state(f, "inactive", "dead", "success", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

static void test_no_bus_at_all(void **state)
{
    struct fixture *f = *state;

    fake_systemd_listen(&f->fake, false);
    bus_start(f->bus);
    expect(f, EVENT_UNIT_LOST);
    unit_control_start(f->control);
    assert_false(expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    expect_silence(f);
    fake_systemd_listen(&f->fake, true);
    expect(f, EVENT_UNIT);
}

static void test_bus_without_systemd(void **state)
{
    struct fixture *f = *state;

    f->fake.load_error = "org.freedesktop.DBus.Error.ServiceUnknown";
    bus_start(f->bus);
    expect(f, EVENT_UNIT_LOST);
    f->fake.load_error = NULL;
    fake_systemd_signal_owner(&f->fake, "", ":1.9");
    expect(f, EVENT_UNIT);
}

static void test_activity_is_registered_and_completed(void **state)
{
    struct fixture *f = *state;
    uint64_t before_ms = clock_boot_ms();

    assert_true(f->activities.items[0].used);
    assert_string_equal(f->activities.items[0].name, "unit watch");
    turn(f, 20);
    fake_systemd_signal_reloaded(&f->fake);
    turn(f, 60);
    assert_true(f->activities.items[0].completed_ms > before_ms);
}

/* --- requests --- */

static void test_start_ends_in_job_done(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    f->fake.state.job_id = 100;
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    turn(f, 20);
    assert_int_equal(unit_control_own_job(f->control), 100);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 99, UNIT, "failed");
    expect_silence(f);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done");
    event = expect(f, EVENT_JOB_DONE);
    assert_true(event->job.ok);
    assert_string_equal(event->job.result, "done");
    assert_int_equal(unit_control_own_job(f->control), 0);
    expect_silence(f);
}

static void test_job_removed_before_the_answer(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    f->fake.hold_requests = true;
    unit_control_stop(f->control);
    expect_call(f, "StopUnit fail");
    fake_systemd_signal_job(&f->fake, "JobRemoved", 3, "other.service", "done");
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "timeout");
    fake_systemd_answer(&f->fake);
    event = expect(f, EVENT_JOB_DONE);
    assert_false(event->job.ok);
    assert_string_equal(event->job.result, "timeout");
    expect_silence(f);
}

static void test_kill_is_sent_to_all_processes(void **state)
{
    struct fixture *f = *state;

    unit_control_kill(f->control);
    expect(f, EVENT_REQUEST_DONE);
    assert_int_equal(fake_systemd_called(&f->fake, "KillUnit all 9"), 1);
    expect_silence(f);
}

static void test_refusal_is_told_once(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    f->fake.error = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    unit_control_kill(f->control);
    event = expect(f, EVENT_REQUEST_FAILED);
    assert_true(event->request.permanent);
    assert_non_null(strstr(event->request.error, "polkit"));
    f->fake.error = "org.freedesktop.systemd1.TransactionIsDestructive";
    unit_control_start(f->control);
    event = expect(f, EVENT_REQUEST_FAILED);
    assert_false(event->request.permanent);
    assert_non_null(strstr(event->request.error, "because the test wants it"));
    expect_silence(f);
}

static void test_newer_request_replaces_an_unanswered_one(void **state)
{
    struct fixture *f = *state;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    f->fake.hold_requests = false;
    unit_control_kill(f->control);
    expect(f, EVENT_REQUEST_DONE);
    fake_systemd_answer(&f->fake);
    expect_silence(f);
}

static void test_request_lost_with_the_connection(void **state)
{
    struct fixture *f = *state;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    fake_systemd_hang_up(&f->fake);
    assert_false(expect(f, EVENT_REQUEST_FAILED)->request.permanent);
    expect(f, EVENT_UNIT_LOST);
    expect(f, EVENT_UNIT);
    expect_silence(f);
}

static void test_job_that_ended_while_not_connected(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    turn(f, 20);
    fake_systemd_hang_up(&f->fake);
    expect(f, EVENT_UNIT_LOST);
    expect(f, EVENT_UNIT);
    event = expect(f, EVENT_JOB_DONE);
    assert_true(event->job.ok);
    assert_string_equal(event->job.result, "unknown");
    expect_silence(f);
}

static void test_start_right_after_a_failure_cannot_wait(void **state)
{
    struct fixture *f = *state;

    set_state(f, "failed", "failed", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    unit_control_start(f->control);
    expect_call(f, "RestartUnit fail");
    assert_int_equal(fake_systemd_called(&f->fake, "StartUnit fail"), 0);
}

static void test_start_does_not_race_with_a_short_restart_delay(void **state)
{
    struct fixture *f = *state;

    f->fake.state.restart_delay_ms = 100;
    set_state(f, "failed", "failed", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
}

static void test_start_of_a_unit_that_failed_long_ago(void **state)
{
    struct fixture *f = *state;

    set_state(f, "failed", "failed", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    turn(f, 1100);
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
}

static void test_restart_is_asked_for(void **state)
{
    struct fixture *f = *state;

    unit_control_restart(f->control);
    expect_call(f, "RestartUnit fail");
    turn(f, 20);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done");
    assert_true(expect(f, EVENT_JOB_DONE)->job.ok);
}

/* --- whose job --- */

static void test_foreign_job_is_told(void **state)
{
    struct fixture *f = *state;

    set_state(f, "active", "running", "success", 55);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.job_id, 55);
    set_state(f, "active", "running", "success", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.job_id, 0);
}

static void test_own_job_is_not_told_at_any_moment(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    f->fake.hold_requests = true;
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    set_state(f, "activating", "start", "success", 100); /* seen before the answer */
    fake_systemd_signal_state(&f->fake);
    event = expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVATING);
    assert_int_equal(event->unit.job_id, 0);
    fake_systemd_answer(&f->fake);
    expect_silence(f);
    fake_systemd_signal_job(&f->fake, "JobRemoved", 100, UNIT, "done"); /* gone before the state says so */
    expect(f, EVENT_JOB_DONE);
    expect_silence(f);
    set_state(f, "active", "running", "success", 0);
    fake_systemd_signal_state(&f->fake);
    event = expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVE);
    assert_int_equal(event->unit.job_id, 0);
}

static void test_job_turns_out_to_be_foreign(void **state)
{
    struct fixture *f = *state;

    f->fake.hold_requests = true;
    f->fake.error = "org.freedesktop.systemd1.TransactionIsDestructive";
    unit_control_start(f->control);
    expect_call(f, "StartUnit fail");
    set_state(f, "deactivating", "stop-sigterm", "success", 77);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.job_id, 0);
    fake_systemd_answer(&f->fake);
    expect(f, EVENT_REQUEST_FAILED);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.job_id, 77);
}

static void test_restart_of_systemd_itself_is_nobodys_job(void **state)
{
    struct fixture *f = *state;
    const struct event *event;

    set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    set_state(f, "activating", "auto-restart", "signal", 60);
    f->fake.state.n_restarts = 1;
    fake_systemd_signal_state(&f->fake);
    event = expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.n_restarts, 1);
    assert_int_equal(event->unit.job_id, 0);
    set_state(f, "inactive", "dead", "success", 60); /* the moment between the wait and the start */
    fake_systemd_signal_state(&f->fake);
    expect_silence(f);
    set_state(f, "activating", "start", "success", 60);
    fake_systemd_signal_state(&f->fake);
    event = expect(f, EVENT_UNIT);
    assert_int_equal(event->unit.active, UNIT_ACTIVATING);
    assert_int_equal(event->unit.job_id, 0);
}

static void test_start_by_a_person_during_the_wait_is_foreign(void **state)
{
    struct fixture *f = *state;

    set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    set_state(f, "activating", "auto-restart", "signal", 61);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.job_id, 61);
    set_state(f, "inactive", "dead", "success", 61);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

static void test_our_stop_is_told_when_it_ends(void **state)
{
    struct fixture *f = *state;

    set_state(f, "activating", "auto-restart", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    expect(f, EVENT_UNIT);
    unit_control_stop(f->control);
    expect_call(f, "StopUnit fail");
    set_state(f, "inactive", "dead", "signal", 100);
    fake_systemd_signal_state(&f->fake);
    expect_silence(f);
    set_state(f, "inactive", "dead", "signal", 0);
    fake_systemd_signal_state(&f->fake);
    assert_int_equal(expect(f, EVENT_UNIT)->unit.active, UNIT_INACTIVE);
}

#define WITH_BUS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define UNSTARTED(test) cmocka_unit_test_setup_teardown(test, setup_unstarted, teardown)

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
        WITH_BUS(test_start_ends_in_job_done),
        WITH_BUS(test_job_removed_before_the_answer),
        WITH_BUS(test_kill_is_sent_to_all_processes),
        WITH_BUS(test_refusal_is_told_once),
        WITH_BUS(test_newer_request_replaces_an_unanswered_one),
        WITH_BUS(test_request_lost_with_the_connection),
        WITH_BUS(test_job_that_ended_while_not_connected),
        WITH_BUS(test_start_right_after_a_failure_cannot_wait),
        WITH_BUS(test_start_does_not_race_with_a_short_restart_delay),
        WITH_BUS(test_start_of_a_unit_that_failed_long_ago),
        WITH_BUS(test_restart_is_asked_for),
        WITH_BUS(test_foreign_job_is_told),
        WITH_BUS(test_own_job_is_not_told_at_any_moment),
        WITH_BUS(test_job_turns_out_to_be_foreign),
        WITH_BUS(test_restart_of_systemd_itself_is_nobodys_job),
        WITH_BUS(test_start_by_a_person_during_the_wait_is_foreign),
        WITH_BUS(test_our_stop_is_told_when_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
