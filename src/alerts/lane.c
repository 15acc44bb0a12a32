#include "alerts/lane.h"

#include "alerts/pace.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    HTTP_TIMEOUT_MS = 15000,
    MAIL_TIMEOUT_MS = 30000, /* some servers greet strangers slowly on purpose */
    STUCK_MARGIN_MS = 15000,
    REPLY_MAX_BYTES = 4096,
    NAMES_MAX = 64, /* of a channel, in a log line */
};

struct lane *lane_new(struct http_client *client, const struct channel_config *config,
    void (*changed)(void *context), void *context)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NULL;
    lane->client = client;
    lane->config = config;
    lane->changed = changed;
    lane->context = context;
    return lane;
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    http_client_cancel(lane->transfer);
    queue_clear(&lane->queue);
    free(lane);
}

void lane_set_config(struct lane *lane, const struct channel_config *config)
{
    lane->config = config;
    lane->stale = lane->transfer != NULL;
    lane_try_now(lane);
}

bool lane_is(const struct lane *lane, const struct channel_config *config)
{
    return lane->config->ops == config->ops && strcmp(lane->config->name, config->name) == 0;
}

bool lane_admits(struct lane *lane, const struct notice *notice)
{
    return story_admit(&lane->stories, lane->config->min_severity, notice);
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
    if (queue_push(&lane->queue, letter, lane->transfer != NULL) == 0)
        return;
    lane->dropped++;
    /* Said once per gap: the message that ends the gap tells how many there were. */
    if (lane->lost++ == lane->telling)
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
    char what[128];

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
    char what[96];

    lane->refused++;
    lane->lost++;
    snprintf(what, sizeof(what), "refused for good: %s", reason);
    lane_log(lane, LOG_ERR, letter, what);
    lane->failures = 0;
    lane->next_try_ms = 0;
    queue_pop(&lane->queue);
}

static void on_lane_reply(void *context, const struct http_reply *reply)
{
    struct lane *lane = context;
    const struct channel_ops *ops = lane->config->ops;
    struct letter *letter = queue_head(&lane->queue);
    /* An HTTP status is the answer, even if the rest of it was cut short. An SMTP code is only the answer to
     * the last command: it counts when the dialogue came to its end. */
    struct channel_reply judged = {
        .answered = ops->mail ? reply->result == HTTP_RESULT_OK : reply->status > 0,
        .status = reply->status,
        .body = reply->body,
        .body_size = reply->body_size,
        .retry_after_ms = reply->retry_after_ms,
    };
    uint64_t asked_ms = 0;
    enum delivery delivery = ops->classify(&judged, &asked_ms);
    char reason[64];

    lane->transfer = NULL;
    if (judged.answered)
        snprintf(reason, sizeof(reason), "%s %ld", ops->mail ? "SMTP" : "HTTP", reply->status);
    else
        snprintf(reason, sizeof(reason), "%s", http_result_name(reply->result));
    if (delivery == DELIVERY_SENT)
        lane_sent(lane, letter);
    else if (delivery == DELIVERY_RETRY || lane->stale)
        lane_try_again(lane, letter, asked_ms, reason);
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

    snprintf(line, sizeof(line), "(%zu earlier %s not arrive here: see the journal of rmqwatchd)", lost,
        lost == 1 ? "notice did" : "notices did");
    text_copy(detail, sizeof(detail) - strlen(line) - 1, notice->detail);
    notice->detail[0] = '\0';
    text_append(notice->detail, sizeof(notice->detail), "%s%s%s", detail, detail[0] ? "\n" : "", line);
}

static int lane_start(struct lane *lane, const struct channel_request *request)
{
    const struct channel_config *config = lane->config;
    bool mail = config->ops->mail;
    const struct http_request http = {
        .method = mail ? HTTP_MAIL : HTTP_POST,
        .url = mail ? config->server : config->url.value,
        .body = request->body,
        .body_size = request->body_size,
        .content_type = request->content_type,
        .username = mail ? config->username : NULL,
        .password = mail ? config->password.value : NULL,
        .ca_file = config->ca_file,
        .timeout_ms = mail ? MAIL_TIMEOUT_MS : HTTP_TIMEOUT_MS,
        .max_reply_bytes = REPLY_MAX_BYTES,
        .fresh = mail || lane->failures > 0, /* a retry does not trust a connection that was kept */
        .mail_from = config->from,
        .recipients = (const char *const *)config->to,
        .recipient_count = mail ? config->to_count : 0,
        .require_tls = config->starttls,
    };

    return http_client_start(lane->client, &http, on_lane_reply, lane, &lane->transfer);
}

void lane_run(struct lane *lane, uint64_t now_ms)
{
    struct letter *letter = queue_head(&lane->queue);
    struct channel_request request = {0};
    struct notice notice;
    int r;

    if (lane_due_ms(lane) > now_ms)
        return;
    notice = letter->notice;
    if (lane->lost > 0)
        add_lost(&notice, lane->lost);
    r = lane->config->ops->format(lane->config, &notice, letter->id, &request);
    if (r == 0)
        r = lane_start(lane, &request);
    channel_request_done(&request);
    if (r == 0) {
        lane->telling = lane->lost;
        lane->started_ms = now_ms;
        return;
    }
    /* Only the configuration can make a request that makes no sense; a reload tries again at once. */
    if (r == -EINVAL)
        lane_try_again(lane, letter, PACE_SETUP_MS, "its configuration cannot work");
    else
        lane_try_again(lane, letter, 0, strerror(-r));
}

uint64_t lane_due_ms(const struct lane *lane)
{
    return lane->transfer || lane->queue.count == 0 ? UINT64_MAX : lane->next_try_ms;
}

void lane_try_now(struct lane *lane)
{
    lane->failures = 0;
    lane->next_try_ms = 0;
}

bool lane_is_stuck(const struct lane *lane, uint64_t now_ms)
{
    uint64_t timeout_ms = lane->config->ops->mail ? MAIL_TIMEOUT_MS : HTTP_TIMEOUT_MS;

    return lane->transfer && now_ms > lane->started_ms + timeout_ms + STUCK_MARGIN_MS;
}
