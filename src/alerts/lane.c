#include "alerts/lane_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUCK_MARGIN_MS = 15000 };

struct lane *lane_new(uv_loop_t *loop, struct http_client *client, struct ledger *ledger,
    const struct channel_config *config, void (*changed)(void *context), void *context)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NULL;
    lane->key = channel_key_new(config->ops->name, config->name);
    if (!lane->key) {
        free(lane);
        return NULL;
    }
    lane->ledger = ledger;
    lane->transport = (struct transport){.loop = loop, .client = client};
    lane->config = config;
    lane->changed = changed;
    lane->context = context;
    return lane;
}

/* For whoever waits for it: there will be no try. */
static void tell_end(struct parcel *parcel, int error)
{
    const struct outbox_result result = {.error = error, .how = strerror(-error), .answer = ""};

    parcel_tell(parcel, &result);
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    transport_cancel(&lane->transport);
    for (size_t i = 0; i < lane->queue.count; i++)
        tell_end(lane->queue.items[i], -ECANCELED);
    queue_clear(&lane->queue);
    channel_key_unref(lane->key);
    free(lane);
}

void lane_park_all(struct lane *lane)
{
    for (size_t i = 0; i < lane->queue.count; i++)
        ledger_note(lane->ledger, lane->queue.items[i], LETTER_PARKED, "its channel is configured no more");
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

void lane_note_state(struct lane *lane)
{
    ledger_note_channel(lane->ledger, lane->key, &lane->state);
}

bool lane_admits(struct lane *lane, const struct notice *notice)
{
    const struct channel_config *config = lane->config;
    const unsigned changes = lane->state.stories.changes;
    bool chosen = config->events == 0 || (config->events & UINT64_C(1) << notice->kind);
    bool admitted =
        story_admit(&lane->state.stories, chosen && notice->severity >= config->min_severity, notice);

    if (lane->state.stories.changes != changes)
        lane_note_state(lane);
    return admitted;
}

static void count_dropped(struct lane *lane, struct parcel *parcel, const char *why)
{
    ledger_note(lane->ledger, parcel, LETTER_DROPPED, why);
    lane_count_lost(lane);
    tell_end(parcel, -EOVERFLOW);
}

/* Puts PARCEL, or drops what matters least. */
static void enqueue(struct lane *lane, struct parcel *parcel, size_t at)
{
    struct parcel *dropped = queue_push(&lane->queue, parcel, at, lane_is_busy(lane));

    if (!dropped)
        return;
    count_dropped(lane, dropped, "dropped: too many wait");
    parcel_unref(dropped);
    /* Said once per gap: the message that ends the gap tells how many there were. */
    if (lane->overflows)
        return;
    lane->overflows = true;
    log_line(LOG_WARNING, "%s \"%.*s\": %d notices wait; the least important are dropped from here on",
        lane->config->ops->name, LANE_NAME_MAX, lane->config->name, QUEUE_MAX);
}

int lane_put(struct lane *lane, struct letter *letter, outbox_result_fn *on_result, void *context)
{
    struct parcel *parcel = parcel_new(letter, lane->key);

    if (!parcel) {
        lane_count_lost(lane);
        return -ENOMEM;
    }
    parcel->on_result = on_result;
    parcel->context = context;
    parcel->came_wall_ms = clock_wall_ms();
    ledger_note(lane->ledger, parcel, LETTER_WAITING, NULL);
    enqueue(lane, parcel, SIZE_MAX);
    parcel_unref(parcel);
    return 0;
}

void lane_restore(struct lane *lane, struct parcel *parcel, size_t at)
{
    enqueue(lane, parcel, at);
}

void lane_drop(struct lane *lane, size_t at)
{
    struct parcel *parcel = lane->queue.items[at];

    ledger_note(lane->ledger, parcel, LETTER_DROPPED, "dropped by an operator");
    tell_end(parcel, -ECANCELED);
    queue_remove(&lane->queue, at);
}

void lane_count_lost(struct lane *lane)
{
    lane->dropped++;
    lane->state.lost++;
    lane_note_state(lane);
}

/* Adds a line about what was lost before NOTICE; where there is no room, the detail gives way to it. */
static void add_lost(struct notice *notice, uint64_t lost)
{
    char detail[RMQ_DETAIL_MAX];
    char line[128];

    snprintf(line, sizeof(line), "(%llu earlier %s not arrive here: see the journal of rmqwatchd)",
        (unsigned long long)lost, lost == 1 ? "notice did" : "notices did");
    text_copy(detail, sizeof(detail) - strlen(line) - 1, notice->detail);
    notice->detail[0] = '\0';
    text_append(notice->detail, sizeof(notice->detail), "%s%s%s", detail, detail[0] ? "\n" : "", line);
}

static int lane_start(struct lane *lane, const struct letter *letter, uint64_t now_ms)
{
    const struct channel_ops *ops = lane->config->ops;
    const struct channel_attempt attempt = {.id = letter->id, .wall_ms = clock_wall_ms()};
    struct channel_request request = {0};
    struct notice notice;
    int r = letter_unpack(letter, &notice);

    if (r < 0)
        return r;
    if (lane->state.lost > 0)
        add_lost(&notice, lane->state.lost);
    r = ops->format(lane->config, &notice, &attempt, &request);
    /* A retry does not trust a connection that was kept. */
    if (r == 0)
        r = transport_start(
            &lane->transport, lane->config, &request, lane->failures > 0, lane_on_reply, lane);
    if (r == 0 && !request.wordless)
        lane->telling = lane->state.lost;
    channel_request_done(&request);
    for (size_t i = 0; r == 0 && i < CHANNEL_LIMITS_MAX; i++)
        pace_take(&lane->buckets[i], &ops->limits[i], now_ms);
    return r;
}

static void drop_old(struct lane *lane)
{
    const int64_t since_wall_ms = clock_wall_ms() - LETTER_AGE_MAX_S * INT64_C(1000);
    struct parcel *head;

    while ((head = queue_head(&lane->queue)) && head->came_wall_ms < since_wall_ms) {
        lane_log(lane, LOG_WARNING, head->letter, "is dropped: it has waited for a week");
        count_dropped(lane, head, "dropped: it has waited for a week");
        queue_remove(&lane->queue, 0);
    }
}

void lane_run(struct lane *lane, uint64_t now_ms)
{
    int r;

    if (lane_due_ms(lane) > now_ms)
        return;
    drop_old(lane);
    if (lane_due_ms(lane) > now_ms)
        return;
    r = lane_start(lane, queue_head(&lane->queue)->letter, now_ms);
    if (r == 0)
        lane->stuck_ms = now_ms + transport_timeout_ms(lane->config) + STUCK_MARGIN_MS;
    else
        lane_cannot_start(lane, queue_head(&lane->queue), r);
}

bool lane_is_busy(const struct lane *lane)
{
    return transport_is_busy(&lane->transport);
}

uint64_t lane_due_ms(const struct lane *lane)
{
    const struct parcel *head = queue_head(&lane->queue);
    uint64_t due_ms = lane->next_try_ms;

    if (lane_is_busy(lane) || lane->queue.count == 0)
        return UINT64_MAX;
    if (lane->hold_ms > due_ms)
        due_ms = lane->hold_ms;
    if (!head->kept && head->send_ms > due_ms)
        due_ms = head->send_ms;
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
