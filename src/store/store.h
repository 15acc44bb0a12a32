/* What survives the agent, in SQLite on a thread of its own: the core's snapshot, the incidents with all that
 * was said and decided about them, and the core's inputs around them. The loop never waits for the disk. A
 * disk that fails, is full or holds a damaged file costs durability, never service: the store goes on in
 * memory, and moves back when the disk is well again. */
#ifndef RMQWATCH_STORE_STORE_H
#define RMQWATCH_STORE_STORE_H

#include "core/core.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Below the state folder. A damaged one is kept beside it, the newest only. */
#define STORE_FILE "rmqwatchd.db"
#define STORE_FILE_DAMAGED "rmqwatchd.db.corrupt"

enum {
    STORE_INCIDENTS_MAX = 1000,
    STORE_ENTRIES_MAX = 20000,
    STORE_ENTRIES_TOLD_MAX = 1000, /* in one answer: the newest */
    STORE_INPUTS_MAX = 2000,       /* of one incident: the first */
    STORE_RECORDINGS_MAX = 20,     /* incidents whose inputs are kept: the newest */
    STORE_CLOSE_MS = 500,
    STORE_LETTERS_MAX = 64,        /* in one call of store_keep_letters(), and in one answer with documents */
    STORE_LETTERS_TOLD_MAX = 2000, /* in one answer without */
    STORE_PARKED_MAX = 200,        /* of one channel: the newest */
    STORE_DONE_MAX = 200,          /* sent or dropped, of one channel: the newest */
    STORE_CHANNELS_MAX = 64,       /* whose state is kept: those that changed last */
};

/* Something that was told or decided. Given to store_record(): NULL counts as "". In an answer: never NULL.
 */
struct store_entry {
    int64_t wall_ms;
    const char *incident;  /* empty: belongs to none */
    const char *node;      /* the node that it is about */
    const char *event;     /* notice_info()->event; "decision" for one that was only recorded */
    const char *severity;  /* severity_name(); empty for a decision */
    const char *condition; /* condition_name() */
    const char *why;       /* the table's sentence */
    const char *detail;    /* numbers and names; may be empty */
    const char *evidence;  /* the folder with what was collected; may be empty */
    int64_t since_wall_ms; /* when the incident began; only given, not told */
    bool decision;         /* changes neither the incident's last event nor whether it ended */
    bool ends;             /* the incident is over with this; only given, not told */
};

struct store_incident {
    const char *id;
    const char *node;
    int64_t since_wall_ms;
    int64_t last_wall_ms;
    const char *last_event; /* of the last entry that was no decision; may be empty */
    bool ended;
    const char *acked_by; /* empty: nobody */
    int64_t acked_wall_ms;
};

/* One event that the core took in, as JSON (event_json.h), or what it could be restored from
 * (snapshot_json.h).
 */
struct store_input {
    uint64_t now_ms;
    int64_t wall_ms;
    const char *event;
};

/* What became of a notice on its way to one channel. */
enum letter_state {
    LETTER_WAITING,
    LETTER_PARKED, /* kept, but not tried by itself: refused, damaged, or its channel is configured no more */
    LETTER_SENT,
    LETTER_DROPPED, /* too many, too old, or by an operator */
    LETTER_FOLDED,  /* into another one, which waits: not kept on a disk */
    LETTER_STATE_COUNT,
};
const char *letter_state_name(int state); /* "waiting" ...; NULL for a value out of range */

/* One notice for one channel. Given: NULL counts as "". In an answer: never NULL. */
struct store_letter {
    int64_t number;   /* given by the store, in the order of their coming; only told */
    const char *kind; /* of the channel: "slack" */
    const char *name; /* of the channel */
    const char *id;   /* the notice's own; with kind and name it says which letter it is */
    enum letter_state state;
    const char *event; /* notice_info()->event */
    const char *node;
    const char *incident;
    const char *severity; /* severity_name() */
    int64_t wall_ms;      /* of the notice */
    int64_t came_wall_ms; /* when it was first given */
    uint32_t tries;
    const char *result;      /* of the last one, in words fit for a log; empty: there was none */
    int64_t changed_wall_ms; /* when it came to be as it is */
    const char *document;    /* the notice as JSON; empty: not asked for, or not needed any more */
};

/* What a channel has to remember. */
struct store_channel {
    const char *kind, *name;
    const char *document; /* JSON; may be empty */
    int64_t changed_wall_ms;
    size_t parked; /* letters; only told */
};

/* Which letters are wanted: all that fit, in the order of their numbers. */
struct store_letter_filter {
    unsigned states; /* a bit for each enum letter_state; 0: all */
    int64_t number;  /* this one alone; 0: any */
    int64_t after;   /* only those with greater numbers */
    size_t limit;    /* 0: as many as an answer can have */
    bool newest;     /* of more than LIMIT the newest, instead of the oldest */
    bool documents;
};

struct store;

/* RESULT < 0: what is given to the store is kept in memory only, and PROBLEM says why, for people. RESULT 0:
 * it is on disk (again), PROBLEM is NULL. Once per change; at first it counts as sound. On the loop. */
typedef void store_status_fn(void *context, int result, const char *problem);

/* Begins with DIRECTORY/rmqwatchd.db, whatever is there. -ENOMEM or what libuv says of its handles; a bad
 * disk is no failure, ON_STATUS hears of it. */
int store_open(uv_loop_t *loop, const char *directory, store_status_fn *on_status, void *context,
    struct store **ret_store);
/* The snapshot that was saved last. The only call that waits, for ten seconds at most; for the start, before
 * the loop runs. 0; -ENOENT: there is none; -EBADMSG: damaged; -ETIMEDOUT: the disk did not answer in time.
 * *ret_snapshot is left alone on failure. */
int store_load(struct store *store, struct core_snapshot *ret_snapshot);

/* The calls below copy what they are given, and return at once. They are done in their order; the answer to a
 * query proves that all that was given before it is kept: on disk, unless ON_STATUS said otherwise. */

/* While the thread is busy the newest one wins. */
void store_save(struct store *store, const struct core_snapshot *snapshot);
void store_record(struct store *store, const struct store_entry *entry);
/* What the core took in during an incident, in order. */
void store_record_inputs(
    struct store *store, const char *incident, const struct store_input *inputs, size_t count);
void store_record_input(struct store *store, const char *incident, const struct event *event);
/* Entries and inputs that were lost because the queue was full. */
uint64_t store_dropped(const struct store *store);
/* Tries a disk that failed now, and not only at the next of its regular attempts. */
void store_retry(struct store *store);

/* Answers come on the loop, once each, and are valid during the call only. RESULT: 0, -ENOENT (no such
 * incident), -ETIMEDOUT (the disk is stuck), -ECANCELED (the store is being closed) or another negative
 * errno; the rest is NULL and 0 then. */
typedef void store_history_fn(
    void *context, int result, const struct store_incident *incidents, size_t count);
typedef void store_incident_fn(void *context, int result, const struct store_incident *incident,
    const struct store_entry *entries, size_t count);
typedef void store_ack_fn(void *context, int result);
typedef void store_letters_fn(void *context, int result, const struct store_letter *letters, size_t count);
typedef void store_channels_fn(void *context, int result, const struct store_channel *channels, size_t count);

/* These return 0, or a negative errno (-ENOMEM, -ENOBUFS: too many wait, or the disk is stuck) and there will
 * be no answer. */

/* The incidents, newest first; LIMIT 0: as many as there are. */
int store_history(struct store *store, size_t limit, store_history_fn *fn, void *context);
/* One incident with its entries in their order. */
int store_incident(struct store *store, const char *id, store_incident_fn *fn, void *context);
/* The last entries of all, in their order; INCIDENT is NULL in the answer. */
int store_recent(struct store *store, size_t limit, store_incident_fn *fn, void *context);
/* Notes that WHO knows of an incident. */
int store_ack(
    struct store *store, const char *id, const char *who, int64_t wall_ms, store_ack_fn *fn, void *context);
/* Writes letters, each as it is now, and the states of channels, all or none of it: the answer says which.
 * Those that are new get their numbers in this order. STORE_LETTERS_MAX and RMQ_CHANNELS_MAX at most. */
int store_keep_letters(struct store *store, const struct store_letter *letters, size_t letter_count,
    const struct store_channel *channels, size_t channel_count, store_ack_fn *fn, void *context);
int store_letters(
    struct store *store, const struct store_letter_filter *filter, store_letters_fn *fn, void *context);
/* All channels of which anything is kept. */
int store_channels(struct store *store, store_channels_fn *fn, void *context);
/* Changes whenever another medium is used than before: the file, memory, a new file. What was given before
 * may then be missing (what was on the failing disk, until it works again), and can be given once more. */
uint64_t store_medium(const struct store *store);
/* Whether what it has is on disk, and not in memory only. Inside of an answer: what was given before the
 * query. */
bool store_is_durable(const struct store *store);
/* The answers to all queries with this CONTEXT are not told any more. */
void store_forget(struct store *store, const void *context);

/* Answers the queries that wait with -ECANCELED, inside of this call. Then writes what is queued, for
 * STORE_CLOSE_MS at most, and frees the store; the loop must run on until then. Accepts NULL. */
void store_close(struct store *store);

#endif
