#include "alerts/heartbeat.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_MS = 5000,   /* of a daemon that has just started: by then it has done what it does */
    TIMEOUT_MS = 8000, /* less than the shortest interval */
};

struct heartbeat {
    struct http_client *http;
    const struct activity_list *activities;
    const struct heartbeat_config *config;
    uv_timer_t timer;
    uint64_t interval_ms;           /* that the timer runs by; 0: it does not */
    struct http_transfer *transfer; /* NULL: none is under way */
    unsigned failures;              /* in a row */
    bool held_back;                 /* an activity was overdue, the last time */
};

static void on_delivered(struct heartbeat *heartbeat)
{
    if (heartbeat->failures > 0)
        log_line(LOG_NOTICE, "heartbeat: delivered again, after %u that were not", heartbeat->failures);
    heartbeat->failures = 0;
}

/* Never where to: the URL is a secret. */
static void on_failed(struct heartbeat *heartbeat, const char *what)
{
    char interval[32];

    text_duration(interval, sizeof(interval), heartbeat->interval_ms);
    if (heartbeat->failures++ == 0)
        log_line(
            LOG_WARNING, "heartbeat: not delivered (%s); the next one follows, every %s", what, interval);
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct heartbeat *heartbeat = context;
    char what[32] = "";

    heartbeat->transfer = NULL;
    if (reply->result != HTTP_RESULT_OK) {
        on_failed(heartbeat, http_result_name(reply->result));
    } else if (reply->status < 200 || reply->status > 299) {
        text_append(what, sizeof(what), "HTTP status %ld", reply->status);
        on_failed(heartbeat, what);
    } else {
        on_delivered(heartbeat);
    }
}

static bool is_well(struct heartbeat *heartbeat)
{
    uint64_t now_ms = clock_boot_ms();
    const struct activity *activity = activity_overdue(heartbeat->activities, now_ms);

    if (activity && !heartbeat->held_back)
        log_line(LOG_ERR, "heartbeat: held back, for %s has not completed a cycle for %" PRIu64 " ms",
            activity->name, now_ms - activity->completed_ms);
    else if (!activity && heartbeat->held_back)
        log_line(LOG_NOTICE, "heartbeat: goes on, every activity completes its cycles again");
    heartbeat->held_back = activity != NULL;
    return !activity;
}

static void on_timer(uv_timer_t *timer)
{
    struct heartbeat *heartbeat = timer->data;
    const struct http_request request = {
        .method = HTTP_GET,
        .url = heartbeat->config->url.value,
        .ca_file = heartbeat->config->ca_file,
        .timeout_ms = TIMEOUT_MS,
        .fresh = true,
    };

    if (heartbeat->transfer || !is_well(heartbeat))
        return;
    if (http_client_start(heartbeat->http, &request, on_reply, heartbeat, &heartbeat->transfer) < 0)
        on_failed(heartbeat, "it could not be sent");
}

struct heartbeat *heartbeat_new(
    uv_loop_t *loop, struct http_client *http, const struct activity_list *activities)
{
    struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));

    if (!heartbeat)
        return NULL;
    heartbeat->http = http;
    heartbeat->activities = activities;
    uv_timer_init(loop, &heartbeat->timer);
    heartbeat->timer.data = heartbeat;
    return heartbeat;
}

void heartbeat_configure(struct heartbeat *heartbeat, const struct heartbeat_config *config)
{
    uint64_t interval_ms = config->url.value ? config->interval_ms : 0;

    heartbeat->config = config;
    if (interval_ms == heartbeat->interval_ms)
        return;
    heartbeat->interval_ms = interval_ms;
    uv_timer_stop(&heartbeat->timer);
    uv_update_time(heartbeat->timer.loop);
    if (interval_ms > 0)
        uv_timer_start(
            &heartbeat->timer, on_timer, interval_ms < FIRST_MS ? interval_ms : FIRST_MS, interval_ms);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void heartbeat_close(struct heartbeat *heartbeat)
{
    if (!heartbeat)
        return;
    http_client_cancel(heartbeat->transfer);
    uv_close((uv_handle_t *)&heartbeat->timer, on_closed);
}
