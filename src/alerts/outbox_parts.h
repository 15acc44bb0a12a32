/* What an outbox is made of. Private to src/alerts. */
#ifndef RMQWATCH_ALERTS_OUTBOX_PARTS_H
#define RMQWATCH_ALERTS_OUTBOX_PARTS_H

#include "alerts/lane.h"
#include "alerts/outbox.h"

enum { OUTBOX_REQUESTS_MAX = 4, OUTBOX_EARLY_MAX = 32 };

/* An operator's, while the store looks the letter up. */
struct outbox_request {
    struct outbox *outbox;
    bool drop;          /* or retry */
    outbox_done_fn *fn; /* NULL: the place is free */
    void *context;
};

struct outbox {
    uv_timer_t timer; /* the only one: for whatever comes next */
    struct http_client *client;
    size_t lane_count;
    struct lane *lanes[RMQ_CHANNELS_MAX];
    struct ledger ledger;
    struct letter_source letters;

    enum language language; /* of what it tells itself */
    outbox_sign_fn *sign;   /* NULL: nothing of its own is told */
    void *sign_context;

    /* What waited before the start is being read. */
    bool loading;
    bool loaded;             /* all of it, from the medium that is in use */
    bool states_loaded;      /* of the channels, if only once */
    bool whole;              /* all is to be read, not only what new lanes have to remember */
    uint64_t load_ms;        /* when that is tried again */
    uint64_t medium;         /* store_medium() at the last look */
    uint64_t early_until_ms; /* notices wait that long, at most, for what the channels remember; 0: no more */
    size_t early_count;
    struct letter *early[OUTBOX_EARLY_MAX];
    size_t parked_elsewhere; /* for channels that are configured no more */

    struct outbox_request requests[OUTBOX_REQUESTS_MAX];

    struct activity_list *activities;
    int activity;
    uint64_t beat_ms; /* when it proves to be alive next, and looks after the store */

    void (*flushed)(void *context); /* while flushing */
    void *flushed_context;
    uint64_t flush_until_ms;

    void (*closed)(void *context);
    void *closed_context;
};

/* Something changed: sets the timer. */
void outbox_arm(struct outbox *outbox);
/* The lane of this channel; NULL: none. */
struct lane *outbox_lane(const struct outbox *outbox, const char *kind, const char *name);

/* Queues LETTER, of NOTICE, for the lanes that want it, but for one (or NULL). LETTER NULL: there was no
 * memory for it. 0 or -ENOMEM. */
int outbox_distribute(
    struct outbox *outbox, struct letter *letter, const struct notice *notice, const struct lane *except);

/* outbox_load.c: keeps LETTER, if it has come before it is known what the channels were told; or is false. */
bool outbox_keep_early(struct outbox *outbox, struct letter *letter);
/* Distributes those. */
void outbox_end_early(struct outbox *outbox);
/* Reads what waits, as often as the medium changes. */
uint64_t outbox_load_due_ms(const struct outbox *outbox);
void outbox_load_run(struct outbox *outbox, uint64_t now_ms);
/* Some lanes are new: what they have to remember is read. */
void outbox_load_new(struct outbox *outbox);
/* Gives up asking. */
void outbox_load_close(struct outbox *outbox);
/* A delivery of a letter that was kept; NULL: no memory. */
struct parcel *outbox_restore(struct lane *lane, const struct store_letter *kept);
/* outbox_requests.c: tells everybody who asked that it is over. */
void outbox_requests_close(struct outbox *outbox);

#endif
