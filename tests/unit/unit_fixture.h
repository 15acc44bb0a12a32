/* A watch and a control on a bus whose systemd the test plays, and the events that they posted. */
#ifndef RMQWATCH_TESTS_UNIT_FIXTURE_H
#define RMQWATCH_TESTS_UNIT_FIXTURE_H

#include "fake_systemd.h"

#include "systemd/unit_control.h"
#include "systemd/unit_watch.h"

#define UNIT "rabbitmq-server.service"

enum { EVENTS_MAX = 64 };

struct unit_fixture {
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

/* For cmocka: connected and with the first EVENT_UNIT seen; or before bus_start(). */
int unit_setup(void **state);
int unit_setup_unstarted(void **state);
int unit_teardown(void **state);

void unit_turn(struct unit_fixture *f, uint64_t ms);
/* The next event, which must come in time and be of this kind. */
const struct event *unit_expect(struct unit_fixture *f, enum event_kind kind);
void unit_expect_silence(struct unit_fixture *f);
void unit_expect_call(struct unit_fixture *f, const char *call);
void unit_set_state(
    struct unit_fixture *f, const char *active, const char *sub, const char *result, uint32_t job);

#define WITH_BUS(test) cmocka_unit_test_setup_teardown(test, unit_setup, unit_teardown)
#define UNSTARTED(test) cmocka_unit_test_setup_teardown(test, unit_setup_unstarted, unit_teardown)

#endif
