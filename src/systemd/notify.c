#include "systemd/notify.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PINGS_PER_LIMIT = 3, RESEND_MS = 200, STATUS_MAX = 512 };

struct notify {
    struct activity_list *activities;
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_size;
    uv_timer_t timer;  /* pings */
    uv_timer_t resend; /* of what was not taken */
    char unsent[64];
    unsigned int open_handles;
    uint64_t interval_ms; /* between pings; 0: none wanted */
    uint64_t ticked_ms;
    bool overdue; /* an activity was, at the last tick: told once */
};

/* sd_notify() would wait for room in the socket. 0 or a negative errno. */
static int send_message(struct notify *notify, const char *message)
{
    ssize_t sent;

    if (notify->fd < 0)
        return 0;
    do {
        sent = sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
            (const struct sockaddr *)&notify->address, notify->address_size);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

static void on_resend(uv_timer_t *timer)
{
    struct notify *notify = timer->data;

    if (send_message(notify, notify->unsent) == 0)
        uv_timer_stop(timer);
}

/* A lost ping or status does no harm, the next one follows. What systemd waits for must arrive: the newest of
 * these is sent until it is taken. */
static void send_state(struct notify *notify, const char *message)
{
    int r = send_message(notify, message);

    uv_timer_stop(&notify->resend);
    if (r < 0) {
        log_line(LOG_WARNING, "systemd did not take a notification: %s; trying again", strerror(-r));
        snprintf(notify->unsent, sizeof(notify->unsent), "%s", message);
        uv_timer_start(&notify->resend, on_resend, RESEND_MS, RESEND_MS);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct notify *notify = timer->data;
    uint64_t now_ms = clock_boot_ms();
    const struct activity *activity;

    /* The loop's timers stand still while the machine is suspended, and so do the activities'; the clock that
     * they are measured by does not. */
    if (now_ms - notify->ticked_ms > 2 * notify->interval_ms)
        activity_forgive(notify->activities, now_ms);
    notify->ticked_ms = now_ms;

    activity = activity_overdue(notify->activities, now_ms);
    if (!activity)
        (void)send_message(notify, "WATCHDOG=1");
    else if (!notify->overdue)
        log_line(LOG_ERR,
            "%s has not completed a cycle for %" PRIu64 " ms (limit %" PRIu64
            " ms): no watchdog ping for systemd, which will restart this daemon",
            activity->name, now_ms - activity->completed_ms, activity->max_silence_ms);
    if (!activity && notify->overdue)
        log_line(LOG_NOTICE, "every activity completes its cycles again: watchdog pings go on");
    notify->overdue = activity != NULL;
}

/* --- life --- */

static int open_socket(struct notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length;

    if (!path || !path[0])
        return 0;
    length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof(notify->address.sun_path))
        return -EINVAL;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, length);
    if (path[0] == '@') /* an abstract socket: its name starts with a NUL and is not ended by one */
        notify->address.sun_path[0] = '\0';
    notify->address_size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '/' ? 1 : 0));
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return notify->fd < 0 ? -errno : 0;
}

/* How often systemd wants a ping, in milliseconds; 0: not at all, or not from this process. */
static uint64_t watchdog_limit_ms(void)
{
    const char *limit = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t limit_us;

    if (!limit || sscanf(limit, "%" SCNu64, &limit_us) != 1)
        return 0;
    if (pid && strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return limit_us / 1000;
}

int notify_new(uv_loop_t *loop, struct activity_list *activities, struct notify **ret_notify)
{
    struct notify *notify = calloc(1, sizeof(*notify));
    int r;

    if (!notify)
        return -ENOMEM;
    notify->activities = activities;
    notify->fd = -1;
    r = open_socket(notify);
    if (r < 0) {
        free(notify);
        return r;
    }
    uv_timer_init(loop, &notify->timer);
    uv_timer_init(loop, &notify->resend);
    notify->timer.data = notify->resend.data = notify;
    notify->open_handles = 2;
    notify->ticked_ms = clock_boot_ms();
    notify->interval_ms = notify->fd < 0 ? 0 : watchdog_limit_ms() / PINGS_PER_LIMIT;
    if (notify->interval_ms > 0)
        uv_timer_start(&notify->timer, on_tick, notify->interval_ms, notify->interval_ms);
    *ret_notify = notify;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;

    if (--notify->open_handles == 0)
        free(notify);
}

void notify_free(struct notify *notify)
{
    if (!notify)
        return;
    if (notify->fd >= 0)
        close(notify->fd);
    uv_close((uv_handle_t *)&notify->timer, on_timer_closed);
    uv_close((uv_handle_t *)&notify->resend, on_timer_closed);
}

/* --- messages --- */

void notify_ready(struct notify *notify)
{
    send_state(notify, "READY=1");
}

void notify_reloading(struct notify *notify)
{
    char message[64];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* systemd compares it with its own clock: this one */
    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
        (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    send_state(notify, message);
}

void notify_stopping(struct notify *notify)
{
    uv_timer_stop(&notify->timer);
    send_state(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *status)
{
    char message[STATUS_MAX] = "";

    text_append(message, sizeof(message), "STATUS=%s", status);
    /* A newline would begin another assignment. */
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    (void)send_message(notify, message);
}
