#include "alerts/lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "words/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    STUCK_MARGIN_MS = 15000,
    NAMES_MAX = 64, /* of a channel, in a log line */
    REASON_MAX = 160,
};

struct lane *lane_new(uv_loop_t *loop, struct http_client *client, const struct channel_config *config,
    void (*changed)(void *context), void *context)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NULL;
    lane->transport = (struct transport){.loop = loop, .client = client};
    lane->config = config;
    lane->changed = changed;
    lane->context = context;
    return lane;
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    transport_cancel(&lane->transport);
    queue_clear(&lane->queue);
    free(lane);
}

void lane_set_config(struct lane *lane, const struct channel_config *config)
{
    lane->config = config;
    lane->stale = lane_is_busy(lane);
    lane_try_now(lane);
}

bool lane_is(const struct lane *lane, const struct channel_config *config)
{
    return lane->config->ops == config->ops && strcmp(lane->config->name, config->name) == 0;
}

bool lane_admits(struct lane *lane, const struct notice *notice)
{
    const struct channel_config *config = lane->config;
    bool chosen = config->events == 0 || (config->events & UINT64_C(1) << notice->kind);

    return story_admit(&lane->stories, chosen && notice->severity >= config->min_severity, notice);
}

/* A line about a delivery. It names the channel and never its URL, server or user; nor what the target said,
 * which may repeat them. */
static void lane_log(const struct lane *lane, int priority, const struct letter *letter, const char *what)
{
    const struct notice *notice = &letter->notice;
    const struct log_field fields[] = {
        {"RMQ_CLUSTER", notice->cluster},
        {"RMQ_NODE", notice->node},
        {"RMQ_EVENT", "delivery"},
        {"RMQ_INCIDENT", notice->incident},
        {"RMQ_CHANNEL", lane->config->name},
        {"RMQ_NOTICE", letter->id},
    };

    log_fields(priority, NULL, fields, sizeof(fields) / sizeof(fields[0]), "%s \"%.*s\": \"%s\" of %s %s",
        lane->config->ops->name, NAMES_MAX, lane->config->name, notice_info(notice->kind)->title,
        notice->node, what);
}

void lane_put(struct lane *lane, struct letter *letter)
{
    if (queue_push(&lane->queue, letter, lane_is_busy(lane)) == 0)
        return;
    lane_count_lost(lane);
    /* Said once per gap: the message that ends the gap tells how many there were. */
    if (lane->overflows)
        return;
    lane->overflows = true;
    log_line(LOG_WARNING, "%s \"%.*s\": %d notices wait; the least important are dropped from here on",
        lane->config->ops->name, NAMES_MAX, lane->config->name, QUEUE_MAX);
}

void lane_count_lost(struct lane *lane)
{
    lane->dropped++;
    lane->lost++;
}

static uint32_t random_number(void)
{
    uint32_t number = 0;

    /* Without entropy yet (early boot) there is no jitter, and nothing worse. */
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
        number = 200;
    return number;
}

static void lane_try_again(
    struct lane *lane, const struct letter *letter, uint64_t asked_ms, const char *reason)
{
    uint64_t pause_ms = pace_retry_ms(++lane->failures, asked_ms, random_number());
    char pause[32];
    char what[REASON_MAX + 64];

    lane->retries++;
    if (lane->stale) {
        lane->failures = 0;
        pause_ms = 0;
    }
    lane->next_try_ms = clock_boot_ms() + pause_ms;
    /* An outage of hours would fill the journal: the first failure is told, then ever fewer. */
    if ((lane->failures & (lane->failures - 1)) != 0)
        return;
    text_duration(pause, sizeof(pause), pause_ms);
    snprintf(what, sizeof(what), "not delivered yet: %s; next try in %s", reason, pause);
    lane_log(lane, LOG_WARNING, letter, what);
}

static void lane_sent(struct lane *lane, const struct letter *letter)
{
    char what[96];

    lane->sent++;
    lane->lost -= lane->telling;
    lane->overflows = false;
    if (lane->failures == 0)
        snprintf(what, sizeof(what), "delivered");
    else
        snprintf(what, sizeof(what), "delivered after %u failed %s", lane->failures,
            lane->failures == 1 ? "try" : "tries");
    lane_log(lane, LOG_INFO, letter, what);
    lane->failures = 0;
    lane->next_try_ms = 0;
    queue_pop(&lane->queue);
}

static void lane_refused(struct lane *lane, const struct letter *letter, const char *reason)
{
    char what[REASON_MAX + 64];

    lane->refused++;
    lane->lost++;
    snprintf(what, sizeof(what), "refused for good: %s", reason);
    lane_log(lane, LOG_ERR, letter, what);
    lane->failures = 0;
    lane->next_try_ms = 0;
    queue_pop(&lane->queue);
}

/* "HTTP 200, code 310000: the signature is wrong" */
static void compose_reason(const struct channel_verdict *verdict, const char *how, char *reason)
{
    snprintf(reason, REASON_MAX, "%s", how);
    if (verdict->code != 0)
        text_append(reason, REASON_MAX, ", code %ld", verdict->code);
    if (verdict->reason)
        text_append(reason, REASON_MAX, ": %s", verdict->reason);
}

static void on_lane_reply(void *context, const struct channel_reply *reply, const char *how)
{
    struct lane *lane = context;
    struct letter *letter = queue_head(&lane->queue);
    struct channel_verdict verdict = lane->config->ops->classify(reply);
    char reason[REASON_MAX];

    compose_reason(&verdict, how, reason);
    if (verdict.delivery == DELIVERY_SENT)
        lane_sent(lane, letter);
    else if (verdict.delivery == DELIVERY_RETRY || lane->stale)
        lane_try_again(lane, letter, verdict.retry_after_ms, reason);
    else
        lane_refused(lane, letter, reason);
    lane->telling = 0;
    lane->stale = false;
    lane->changed(lane->context);
}

/* Adds a line about what was lost before NOTICE; where there is no room, the detail gives way to it. */
static void add_lost(struct notice *notice, size_t lost)
{
    char detail[RMQ_DETAIL_MAX];
    char line[128];

    snprintf(line, sizeof(line),
        lost == 1 ? words(notice->language,
                        "(%zu earlier notice did not arrive here: see the journal of rmqwatchd)")
                  : words(notice->language,
                        "(%zu earlier notices did not arrive here: see the journal of rmqwatchd)"),
        lost);
    text_copy(detail, sizeof(detail) - strlen(line) - 1, notice->detail);
    notice->detail[0] = '\0';
    text_append(notice->detail, sizeof(notice->detail), "%s%s%s", detail, detail[0] ? "\n" : "", line);
}

static int lane_start(struct lane *lane, const struct letter *letter, uint64_t now_ms)
{
    const struct channel_ops *ops = lane->config->ops;
    const struct channel_attempt attempt = {.id = letter->id, .wall_ms = clock_wall_ms()};
    struct channel_request request = {0};
    struct notice notice = letter->notice;
    int r;

    if (lane->lost > 0)
        add_lost(&notice, lane->lost);
    r = ops->format(lane->config, &notice, &attempt, &request);
    /* A retry does not trust a connection that was kept. */
    if (r == 0)
        r = transport_start(
            &lane->transport, lane->config, &request, lane->failures > 0, on_lane_reply, lane);
    if (r == 0 && !request.wordless)
        lane->telling = lane->lost;
    channel_request_done(&request);
    for (size_t i = 0; r == 0 && i < CHANNEL_LIMITS_MAX; i++)
        pace_take(&lane->buckets[i], &ops->limits[i], now_ms);
    return r;
}

void lane_run(struct lane *lane, uint64_t now_ms)
{
    struct letter *letter = queue_head(&lane->queue);
    int r;

    if (lane_due_ms(lane) > now_ms)
        return;
    r = lane_start(lane, letter, now_ms);
    if (r == 0) {
        lane->stuck_ms = now_ms + transport_timeout_ms(lane->config) + STUCK_MARGIN_MS;
        return;
    }
    /* Only the configuration can make a request that makes no sense; a reload tries again at once. */
    if (r == -EINVAL)
        lane_try_again(lane, letter, PACE_SETUP_MS, "its configuration cannot work");
    else
        lane_try_again(lane, letter, 0, strerror(-r));
}

bool lane_is_busy(const struct lane *lane)
{
    return transport_is_busy(&lane->transport);
}

uint64_t lane_due_ms(const struct lane *lane)
{
    uint64_t due_ms = lane->next_try_ms;

    if (lane_is_busy(lane) || lane->queue.count == 0)
        return UINT64_MAX;
    for (size_t i = 0; i < CHANNEL_LIMITS_MAX; i++) {
        uint64_t free_ms = pace_free_ms(&lane->buckets[i], &lane->config->ops->limits[i]);

        due_ms = free_ms > due_ms ? free_ms : due_ms;
    }
    return due_ms;
}

void lane_try_now(struct lane *lane)
{
    lane->failures = 0;
    lane->next_try_ms = 0;
}

bool lane_is_stuck(const struct lane *lane, uint64_t now_ms)
{
    return lane_is_busy(lane) && now_ms > lane->stuck_ms;
}
