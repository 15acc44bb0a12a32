/* One channel of the outbox: its queue, what is in flight (one at a time, so that order is kept), and when it
 * is to be tried again. */
#ifndef RMQWATCH_ALERTS_LANE_H
#define RMQWATCH_ALERTS_LANE_H

#include "alerts/channel_state.h"
#include "alerts/ledger.h"
#include "alerts/pace.h"
#include "alerts/queue.h"
#include "alerts/transport.h"

enum {
    LETTER_AGE_MAX_S = 7 * 24 * 3600, /* what waits for longer is dropped */
};

/* What all lanes of an outbox share. */
struct lane_setup {
    uv_loop_t *loop;
    struct http_client *client;
    struct ledger *ledger;
    struct letter_source *letters;
    void (*changed)(void *context); /* a delivery ended: lane_due_ms() has a new answer */
    void *context;
};

struct lane {
    struct transport transport;          /* with what is in flight */
    const struct channel_config *config; /* borrowed */
    struct channel_key *key;
    struct ledger *ledger; /* the outbox's */
    struct lane_setup setup;

    struct letter_queue queue; /* what is in flight is its head, unless it is told again */
    struct digest *digest;
    struct letter *again; /* in flight of its own accord; NULL: nothing */
    enum digest_turn turn;
    struct channel_state state;
    uint64_t telling; /* how many of those that were lost the one in flight tells of */
    bool overflows;   /* the queue dropped something since the last delivery */
    size_t parked;    /* letters */

    /* Whether the target takes what it is sent, for the notice about that. */
    bool refusing;
    char refusal[LETTER_RESULT_MAX]; /* what it said last, in our words */
    uint64_t refusal_ms;             /* when that was told last; 0: never */

    bool remembers;    /* what the store has of the channel was read */
    uint64_t hold_ms;  /* not before: it is not known yet what waited before the start */
    uint64_t stuck_ms; /* when what is in flight should have ended long ago */
    bool stale;        /* the one in flight was started with an older configuration */

    unsigned failures; /* in a row */
    uint64_t next_try_ms;
    struct pace_bucket buckets[CHANNEL_LIMITS_MAX]; /* one for each limit of the kind */

    uint64_t sent, refused, dropped, retries; /* for the status, since the start */
};

/* SETUP is copied; CONFIG and PACING must live until the next lane_set_config() or lane_free(), what SETUP
 * points to until the latter. NULL: no memory. */
struct lane *lane_new(
    const struct lane_setup *setup, const struct channel_config *config, const struct alerts_config *pacing);
/* Cancels what is in flight; what waits is left as the ledger has it. Accepts NULL. Not from within
 * changed().
 */
void lane_free(struct lane *lane);
/* The channel is configured no more: what waits is kept, but not sent by itself. */
void lane_park_all(struct lane *lane);

/* The channel's new settings: what waits is tried with them at once. */
void lane_set_config(
    struct lane *lane, const struct channel_config *config, const struct alerts_config *pacing);
/* Whether the lane is of this channel: same kind, same name. */
bool lane_is(const struct lane *lane, const struct channel_config *config);

/* Takes a clean NOTICE, which LETTER holds, if the channel wants it, as the digest says (digest.h): it may
 * have to wait, and fold with others. LETTER NULL: there is no memory for it. 0, or -ENOMEM: it is counted as
 * lost then. */
int lane_take(struct lane *lane, const struct notice *notice, struct letter *letter);
/* Puts a letter behind all others, whatever the channel wants. Results as above. WAITER may be NULL. */
int lane_put(struct lane *lane, struct letter *letter, const struct parcel_waiter *waiter);
/* Puts a delivery that was kept at a place of the queue. */
void lane_restore(struct lane *lane, struct parcel *parcel, size_t at);
void lane_count_lost(struct lane *lane); /* one notice could not even be queued */
void lane_note_state(struct lane *lane); /* lane->state has changed */
/* An operator does not want what waits at the place AT any more. */
void lane_drop(struct lane *lane, size_t at);

uint64_t lane_due_ms(const struct lane *lane); /* CLOCK_BOOTTIME; UINT64_MAX: nothing to do by itself */
void lane_run(struct lane *lane, uint64_t now_ms);
bool lane_is_busy(const struct lane *lane); /* something is in flight */
void lane_try_now(struct lane *lane);       /* forgets the pause that it is in, but not the target's limits */
/* What is kept back goes out at once. */
void lane_release(struct lane *lane);
/* Something is in flight that should have ended long ago. */
bool lane_is_stuck(const struct lane *lane, uint64_t now_ms);

#endif
