/* What the store is given and asked, on the loop. */
#include "store/event_json.h"
#include "store/parts.h"
#include "store/snapshot_json.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

struct job *store_new_job(enum job_kind kind)
{
    struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->kind = kind;
    job->arena = arena_new();
    if (job->arena)
        return job;
    free(job);
    return NULL;
}

static bool put(struct store *store, struct job *job)
{
    bool room;

    uv_mutex_lock(&store->mutex);
    /* Whoever has letters to keep has them in memory anyway, and gives one batch at a time; but for the last
     * ones, which must all be taken. */
    room = !store->closing && store->queue.count < STORE_JOBS_MAX &&
           (job->kind == JOB_KEEP || store->queue.bytes + job_bytes(job) <= STORE_JOB_BYTES_MAX);
    if (room) {
        job_list_add(&store->queue, job);
        store_wake(store);
    }
    uv_mutex_unlock(&store->mutex);
    return room;
}

/* JOB may be NULL, or not complete: no memory. */
static void put_or_drop(struct store *store, struct job *job, bool complete)
{
    if (job && complete && put(store, job)) {
        store->overflowing = false;
        return;
    }
    job_free(job);
    store->dropped++;
    if (!store->overflowing)
        log_line(LOG_ERR, "%s: more is to be written than fits into the queue; history will have gaps",
            store->directory);
    store->overflowing = true;
}

void store_save(struct store *store, const struct core_snapshot *snapshot)
{
    char *document = snapshot_to_json(snapshot);

    if (!document) {
        put_or_drop(store, NULL, false);
        return;
    }
    uv_mutex_lock(&store->mutex);
    free(store->document);
    store->document = document;
    store_wake(store);
    uv_mutex_unlock(&store->mutex);
}

void store_record(struct store *store, const struct store_entry *entry)
{
    struct job *job = store_new_job(JOB_ENTRY);
    bool complete = false;

    if (job) {
        struct store_entry *copy = &job->entry;

        *copy = *entry;
        copy->incident = arena_text(job->arena, entry->incident);
        copy->node = arena_text(job->arena, entry->node);
        copy->event = arena_text(job->arena, entry->event);
        copy->severity = arena_text(job->arena, entry->severity);
        copy->condition = arena_text(job->arena, entry->condition);
        copy->why = arena_text(job->arena, entry->why);
        copy->detail = arena_text(job->arena, entry->detail);
        copy->evidence = arena_text(job->arena, entry->evidence);
        complete = copy->incident && copy->node && copy->event && copy->severity && copy->condition &&
                   copy->why && copy->detail && copy->evidence;
    }
    put_or_drop(store, job, complete);
}

static bool copy_inputs(struct job *job, const struct store_input *inputs, size_t count)
{
    job->inputs = arena_take(job->arena, count * sizeof(*inputs));
    if (!job->inputs)
        return false;
    for (size_t i = 0; i < count; i++) {
        job->inputs[i] = inputs[i];
        job->inputs[i].event = arena_text(job->arena, inputs[i].event);
        if (!job->inputs[i].event)
            return false;
    }
    job->input_count = count;
    return true;
}

void store_record_inputs(
    struct store *store, const char *incident, const struct store_input *inputs, size_t count)
{
    struct job *job = store_new_job(JOB_INPUTS);
    bool complete = false;

    if (job) {
        job->id = arena_text(job->arena, incident);
        complete = job->id && copy_inputs(job, inputs, count);
    }
    put_or_drop(store, job, complete);
}

void store_record_input(struct store *store, const char *incident, const struct event *event)
{
    char *text = event_to_json(event);
    const struct store_input input = {event->now_ms, event->wall_ms, text};

    if (text)
        store_record_inputs(store, incident, &input, 1);
    else
        put_or_drop(store, NULL, false);
    free(text);
}

uint64_t store_dropped(const struct store *store)
{
    return store->dropped;
}

void store_retry(struct store *store)
{
    uv_mutex_lock(&store->mutex);
    store->retry = true;
    store_wake(store);
    uv_mutex_unlock(&store->mutex);
}

int store_ask(struct store *store, struct job *job, void *context)
{
    if (!job)
        return -ENOMEM;
    job->context = context;
    if (store->stuck || !put(store, job)) {
        job_free(job);
        return -ENOBUFS;
    }
    job->next_asked = store->asked;
    store->asked = job;
    return 0;
}

int store_history(struct store *store, size_t limit, store_history_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_HISTORY);

    if (job) {
        job->limit = limit;
        job->on_history = fn;
    }
    return store_ask(store, job, context);
}

int store_recent(struct store *store, size_t limit, store_incident_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_RECENT);

    if (job) {
        job->limit = limit;
        job->on_incident = fn;
    }
    return store_ask(store, job, context);
}

int store_incident(struct store *store, const char *id, store_incident_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_INCIDENT);

    if (job) {
        job->on_incident = fn;
        job->id = arena_text(job->arena, id);
        if (!job->id) {
            job_free(job);
            job = NULL;
        }
    }
    return store_ask(store, job, context);
}

int store_ack(
    struct store *store, const char *id, const char *who, int64_t wall_ms, store_ack_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_ACK);

    if (job) {
        job->on_ack = fn;
        job->wall_ms = wall_ms;
        job->id = arena_text(job->arena, id);
        job->who = arena_text(job->arena, who);
        if (!job->id || !job->who) {
            job_free(job);
            job = NULL;
        }
    }
    return store_ask(store, job, context);
}

static void forget(struct job *job)
{
    job->on_history = NULL;
    job->on_incident = NULL;
    job->on_ack = NULL;
    job->on_letters = NULL;
    job->on_channels = NULL;
}

/* At most once per query: a callback may ask again, forget, or close the store. */
static void tell(struct job *job, const struct answer *answer)
{
    store_history_fn *on_history = job->on_history;
    store_incident_fn *on_incident = job->on_incident;
    store_ack_fn *on_ack = job->on_ack;
    store_letters_fn *on_letters = job->on_letters;
    store_channels_fn *on_channels = job->on_channels;

    forget(job);
    if (on_history)
        on_history(job->context, answer->result, answer->incidents, answer->incident_count);
    else if (on_incident)
        on_incident(job->context, answer->result, answer->incidents, answer->entries, answer->entry_count);
    else if (on_ack)
        on_ack(job->context, answer->result);
    else if (on_letters)
        on_letters(job->context, answer->result, answer->letters, answer->letter_count);
    else if (on_channels)
        on_channels(job->context, answer->result, answer->channels, answer->channel_count);
}

static bool is_waited_for(const struct job *job)
{
    return job->on_history || job->on_incident || job->on_ack || job->on_letters || job->on_channels;
}

void store_answer_all(struct store *store, int result)
{
    const struct answer answer = {.result = result};
    struct job *job = store->asked;

    while (job) {
        if (!is_waited_for(job)) {
            job = job->next_asked;
            continue;
        }
        tell(job, &answer);
        job = store->asked; /* the list may be another by now */
    }
}

void store_answer(struct store *store, struct job *job)
{
    struct job **link = &store->asked;

    tell(job, &job->answer);
    while (*link && *link != job)
        link = &(*link)->next_asked;
    if (*link)
        *link = job->next_asked;
    job_free(job);
}

void store_forget(struct store *store, const void *context)
{
    for (struct job *job = store->asked; job; job = job->next_asked)
        if (job->context == context)
            forget(job);
}
