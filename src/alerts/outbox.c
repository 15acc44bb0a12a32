#include "alerts/outbox_parts.h"

#include "alerts/clean.h"
#include "alerts/refusal.h"
#include "alerts/stopwatch.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    BEAT_MS = 10000, /* how often it proves to be alive while there is nothing to do */
    SILENCE_MAX_MS = 45000,
};

static void on_timer(uv_timer_t *timer);

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* Work is never done where it is found, neither in outbox_put() nor in a reply: the timer does it. Not in 0
 * ms, as libuv 1.44 may then not leave its timers. */
void outbox_arm(struct outbox *outbox)
{
    uint64_t now_ms = clock_boot_ms();
    /* Not counted from now: notices that come one after the other would put it off for ever. */
    uint64_t due_ms = outbox->activities || outbox->ledger.store ? outbox->beat_ms : UINT64_MAX;

    if (uv_is_closing((uv_handle_t *)&outbox->timer))
        return;
    for (size_t i = 0; i < outbox->lane_count; i++) {
        due_ms = earlier(due_ms, lane_due_ms(outbox->lanes[i]));
        if (outbox->sign)
            due_ms = earlier(due_ms, refusal_due_ms(outbox->lanes[i]));
    }
    due_ms = earlier(due_ms, ledger_due_ms(&outbox->ledger));
    due_ms = earlier(due_ms, outbox_load_due_ms(outbox));
    if (outbox->early_count > 0)
        due_ms = earlier(due_ms, outbox->early_until_ms);
    if (outbox->flushed && outbox->flush_until_ms < due_ms)
        due_ms = outbox->flush_until_ms;
    if (due_ms == UINT64_MAX) {
        uv_timer_stop(&outbox->timer);
        return;
    }
    uv_update_time(outbox->timer.loop); /* the pause counts from now, not from when the loop last looked */
    uv_timer_start(&outbox->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 1, 0);
}

static void on_changed(void *context)
{
    struct outbox *outbox = context;

    /* While flushing, any end of a delivery may be the last: look at once. */
    if (outbox->flushed)
        uv_timer_start(&outbox->timer, on_timer, 1, 0);
    else
        outbox_arm(outbox);
}

int outbox_distribute(
    struct outbox *outbox, struct letter *letter, const struct notice *notice, const struct lane *except)
{
    struct notice clean;
    int r = letter ? 0 : -ENOMEM;

    clean_notice(&clean, notice);
    for (size_t i = 0; i < outbox->lane_count; i++)
        if (outbox->lanes[i] != except && lane_take(outbox->lanes[i], &clean, letter) < 0)
            r = -ENOMEM;
    if (r < 0)
        log_line(LOG_ERR, "out of memory: a notice could not be queued for every channel");
    /* At once: the core's snapshot, which says that it was told, must not be on disk before it. */
    ledger_run(&outbox->ledger, clock_boot_ms());
    return r;
}

static int put_but(struct outbox *outbox, const struct notice *notice, const struct lane *except)
{
    struct letter *letter = letter_new(&outbox->letters, notice);
    int r = 0;

    if (!letter || except || !outbox_keep_early(outbox, letter))
        r = outbox_distribute(outbox, letter, notice, except);
    letter_unref(letter);
    return r;
}

/* Whether anything can still be delivered before the flush has to end. */
static bool flush_goes_on(const struct outbox *outbox, uint64_t now_ms)
{
    if (now_ms >= outbox->flush_until_ms)
        return false;
    for (size_t i = 0; i < outbox->lane_count; i++)
        if (lane_is_busy(outbox->lanes[i]) || lane_due_ms(outbox->lanes[i]) < outbox->flush_until_ms)
            return true;
    return false;
}

static void outbox_prove(struct outbox *outbox, uint64_t now_ms)
{
    outbox->beat_ms = now_ms + BEAT_MS;
    if (!outbox->activities)
        return;
    for (size_t i = 0; i < outbox->lane_count; i++)
        if (lane_is_stuck(outbox->lanes[i], now_ms))
            return;
    activity_completed(outbox->activities, outbox->activity, now_ms);
}

/* Never through the channel that it is about; and as each channel is told of once, no circle of channels that
 * refuse can go on. */
static void tell_refusals(struct outbox *outbox, uint64_t now_ms)
{
    for (size_t i = 0; outbox->sign && i < outbox->lane_count; i++) {
        struct notice notice;

        if (refusal_due_ms(outbox->lanes[i]) > now_ms)
            continue;
        refusal_compose(outbox->lanes[i], outbox->language, now_ms, clock_wall_ms(), &notice);
        outbox->sign(outbox->sign_context, &notice);
        (void)put_but(outbox, &notice, outbox->lanes[i]);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct outbox *outbox = timer->data;
    uint64_t now_ms = clock_boot_ms(), since_ns = uv_hrtime();
    void (*flushed)(void *context) = outbox->flushed;

    outbox_load_run(outbox, now_ms);
    if (outbox->early_until_ms > 0 && now_ms >= outbox->early_until_ms) {
        outbox->ledger.slow = !outbox->states_loaded;
        outbox_end_early(outbox);
    }
    for (size_t i = 0; i < outbox->lane_count; i++)
        lane_run(outbox->lanes[i], now_ms);
    tell_refusals(outbox, now_ms);
    ledger_run(&outbox->ledger, now_ms);
    outbox_prove(outbox, now_ms);
    stopwatch_note(&outbox->ledger.max_loop_us, since_ns);
    if (flushed && !flush_goes_on(outbox, now_ms)) {
        outbox->flushed = NULL;
        outbox_arm(outbox);
        flushed(outbox->flushed_context); /* may close the outbox: nothing after it */
        return;
    }
    outbox_arm(outbox);
}

static uint64_t make_seed(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
        seed = (uint64_t)clock_wall_ms() << 20 ^ clock_boot_ms(); /* no entropy yet, early in the boot */
    return seed;
}

/* The lane of this channel among the COUNT old ones, taken out of them; NULL: none. */
static struct lane *take_lane(struct lane **lanes, size_t count, const struct channel_config *channel)
{
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = lanes[i];

        if (lane && lane_is(lane, channel)) {
            lanes[i] = NULL;
            return lane;
        }
    }
    return NULL;
}

/* After all lanes are in their places. */
static void give_up_lane(struct outbox *outbox, struct lane *lane)
{
    struct notice notice;

    if (!lane)
        return;
    if (outbox->sign && refusal_compose_end(lane, outbox->language, clock_wall_ms(), &notice)) {
        outbox->sign(outbox->sign_context, &notice);
        (void)put_but(outbox, &notice, lane);
    }
    if (lane->queue.count > 0)
        log_line(LOG_WARNING, "%s \"%.64s\" is configured no more: %zu notices for it are not sent",
            lane->config->ops->name, lane->config->name, lane->queue.count);
    outbox->parked_elsewhere += lane->parked + lane->queue.count;
    lane_park_all(lane);
    digest_leave(lane->digest);
    if (lane->remembers)
        lane_note_state(lane);
    lane_free(lane);
}

int outbox_reconfigure(struct outbox *outbox, const struct config *config)
{
    struct lane *fresh[RMQ_CHANNELS_MAX] = {NULL}, *old[RMQ_CHANNELS_MAX];
    size_t old_count;
    size_t count = config->channel_count < RMQ_CHANNELS_MAX ? config->channel_count : RMQ_CHANNELS_MAX;
    const struct lane_setup setup = {
        outbox->timer.loop, outbox->client, &outbox->ledger, &outbox->letters, on_changed, outbox};

    /* A lane for each of them, needed or not, before anything is changed: it cannot fail half way. */
    for (size_t i = 0; i < count; i++) {
        fresh[i] = lane_new(&setup, &config->channels[i], &config->alerts);
        if (!fresh[i]) {
            while (i > 0)
                lane_free(fresh[--i]);
            return -ENOMEM;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct lane *kept = take_lane(outbox->lanes, outbox->lane_count, &config->channels[i]);

        if (!kept)
            continue;
        lane_free(fresh[i]);
        fresh[i] = kept;
        lane_set_config(kept, &config->channels[i], &config->alerts);
    }
    outbox->language = config->policy.language;
    memcpy(old, outbox->lanes, sizeof(old));
    memcpy(outbox->lanes, fresh, sizeof(fresh));
    old_count = outbox->lane_count;
    outbox->lane_count = count;
    for (size_t i = 0; i < old_count; i++)
        give_up_lane(outbox, old[i]);
    outbox_load_new(outbox);
    outbox_arm(outbox);
    return 0;
}

struct outbox *outbox_new(uv_loop_t *loop, struct http_client *client, const struct config *config)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));

    if (!outbox)
        return NULL;
    outbox->client = client;
    ledger_init(&outbox->ledger, on_changed, outbox);
    outbox->letters.seed = make_seed();
    outbox->activity = -1;
    uv_timer_init(loop, &outbox->timer);
    outbox->timer.data = outbox;
    if (outbox_reconfigure(outbox, config) < 0) {
        outbox_close(outbox, NULL, NULL);
        return NULL;
    }
    return outbox;
}

int outbox_watch(struct outbox *outbox, struct activity_list *list)
{
    uint64_t now_ms = clock_boot_ms();
    int slot = activity_add(list, "outbox", SILENCE_MAX_MS, now_ms);

    if (slot < 0)
        return slot;
    outbox->activities = list;
    outbox->activity = slot;
    outbox->beat_ms = now_ms + BEAT_MS;
    outbox_arm(outbox);
    return 0;
}

void outbox_set_sign(struct outbox *outbox, outbox_sign_fn *sign, void *context)
{
    outbox->sign = sign;
    outbox->sign_context = context;
    outbox_arm(outbox);
}

struct lane *outbox_lane(const struct outbox *outbox, const char *kind, const char *name)
{
    for (size_t i = 0; i < outbox->lane_count; i++) {
        struct lane *lane = outbox->lanes[i];

        if ((!kind || strcmp(lane->key->kind, kind) == 0) && strcmp(lane->key->name, name) == 0)
            return lane;
    }
    return NULL;
}

int outbox_put(struct outbox *outbox, const struct notice *notice)
{
    const uint64_t since_ns = uv_hrtime();
    int r = put_but(outbox, notice, NULL);

    outbox_arm(outbox);
    stopwatch_note(&outbox->ledger.max_loop_us, since_ns);
    return r;
}

int outbox_put_to(struct outbox *outbox, const char *kind, const char *name, const struct notice *notice,
    bool when_kept, outbox_result_fn *fn, void *context)
{
    struct lane *lane = outbox_lane(outbox, kind, name);
    struct letter *letter = lane ? letter_new(&outbox->letters, notice) : NULL;
    int r = !lane     ? -ENOENT
            : !letter ? -ENOMEM
                      : lane_put(lane, letter, &(struct parcel_waiter){fn, context, when_kept});

    letter_unref(letter);
    ledger_run(&outbox->ledger, clock_boot_ms());
    outbox_arm(outbox);
    return r;
}

void outbox_acked(struct outbox *outbox, const char *incident)
{
    for (size_t i = 0; i < outbox->lane_count; i++) {
        digest_acked(outbox->lanes[i]->digest, incident);
        if (digest_is_changed(outbox->lanes[i]->digest))
            lane_note_state(outbox->lanes[i]);
    }
    outbox_arm(outbox);
}

void outbox_flush_then(struct outbox *outbox, uint64_t timeout_ms, void (*done)(void *context), void *context)
{
    outbox->flushed = done;
    outbox->flushed_context = context;
    outbox->flush_until_ms = clock_boot_ms() + timeout_ms;
    for (size_t i = 0; i < outbox->lane_count; i++) {
        lane_try_now(outbox->lanes[i]);
        if (!outbox->ledger.store) /* there is no later */
            lane_release(outbox->lanes[i]);
    }
    uv_timer_start(&outbox->timer, on_timer, 1, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct outbox *outbox = handle->data;

    if (outbox->closed)
        outbox->closed(outbox->closed_context);
    free(outbox);
}

void outbox_close(struct outbox *outbox, void (*done)(void *context), void *context)
{
    size_t pending, unwritten;

    if (!outbox) {
        if (done)
            done(context);
        return;
    }
    outbox_end_early(outbox);
    pending = outbox_pending(outbox);
    if (pending > 0)
        log_line(LOG_WARNING, "closing: alerts that were not delivered%s: %zu",
            outbox->ledger.store ? ", and wait for the next start" : "", pending);
    outbox_requests_close(outbox);
    outbox_load_close(outbox);
    for (size_t i = 0; i < outbox->lane_count; i++)
        lane_free(outbox->lanes[i]);
    outbox->lane_count = 0;
    unwritten = ledger_close(&outbox->ledger);
    if (unwritten > 0)
        log_line(LOG_ERR, "closing: alerts that could not be written down, either: %zu", unwritten);
    if (outbox->activities)
        activity_remove(outbox->activities, outbox->activity);
    outbox->activities = NULL;
    outbox->closed = done;
    outbox->closed_context = context;
    uv_close((uv_handle_t *)&outbox->timer, on_timer_closed);
}
