/* A notice on its way, and its deliveries: one for each channel that it goes to. */
#ifndef RMQWATCH_ALERTS_LETTER_H
#define RMQWATCH_ALERTS_LETTER_H

#include "alerts/outbox_result.h"
#include "rmqwatch/notice.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LETTER_ID_MAX = 112, LETTER_RESULT_MAX = 160 };

/* Shared by the deliveries to all channels, and packed: a notice is 2.5 KB, its text a few hundred bytes. */
struct letter {
    unsigned refs;
    enum notice_kind kind;
    enum severity severity;
    uint32_t trouble; /* which one it is of: a hash of trouble_local_key() */
    int64_t wall_ms;
    const char *document; /* the notice, cleaned (clean.h), as JSON (notice_json.h) */
    char id[];            /* unique, kept over retries and restarts; the document is behind it */
};

/* What makes their ids unique: over all agents and starts, and within this one. */
struct letter_source {
    uint64_t seed, number;
};

/* NULL: no memory. */
struct letter *letter_new(struct letter_source *source, const struct notice *notice);
/* One that was kept. A document that cannot be read gives a letter of the kind NOTICE_NONE, which cannot be
 * unpacked. NULL: no memory. */
struct letter *letter_restore(const char *id, const char *document);
/* 0, or -EBADMSG or -ENOMEM. */
int letter_unpack(const struct letter *letter, struct notice *ret_notice);
struct letter *letter_ref(struct letter *letter);
void letter_unref(struct letter *letter); /* accepts NULL */
/* What dropping it would cost: the end of a story is worth more than another of its loudness. */
int letter_importance(const struct letter *letter);

/* Which channel, also when it is configured no more. */
struct channel_key {
    unsigned refs;
    const char *name;
    char kind[]; /* the name is behind it */
};

struct channel_key *channel_key_new(const char *kind, const char *name); /* NULL: no memory */
struct channel_key *channel_key_ref(struct channel_key *key);
void channel_key_unref(struct channel_key *key); /* accepts NULL */
bool channel_key_is(const struct channel_key *key, const char *kind, const char *name);

/* Somebody who waits to hear what becomes of a letter. */
struct parcel_waiter {
    outbox_result_fn *fn;
    void *context;
    bool when_kept; /* is content when it is kept */
};

/* A letter for one channel. A lane's queue has it while it waits, the ledger while something of it is not
 * written down yet; each has a reference. */
struct parcel {
    unsigned refs;
    enum letter_state state;
    uint32_t tries;
    bool given;         /* to the store, if only once: there may be a row of it */
    bool kept;          /* it is written down that it waits */
    bool noted;         /* in the ledger's list */
    bool in_flight;     /* given to the store, which has not answered yet */
    bool changed_again; /* since then */
    bool direct;        /* an operator's: told to nobody else, and no part of a trouble */
    int64_t number;     /* the store's, of one that was read; 0: it came in this run of the daemon */
    uint64_t send_ms;   /* when it goes out, kept or not; CLOCK_BOOTTIME */
    uint64_t due_ms;    /* not before; CLOCK_BOOTTIME */
    int64_t came_wall_ms;
    int64_t changed_wall_ms;
    struct letter *letter;
    struct channel_key *channel;
    struct parcel *next;          /* of the ledger's */
    char *result;                 /* of the last try; NULL: there was none */
    struct parcel_waiter *waiter; /* NULL: nobody waits, or it was told */
};

struct parcel *parcel_new(struct letter *letter, struct channel_key *channel); /* NULL: no memory */
struct parcel *parcel_ref(struct parcel *parcel);
void parcel_unref(struct parcel *parcel); /* accepts NULL */
/* What became of it, in words; without memory for them they are left out. */
void parcel_set_result(struct parcel *parcel, const char *words);
/* Tells whoever waits, once. */
void parcel_tell(struct parcel *parcel, const struct outbox_result *result);
/* Copies WAITER, the only one. 0 or -ENOMEM. */
int parcel_await(struct parcel *parcel, const struct parcel_waiter *waiter);
/* Whoever waits with this CONTEXT is told nothing any more. */
void parcel_forget(struct parcel *parcel, const void *context);

#endif
