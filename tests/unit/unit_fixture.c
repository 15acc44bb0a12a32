#include "unit_fixture.h"
#include "cmocka_all.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 5000 };

static void post(void *context, struct event *event)
{
    struct unit_fixture *f = context;

    assert_true(f->count < EVENTS_MAX);
    f->events[f->count++] = *event;
}

static void on_clock(uv_timer_t *timer)
{
    (void)timer;
}

void unit_turn(struct unit_fixture *f, uint64_t ms)
{
    uint64_t end = clock_boot_ms() + ms;

    while (clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
}

const struct event *unit_expect(struct unit_fixture *f, enum event_kind kind)
{
    uint64_t end = clock_boot_ms() + PATIENCE_MS;

    while (f->seen == f->count && clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(f->seen < f->count);
    assert_int_equal(f->events[f->seen].kind, kind);
    return &f->events[f->seen++];
}

void unit_expect_silence(struct unit_fixture *f)
{
    unit_turn(f, 60);
    assert_int_equal(f->seen, f->count);
}

void unit_expect_call(struct unit_fixture *f, const char *call)
{
    uint64_t end = clock_boot_ms() + PATIENCE_MS;

    while (fake_systemd_called(&f->fake, call) == 0 && clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(fake_systemd_called(&f->fake, call) > 0);
}

void unit_set_state(
    struct unit_fixture *f, const char *active, const char *sub, const char *result, uint32_t job)
{
    f->fake.active = active;
    f->fake.state.job_id = job;
    strcpy(f->fake.state.sub_state, sub);
    strcpy(f->fake.state.result, result);
}

int unit_setup_unstarted(void **state)
{
    struct unit_fixture *f = calloc(1, sizeof(*f));
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

int unit_setup(void **state)
{
    struct unit_fixture *f;

    unit_setup_unstarted(state);
    f = *state;
    bus_start(f->bus);
    assert_int_equal(unit_expect(f, EVENT_UNIT)->unit.active, UNIT_ACTIVE);
    return 0;
}

int unit_teardown(void **state)
{
    struct unit_fixture *f = *state;

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
