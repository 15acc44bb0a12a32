/* What waited when the daemon ended goes on: before all that came since, in its order. Read once after the
 * start, and again whenever the store has come to another medium: a disk that could not be read at the start
 * still has its letters when it can be. */
#include "alerts/outbox_parts.h"

#include "alerts/stopwatch.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

enum { HOLD_MS = 1000, AGAIN_MS = 5000 };

static void ask_for_letters(struct outbox *outbox, int64_t after);

uint64_t outbox_load_due_ms(const struct outbox *outbox)
{
    const struct store *store = outbox->ledger.store;

    if (!store || outbox->loading)
        return UINT64_MAX;
    if (store_medium(store) != outbox->medium)
        return 0;
    return outbox->loaded ? UINT64_MAX : outbox->load_ms;
}

bool outbox_keep_early(struct outbox *outbox, struct letter *letter)
{
    if (outbox->early_count == OUTBOX_EARLY_MAX)
        outbox_end_early(outbox);
    if (outbox->early_until_ms == 0)
        return false;
    outbox->early[outbox->early_count++] = letter_ref(letter);
    return true;
}

void outbox_end_early(struct outbox *outbox)
{
    outbox->early_until_ms = 0;
    for (size_t i = 0; i < outbox->early_count; i++) {
        struct notice notice;

        if (letter_unpack(outbox->early[i], &notice) == 0)
            (void)outbox_distribute(outbox, outbox->early[i], &notice, NULL);
        letter_unref(outbox->early[i]);
    }
    outbox->early_count = 0;
}

static void end_load(struct outbox *outbox, bool complete)
{
    outbox->loading = false;
    outbox->loaded = complete;
    outbox->load_ms = complete ? 0 : clock_boot_ms() + AGAIN_MS;
    outbox->whole = outbox->whole && !complete;
    for (size_t i = 0; i < outbox->lane_count; i++)
        outbox->loaded = outbox->loaded && outbox->lanes[i]->remembers; /* or it came meanwhile */
    outbox_end_early(outbox);
    for (size_t i = 0; i < outbox->lane_count; i++)
        outbox->lanes[i]->hold_ms = 0;
    outbox_arm(outbox);
}

struct parcel *outbox_restore(struct lane *lane, const struct store_letter *kept)
{
    struct letter *letter = letter_restore(kept->id, kept->document);
    struct parcel *parcel = letter ? parcel_new(letter, lane->key) : NULL;

    letter_unref(letter);
    if (!parcel)
        return NULL;
    parcel->state = kept->state;
    parcel->given = true;
    parcel->kept = true;
    parcel->number = kept->number;
    parcel->tries = kept->tries;
    parcel->came_wall_ms = kept->came_wall_ms;
    parcel->changed_wall_ms = kept->changed_wall_ms;
    return parcel;
}

/* What was read waits no more, but for an operator. */
static void park(struct outbox *outbox, const struct store_letter *kept, const char *why)
{
    struct channel_key *key = channel_key_new(kept->kind, kept->name);
    struct letter *letter = letter_restore(kept->id, kept->document);
    struct parcel *parcel = key && letter ? parcel_new(letter, key) : NULL;

    if (parcel) {
        parcel->given = true;
        parcel->tries = kept->tries;
        parcel->came_wall_ms = kept->came_wall_ms;
        ledger_note(&outbox->ledger, parcel, LETTER_PARKED, why);
    }
    parcel_unref(parcel);
    letter_unref(letter);
    channel_key_unref(key);
}

/* Before the letters of this run of the daemon, which have no number yet, and in order among the others. */
static size_t place_of(const struct lane *lane, int64_t came_wall_ms)
{
    size_t at = lane_is_busy(lane) ? 1 : 0;

    while (at < lane->queue.count && lane->queue.items[at]->number != 0 &&
           lane->queue.items[at]->came_wall_ms <= came_wall_ms)
        at++;
    return at;
}

/* It goes on to wait for what it waited for. */
static void restore_due(struct lane *lane, struct parcel *parcel)
{
    const struct digest_time now = {(int64_t)clock_boot_ms(), clock_wall_ms()};
    struct notice notice;

    if (letter_unpack(parcel->letter, &notice) == 0)
        parcel->due_ms = (uint64_t)digest_restore(lane->digest, &notice, parcel->came_wall_ms, now);
}

static void take_letter(struct outbox *outbox, const struct store_letter *kept)
{
    struct lane *lane = outbox_lane(outbox, kept->kind, kept->name);
    struct parcel *parcel;

    if (ledger_has(&outbox->ledger, kept->kind, kept->name, kept->id))
        return; /* as it was before what is noted, but not written yet */
    if (!lane) {
        outbox->parked_elsewhere++;
        park(outbox, kept, "its channel is configured no more");
        return;
    }
    if (queue_find(&lane->queue, kept->id) < lane->queue.count)
        return;
    parcel = outbox_restore(lane, kept);
    if (!parcel)
        return; /* it stays where it is, for the next start */
    if (parcel->letter->kind == NOTICE_NONE) {
        log_line(LOG_ERR, "%s \"%.64s\": an alert that waited cannot be read any more: %s", kept->kind,
            kept->name, kept->id);
        ledger_note(&outbox->ledger, parcel, LETTER_PARKED, "damaged");
        lane->parked++;
    } else {
        restore_due(lane, parcel);
        lane_restore(lane, parcel, place_of(lane, kept->came_wall_ms));
    }
    parcel_unref(parcel);
}

static void on_letters(void *context, int result, const struct store_letter *letters, size_t count)
{
    struct outbox *outbox = context;
    const uint64_t since_ns = uv_hrtime();

    for (size_t i = 0; i < count; i++)
        take_letter(outbox, &letters[i]);
    if (result == 0 && count == STORE_LETTERS_MAX)
        ask_for_letters(outbox, letters[count - 1].number);
    else
        end_load(outbox, result == 0);
    stopwatch_note(&outbox->ledger.max_loop_us, since_ns);
}

static void ask_for_letters(struct outbox *outbox, int64_t after)
{
    const struct store_letter_filter filter = {
        .states = 1u << LETTER_WAITING, .after = after, .documents = true};

    if (store_letters(outbox->ledger.store, &filter, on_letters, outbox) < 0)
        end_load(outbox, false);
}

/* What was told since the start comes after what was told before. */
static void take_state(struct lane *lane, const struct store_channel *channel)
{
    const struct digest_time now = {(int64_t)clock_boot_ms(), clock_wall_ms()};
    const uint64_t lost = lane->state.lost;

    if (!channel->document[0])
        return;
    if (channel_state_from_json(channel->document, &lane->state, lane->digest, now) < 0) {
        log_line(LOG_WARNING, "%s \"%.64s\": what was told before the start cannot be read", channel->kind,
            channel->name);
        return;
    }
    lane->state.lost += lost;
    lane->refusing = lane->refusing || (lane->sent == 0 && lane->state.refusal[0]);
    if (digest_is_changed(lane->digest) || lost > 0)
        lane_note_state(lane);
}

/* While nobody tells it anything, what it was told may come to its end: that must not be told again and again
 * when it comes back. */
static void leave_channel(struct outbox *outbox, const struct store_channel *channel)
{
    const struct digest_time now = {(int64_t)clock_boot_ms(), clock_wall_ms()};
    struct channel_key *key = channel_key_new(channel->kind, channel->name);
    struct digest *digest = digest_new(NULL, NULL);
    struct channel_state state;

    if (key && digest && channel_state_from_json(channel->document, &state, digest, now) == 0) {
        digest_leave(digest);
        if (digest_is_changed(digest))
            ledger_note_channel(&outbox->ledger, key, channel_state_to_json(&state, digest, now));
    }
    digest_free(digest);
    channel_key_unref(key);
}

static void take_channel(struct outbox *outbox, const struct store_channel *channel)
{
    struct lane *lane = outbox_lane(outbox, channel->kind, channel->name);

    if (!lane) {
        outbox->parked_elsewhere += outbox->whole ? channel->parked : 0;
        if (!outbox->states_loaded)
            leave_channel(outbox, channel);
        return;
    }
    if (outbox->whole) {
        lane->parked = channel->parked;
    } else if (!lane->remembers) {
        lane->parked += channel->parked;
        outbox->parked_elsewhere -=
            channel->parked < outbox->parked_elsewhere ? channel->parked : outbox->parked_elsewhere;
    }
    if (!lane->remembers)
        take_state(lane, channel);
}

static void on_channels(void *context, int result, const struct store_channel *channels, size_t count)
{
    struct outbox *outbox = context;
    const uint64_t since_ns = uv_hrtime();

    if (result < 0) {
        end_load(outbox, false);
        return;
    }
    /* At the first time it had not been opened when it was asked. */
    if (!outbox->states_loaded)
        outbox->medium = store_medium(outbox->ledger.store);
    if (outbox->whole)
        outbox->parked_elsewhere = 0;
    for (size_t i = 0; i < count; i++)
        take_channel(outbox, &channels[i]);
    for (size_t i = 0; i < outbox->lane_count; i++)
        outbox->lanes[i]->remembers = true;
    outbox->states_loaded = true;
    outbox->ledger.holds_channels = false;
    outbox_end_early(outbox);
    stopwatch_note(&outbox->ledger.max_loop_us, since_ns);
    /* What waited for a channel that was away is parked. */
    if (outbox->whole)
        ask_for_letters(outbox, 0);
    else
        end_load(outbox, true);
}

/* What waits may not be in the store that is in use now. */
static void note_all_again(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->lane_count; i++) {
        struct lane *lane = outbox->lanes[i];

        for (size_t j = 0; j < lane->queue.count; j++)
            ledger_note_again(&outbox->ledger, lane->queue.items[j]);
        lane_note_state(lane);
    }
}

void outbox_load_run(struct outbox *outbox, uint64_t now_ms)
{
    struct store *store = outbox->ledger.store;

    if (!store)
        return;
    if (store_medium(store) != outbox->medium && !outbox->loading) {
        outbox->medium = store_medium(store);
        if (outbox->states_loaded)
            note_all_again(outbox);
        outbox->loaded = false;
        outbox->whole = true;
        outbox->load_ms = 0;
    }
    if (outbox_load_due_ms(outbox) > now_ms)
        return;
    for (size_t i = 0; i < outbox->lane_count; i++)
        if (!outbox->lanes[i]->remembers)
            outbox->lanes[i]->hold_ms = now_ms + HOLD_MS;
    outbox->loading = true;
    if (store_channels(store, on_channels, outbox) < 0)
        end_load(outbox, false);
}

void outbox_use(struct outbox *outbox, struct store *store)
{
    outbox->ledger.store = store;
    outbox->ledger.holds_channels = true;
    outbox->whole = true;
    outbox->medium = store_medium(store);
    outbox->beat_ms = clock_boot_ms();
    outbox->early_until_ms = clock_boot_ms() + HOLD_MS;
    outbox_load_run(outbox, clock_boot_ms());
    outbox_arm(outbox);
}

void outbox_load_new(struct outbox *outbox)
{
    for (size_t i = 0; outbox->ledger.store && i < outbox->lane_count; i++)
        if (!outbox->lanes[i]->remembers) {
            outbox->ledger.holds_channels = true;
            outbox->loaded = false;
            outbox->load_ms = 0;
        }
}

void outbox_load_close(struct outbox *outbox)
{
    if (outbox->ledger.store)
        store_forget(outbox->ledger.store, outbox);
    outbox->loading = false;
}
