#include "alerts/ledger.h"

#include "alerts/stopwatch.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void ledger_init(struct ledger *ledger, void (*changed)(void *context), void *context)
{
    ledger->changed = changed;
    ledger->context = context;
}

static void append(struct ledger *ledger, struct parcel *parcel)
{
    parcel->noted = true;
    parcel->next = NULL;
    if (ledger->last)
        ledger->last->next = parcel_ref(parcel);
    else
        ledger->first = parcel_ref(parcel);
    ledger->last = parcel;
}

/* Takes the delivery at *LINK out, with the list's reference; PREVIOUS is the one before, or NULL. */
static struct parcel *take(struct ledger *ledger, struct parcel **link, struct parcel *previous)
{
    struct parcel *parcel = *link;

    *link = parcel->next;
    if (ledger->last == parcel)
        ledger->last = previous;
    parcel->next = NULL;
    parcel->noted = false;
    return parcel;
}

static bool is_forgettable(const struct parcel *parcel)
{
    return parcel->state != LETTER_WAITING && !parcel->given;
}

/* While the store does not take anything: of those that it knows nothing of, the last are enough for show.
 * What was dropped before it was written down need not be written down at all. */
static void forget_surplus(struct ledger *ledger)
{
    struct parcel *previous = NULL, **link = &ledger->first;
    size_t count = 0;

    for (const struct parcel *each = ledger->first; each; each = each->next)
        count += is_forgettable(each);
    while (*link) {
        struct parcel *each = *link;

        if (is_forgettable(each) &&
            (each->state == LETTER_DROPPED || each->state == LETTER_FOLDED || count > LEDGER_DONE_MAX)) {
            parcel_unref(take(ledger, link, previous));
            count--;
        } else {
            previous = each;
            link = &each->next;
        }
    }
}

static void note(struct ledger *ledger, struct parcel *parcel)
{
    if (!ledger->store)
        return;
    if (parcel->in_flight)
        parcel->changed_again = true;
    else if (!parcel->noted)
        append(ledger, parcel);
    if (parcel->state != LETTER_WAITING)
        forget_surplus(ledger);
}

/* The first letter has found out that the disk is stuck: the others need not. */
static uint64_t send_ms_of(const struct ledger *ledger, uint64_t now_ms)
{
    const bool slow = ledger->slow || (ledger->busy && now_ms >= ledger->given_ms + LEDGER_WAIT_MS);

    return slow ? now_ms : now_ms + LEDGER_WAIT_MS;
}

void ledger_note(struct ledger *ledger, struct parcel *parcel, enum letter_state state, const char *result)
{
    parcel->state = state;
    parcel->changed_wall_ms = clock_wall_ms();
    if (result)
        parcel_set_result(parcel, result);
    if (state == LETTER_WAITING && parcel->send_ms == 0 && !parcel->kept && ledger->store)
        parcel->send_ms = send_ms_of(ledger, clock_boot_ms());
    note(ledger, parcel);
}

void ledger_note_again(struct ledger *ledger, struct parcel *parcel)
{
    note(ledger, parcel);
}

static bool is_letter(const struct parcel *parcel, const char *kind, const char *name, const char *id)
{
    return strcmp(parcel->letter->id, id) == 0 && channel_key_is(parcel->channel, kind, name);
}

bool ledger_has(const struct ledger *ledger, const char *kind, const char *name, const char *id)
{
    for (const struct parcel *each = ledger->first; each; each = each->next)
        if (is_letter(each, kind, name, id))
            return true;
    for (size_t i = 0; i < ledger->flight_count; i++)
        if (is_letter(ledger->flight[i], kind, name, id))
            return true;
    return false;
}

static struct channel_note *place_of(struct ledger *ledger, const struct channel_key *channel)
{
    struct channel_note *place = NULL;

    for (size_t i = 0; i < RMQ_CHANNELS_MAX; i++) {
        struct channel_note *each = &ledger->channels[i];

        if (each->document && channel_key_is(each->channel, channel->kind, channel->name))
            return each;
        if (!place || (place->document && !each->document))
            place = each;
    }
    return place;
}

static void clear_note(struct channel_note *place)
{
    channel_key_unref(place->channel);
    free(place->document);
    *place = (struct channel_note){0};
}

void ledger_note_channel(struct ledger *ledger, struct channel_key *channel, char *document)
{
    struct channel_note *place = place_of(ledger, channel);

    if (!document || !ledger->store) {
        free(document);
        return;
    }
    clear_note(place);
    *place = (struct channel_note){channel_key_ref(channel), document, clock_wall_ms(), false};
}

static bool has_work(const struct ledger *ledger)
{
    if (ledger->first)
        return true;
    for (size_t i = 0; !ledger->holds_channels && i < RMQ_CHANNELS_MAX; i++)
        if (ledger->channels[i].document && !ledger->channels[i].in_flight)
            return true;
    return false;
}

uint64_t ledger_due_ms(const struct ledger *ledger)
{
    return !ledger->store || ledger->busy || !has_work(ledger) ? UINT64_MAX : ledger->retry_ms;
}

/* Names that are needed until the store has copied them. */
struct names {
    char node[RMQ_NODE_NAME_MAX];
    char incident[RMQ_INCIDENT_ID_MAX];
};

static void compose(const struct parcel *parcel, struct names *names, struct store_letter *ret_letter)
{
    const struct letter *letter = parcel->letter;
    struct notice notice;

    *ret_letter = (struct store_letter){
        .kind = parcel->channel->kind,
        .name = parcel->channel->name,
        .id = letter->id,
        .state = parcel->state,
        .wall_ms = letter->wall_ms,
        .tries = parcel->tries,
        .result = parcel->result,
        .changed_wall_ms = parcel->changed_wall_ms,
        .came_wall_ms = parcel->came_wall_ms,
        .document = letter->document,
    };
    if (letter_unpack(letter, &notice) < 0)
        return;
    text_copy(names->node, sizeof(names->node), notice.node);
    text_copy(names->incident, sizeof(names->incident), notice.incident);
    ret_letter->event = notice_info(letter->kind)->event;
    ret_letter->severity = severity_name(letter->severity);
    ret_letter->node = names->node;
    ret_letter->incident = names->incident;
}

/* What could not be written goes to where it was: the order in which letters come to the store is theirs. */
static void take_back(struct ledger *ledger)
{
    while (ledger->flight_count > 0) {
        struct parcel *parcel = ledger->flight[--ledger->flight_count];

        parcel->in_flight = false;
        parcel->changed_again = false;
        parcel->noted = true;
        parcel->next = ledger->first;
        ledger->first = parcel;
        if (!ledger->last)
            ledger->last = parcel;
    }
    for (size_t i = 0; i < RMQ_CHANNELS_MAX; i++)
        ledger->channels[i].in_flight = false;
}

static void settle(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->flight_count; i++) {
        struct parcel *parcel = ledger->flight[i];

        parcel->in_flight = false;
        parcel->kept = true;
        if (parcel->waiter && parcel->waiter->when_kept)
            parcel_tell(parcel, &(struct outbox_result){.kept = true, .how = "", .answer = ""});
        if (parcel->changed_again)
            append(ledger, parcel);
        parcel->changed_again = false;
        parcel_unref(parcel);
    }
    ledger->flight_count = 0;
    for (size_t i = 0; i < RMQ_CHANNELS_MAX; i++)
        if (ledger->channels[i].in_flight)
            clear_note(&ledger->channels[i]);
}

static void on_answer(void *context, int result)
{
    struct ledger *ledger = context;
    const uint64_t since_ns = uv_hrtime();

    ledger->busy = false;
    ledger->retry_ms = 0;
    ledger->slow = result < 0;
    if (result == 0) {
        settle(ledger);
    } else {
        take_back(ledger);
        ledger->retry_ms = clock_boot_ms() + LEDGER_RETRY_MS;
    }
    ledger->changed(ledger->context);
    stopwatch_note(&ledger->max_loop_us, since_ns);
}

static size_t compose_channels(struct ledger *ledger, struct store_channel *channels)
{
    size_t count = 0;

    for (size_t i = 0; !ledger->holds_channels && i < RMQ_CHANNELS_MAX; i++) {
        struct channel_note *each = &ledger->channels[i];

        if (!each->document)
            continue;
        each->in_flight = true;
        channels[count++] = (struct store_channel){.kind = each->channel->kind,
            .name = each->channel->name,
            .document = each->document,
            .changed_wall_ms = each->changed_wall_ms};
    }
    return count;
}

/* Gives the store one batch. The first that fit; false: it did not take them. */
static bool give(struct ledger *ledger)
{
    struct {
        struct store_letter letters[STORE_LETTERS_MAX];
        struct store_channel channels[RMQ_CHANNELS_MAX];
        struct names names[STORE_LETTERS_MAX];
    } *batch = calloc(1, sizeof(*batch));

    if (!batch)
        return false;
    while (ledger->first && ledger->flight_count < STORE_LETTERS_MAX) {
        struct parcel *parcel = take(ledger, &ledger->first, NULL);

        compose(parcel, &batch->names[ledger->flight_count], &batch->letters[ledger->flight_count]);
        parcel->in_flight = true;
        ledger->flight[ledger->flight_count++] = parcel;
    }
    ledger->busy = store_keep_letters(ledger->store, batch->letters, ledger->flight_count, batch->channels,
                       compose_channels(ledger, batch->channels), on_answer, ledger) == 0;
    free(batch);
    for (size_t i = 0; ledger->busy && i < ledger->flight_count; i++)
        ledger->flight[i]->given = true;
    if (!ledger->busy)
        take_back(ledger);
    return ledger->busy;
}

void ledger_run(struct ledger *ledger, uint64_t now_ms)
{
    if (ledger_due_ms(ledger) > now_ms)
        return;
    ledger->given_ms = now_ms;
    if (!give(ledger))
        ledger->retry_ms = now_ms + LEDGER_RETRY_MS;
}

/* The store will not answer any more: what is under way may be written in its older form, and then again. */
size_t ledger_close(struct ledger *ledger)
{
    size_t unwritten = 0;
    bool goes_on = ledger->store != NULL;

    if (ledger->store)
        store_forget(ledger->store, ledger);
    while (goes_on) {
        take_back(ledger);
        goes_on = has_work(ledger) && give(ledger);
        settle(ledger);
    }
    while (ledger->first) {
        struct parcel *parcel = take(ledger, &ledger->first, NULL);

        unwritten += parcel->state == LETTER_WAITING && !parcel->given;
        parcel_unref(parcel);
    }
    for (size_t i = 0; i < RMQ_CHANNELS_MAX; i++)
        if (ledger->channels[i].document)
            clear_note(&ledger->channels[i]);
    if (ledger->store)
        store_forget(ledger->store, ledger);
    ledger->store = NULL;
    return unwritten;
}
