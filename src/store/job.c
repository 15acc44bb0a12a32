#include "store/parts.h"

#include <stdlib.h>

void job_free(struct job *job)
{
    if (!job)
        return;
    arena_free(job->answer.arena);
    arena_free(job->arena);
    free(job);
}

bool job_is_query(const struct job *job)
{
    return job->kind != JOB_ENTRY && job->kind != JOB_INPUTS;
}

bool job_writes(const struct job *job)
{
    return !job_is_query(job) || job->kind == JOB_ACK || job->kind == JOB_KEEP;
}

size_t job_bytes(const struct job *job)
{
    return sizeof(*job) + arena_bytes(job->arena);
}

void job_list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
    list->count++;
    list->bytes += job_bytes(job);
}

struct job *job_list_take(struct job_list *list)
{
    struct job *job = list->first;

    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    list->bytes -= job_bytes(job);
    job->next = NULL;
    return job;
}
