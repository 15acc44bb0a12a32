#include "alerts/lane_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "words/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUCK_MARGIN_MS = 15000 };

struct lane *lane_new(
    const struct lane_setup *setup, const struct channel_config *config, const struct alerts_config *pacing)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NULL;
    lane->key = channel_key_new(config->ops->name, config->name);
    lane->digest = digest_new(config, pacing);
    if (!lane->key || !lane->digest) {
        channel_key_unref(lane->key);
        digest_free(lane->digest);
        free(lane);
        return NULL;
    }
    lane->ledger = setup->ledger;
    lane->transport = (struct transport){.loop = setup->loop, .client = setup->client};
    lane->config = config;
    lane->setup = *setup;
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
    letter_unref(lane->again);
    digest_free(lane->digest);
    channel_key_unref(lane->key);
    free(lane);
}

void lane_park_all(struct lane *lane)
{
    for (size_t i = 0; i < lane->queue.count; i++)
        ledger_note(lane->ledger, lane->queue.items[i], LETTER_PARKED, "its channel is configured no more");
}

void lane_set_config(
    struct lane *lane, const struct channel_config *config, const struct alerts_config *pacing)
{
    lane->config = config;
    digest_set_config(lane->digest, config, pacing);
    lane->stale = lane_is_busy(lane);
    lane_try_now(lane);
}

bool lane_is(const struct lane *lane, const struct channel_config *config)
{
    return lane->config->ops == config->ops && strcmp(lane->config->name, config->name) == 0;
}

void lane_note_state(struct lane *lane)
{
    if (lane->ledger->store)
        ledger_note_channel(
            lane->ledger, lane->key, channel_state_to_json(&lane->state, lane->digest, lane_time()));
}

static void count_dropped(struct lane *lane, struct parcel *parcel, const char *why)
{
    ledger_note(lane->ledger, parcel, LETTER_DROPPED, why);
    lane_count_lost(lane);
    tell_end(parcel, -EOVERFLOW);
}

void lane_enqueue(struct lane *lane, struct parcel *parcel, size_t at)
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

int lane_put(struct lane *lane, struct letter *letter, const struct parcel_waiter *waiter)
{
    struct parcel *parcel = parcel_new(letter, lane->key);

    if (!parcel || (waiter && parcel_await(parcel, waiter) < 0)) {
        parcel_unref(parcel);
        lane_count_lost(lane);
        return -ENOMEM;
    }
    parcel->direct = true;
    parcel->came_wall_ms = clock_wall_ms();
    ledger_note(lane->ledger, parcel, LETTER_WAITING, NULL);
    lane_enqueue(lane, parcel, SIZE_MAX);
    parcel_unref(parcel);
    return 0;
}

void lane_restore(struct lane *lane, struct parcel *parcel, size_t at)
{
    lane_enqueue(lane, parcel, at);
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

    snprintf(line, sizeof(line),
        lost == 1 ? words(notice->language,
                        "(%llu earlier notice did not arrive here: see the journal of rmqwatchd)")
                  : words(notice->language,
                        "(%llu earlier notices did not arrive here: see the journal of rmqwatchd)"),
        (unsigned long long)lost);
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
    if (lane->state.lost > 0 && lane->turn != DIGEST_REFRESH)
        add_lost(&notice, lane->state.lost);
    r = ops->format(lane->config, &notice, &attempt, &request);
    /* A retry does not trust a connection that was kept. */
    if (r == 0)
        r = transport_start(
            &lane->transport, lane->config, &request, lane->failures > 0, lane_on_reply, lane);
    if (r == 0 && !request.wordless && lane->turn != DIGEST_REFRESH)
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

static uint64_t parcel_due_ms(const struct parcel *parcel)
{
    return !parcel->kept && parcel->send_ms > parcel->due_ms ? parcel->send_ms : parcel->due_ms;
}

/* What is not over is told again; that is made anew for each try, and waits for nobody. */
static void run_again(struct lane *lane, uint64_t now_ms)
{
    struct notice notice;
    int r = -ENOMEM;

    lane->turn = digest_next(lane->digest, lane_time(), &notice);
    if (lane->turn == DIGEST_NOTHING)
        return;
    lane->again = letter_new(lane->setup.letters, &notice);
    if (lane->again)
        r = lane_start(lane, lane->again, now_ms);
    if (r < 0)
        lane_cannot_start(lane, NULL, r);
}

void lane_run(struct lane *lane, uint64_t now_ms)
{
    size_t at = 0;
    int r;

    if (lane_due_ms(lane) > now_ms)
        return;
    drop_old(lane);
    if (lane_due_ms(lane) > now_ms)
        return;
    lane->stuck_ms = now_ms + transport_timeout_ms(lane->config) + STUCK_MARGIN_MS;
    while (at < lane->queue.count && parcel_due_ms(lane->queue.items[at]) > now_ms)
        at++;
    if (at == lane->queue.count) {
        run_again(lane, now_ms);
        return;
    }
    queue_move(&lane->queue, at, 0);
    r = lane_start(lane, queue_head(&lane->queue)->letter, now_ms);
    if (r < 0)
        lane_cannot_start(lane, queue_head(&lane->queue), r);
}

bool lane_is_busy(const struct lane *lane)
{
    return transport_is_busy(&lane->transport);
}

uint64_t lane_due_ms(const struct lane *lane)
{
    int64_t again_ms = digest_due_ms(lane->digest);
    uint64_t due_ms = again_ms == INT64_MAX ? UINT64_MAX : again_ms > 0 ? (uint64_t)again_ms : 0;

    if (lane_is_busy(lane))
        return UINT64_MAX;
    for (size_t i = 0; i < lane->queue.count; i++) {
        uint64_t parcel_ms = parcel_due_ms(lane->queue.items[i]);

        due_ms = parcel_ms < due_ms ? parcel_ms : due_ms;
    }
    due_ms = lane->next_try_ms > due_ms ? lane->next_try_ms : due_ms;
    due_ms = lane->hold_ms > due_ms ? lane->hold_ms : due_ms;
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

void lane_release(struct lane *lane)
{
    for (size_t i = 0; i < lane->queue.count; i++)
        lane->queue.items[i]->due_ms = 0;
}

bool lane_is_stuck(const struct lane *lane, uint64_t now_ms)
{
    return lane_is_busy(lane) && now_ms > lane->stuck_ms;
}
