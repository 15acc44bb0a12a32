#include "store/recorder.h"
#include "store/event_json.h"
#include "store/snapshot_json.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEEP_MS = 2 * 60 * 1000,
    KEEP_BYTES = 128 * 1024,
    /* What is written while an incident is open waits for company: a write costs more than its bytes. */
    SEND_AFTER_MS = 2000,
    SEND_COUNT = 64,
};

/* What stays true until the next of its kind, in the order in which a fresh core is told. */
enum standing {
    STANDING_SNAPSHOT,
    STANDING_POLICY,
    STANDING_MEMBERS,
    STANDING_OPERATOR,
    STANDING_UNIT,
    STANDING_HOST,
    STANDINGS
};

struct taken {
    struct taken *next;
    enum standing standing; /* STANDINGS: it does not stand */
    uint64_t now_ms;
    int64_t wall_ms;
    size_t bytes;
    char text[];
};

struct recorder {
    struct store *store;
    struct taken *first, *last;
    size_t bytes;
    struct taken *standing[STANDINGS];  /* older than the first */
    char incident[RMQ_INCIDENT_ID_MAX]; /* that is being followed; empty: none */
    struct taken *unsent;               /* the first that was not written yet */
    size_t unsent_count;
    size_t sent_count; /* of this incident */
};

struct recorder *recorder_new(struct store *store)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));

    if (recorder)
        recorder->store = store;
    return recorder;
}

static enum standing standing_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_POLICY:
        return STANDING_POLICY;
    case EVENT_MEMBERS:
        return STANDING_MEMBERS;
    case EVENT_UNIT:
    case EVENT_UNIT_LOST:
        return STANDING_UNIT;
    case EVENT_HOST:
        return STANDING_HOST;
    case EVENT_OPERATOR:
        return event->operator.kind != OPERATOR_ACK ? STANDING_OPERATOR : STANDINGS;
    default:
        return STANDINGS;
    }
}

static void evict(struct recorder *recorder)
{
    struct taken *oldest = recorder->first;
    enum standing standing = oldest->standing;

    recorder->first = oldest->next;
    if (!recorder->first)
        recorder->last = NULL;
    recorder->bytes -= oldest->bytes;
    if (standing == STANDINGS) {
        free(oldest);
        return;
    }
    free(recorder->standing[standing]);
    recorder->standing[standing] = oldest;
}

/* TEXT may be NULL: out of memory. */
static struct taken *new_taken(const char *text, enum standing standing, uint64_t now_ms, int64_t wall_ms)
{
    size_t size = text ? strlen(text) + 1 : 0;
    struct taken *taken = text ? malloc(sizeof(*taken) + size) : NULL;

    if (taken) {
        *taken = (struct taken){
            .standing = standing, .now_ms = now_ms, .wall_ms = wall_ms, .bytes = sizeof(*taken) + size};
        memcpy(taken->text, text, size);
    }
    return taken;
}

static void append(struct recorder *recorder, struct taken *taken)
{
    if (recorder->last)
        recorder->last->next = taken;
    else
        recorder->first = taken;
    recorder->last = taken;
    recorder->bytes += taken->bytes;
    if (!recorder->unsent)
        recorder->unsent = taken;
    recorder->unsent_count++;
}

static void send_unsent(struct recorder *recorder)
{
    struct store_input inputs[SEND_COUNT];
    size_t count = 0;

    for (; recorder->unsent; recorder->unsent = recorder->unsent->next) {
        const struct taken *taken = recorder->unsent;

        inputs[count++] = (struct store_input){taken->now_ms, taken->wall_ms, taken->text};
        if (count < SEND_COUNT && taken->next)
            continue;
        if (recorder->sent_count < STORE_INPUTS_MAX)
            store_record_inputs(recorder->store, recorder->incident, inputs, count);
        recorder->sent_count += count;
        count = 0;
    }
    recorder->unsent_count = 0;
}

static void take(struct recorder *recorder, struct taken *taken)
{
    if (!taken)
        return;
    append(recorder, taken);
    if (recorder->incident[0] &&
        (recorder->unsent_count >= SEND_COUNT || taken->now_ms - recorder->unsent->now_ms >= SEND_AFTER_MS))
        send_unsent(recorder);
    while (recorder->first != taken &&
           (recorder->bytes > KEEP_BYTES || taken->now_ms - recorder->first->now_ms > KEEP_MS)) {
        if (recorder->first == recorder->unsent) {
            recorder->unsent = recorder->unsent->next;
            recorder->unsent_count--;
        }
        evict(recorder);
    }
}

void recorder_take(struct recorder *recorder, const struct event *event)
{
    char *text = event_to_json(event);

    take(recorder, new_taken(text, standing_of(event), event->now_ms, event->wall_ms));
    free(text);
}

void recorder_take_snapshot(
    struct recorder *recorder, const struct core_snapshot *snapshot, uint64_t now_ms, int64_t wall_ms)
{
    char *text = snapshot_to_json(snapshot);

    take(recorder, new_taken(text, STANDING_SNAPSHOT, now_ms, wall_ms));
    free(text);
}

/* What stands is dated as if it had been heard when the recording begins: the gap would look like a stall. */
static void send_standing(struct recorder *recorder)
{
    struct store_input inputs[STANDINGS];
    size_t count = 0;

    for (int i = 0; i < STANDINGS && recorder->first; i++)
        if (recorder->standing[i])
            inputs[count++] = (struct store_input){
                recorder->first->now_ms, recorder->first->wall_ms, recorder->standing[i]->text};
    if (count > 0)
        store_record_inputs(recorder->store, recorder->incident, inputs, count);
    recorder->sent_count = count;
}

void recorder_follow(struct recorder *recorder, const char *incident)
{
    if (strcmp(recorder->incident, incident) == 0)
        return;
    if (recorder->incident[0])
        send_unsent(recorder);
    text_copy(recorder->incident, sizeof(recorder->incident), incident);
    if (!incident[0])
        return;
    send_standing(recorder);
    recorder->unsent = recorder->first;
    send_unsent(recorder);
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder)
        return;
    if (recorder->incident[0])
        send_unsent(recorder);
    while (recorder->first)
        evict(recorder);
    for (int i = 0; i < STANDINGS; i++)
        free(recorder->standing[i]);
    free(recorder);
}
