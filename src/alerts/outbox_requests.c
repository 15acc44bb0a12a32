/* What operators want of the outbox: one letter tried again or dropped, one sent for a test. */
#include "alerts/outbox_parts.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* Before what came later: also where all that is parked is tried again, one by one. */
static size_t place_of(const struct lane *lane, int64_t came_wall_ms)
{
    size_t at = lane_is_busy(lane) ? 1 : 0;

    while (at < lane->queue.count && lane->queue.items[at]->came_wall_ms <= came_wall_ms)
        at++;
    return at;
}

static int retry(struct outbox *outbox, const struct store_letter *kept)
{
    struct lane *lane = outbox_lane(outbox, kept->kind, kept->name);
    struct parcel *parcel;

    if (!lane)
        return -ENOENT;
    if (queue_find(&lane->queue, kept->id) < lane->queue.count) {
        lane_try_now(lane);
        return 0;
    }
    if (kept->state != LETTER_PARKED || ledger_has(&outbox->ledger, kept->kind, kept->name, kept->id))
        return -ENOENT;
    if (lane->queue.count == QUEUE_MAX)
        return -EBUSY;
    parcel = outbox_restore(lane, kept);
    if (!parcel)
        return -ENOMEM;
    if (parcel->letter->kind == NOTICE_NONE) {
        parcel_unref(parcel);
        return -EBADMSG;
    }
    ledger_note(&outbox->ledger, parcel, LETTER_WAITING, "to be tried again, by an operator");
    lane->parked -= lane->parked > 0;
    lane_restore(lane, parcel, place_of(lane, kept->came_wall_ms));
    lane_try_now(lane);
    parcel_unref(parcel);
    return 0;
}

static int drop_parked(struct outbox *outbox, struct lane *lane, const struct store_letter *kept)
{
    struct channel_key *key = channel_key_new(kept->kind, kept->name);
    struct letter *letter = letter_restore(kept->id, kept->document);
    struct parcel *parcel = key && letter ? parcel_new(letter, key) : NULL;
    size_t *parked = lane ? &lane->parked : &outbox->parked_elsewhere;
    int r = parcel ? 0 : -ENOMEM;

    if (parcel) {
        parcel->given = true;
        parcel->tries = kept->tries;
        parcel->came_wall_ms = kept->came_wall_ms;
        ledger_note(&outbox->ledger, parcel, LETTER_DROPPED, "dropped by an operator");
        *parked -= *parked > 0;
    }
    parcel_unref(parcel);
    letter_unref(letter);
    channel_key_unref(key);
    return r;
}

static int drop(struct outbox *outbox, const struct store_letter *kept)
{
    struct lane *lane = outbox_lane(outbox, kept->kind, kept->name);
    size_t at = lane ? queue_find(&lane->queue, kept->id) : 0;

    if (lane && at < lane->queue.count) {
        if (at == 0 && lane_is_busy(lane))
            return -EBUSY;
        lane_drop(lane, at);
        return 0;
    }
    if (kept->state != LETTER_PARKED || ledger_has(&outbox->ledger, kept->kind, kept->name, kept->id))
        return -ENOENT;
    return drop_parked(outbox, lane, kept);
}

static void on_found(void *context, int result, const struct store_letter *letters, size_t count)
{
    struct outbox_request request = *(struct outbox_request *)context;

    *(struct outbox_request *)context = (struct outbox_request){0};
    if (result == 0 && count == 0)
        result = -ENOENT;
    if (result == 0)
        result = request.drop ? drop(request.outbox, &letters[0]) : retry(request.outbox, &letters[0]);
    if (result == 0)
        log_line(LOG_NOTICE, "%s \"%.64s\": %s is %s, by an operator", letters[0].kind, letters[0].name,
            letters[0].id, request.drop ? "dropped" : "tried again");
    outbox_arm(request.outbox);
    request.fn(request.context, result);
}

static int look_up(struct outbox *outbox, int64_t number, bool drop_it, outbox_done_fn *fn, void *context)
{
    const struct store_letter_filter filter = {.number = number, .documents = true};
    size_t i = 0;
    int r;

    if (!outbox->ledger.store || number <= 0)
        return -ENOENT;
    while (i < OUTBOX_REQUESTS_MAX && outbox->requests[i].fn)
        i++;
    if (i == OUTBOX_REQUESTS_MAX)
        return -EBUSY;
    outbox->requests[i] = (struct outbox_request){outbox, drop_it, fn, context};
    r = store_letters(outbox->ledger.store, &filter, on_found, &outbox->requests[i]);
    if (r < 0)
        outbox->requests[i] = (struct outbox_request){0};
    return r;
}

int outbox_retry(struct outbox *outbox, int64_t number, outbox_done_fn *fn, void *context)
{
    return look_up(outbox, number, false, fn, context);
}

int outbox_drop(struct outbox *outbox, int64_t number, outbox_done_fn *fn, void *context)
{
    return look_up(outbox, number, true, fn, context);
}

void outbox_forget(struct outbox *outbox, const void *context)
{
    for (size_t i = 0; i < OUTBOX_REQUESTS_MAX; i++)
        if (outbox->requests[i].fn && outbox->requests[i].context == context) {
            store_forget(outbox->ledger.store, &outbox->requests[i]);
            outbox->requests[i] = (struct outbox_request){0};
        }
    for (size_t i = 0; i < outbox->lane_count; i++) {
        struct letter_queue *queue = &outbox->lanes[i]->queue;

        for (size_t j = 0; j < queue->count; j++)
            parcel_forget(queue->items[j], context);
    }
}

void outbox_requests_close(struct outbox *outbox)
{
    for (size_t i = 0; i < OUTBOX_REQUESTS_MAX; i++) {
        struct outbox_request request = outbox->requests[i];

        if (!request.fn)
            continue;
        store_forget(outbox->ledger.store, &outbox->requests[i]);
        outbox->requests[i] = (struct outbox_request){0};
        request.fn(request.context, -ECANCELED);
    }
}
