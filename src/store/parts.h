/* What a store is made of. Private to src/store. */
#ifndef RMQWATCH_STORE_PARTS_H
#define RMQWATCH_STORE_PARTS_H

#include "store/arena.h"
#include "store/medium.h"
#include "store/store.h"

enum {
    STORE_JOBS_MAX = 512,
    STORE_JOB_BYTES_MAX = 512 * 1024,
    STORE_BATCH_MAX = 64,   /* jobs of one transaction */
    STORE_RETRY_MS = 30000, /* between two attempts to use a disk that failed */
    STORE_STUCK_MS = 5000,  /* without an answer of the thread's */
    STORE_LOAD_MS = 10000,  /* less than systemd waits for this daemon's start */
};

enum job_kind {
    JOB_ENTRY,
    JOB_INPUTS,
    JOB_ACK,
    JOB_KEEP,
    JOB_HISTORY,
    JOB_INCIDENT,
    JOB_RECENT,
    JOB_LETTERS,
    JOB_CHANNELS,
};

struct answer {
    int result;
    struct arena *arena;
    struct store_incident *incidents;
    size_t incident_count;
    struct store_entry *entries;
    size_t entry_count;
    struct store_letter *letters;
    size_t letter_count;
    struct store_channel *channels;
    size_t channel_count;
};

struct job {
    struct job *next;
    enum job_kind kind;
    struct arena *arena;        /* the texts that were given */
    struct store_entry entry;   /* JOB_ENTRY */
    struct store_input *inputs; /* JOB_INPUTS */
    size_t input_count;
    struct store_letter *letters; /* JOB_KEEP */
    size_t letter_count;
    struct store_channel *channels; /* JOB_KEEP */
    size_t channel_count;
    struct store_letter_filter filter; /* JOB_LETTERS */
    const char *id;                    /* JOB_INPUTS, JOB_ACK, JOB_INCIDENT */
    const char *who;                   /* JOB_ACK */
    int64_t wall_ms;
    size_t limit; /* JOB_HISTORY, JOB_RECENT */
    struct answer answer;

    /* Queries only, and the loop's only. */
    struct job *next_asked;
    void *context;
    store_history_fn *on_history; /* all NULL: nobody waits for the answer any more */
    store_incident_fn *on_incident;
    store_ack_fn *on_ack;
    store_letters_fn *on_letters;
    store_channels_fn *on_channels;
};

struct job_list {
    struct job *first, *last;
    size_t count, bytes;
};

struct store {
    /* The loop's. */
    uv_loop_t *loop;
    store_status_fn *on_status;
    void *context;
    uv_async_t async;
    uv_timer_t timer; /* while something waits: the thread's time is limited */
    uv_thread_t thread;
    struct job *asked; /* the queries that are under way */
    bool closing;
    bool stuck;
    bool told_trouble;
    bool overflowing;
    uint64_t dropped;
    uint64_t told_moves; /* of the medium's */
    int told_result;     /* the medium's */
    int handles;         /* that are not closed yet */

    /* The thread's. */
    struct medium medium;
    uint64_t retry_ns; /* in memory: when the disk is tried next, on uv_hrtime()'s clock */

    char *directory;

    uv_mutex_t mutex;
    uv_cond_t wake;   /* there is something to do */
    uv_cond_t loaded; /* the file was read, or could not be */
    /* Under the mutex. */
    struct job_list queue;
    struct job_list done; /* queries that were answered */
    char *document;       /* to be written; NULL: none */
    bool busy;            /* something that was taken from the queue is not done yet */
    bool retry;
    bool stop;
    bool silent;    /* the loop's handles are being closed */
    bool ended;     /* the thread does nothing any more */
    bool abandoned; /* the loop waits for it no longer: the thread frees the store */
    bool is_loaded;
    int load_result;
    char *load_document;
    int result;     /* the medium's, for the loop */
    uint64_t moves; /* the medium's */
    char problem[320];
    char news[320];
};

void job_free(struct job *job); /* accepts NULL */
void job_list_add(struct job_list *list, struct job *job);
struct job *job_list_take(struct job_list *list); /* NULL when empty */
bool job_is_query(const struct job *job);
bool job_writes(const struct job *job);
size_t job_bytes(const struct job *job);

/* worker.c: the thread. */
void store_work(void *context);
/* The last one who knows of the store. */
void store_free_now(struct store *store);
/* ask.c: answers everybody who waits with RESULT; their queries are forgotten. */
void store_answer_all(struct store *store, int result);
/* ask.c: tells an answer that has come, and frees its job. */
void store_answer(struct store *store, struct job *job);
/* ask.c: a query that is to be filled. NULL: no memory. */
struct job *store_new_job(enum job_kind kind);
/* ask.c: takes JOB over, which is complete; NULL: no memory. */
int store_ask(struct store *store, struct job *job, void *context);
/* store.c: something was put into the queue. With the mutex held. */
void store_wake(struct store *store);

#endif
