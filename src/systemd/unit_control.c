#include "systemd/unit_control.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "systemd/unit_errors.h"
#include "systemd/unit_properties.h"
#include "systemd/unit_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENDED_JOBS_MAX = 16,   /* jobs that ended just now, in case that one of them turns out to be ours */
    UNANSWERED_MS = 60000, /* how late a request may be carried out after all; a later job is an operator's */
};

struct ended_job {
    uint32_t id;
    char result[32];
};

struct unit_control {
    struct bus_user user;
    struct event_sink sink;
    char *unit;
    sd_bus *bus; /* NULL while there is no connection */
    sd_bus_slot *job_removed;

    enum request pending; /* systemd's answer is outstanding */
    sd_bus_slot *call;
    bool anew;          /* systemd's start limit is being lifted, or the start after that is not done yet */
    size_t ended_count; /* since the pending request was sent */
    struct ended_job ended[ENDED_JOBS_MAX];

    enum request job_request; /* what the unfinished job does; REQUEST_NONE when there is none */
    uint32_t own_job;         /* our latest job, kept when it is done: systemd never uses an id twice */
    uint32_t claimed_job;     /* seen while an answer was outstanding: ours as far as we know */
    uint64_t unanswered_ms;   /* until then a start or stop that was never answered may be carried out */

    void (*changed)(void *context);
    void *changed_context;
};

/* --- events --- */

static void post_failed(struct unit_control *control, const struct request_event *request)
{
    struct event event = {.kind = EVENT_REQUEST_FAILED, .request = *request};

    sink_post(&control->sink, &event);
}

static void post_error(struct unit_control *control, enum request request, const sd_bus_error *error)
{
    struct request_event explained;

    unit_error_explain(error, unit_request_verb(request), control->unit, &explained);
    post_failed(control, &explained);
}

static void post_errno(struct unit_control *control, enum request request, int error)
{
    struct request_event event = {.permanent = false};

    snprintf(event.error, sizeof(event.error), "the request to %s %.60s could not be sent: %.40s",
        unit_request_verb(request), control->unit,
        error == -ENOTCONN ? "no connection to the system bus" : strerror(-error));
    post_failed(control, &event);
}

static void finish_job(struct unit_control *control, bool ok, const char *result)
{
    struct event event = {.kind = EVENT_JOB_DONE, .job.ok = ok};

    text_copy(event.job.result, sizeof(event.job.result), result);
    control->job_request = REQUEST_NONE;
    control->anew = false;
    sink_post(&control->sink, &event);
}

static void finish_job_with(struct unit_control *control, const char *result)
{
    finish_job(control, strcmp(result, "done") == 0 || strcmp(result, "skipped") == 0, result);
}

static void ownership_changed(struct unit_control *control)
{
    if (control->changed)
        control->changed(control->changed_context);
}

/* --- answers --- */

static void expect_late(struct unit_control *control, enum request request)
{
    control->unanswered_ms = unit_request_queues_job(request) ? clock_boot_ms() + UNANSWERED_MS : 0;
}

/* The job may have ended before the answer that tells its id. */
static void adopt_job(struct unit_control *control, enum request request, uint32_t id)
{
    control->own_job = id;
    control->claimed_job = 0;
    control->job_request = request;
    for (size_t i = 0; i < control->ended_count && i < ENDED_JOBS_MAX; i++) {
        if (control->ended[i].id == id) {
            finish_job_with(control, control->ended[i].result);
            break;
        }
    }
    ownership_changed(control);
}

static void send_request(struct unit_control *control, enum request request);

/* A limit that could not be lifted does not keep us from trying. */
static void start_anew(struct unit_control *control, const sd_bus_error *error)
{
    if (error)
        log_line(LOG_WARNING, "the start limit of %s could not be lifted: %s", control->unit,
            error->message ? error->message : error->name);
    send_request(control, REQUEST_START);
    control->anew = control->pending == REQUEST_START;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct unit_control *control = userdata;
    enum request request = control->pending;
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    const char *path;
    uint32_t id;
    int r;

    (void)ret_error;
    control->pending = REQUEST_NONE;
    control->call = sd_bus_slot_unref(control->call);
    if (request == REQUEST_RESET) {
        start_anew(control, error);
        return 0;
    }
    if (error) {
        control->anew = false;
        if (unit_error_is_no_reply(error))
            expect_late(control, request);
        else
            control->claimed_job = 0;
        post_error(control, request, error);
        ownership_changed(control);
        return 0;
    }
    if (request == REQUEST_KILL || request == REQUEST_DUMP) {
        struct event event = {.kind = EVENT_REQUEST_DONE};

        sink_post(&control->sink, &event);
        return 0;
    }
    r = sd_bus_message_read(reply, "o", &path);
    id = r < 0 ? 0 : unit_properties_job_id(path);
    if (id == 0)
        post_errno(control, request, r < 0 ? r : -EBADMSG);
    else
        adopt_job(control, request, id);
    return 0;
}

static int on_job_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_control *control = userdata;
    const char *path, *unit, *result;
    uint32_t id;

    (void)ret_error;
    if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) < 0)
        return 0;
    if (control->job_request != REQUEST_NONE && id == control->own_job) {
        finish_job_with(control, result);
    } else if (unit_request_queues_job(control->pending)) {
        /* A ring: what counts is the newest, the answer follows within milliseconds. */
        struct ended_job *slot = &control->ended[control->ended_count++ % ENDED_JOBS_MAX];

        slot->id = id;
        text_copy(slot->result, sizeof(slot->result), result);
    }
    return 0;
}

/* --- requests --- */

static void send_request(struct unit_control *control, enum request request)
{
    sd_bus_message *message = NULL;
    int r;

    control->call = sd_bus_slot_unref(control->call);
    control->pending = REQUEST_NONE;
    control->anew = false;
    if (unit_request_queues_job(request)) {
        control->job_request = REQUEST_NONE;
        control->ended_count = 0;
        control->unanswered_ms = 0;
    }
    r = control->bus ? unit_request_new(control->bus, control->unit, request, &message) : -ENOTCONN;
    if (r >= 0)
        r = sd_bus_call_async(
            control->bus, &control->call, message, on_answer, control, UNIT_REPLY_TIMEOUT_MS * 1000ULL);
    sd_bus_message_unref(message);
    if (r < 0)
        post_errno(control, request, r);
    else
        control->pending = request;
}

void unit_control_start(struct unit_control *control)
{
    send_request(control, REQUEST_START);
}

void unit_control_start_over_limit(struct unit_control *control)
{
    control->job_request = REQUEST_NONE;
    send_request(control, REQUEST_RESET);
    control->anew = control->pending == REQUEST_RESET;
}

void unit_control_restart(struct unit_control *control)
{
    send_request(control, REQUEST_RESTART);
}

void unit_control_kill(struct unit_control *control)
{
    send_request(control, REQUEST_KILL);
}

void unit_control_dump(struct unit_control *control)
{
    send_request(control, REQUEST_DUMP);
}

void unit_control_stop(struct unit_control *control)
{
    send_request(control, REQUEST_STOP);
}

/* --- for the watch --- */

bool unit_control_owns_job(struct unit_control *control, uint32_t job_id)
{
    if (job_id == control->own_job || job_id == control->claimed_job)
        return true;
    if (!unit_request_queues_job(control->pending) && clock_boot_ms() >= control->unanswered_ms)
        return false;
    /* Ids only grow: an older job than our last one was there before this request. */
    if (job_id < control->own_job)
        return false;
    control->claimed_job = job_id;
    control->unanswered_ms = 0;
    return true;
}

bool unit_control_starts_anew(const struct unit_control *control)
{
    return control->anew;
}

uint32_t unit_control_own_job(const struct unit_control *control)
{
    return control->job_request == REQUEST_NONE ? 0 : control->own_job;
}

void unit_control_check_job(struct unit_control *control, const struct unit_state *state, uint32_t job_before)
{
    bool ended_well;

    if (job_before == 0 || unit_control_own_job(control) != job_before || state->job_id == job_before)
        return;
    /* systemd sends JobRemoved before anybody can read that the job is gone. So it went while we were not
     * connected, and how it ended can only be seen from the outcome. */
    if (control->job_request == REQUEST_STOP)
        ended_well = state->active == UNIT_INACTIVE || state->active == UNIT_FAILED;
    else
        ended_well = state->active == UNIT_ACTIVE;
    finish_job(control, ended_well, "unknown");
}

void unit_control_on_ownership(struct unit_control *control, void (*changed)(void *context), void *context)
{
    control->changed = changed;
    control->changed_context = context;
}

/* --- life --- */

static void on_bus_up(void *context, sd_bus *bus)
{
    struct unit_control *control = context;
    int r;

    control->bus = bus;
    /* Should the bus refuse the match, sd-bus ends the connection and we begin again. */
    r = sd_bus_match_signal_async(bus, &control->job_removed, "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved", on_job_removed, NULL,
        control);
    if (r < 0)
        log_line(LOG_ERR, "cannot listen for the end of systemd's jobs: %s", strerror(-r));
}

static void on_bus_down(void *context, const char *why)
{
    struct unit_control *control = context;
    enum request lost = control->pending == REQUEST_RESET ? REQUEST_START : control->pending;
    bool sent = control->pending != REQUEST_RESET;

    control->job_removed = sd_bus_slot_unref(control->job_removed);
    control->call = sd_bus_slot_unref(control->call);
    control->bus = NULL;
    control->pending = REQUEST_NONE;
    control->anew = false;
    if (lost != REQUEST_NONE) {
        struct request_event request = {.permanent = false};

        if (sent)
            expect_late(control, lost);
        snprintf(request.error, sizeof(request.error),
            "the system bus was lost (%.40s) before systemd answered the request to %s", why,
            unit_request_verb(lost));
        post_failed(control, &request);
    }
}

int unit_control_new(
    struct bus *bus, const char *unit, const struct event_sink *sink, struct unit_control **ret_control)
{
    struct unit_control *control = calloc(1, sizeof(*control));

    if (!control)
        return -ENOMEM;
    control->unit = strdup(unit);
    if (!control->unit) {
        free(control);
        return -ENOMEM;
    }
    control->sink = *sink;
    control->user = (struct bus_user){.up = on_bus_up, .down = on_bus_down, .context = control};
    bus_add_user(bus, &control->user);
    *ret_control = control;
    return 0;
}

void unit_control_free(struct unit_control *control)
{
    if (!control)
        return;
    sd_bus_slot_unref(control->job_removed);
    sd_bus_slot_unref(control->call);
    free(control->unit);
    free(control);
}
