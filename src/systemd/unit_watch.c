#include "systemd/unit_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "systemd/unit_properties.h"
#include "systemd/unit_reader.h"
#include "systemd/unit_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    POLL_MS = 30000,         /* the safety net for lost signals */
    POLL_LOST_MS = 5000,     /* while systemd does not answer */
    OWN_LOAD_ECHO_MS = 1000, /* reading an unloaded unit loads it for a moment, and signals that to us */
    MAX_SILENCE_MS = 3 * POLL_MS,
};

enum match { /* one slot each */
    MATCH_JOB_NEW,
    MATCH_JOB_REMOVED,
    MATCH_UNIT_NEW,
    MATCH_UNIT_REMOVED,
    MATCH_RELOADING,
    MATCH_OWNER,
    MATCH_PROPERTIES,
    MATCH_COUNT,
};

struct unit_watch {
    struct bus_user user;
    struct unit_watch_options options;
    char *unit;
    char *primary; /* the unit's name without aliases, as signals have it */
    uv_timer_t poll;
    int activity;

    sd_bus *bus; /* NULL while there is no connection */
    sd_bus_slot *matches[MATCH_COUNT];
    sd_bus_slot *load_call; /* outstanding: LoadUnit, which comes before the readings */
    char *path;             /* of the unit's object; NULL until it is loaded */
    struct unit_reader reader;
    uint32_t read_job; /* our own job when the reading began */
    uint64_t read_ended_ms;

    struct unit_report report;
};

static void load_unit(struct unit_watch *watch);
static void start_reading(struct unit_watch *watch);

/* --- reading --- */

static void on_ownership(void *context)
{
    struct unit_watch *watch = context;

    unit_report_changes(&watch->report);
}

static void cycle_completed(struct unit_watch *watch)
{
    if (watch->options.activities)
        activity_completed(watch->options.activities, watch->activity, clock_boot_ms());
}

static void drop_calls(struct unit_watch *watch)
{
    watch->load_call = sd_bus_slot_unref(watch->load_call);
    unit_reader_drop(&watch->reader);
}

static void start_reading(struct unit_watch *watch)
{
    if (watch->load_call)
        return; /* it ends in a reading */
    if (!unit_reader_busy(&watch->reader))
        watch->read_job = unit_control_own_job(watch->options.control);
    unit_reader_start(&watch->reader, watch->bus, watch->path);
}

static void on_poll(uv_timer_t *timer)
{
    struct unit_watch *watch = timer->data;

    if (watch->bus && watch->path)
        start_reading(watch);
    else if (watch->bus)
        load_unit(watch);
    else
        cycle_completed(watch); /* not being connected is the bus's business; it retries */
    uv_timer_start(&watch->poll, on_poll, watch->report.told == UNIT_TOLD_LOST ? POLL_LOST_MS : POLL_MS, 0);
}

static void on_read_ended(void *context, bool again)
{
    struct unit_watch *watch = context;

    if (watch->report.told == UNIT_TOLD_LOST)
        log_line(LOG_NOTICE, "systemd tells of %s again", watch->unit);
    watch->report.known = true;
    watch->read_ended_ms = uv_now(watch->poll.loop);
    cycle_completed(watch);
    unit_report_changes(&watch->report);
    unit_control_check_job(watch->options.control, &watch->report.state, watch->read_job);
    if (again)
        start_reading(watch);
}

static void on_read_failed(void *context, const char *why)
{
    struct unit_watch *watch = context;

    drop_calls(watch);
    cycle_completed(watch); /* systemd's silence is not ours */
    if (unit_report_lost(&watch->report))
        log_line(LOG_WARNING, "systemd cannot be asked about %s (%s); retrying", watch->unit, why);
    uv_timer_start(&watch->poll, on_poll, POLL_LOST_MS, 0);
}

/* --- signals --- */

/* systemd sends the service's properties first and the unit's after them, each only what changed: after the
 * second the picture is whole, and there is no need to wait for a reading. */
static int on_properties(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    const char *interface;

    (void)ret_error;
    if (sd_bus_message_read(signal, "s", &interface) < 0)
        return 0;
    if (watch->report.known &&
        (strcmp(interface, SYSTEMD_UNIT) == 0 || strcmp(interface, SYSTEMD_SERVICE) == 0) &&
        unit_properties_read(signal, &watch->report.state) >= 0 && strcmp(interface, SYSTEMD_UNIT) == 0)
        unit_report_changes(&watch->report);
    start_reading(watch);
    return 0;
}

static bool is_our_unit(const struct unit_watch *watch, const char *name)
{
    return strcmp(name, watch->unit) == 0 || (watch->primary && strcmp(name, watch->primary) == 0);
}

static int on_job(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    const char *path, *unit;
    uint32_t id;

    (void)ret_error;
    if (watch->path && sd_bus_message_read(signal, "uos", &id, &path, &unit) >= 0 && is_our_unit(watch, unit))
        start_reading(watch);
    return 0;
}

static int on_unit_loaded_or_not(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    const char *unit;

    (void)ret_error;
    if (!watch->path || sd_bus_message_read(signal, "s", &unit) < 0 || !is_our_unit(watch, unit))
        return 0;
    if (!unit_reader_busy(&watch->reader) &&
        uv_now(watch->poll.loop) - watch->read_ended_ms > OWN_LOAD_ECHO_MS)
        start_reading(watch);
    return 0;
}

static int on_reloading(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    int active;

    (void)ret_error;
    /* The unit may have become another one, under another path, or masked. */
    if (sd_bus_message_read(signal, "b", &active) >= 0 && !active)
        load_unit(watch);
    return 0;
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    const char *name, *before, *after;

    (void)ret_error;
    if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0)
        return 0;
    if (after[0])
        load_unit(watch);
    else
        on_read_failed(watch, "it has left the bus");
    return 0;
}

/* --- beginning --- */

static int watch_path(struct unit_watch *watch, const char *path)
{
    char *copy, *primary = NULL;
    int r;

    if (watch->path && strcmp(watch->path, path) == 0)
        return 0;
    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    r = sd_bus_path_decode(path, SYSTEMD_PATH "/unit", &primary);
    if (r < 0) {
        free(copy);
        return r;
    }
    free(watch->path);
    watch->path = copy;
    free(watch->primary);
    watch->primary = primary;
    watch->matches[MATCH_PROPERTIES] = sd_bus_slot_unref(watch->matches[MATCH_PROPERTIES]);
    return sd_bus_match_signal_async(watch->bus, &watch->matches[MATCH_PROPERTIES], SYSTEMD_NAME, path,
        "org.freedesktop.DBus.Properties", "PropertiesChanged", on_properties, NULL, watch);
}

static int on_loaded(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct unit_watch *watch = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    const char *path;
    int r;

    (void)ret_error;
    watch->load_call = sd_bus_slot_unref(watch->load_call);
    if (error) {
        on_read_failed(watch, error->message ? error->message : error->name);
        return 0;
    }
    r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0)
        r = watch_path(watch, path);
    if (r < 0)
        on_read_failed(watch, strerror(-r));
    else
        start_reading(watch);
    return 0;
}

/* Begins anew: subscribe, find the unit's object, read it. What was under way is dropped. */
static void load_unit(struct unit_watch *watch)
{
    int r;

    drop_calls(watch);
    /* Without a reply: that we are subscribed already is no trouble, and all else shows in the next call. */
    r = sd_bus_call_method_async(
        watch->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", NULL, NULL, NULL);
    /* LoadUnit, not GetUnit: also for a unit that nothing has loaded. */
    if (r >= 0)
        r = unit_reader_call(watch->bus, &watch->load_call, SYSTEMD_PATH, SYSTEMD_MANAGER, "LoadUnit",
            watch->unit, on_loaded, watch);
    if (r < 0)
        on_read_failed(watch, strerror(-r));
}

static void on_bus_up(void *context, sd_bus *bus)
{
    static const struct {
        enum match match;
        const char *member;
        sd_bus_message_handler_t handler;
    } signals[] = {
        {MATCH_JOB_NEW, "JobNew", on_job},
        {MATCH_JOB_REMOVED, "JobRemoved", on_job},
        {MATCH_UNIT_NEW, "UnitNew", on_unit_loaded_or_not},
        {MATCH_UNIT_REMOVED, "UnitRemoved", on_unit_loaded_or_not},
        {MATCH_RELOADING, "Reloading", on_reloading},
    };
    struct unit_watch *watch = context;
    int r = 0;

    watch->bus = bus;
    /* Should the bus refuse a match, sd-bus ends the connection and we begin again. */
    for (size_t i = 0; r >= 0 && i < sizeof(signals) / sizeof(signals[0]); i++)
        r = sd_bus_match_signal_async(bus, &watch->matches[signals[i].match], SYSTEMD_NAME, SYSTEMD_PATH,
            SYSTEMD_MANAGER, signals[i].member, signals[i].handler, NULL, watch);
    if (r >= 0)
        r = sd_bus_add_match_async(bus, &watch->matches[MATCH_OWNER],
            "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
            "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'",
            on_owner_changed, NULL, watch);
    if (r < 0)
        log_line(LOG_ERR, "cannot listen for systemd's signals, polling instead: %s", strerror(-r));
    load_unit(watch);
}

static void forget_connection(struct unit_watch *watch)
{
    drop_calls(watch);
    for (size_t i = 0; i < MATCH_COUNT; i++)
        watch->matches[i] = sd_bus_slot_unref(watch->matches[i]);
    free(watch->path);
    free(watch->primary);
    watch->path = watch->primary = NULL;
    watch->bus = NULL;
}

static void on_bus_down(void *context, const char *why)
{
    struct unit_watch *watch = context;

    (void)why; /* the bus has logged it */
    forget_connection(watch);
    unit_report_lost(&watch->report);
}

/* --- life --- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct unit_watch *watch = handle->data;

    free(watch->unit);
    free(watch);
}

/* The parts that can fail. A half-built watch is freed by the caller. */
static int init_watch(struct unit_watch *watch, const struct unit_watch_options *options)
{
    watch->options = *options;
    watch->report.sink = options->sink;
    watch->report.control = options->control;
    watch->reader = (struct unit_reader){
        .state = &watch->report.state, .ended = on_read_ended, .failed = on_read_failed, .context = watch};
    watch->activity = -1;
    watch->unit = strdup(options->unit);
    if (!watch->unit)
        return -ENOMEM;
    if (options->activities)
        watch->activity = activity_add(options->activities, "unit watch", MAX_SILENCE_MS, clock_boot_ms());
    return options->activities && watch->activity < 0 ? watch->activity : 0;
}

int unit_watch_new(uv_loop_t *loop, const struct unit_watch_options *options, struct unit_watch **ret_watch)
{
    struct unit_watch *watch = calloc(1, sizeof(*watch));
    int r = watch ? init_watch(watch, options) : -ENOMEM;

    if (r < 0) {
        if (watch)
            free(watch->unit);
        free(watch);
        return r;
    }
    uv_timer_init(loop, &watch->poll);
    watch->poll.data = watch;
    uv_timer_start(&watch->poll, on_poll, POLL_MS, 0);
    unit_control_on_ownership(options->control, on_ownership, watch);
    watch->user = (struct bus_user){.up = on_bus_up, .down = on_bus_down, .context = watch};
    bus_add_user(options->bus, &watch->user);
    *ret_watch = watch;
    return 0;
}

void unit_watch_free(struct unit_watch *watch)
{
    if (!watch)
        return;
    forget_connection(watch);
    unit_control_on_ownership(watch->options.control, NULL, NULL);
    if (watch->options.activities)
        activity_remove(watch->options.activities, watch->activity);
    uv_close((uv_handle_t *)&watch->poll, on_timer_closed);
}
