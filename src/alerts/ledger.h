/* What the outbox has written down: which letters wait for which channel, and what became of the others. All
 * that changes is noted here, and goes to the store in batches, one at a time, in the order in which it was
 * noted; what changes meanwhile waits here, in its newest form only. So a disk that is stuck costs no more
 * memory than the letters themselves. */
#ifndef RMQWATCH_ALERTS_LEDGER_H
#define RMQWATCH_ALERTS_LEDGER_H

#include "alerts/letter.h"
#include "rmqwatch/config.h"

enum {
    LEDGER_WAIT_MS = 1000, /* so long a letter waits for the disk */
    LEDGER_RETRY_MS = 2000,
    LEDGER_DONE_MAX = 256, /* letters that are done, and of which the store has never heard */
};

struct channel_note {
    struct channel_key *channel;
    char *document; /* NULL: the place is free */
    int64_t changed_wall_ms;
    bool in_flight; /* as it is now */
};

struct ledger {
    struct store *store; /* NULL: all is in memory only */
    void (*changed)(void *context);
    void *context;

    struct parcel *first, *last; /* noted, and not given to the store in this form yet */
    struct parcel *flight[STORE_LETTERS_MAX];
    size_t flight_count;
    struct channel_note channels[RMQ_CHANNELS_MAX];
    bool holds_channels; /* what they had to remember was not read yet: it must not be written over */
    bool busy;           /* the store has not answered yet */
    uint64_t given_ms;   /* when it was given what it has not answered for */
    bool slow;           /* it could not be waited for, the last time */
    uint64_t retry_ms;
    uint64_t max_loop_us; /* the longest that the outbox has kept the loop */
};

/* Zeroed. CHANGED: ledger_due_ms() has a new answer, or a letter was kept; never from within a call. */
void ledger_init(struct ledger *ledger, void (*changed)(void *context), void *context);
/* Gives the store what it has not got yet, and forgets all. Returns how many letters that wait it did not
 * take.
 */
size_t ledger_close(struct ledger *ledger);

/* PARCEL has come to STATE. RESULT: what its last try brought, in words fit for a log; NULL: as before. */
void ledger_note(struct ledger *ledger, struct parcel *parcel, enum letter_state state, const char *result);
/* All that the store had of it may be gone. */
void ledger_note_again(struct ledger *ledger, struct parcel *parcel);
/* Whether there is something newer of this letter than what the store has answered for. */
bool ledger_has(const struct ledger *ledger, const char *kind, const char *name, const char *id);
/* What a channel has to remember: takes DOCUMENT over. NULL (no memory for it): the former state stays. */
void ledger_note_channel(struct ledger *ledger, struct channel_key *channel, char *document);

/* CLOCK_BOOTTIME; UINT64_MAX: nothing to do by itself. */
uint64_t ledger_due_ms(const struct ledger *ledger);
void ledger_run(struct ledger *ledger, uint64_t now_ms);

#endif
