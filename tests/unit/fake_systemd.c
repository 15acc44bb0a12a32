#include "fake_systemd.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define UNIT_NAME "rabbitmq-server.service"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/rabbitmq_2dserver_2eservice"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

#define CHECK(call) assert_true((call) >= 0)

/* --- sending --- */

static void send_message(struct fake_systemd *fake, sd_bus_message *message)
{
    CHECK(sd_bus_message_set_sender(message, "org.freedesktop.systemd1"));
    CHECK(sd_bus_send(fake->bus, message, NULL));
    sd_bus_message_unref(message);
}

static void append_string(sd_bus_message *message, const char *name, const char *value)
{
    CHECK(sd_bus_message_append(message, "{sv}", name, "s", value));
}

static void append_unit(const struct fake_systemd *fake, sd_bus_message *message)
{
    char job[64];

    snprintf(job, sizeof(job), fake->state.job_id ? MANAGER_PATH "/job/%u" : "/", fake->state.job_id);
    append_string(message, "ActiveState", fake->active);
    append_string(message, "SubState", fake->state.sub_state);
    append_string(message, "LoadState", fake->state.load_state);
    append_string(message, "Description", "not of interest");
    CHECK(sd_bus_message_append(message, "{sv}", "Job", "(uo)", fake->state.job_id, job));
    CHECK(sd_bus_message_append(message, "{sv}", "InactiveEnterTimestampMonotonic", "t",
        (uint64_t)fake->state.inactive_enter_ms * 1000));
}

static void append_service(const struct fake_systemd *fake, sd_bus_message *message)
{
    append_string(message, "Result", fake->state.result);
    CHECK(sd_bus_message_append(message, "{sv}", "MainPID", "u", fake->state.main_pid));
    CHECK(sd_bus_message_append(message, "{sv}", "NRestarts", "u", fake->state.n_restarts));
    CHECK(sd_bus_message_append(
        message, "{sv}", "RestartUSec", "t", (uint64_t)fake->state.restart_delay_ms * 1000));
}

static void append_properties(const struct fake_systemd *fake, sd_bus_message *message, bool unit)
{
    CHECK(sd_bus_message_open_container(message, 'a', "{sv}"));
    if (unit)
        append_unit(fake, message);
    else
        append_service(fake, message);
    CHECK(sd_bus_message_close_container(message));
}

static sd_bus_message *new_signal(
    struct fake_systemd *fake, const char *path, const char *interface, const char *member)
{
    sd_bus_message *message = NULL;

    CHECK(sd_bus_message_new_signal(fake->bus, &message, path, interface, member));
    return message;
}

/* As systemd does: the service's properties first, then the unit's. */
void fake_systemd_signal_state(struct fake_systemd *fake)
{
    for (int unit = 0; unit <= 1; unit++) {
        sd_bus_message *message =
            new_signal(fake, UNIT_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged");

        CHECK(sd_bus_message_append(
            message, "s", unit ? "org.freedesktop.systemd1.Unit" : "org.freedesktop.systemd1.Service"));
        append_properties(fake, message, unit);
        CHECK(sd_bus_message_append(message, "as", 0));
        send_message(fake, message);
    }
}

void fake_systemd_signal_job(
    struct fake_systemd *fake, const char *member, uint32_t job, const char *unit, const char *result)
{
    sd_bus_message *message = new_signal(fake, MANAGER_PATH, MANAGER, member);
    char path[64];

    snprintf(path, sizeof(path), MANAGER_PATH "/job/%u", job);
    CHECK(sd_bus_message_append(message, "uos", job, path, unit));
    if (result)
        CHECK(sd_bus_message_append(message, "s", result));
    send_message(fake, message);
}

void fake_systemd_signal_reloaded(struct fake_systemd *fake)
{
    sd_bus_message *message = new_signal(fake, MANAGER_PATH, MANAGER, "Reloading");

    CHECK(sd_bus_message_append(message, "b", 0));
    send_message(fake, message);
}

void fake_systemd_signal_owner(struct fake_systemd *fake, const char *before, const char *after)
{
    sd_bus_message *message =
        new_signal(fake, "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged");

    CHECK(sd_bus_message_append(message, "sss", "org.freedesktop.systemd1", before, after));
    CHECK(sd_bus_message_set_sender(message, "org.freedesktop.DBus"));
    CHECK(sd_bus_send(fake->bus, message, NULL));
    sd_bus_message_unref(message);
}

/* --- answering --- */

static void reply_error(struct fake_systemd *fake, sd_bus_message *call, const char *name)
{
    sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(name, "because the test wants it");
    sd_bus_message *reply = NULL;

    CHECK(sd_bus_message_new_method_error(call, &reply, &error));
    send_message(fake, reply);
}

static void reply_path(struct fake_systemd *fake, sd_bus_message *call, const char *path)
{
    sd_bus_message *reply = NULL;

    CHECK(sd_bus_message_new_method_return(call, &reply));
    if (path)
        CHECK(sd_bus_message_append(reply, "o", path));
    send_message(fake, reply);
}

static bool queues_job(sd_bus_message *call)
{
    const char *member = sd_bus_message_get_member(call);

    return strcmp(member, "KillUnit") != 0 && strcmp(member, "ResetFailedUnit") != 0;
}

static void reply_request(struct fake_systemd *fake, sd_bus_message *call)
{
    char path[64];

    snprintf(path, sizeof(path), MANAGER_PATH "/job/%u", fake->job);
    if (fake->error)
        reply_error(fake, call, fake->error);
    else
        reply_path(fake, call, queues_job(call) ? path : NULL);
}

void fake_systemd_answer(struct fake_systemd *fake)
{
    assert_non_null(fake->held);
    reply_request(fake, fake->held);
    fake->held = sd_bus_message_unref(fake->held);
}

static void answer_request(struct fake_systemd *fake, sd_bus_message *call, char *record, size_t size)
{
    const char *unit, *word = "";
    int32_t signal;

    CHECK(sd_bus_message_read(call, "s", &unit));
    if (strcmp(sd_bus_message_get_member(call), "ResetFailedUnit") != 0)
        CHECK(sd_bus_message_read(call, "s", &word));
    assert_string_equal(unit, UNIT_NAME);
    assert_false(sd_bus_message_get_allow_interactive_authorization(call));
    snprintf(record, size, "%s%s%s", sd_bus_message_get_member(call), word[0] ? " " : "", word);
    if (sd_bus_message_read(call, "i", &signal) > 0)
        snprintf(record, size, "%s %s %d", sd_bus_message_get_member(call), word, signal);
    if (!fake->hold_requests) {
        reply_request(fake, call);
        return;
    }
    sd_bus_message_unref(fake->held);
    fake->held = sd_bus_message_ref(call);
}

static void answer_read(struct fake_systemd *fake, sd_bus_message *call)
{
    sd_bus_message *reply = NULL;
    const char *interface;

    CHECK(sd_bus_message_read(call, "s", &interface));
    if (fake->hold_reads)
        return;
    CHECK(sd_bus_message_new_method_return(call, &reply));
    append_properties(fake, reply, strcmp(interface, "org.freedesktop.systemd1.Unit") == 0);
    send_message(fake, reply);
}

static void answer_bus(struct fake_systemd *fake, sd_bus_message *call)
{
    sd_bus_message *reply = NULL;

    if (strcmp(sd_bus_message_get_member(call), "AddMatch") == 0)
        fake->match_count++;
    if (!sd_bus_message_get_expect_reply(call))
        return;
    CHECK(sd_bus_message_new_method_return(call, &reply));
    if (strcmp(sd_bus_message_get_member(call), "Hello") == 0)
        CHECK(sd_bus_message_append(reply, "s", ":1.7"));
    CHECK(sd_bus_message_set_sender(reply, "org.freedesktop.DBus"));
    CHECK(sd_bus_send(fake->bus, reply, NULL));
    sd_bus_message_unref(reply);
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct fake_systemd *fake = userdata;
    const char *member = sd_bus_message_get_member(message);
    char *record;

    (void)ret_error;
    if (!sd_bus_message_is_method_call(message, NULL, NULL))
        return 0;
    if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus", NULL)) {
        answer_bus(fake, message);
        return 1;
    }
    assert_true(fake->call_count < FAKE_CALLS_MAX);
    record = fake->calls[fake->call_count++];
    snprintf(record, sizeof(fake->calls[0]), "%s", member);
    if (strcmp(member, "GetAll") == 0)
        answer_read(fake, message);
    else if (strcmp(member, "LoadUnit") == 0 && fake->load_error)
        reply_error(fake, message, fake->load_error);
    else if (strcmp(member, "LoadUnit") == 0)
        reply_path(fake, message, UNIT_PATH);
    else if (strcmp(member, "Subscribe") != 0)
        answer_request(fake, message, record, sizeof(fake->calls[0]));
    return 1;
}

/* --- life --- */

static void take_connection(struct fake_systemd *fake)
{
    int fd = fake->listener < 0 ? -1 : accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    sd_id128_t id;

    if (fd < 0)
        return;
    assert_null(fake->bus);
    CHECK(sd_id128_randomize(&id));
    CHECK(sd_bus_new(&fake->bus));
    CHECK(sd_bus_set_fd(fake->bus, fd, fd));
    CHECK(sd_bus_set_server(fake->bus, 1, id));
    CHECK(sd_bus_add_filter(fake->bus, NULL, on_message, fake));
    CHECK(sd_bus_start(fake->bus));
}

static void on_pump(uv_timer_t *timer)
{
    struct fake_systemd *fake = timer->data;
    int r = 1;

    if (!fake->bus)
        take_connection(fake);
    while (r > 0 && fake->bus)
        r = sd_bus_process(fake->bus, NULL);
    if (r < 0)
        fake_systemd_hang_up(fake);
}

void fake_systemd_hang_up(struct fake_systemd *fake)
{
    fake->held = sd_bus_message_unref(fake->held);
    fake->bus = sd_bus_close_unref(fake->bus);
}

void fake_systemd_listen(struct fake_systemd *fake, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (fake->listener >= 0) {
        close(fake->listener);
        unlink(fake->path);
        fake->listener = -1;
    }
    if (!listening)
        return;
    strcpy(address.sun_path, fake->path);
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fake->listener >= 0);
    CHECK(bind(fake->listener, (const struct sockaddr *)&address, sizeof(address)));
    CHECK(listen(fake->listener, 4));
}

void fake_systemd_open(struct fake_systemd *fake, uv_loop_t *loop)
{
    char address[128];

    *fake = (struct fake_systemd){.loop = loop,
        .listener = -1,
        .active = "active",
        .job = 100,
        .state = {.load_state = "loaded",
            .sub_state = "running",
            .result = "success",
            .main_pid = 42,
            .restart_delay_ms = 10000}};
    strcpy(fake->folder, "/tmp/fake-systemd-XXXXXX");
    assert_non_null(mkdtemp(fake->folder));
    snprintf(fake->path, sizeof(fake->path), "%s/bus", fake->folder);
    snprintf(address, sizeof(address), "unix:path=%s", fake->path);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
    fake_systemd_listen(fake, true);
    uv_timer_init(loop, &fake->pump);
    fake->pump.data = fake;
    uv_timer_start(&fake->pump, on_pump, 1, 1);
}

void fake_systemd_close(struct fake_systemd *fake)
{
    fake_systemd_listen(fake, false);
    fake_systemd_hang_up(fake);
    rmdir(fake->folder);
    uv_close((uv_handle_t *)&fake->pump, NULL);
}

size_t fake_systemd_called(const struct fake_systemd *fake, const char *call)
{
    size_t count = 0;

    for (size_t i = 0; i < fake->call_count; i++)
        if (strcmp(fake->calls[i], call) == 0)
            count++;
    return count;
}
