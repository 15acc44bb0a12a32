/* The store's thread: takes what waits, writes it in one transaction, then answers the queries. */
#include "store/parts.h"
#include "store/tables.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { ATTEMPTS_MAX = 4 }; /* file, new file, memory, memory with room */

struct batch {
    struct job_list jobs;
    char *document;
    bool stop;
    bool retry;
};

static int write_letters(sqlite3 *database, struct job *job)
{
    int r = tables_write_letters(database, job->letters, job->letter_count);

    for (size_t i = 0; r == 0 && i < job->channel_count; i++)
        r = tables_write_channel(database, &job->channels[i]);
    job->answer.result = r;
    return r;
}

static int write_job(sqlite3 *database, struct job *job)
{
    int r;

    switch (job->kind) {
    case JOB_ENTRY:
        return tables_write_entry(database, &job->entry);
    case JOB_INPUTS:
        return tables_write_inputs(database, job->id, job->inputs, job->input_count);
    case JOB_ACK:
        r = tables_write_ack(database, job->id, job->who, job->wall_ms);
        job->answer.result = r;
        return r == -ENOENT ? 0 : r;
    case JOB_KEEP:
        return write_letters(database, job);
    case JOB_HISTORY:
    case JOB_INCIDENT:
    case JOB_RECENT:
    case JOB_LETTERS:
    case JOB_CHANNELS:
        break;
    }
    return 0;
}

static int write_all(struct medium *medium, const struct job_list *jobs)
{
    bool needed = medium->document_due && medium->document;
    int r;

    for (const struct job *job = jobs->first; job && !needed; job = job->next)
        needed = job_writes(job);
    if (!needed)
        return 0;
    r = medium_begin(medium);
    if (r < 0)
        return r;
    for (struct job *job = jobs->first; job && r == 0; job = job->next)
        r = write_job(medium->database, job);
    if (r == 0)
        return medium_commit(medium);
    medium_rollback(medium);
    return r;
}

static int read_story(sqlite3 *database, const struct job *job, struct answer *answer)
{
    int r;

    answer->incidents = arena_take(answer->arena, sizeof(*answer->incidents));
    if (!answer->incidents)
        return -ENOMEM;
    r = tables_read_incident(database, answer->arena, job->id, answer->incidents);
    return r < 0 ? r
                 : tables_read_entries(database, answer->arena, job->id, STORE_ENTRIES_TOLD_MAX,
                       &answer->entries, &answer->entry_count);
}

static int read_answer(sqlite3 *database, const struct job *job, struct answer *answer)
{
    if (!answer->arena)
        return -ENOMEM;
    switch (job->kind) {
    case JOB_HISTORY:
        return tables_read_incidents(
            database, answer->arena, job->limit, &answer->incidents, &answer->incident_count);
    case JOB_INCIDENT:
        return read_story(database, job, answer);
    case JOB_LETTERS:
        return tables_read_letters(
            database, answer->arena, &job->filter, &answer->letters, &answer->letter_count);
    case JOB_CHANNELS:
        return tables_read_channels(database, answer->arena, &answer->channels, &answer->channel_count);
    case JOB_RECENT:
    case JOB_ENTRY:
    case JOB_INPUTS:
    case JOB_ACK:
    case JOB_KEEP:
        break;
    }
    return tables_read_entries(
        database, answer->arena, NULL, job->limit, &answer->entries, &answer->entry_count);
}

/* Only what tells of trouble with the database is returned. */
static int read_job(sqlite3 *database, struct job *job)
{
    struct answer answer = {.arena = arena_new()};
    int r = read_answer(database, job, &answer);

    if (r < 0) {
        arena_free(answer.arena);
        answer = (struct answer){0};
    }
    answer.result = r;
    arena_free(job->answer.arena);
    job->answer = answer;
    return r == -ENOENT ? 0 : r;
}

static int read_all(struct medium *medium, const struct job_list *jobs)
{
    int r = 0;

    for (struct job *job = jobs->first; job && r == 0; job = job->next)
        if (job_is_query(job) && !job_writes(job))
            r = medium->database ? read_job(medium->database, job) : -ENOMEM;
    return r;
}

/* The queries that no attempt could answer. */
static void refuse(const struct job_list *jobs, int result)
{
    for (struct job *job = jobs->first; job; job = job->next) {
        arena_free(job->answer.arena);
        job->answer = (struct answer){.result = result};
    }
}

static void do_batch(struct medium *medium, struct batch *batch)
{
    bool written = false;
    int r = 0;

    if (batch->document)
        medium_set_document(medium, batch->document);
    if (batch->retry)
        medium_retry(medium);
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        r = written ? 0 : write_all(medium, &batch->jobs);
        written = written || r == 0;
        r = r < 0 ? r : read_all(medium, &batch->jobs);
        if (r == 0)
            return;
        medium_recover(medium, r);
    }
    refuse(&batch->jobs, r);
}

/* With the mutex. */
static void tell_loop(struct store *store)
{
    store->result = store->medium.result;
    store->moves = store->medium.moves;
    text_copy(store->problem, sizeof(store->problem), store->medium.problem);
    if (store->medium.news[0])
        text_copy(store->news, sizeof(store->news), store->medium.news);
    store->medium.news[0] = '\0';
    if (!store->silent)
        (void)uv_async_send(&store->async);
}

/* With the mutex. */
static void wait_for_work(struct store *store)
{
    uint64_t now_ns = uv_hrtime();

    if (!store->medium.in_memory)
        uv_cond_wait(&store->wake, &store->mutex);
    else if (now_ns < store->retry_ns)
        (void)uv_cond_timedwait(&store->wake, &store->mutex, store->retry_ns - now_ns);
    else
        store->retry = true;
}

static void take_batch(struct store *store, struct batch *ret_batch)
{
    struct batch batch = {0};

    uv_mutex_lock(&store->mutex);
    while (!store->queue.first && !store->document && !store->stop && !store->retry)
        wait_for_work(store);
    while (batch.jobs.count < STORE_BATCH_MAX && store->queue.first)
        job_list_add(&batch.jobs, job_list_take(&store->queue));
    batch.document = store->document;
    /* A last attempt, too. */
    batch.stop = store->stop && !store->queue.first;
    batch.retry = store->retry || batch.stop || (store->medium.in_memory && uv_hrtime() >= store->retry_ns);
    store->document = NULL;
    store->retry = false;
    store->busy = true;
    uv_mutex_unlock(&store->mutex);
    *ret_batch = batch;
}

static void deliver(struct store *store, struct batch *batch)
{
    struct job *job;

    uv_mutex_lock(&store->mutex);
    while ((job = job_list_take(&batch->jobs))) {
        if (job_is_query(job))
            job_list_add(&store->done, job);
        else
            job_free(job);
    }
    store->busy = false;
    tell_loop(store);
    uv_mutex_unlock(&store->mutex);
}

static void load(struct store *store)
{
    int r = medium_open(&store->medium);

    uv_mutex_lock(&store->mutex);
    store->load_result = r;
    if (r == 0 && store->medium.document)
        store->load_document = strdup(store->medium.document);
    store->is_loaded = true;
    uv_cond_signal(&store->loaded);
    uv_mutex_unlock(&store->mutex);
    /* It may be large: nobody waits for it. */
    medium_check(&store->medium);
    uv_mutex_lock(&store->mutex);
    tell_loop(store);
    uv_mutex_unlock(&store->mutex);
}

static void end(struct store *store)
{
    bool abandoned;

    medium_close(&store->medium);
    uv_mutex_lock(&store->mutex);
    store->ended = true;
    abandoned = store->abandoned;
    tell_loop(store);
    uv_mutex_unlock(&store->mutex);
    if (abandoned)
        store_free_now(store);
}

void store_work(void *context)
{
    struct store *store = context;
    struct batch batch;

    load(store);
    store->retry_ns = uv_hrtime() + STORE_RETRY_MS * 1000000ull;
    do {
        take_batch(store, &batch);
        do_batch(&store->medium, &batch);
        if (batch.retry || !store->medium.in_memory)
            store->retry_ns = uv_hrtime() + STORE_RETRY_MS * 1000000ull;
        deliver(store, &batch);
    } while (!batch.stop);
    end(store);
}
