/* What the store is given and asked about letters, on the loop. */
#include "rmqwatch/config.h"
#include "store/parts.h"

#include <assert.h>
#include <errno.h>

static bool copy_letter(struct arena *arena, const struct store_letter *letter, struct store_letter *copy)
{
    *copy = *letter;
    copy->kind = arena_text(arena, letter->kind);
    copy->name = arena_text(arena, letter->name);
    copy->id = arena_text(arena, letter->id);
    copy->event = arena_text(arena, letter->event);
    copy->node = arena_text(arena, letter->node);
    copy->incident = arena_text(arena, letter->incident);
    copy->severity = arena_text(arena, letter->severity);
    copy->result = arena_text(arena, letter->result);
    copy->document = arena_text(arena, letter->document);
    return copy->kind && copy->name && copy->id && copy->event && copy->node && copy->incident &&
           copy->severity && copy->result && copy->document;
}

static bool copy_letters(struct job *job, const struct store_letter *letters, size_t count)
{
    bool complete = true;

    job->letters = arena_take(job->arena, count * sizeof(*letters));
    job->letter_count = count;
    for (size_t i = 0; complete && i < count; i++)
        complete = job->letters && copy_letter(job->arena, &letters[i], &job->letters[i]);
    return complete;
}

static bool copy_channels(struct job *job, const struct store_channel *channels, size_t count)
{
    job->channels = arena_take(job->arena, count * sizeof(*channels));
    job->channel_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!job->channels)
            return false;
        job->channels[i] = channels[i];
        job->channels[i].kind = arena_text(job->arena, channels[i].kind);
        job->channels[i].name = arena_text(job->arena, channels[i].name);
        job->channels[i].document = arena_text(job->arena, channels[i].document);
        if (!job->channels[i].kind || !job->channels[i].name || !job->channels[i].document)
            return false;
    }
    return true;
}

int store_keep_letters(struct store *store, const struct store_letter *letters, size_t letter_count,
    const struct store_channel *channels, size_t channel_count, store_ack_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_KEEP);

    assert(letter_count <= STORE_LETTERS_MAX && channel_count <= RMQ_CHANNELS_MAX);
    if (job) {
        job->on_ack = fn;
        if (!copy_letters(job, letters, letter_count) || !copy_channels(job, channels, channel_count)) {
            job_free(job);
            job = NULL;
        }
    }
    return store_ask(store, job, context);
}

int store_letters(
    struct store *store, const struct store_letter_filter *filter, store_letters_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_LETTERS);

    if (job) {
        job->on_letters = fn;
        job->filter = *filter;
    }
    return store_ask(store, job, context);
}

int store_channels(struct store *store, store_channels_fn *fn, void *context)
{
    struct job *job = store_new_job(JOB_CHANNELS);

    if (job)
        job->on_channels = fn;
    return store_ask(store, job, context);
}
