/* What the digest says becomes of what waits in a lane. */
#include "alerts/lane_parts.h"

#include "alerts/trouble.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Messages of one trouble that wait, unpacked. */
struct bundle {
    size_t count;
    size_t places[DIGEST_WAITING_MAX]; /* in the queue */
    struct digest_waiting waiting[DIGEST_WAITING_MAX];
    struct notice notices[DIGEST_WAITING_MAX];
    struct digest_plan plan;
};

struct digest_time lane_time(void)
{
    return (struct digest_time){(int64_t)clock_boot_ms(), clock_wall_ms()};
}

/* The last ones that wait of this trouble. What is in flight, and what an operator sends, is no part of it.
 */
static void gather(const struct lane *lane, const struct notice *of, struct bundle *bundle)
{
    const uint32_t trouble = trouble_hash(of);
    char wanted[TROUBLE_KEY_MAX], key[TROUBLE_KEY_MAX];
    const size_t first = lane_is_busy(lane) && !lane->again ? 1 : 0;
    size_t places[DIGEST_WAITING_MAX];
    size_t at = lane->queue.count, count = 0;

    while (at > first && count < DIGEST_WAITING_MAX) {
        const struct parcel *parcel = lane->queue.items[--at];

        if (parcel->letter->trouble == trouble && !parcel->direct)
            places[count++] = at;
    }
    trouble_local_key(of, wanted);
    bundle->count = 0;
    while (count > 0) {
        const struct parcel *parcel = lane->queue.items[places[--count]];
        struct notice *notice = &bundle->notices[bundle->count];

        if (letter_unpack(parcel->letter, notice) < 0)
            continue;
        trouble_local_key(notice, key);
        if (strcmp(key, wanted) != 0)
            continue;
        bundle->places[bundle->count] = places[count];
        bundle->waiting[bundle->count++] = (struct digest_waiting){notice, (int64_t)parcel->due_ms};
    }
}

static void free_parcels(struct parcel **parcels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        parcel_unref(parcels[i]);
}

/* The messages of the plan; LETTER (may be NULL) holds the one that is a notice as it came. */
static bool make_parcels(
    struct lane *lane, const struct digest_plan *plan, struct letter *letter, struct parcel **parcels)
{
    for (size_t i = 0; i < plan->count; i++) {
        const bool as_it_came = letter && plan->folded == 0 && plan->messages[i].flaps == 0;
        struct letter *made =
            as_it_came ? letter_ref(letter) : letter_new(lane->setup.letters, &plan->messages[i]);

        parcels[i] = made ? parcel_new(made, lane->key) : NULL;
        letter_unref(made);
        if (!parcels[i]) {
            free_parcels(parcels, i);
            return false;
        }
        parcels[i]->due_ms = plan->due_ms > 0 ? (uint64_t)plan->due_ms : 0;
        parcels[i]->came_wall_ms = clock_wall_ms();
    }
    return true;
}

/* Written down in this order: whenever the daemon is killed, nothing is missing, but something may be there
 * twice. */
static bool apply(struct lane *lane, const struct bundle *bundle, struct letter *letter)
{
    const struct digest_plan *plan = &bundle->plan;
    const size_t *places = &bundle->places[bundle->count - plan->folded];
    struct parcel *parcels[DIGEST_MESSAGES_MAX];

    if (!make_parcels(lane, plan, letter, parcels))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->folded > 0)
            parcels[i]->came_wall_ms = lane->queue.items[places[0]]->came_wall_ms;
        for (size_t j = 0; j < plan->folded; j++)
            if (lane->queue.items[places[j]]->tries > parcels[i]->tries)
                parcels[i]->tries = lane->queue.items[places[j]]->tries;
        ledger_note(lane->ledger, parcels[i], LETTER_WAITING, NULL);
    }
    for (size_t i = plan->folded; i > 0; i--) {
        ledger_note(lane->ledger, lane->queue.items[places[i - 1]], LETTER_FOLDED, "told with others");
        queue_remove(&lane->queue, places[i - 1]);
    }
    for (size_t i = 0; i < plan->count; i++)
        lane_enqueue(lane, parcels[i], plan->folded > 0 ? places[0] + i : SIZE_MAX);
    free_parcels(parcels, plan->count);
    return true;
}

int lane_take(struct lane *lane, const struct notice *notice, struct letter *letter)
{
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    bool ok = true;

    if (bundle) {
        gather(lane, notice, bundle);
        digest_take(lane->digest, notice, bundle->waiting, bundle->count, lane_time(), &bundle->plan);
        ok = !bundle->plan.wanted || (letter && apply(lane, bundle, letter));
    }
    if (!bundle || !ok)
        lane_count_lost(lane);
    else if (digest_is_changed(lane->digest))
        lane_note_state(lane);
    free(bundle);
    return bundle && ok ? 0 : -ENOMEM;
}

void lane_pack(struct lane *lane, const struct parcel *parcel)
{
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    struct notice notice;
    size_t at = 0;

    /* It went before those that were not due: back to where it was. */
    while (at + 1 < lane->queue.count && lane->queue.items[at + 1]->came_wall_ms < parcel->came_wall_ms)
        at++;
    queue_move(&lane->queue, 0, at);
    if (bundle && !parcel->direct && letter_unpack(parcel->letter, &notice) == 0) {
        gather(lane, &notice, bundle);
        digest_pack(lane->digest, bundle->waiting, bundle->count, &bundle->plan);
        if (bundle->plan.wanted)
            (void)apply(lane, bundle, NULL); /* or they go one by one */
    }
    free(bundle);
}

void lane_told(struct lane *lane, enum digest_turn turn, const struct letter *letter)
{
    struct notice notice;

    if (letter_unpack(letter, &notice) == 0)
        digest_told(lane->digest, turn, &notice, lane_time());
}
