#include "systemd/bus.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MESSAGES_PER_ITERATION = 256, /* then the rest of the loop has its turn */
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    CONNECT_TIMEOUT_MS =
        5000, /* of our own: sd-bus would wait 90 s for a bus that accepts but does not talk */
};

struct bus {
    uv_loop_t *loop;
    struct bus_user *users;
    sd_bus *connection;   /* NULL while there is none */
    uv_poll_t *poll;      /* on the connection's descriptor; a heap object, as it outlives the descriptor */
    uv_prepare_t prepare; /* the pump */
    uv_timer_t wakeup;    /* sd-bus's own timeouts; does nothing but end the loop's sleep */
    uv_timer_t retry;     /* the next try, or the end of the time to connect */
    bool ready;
    bool told_down; /* this loss was logged and told already */
    uint64_t ready_at_ms;
    uint64_t backoff_ms;
    unsigned int open_handles;
};

static void bus_connect(struct bus *bus);

/* --- losing it --- */

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void close_connection(struct bus *bus)
{
    if (bus->poll) {
        /* Before sd-bus closes the descriptor: its number may be used again at once. */
        uv_poll_stop(bus->poll);
        uv_close((uv_handle_t *)bus->poll, on_poll_closed);
        bus->poll = NULL;
    }
    uv_timer_stop(&bus->wakeup);
    uv_timer_stop(&bus->retry);
    uv_prepare_stop(&bus->prepare);
    bus->ready = false;
    bus->connection = sd_bus_close_unref(bus->connection);
}

static void on_retry(uv_timer_t *timer)
{
    bus_connect(timer->data);
}

/* Users drop their slots while the connection object is still there; then it is closed and tried again later.
 */
static void lose_connection(struct bus *bus, int error)
{
    bool stood = bus->ready && uv_now(bus->loop) - bus->ready_at_ms >= BACKOFF_MAX_MS;

    if (!bus->told_down) {
        bus->told_down = true;
        log_line(LOG_WARNING,
            "the system bus cannot be reached (%s): systemd can neither be asked nor told; retrying",
            strerror(-error));
        for (struct bus_user *user = bus->users; user; user = user->next)
            user->down(user->context, strerror(-error));
    }
    close_connection(bus);
    if (stood || bus->backoff_ms == 0)
        bus->backoff_ms = BACKOFF_MIN_MS;
    uv_timer_start(&bus->retry, on_retry, bus->backoff_ms, 0);
    bus->backoff_ms = bus->backoff_ms * 2 < BACKOFF_MAX_MS ? bus->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void on_connect_timeout(uv_timer_t *timer)
{
    lose_connection(timer->data, -ETIMEDOUT);
}

/* --- pumping --- */

/* The work is done in the prepare callback, which runs right after this. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void on_wakeup(uv_timer_t *timer)
{
    (void)timer;
}

static uint64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Makes the loop wake up for whatever sd-bus waits for next. */
static int arm(struct bus *bus)
{
    int events = sd_bus_get_events(bus->connection);
    uint64_t timeout_us;
    int r;

    if (events < 0)
        return events;
    r = sd_bus_get_timeout(bus->connection, &timeout_us);
    if (r < 0)
        return r;
    /* POLLIN and POLLOUT into libuv's words for them. poll() always tells of errors, and so does libuv. */
    r = uv_poll_start(
        bus->poll, ((events & POLLIN) ? UV_READABLE : 0) | ((events & POLLOUT) ? UV_WRITABLE : 0), on_poll);
    if (r < 0)
        return r;
    if (timeout_us == UINT64_MAX) {
        uv_timer_stop(&bus->wakeup);
    } else {
        uint64_t now_us = monotonic_us();
        uint64_t wait_ms = timeout_us > now_us ? (timeout_us - now_us + 999) / 1000 : 0;

        uv_update_time(bus->loop); /* the callbacks of this pump may have taken a while */
        uv_timer_start(&bus->wakeup, on_wakeup, wait_ms > 0 ? wait_ms : 1, 0);
    }
    return 0;
}

static void become_ready(struct bus *bus)
{
    uv_timer_stop(&bus->retry);
    bus->ready = true;
    bus->ready_at_ms = uv_now(bus->loop);
    if (bus->told_down)
        log_line(LOG_NOTICE, "connected to the system bus again");
    bus->told_down = false;
    for (struct bus_user *user = bus->users; user; user = user->next)
        user->up(user->context, bus->connection);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct bus *bus = prepare->data;
    int r = 1;

    uv_poll_stop(bus->poll); /* sd-bus closes its descriptor by itself when the other side does */
    for (int i = 0; r > 0 && i < MESSAGES_PER_ITERATION; i++)
        r = sd_bus_process(bus->connection, NULL);
    if (r >= 0 && !bus->ready && sd_bus_is_ready(bus->connection) > 0)
        become_ready(bus);
    if (r >= 0)
        r = arm(bus);
    if (r < 0)
        lose_connection(bus, r);
}

/* --- connecting --- */

static int open_connection(struct bus *bus)
{
    uv_poll_t *poll;
    int fd;
    int r = sd_bus_open_system(&bus->connection);

    if (r < 0)
        return r;
    sd_bus_set_exit_on_disconnect(bus->connection, 0);
    fd = sd_bus_get_fd(bus->connection);
    if (fd < 0)
        return fd;
    poll = calloc(1, sizeof(*poll));
    if (!poll)
        return -ENOMEM;
    r = uv_poll_init(bus->loop, poll, fd);
    if (r < 0) {
        free(poll);
        return r;
    }
    bus->poll = poll;
    return 0;
}

static void bus_connect(struct bus *bus)
{
    int r = open_connection(bus);

    if (r < 0) {
        lose_connection(bus, r);
        return;
    }
    uv_timer_start(&bus->retry, on_connect_timeout, CONNECT_TIMEOUT_MS, 0);
    uv_prepare_start(&bus->prepare, on_prepare);
}

/* --- life --- */

int bus_new(uv_loop_t *loop, struct bus **ret_bus)
{
    struct bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return -ENOMEM;
    bus->loop = loop;
    uv_prepare_init(loop, &bus->prepare); /* these three cannot fail */
    uv_timer_init(loop, &bus->wakeup);
    uv_timer_init(loop, &bus->retry);
    bus->prepare.data = bus->wakeup.data = bus->retry.data = bus;
    bus->open_handles = 3;
    *ret_bus = bus;
    return 0;
}

void bus_add_user(struct bus *bus, struct bus_user *user)
{
    struct bus_user **end = &bus->users;

    while (*end)
        end = &(*end)->next;
    user->next = NULL;
    *end = user;
}

void bus_start(struct bus *bus)
{
    bus_connect(bus);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct bus *bus = handle->data;

    if (--bus->open_handles == 0)
        free(bus);
}

void bus_free(struct bus *bus)
{
    if (!bus)
        return;
    close_connection(bus);
    uv_close((uv_handle_t *)&bus->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&bus->wakeup, on_handle_closed);
    uv_close((uv_handle_t *)&bus->retry, on_handle_closed);
}
