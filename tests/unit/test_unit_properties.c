/* Messages into struct unit_state, and refusals into words. */
#include "cmocka_all.h"

#include "systemd/unit_errors.h"
#include "systemd/unit_properties.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A bus that is never spoken to: sd-bus makes no message without one. */
struct fixture {
    sd_bus *bus;
    int other_end;
};

static int setup(void **state)
{
    static struct fixture fixture;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    fixture.other_end = ends[1];
    assert_true(sd_bus_new(&fixture.bus) >= 0);
    assert_true(sd_bus_set_fd(fixture.bus, ends[0], ends[0]) >= 0);
    assert_true(sd_bus_start(fixture.bus) >= 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    sd_bus_close_unref(fixture->bus);
    close(fixture->other_end);
    return 0;
}

static sd_bus_message *begin(void **state)
{
    struct fixture *fixture = *state;
    sd_bus_message *message = NULL;

    assert_true(sd_bus_message_new_signal(fixture->bus, &message, "/a", "a.b", "C") >= 0);
    assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
    return message;
}

static int finish(sd_bus_message *message, struct unit_state *unit)
{
    int r;

    assert_true(sd_bus_message_close_container(message) >= 0);
    assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
    assert_true(sd_bus_message_rewind(message, 1) >= 0);
    r = unit_properties_read(message, unit);
    sd_bus_message_unref(message);
    return r;
}

#define ADD(message, ...) assert_true(sd_bus_message_append(message, "{sv}", __VA_ARGS__) >= 0)

static void test_every_property(void **state)
{
    static const unsigned char id[16] = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0xff};
    struct unit_state unit = {0};
    sd_bus_message *message = begin(state);

    ADD(message, "ActiveState", "s", "activating");
    ADD(message, "LoadState", "s", "loaded");
    ADD(message, "SubState", "s", "failed-before-auto-restart");
    ADD(message, "Job", "(uo)", 77, "/org/freedesktop/systemd1/job/77");
    ADD(message, "Result", "s", "oom-kill");
    ADD(message, "StatusText", "s", "Startup in progress");
    ADD(message, "MainPID", "u", 4000000000U);
    ADD(message, "ExecMainCode", "i", 2);
    ADD(message, "ExecMainStatus", "i", 9);
    ADD(message, "NRestarts", "u", 3);
    ADD(message, "TimeoutStartUSec", "t", (uint64_t)600000000);
    ADD(message, "RestartUSec", "t", (uint64_t)10000999);
    ADD(message, "InactiveEnterTimestampMonotonic", "t", (uint64_t)86400123456);
    assert_true(sd_bus_message_open_container(message, 'e', "sv") >= 0);
    assert_true(sd_bus_message_append(message, "s", "InvocationID") >= 0);
    assert_true(sd_bus_message_open_container(message, 'v', "ay") >= 0);
    assert_true(sd_bus_message_append_array(message, 'y', id, sizeof(id)) >= 0);
    assert_true(sd_bus_message_close_container(message) >= 0);
    assert_true(sd_bus_message_close_container(message) >= 0);
    assert_int_equal(finish(message, &unit), 0);

    assert_int_equal(unit.active, UNIT_ACTIVATING);
    assert_string_equal(unit.load_state, "loaded");
    assert_string_equal(unit.sub_state, "failed-before-auto-restart");
    assert_int_equal(unit.job_id, 77);
    assert_string_equal(unit.result, "oom-kill");
    assert_string_equal(unit.status_text, "Startup in progress");
    assert_int_equal(unit.main_pid, 4000000000U);
    assert_int_equal(unit.exec_main_code, 2);
    assert_int_equal(unit.exec_main_status, 9);
    assert_int_equal(unit.n_restarts, 3);
    assert_int_equal(unit.timeout_start_ms, 600000);
    assert_int_equal(unit.restart_delay_ms, 10000);
    assert_int_equal(unit.inactive_enter_ms, 86400123);
    assert_string_equal(unit.invocation_id, "deadbeef00010203040506070809"
                                            "0aff");
}

static void test_partial_message_keeps_the_rest(void **state)
{
    struct unit_state unit = {.active = UNIT_ACTIVE, .main_pid = 7, .sub_state = "running"};
    sd_bus_message *message = begin(state);

    ADD(message, "SubState", "s", "reload");
    assert_int_equal(finish(message, &unit), 0);
    assert_int_equal(unit.active, UNIT_ACTIVE);
    assert_int_equal(unit.main_pid, 7);
    assert_string_equal(unit.sub_state, "reload");
}

static void test_unknown_and_mistyped_are_skipped(void **state)
{
    struct unit_state unit = {.main_pid = 7, .n_restarts = 1};
    sd_bus_message *message = begin(state);

    ADD(message, "MainPID", "s", "not a number");
    ADD(message, "ExecStart", "a(sas)", 1, "/bin/true", 1, "argument");
    ADD(message, "InvocationID", "s", "text");
    ADD(message, "NRestarts", "u", 2);
    assert_int_equal(finish(message, &unit), 0);
    assert_int_equal(unit.main_pid, 7);
    assert_int_equal(unit.n_restarts, 2);
}

static void test_never_started_has_no_invocation(void **state)
{
    struct unit_state unit = {.invocation_id = "0123"};
    sd_bus_message *message = begin(state);

    ADD(message, "InvocationID", "ay", 0);
    assert_int_equal(finish(message, &unit), 0);
    assert_string_equal(unit.invocation_id, "");
}

static void test_infinity_stays_infinity(void **state)
{
    struct unit_state unit = {0};
    sd_bus_message *message = begin(state);

    ADD(message, "TimeoutStartUSec", "t", UINT64_MAX);
    assert_int_equal(finish(message, &unit), 0);
    assert_true(unit.timeout_start_ms == UINT64_MAX);
}

static void test_long_texts_are_cut(void **state)
{
    struct unit_state unit = {0};
    sd_bus_message *message = begin(state);
    char text[300];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ADD(message, "StatusText", "s", text);
    ADD(message, "Result", "s", text);
    assert_int_equal(finish(message, &unit), 0);
    assert_int_equal(strlen(unit.status_text), sizeof(unit.status_text) - 1);
    assert_int_equal(strlen(unit.result), sizeof(unit.result) - 1);
}

static void test_active_states(void **state)
{
    static const struct {
        const char *word;
        enum unit_active active;
    } cases[] = {
        {"active", UNIT_ACTIVE},
        {"reloading", UNIT_RELOADING},
        {"refreshing", UNIT_RELOADING},
        {"inactive", UNIT_INACTIVE},
        {"failed", UNIT_FAILED},
        {"deactivating", UNIT_DEACTIVATING},
        {"maintenance", UNIT_ACTIVE_UNKNOWN},
        {"of another age", UNIT_ACTIVE_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct unit_state unit = {.active = UNIT_ACTIVATING};
        sd_bus_message *message = begin(state);

        ADD(message, "ActiveState", "s", cases[i].word);
        assert_int_equal(finish(message, &unit), 0);
        assert_int_equal(unit.active, cases[i].active);
    }
}

static void test_wrong_message_leaves_the_state_alone(void **state)
{
    struct fixture *fixture = *state;
    struct unit_state unit = {.main_pid = 7};
    sd_bus_message *message = NULL;

    assert_true(sd_bus_message_new_signal(fixture->bus, &message, "/a", "a.b", "C") >= 0);
    assert_true(sd_bus_message_append(message, "s", "no properties") >= 0);
    assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
    assert_true(unit_properties_read(message, &unit) < 0);
    sd_bus_message_unref(message);
    assert_int_equal(unit.main_pid, 7);
}

static void test_equal_sees_every_field(void **state)
{
    const struct unit_state base = {.active = UNIT_ACTIVE, .sub_state = "running"};
    struct unit_state other;

    (void)state;
    other = base;
    strcpy(other.sub_state, "running much longer text"); /* bytes behind a text's end do not count */
    strcpy(other.sub_state, "running");
    assert_true(unit_properties_equal(&base, &other));
#define DIFFERS(change)                                                                                      \
    do {                                                                                                     \
        other = base;                                                                                        \
        change;                                                                                              \
        assert_false(unit_properties_equal(&base, &other));                                                  \
    } while (0)
    DIFFERS(other.active = UNIT_FAILED);
    DIFFERS(strcpy(other.load_state, "x"));
    DIFFERS(strcpy(other.sub_state, "x"));
    DIFFERS(strcpy(other.result, "x"));
    DIFFERS(strcpy(other.invocation_id, "x"));
    DIFFERS(strcpy(other.status_text, "x"));
    DIFFERS(other.job_id = 1);
    DIFFERS(other.main_pid = 1);
    DIFFERS(other.exec_main_code = 1);
    DIFFERS(other.exec_main_status = 1);
    DIFFERS(other.n_restarts = 1);
    DIFFERS(other.timeout_start_ms = 1);
    DIFFERS(other.restart_delay_ms = 1);
    DIFFERS(other.inactive_enter_ms = 1);
#undef DIFFERS
}

static void test_job_paths(void **state)
{
    (void)state;
    assert_int_equal(unit_properties_job_id("/org/freedesktop/systemd1/job/4294967295"), 4294967295U);
    assert_int_equal(unit_properties_job_id("/org/freedesktop/systemd1/job/4294967296"), 0);
    assert_int_equal(unit_properties_job_id("/org/freedesktop/systemd1/job/12x"), 0);
    assert_int_equal(unit_properties_job_id("/org/freedesktop/systemd1/job/"), 0);
    assert_int_equal(unit_properties_job_id("/org/freedesktop/systemd1/job/-1"), 0);
    assert_int_equal(unit_properties_job_id("/"), 0);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name;
        bool permanent;
        bool no_reply;
        const char *words;
    } cases[] = {
        {"org.freedesktop.DBus.Error.AccessDenied", true, false, "polkit refuses to let us kill a.service"},
        {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", true, false, "is the rule"},
        {"org.freedesktop.systemd1.NoSuchUnit", true, false, "kill a.service: the message"},
        {"org.freedesktop.systemd1.LoadFailed", true, false, "the message"},
        {"org.freedesktop.systemd1.UnitMasked", true, false, "the message"},
        {"org.freedesktop.systemd1.TransactionIsDestructive", false, false, "the message"},
        {"org.freedesktop.systemd1.ShuttingDown", false, false, "the message"},
        {"org.freedesktop.DBus.Error.NoReply", false, true, "did not answer"},
        {"org.freedesktop.DBus.Error.Timeout", false, true, "did not answer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(cases[i].name, "the message");
        struct request_event request;

        unit_error_explain(&error, "kill", "a.service", &request);
        assert_int_equal(request.permanent, cases[i].permanent);
        assert_int_equal(unit_error_is_no_reply(&error), cases[i].no_reply);
        assert_non_null(strstr(request.error, cases[i].words));
    }
}

static void test_refusal_without_message(void **state)
{
    sd_bus_error error = SD_BUS_ERROR_MAKE_CONST("org.example.Odd", NULL);
    struct request_event request;

    (void)state;
    unit_error_explain(&error, "start", "a.service", &request);
    assert_string_equal(request.error, "systemd refuses to start a.service: org.example.Odd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_property),
        cmocka_unit_test(test_partial_message_keeps_the_rest),
        cmocka_unit_test(test_unknown_and_mistyped_are_skipped),
        cmocka_unit_test(test_never_started_has_no_invocation),
        cmocka_unit_test(test_infinity_stays_infinity),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_active_states),
        cmocka_unit_test(test_wrong_message_leaves_the_state_alone),
        cmocka_unit_test(test_equal_sees_every_field),
        cmocka_unit_test(test_job_paths),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refusal_without_message),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
