#include "evidence/host_sampler.h"

#include "base/clock.h"
#include "base/log.h"
#include "evidence/package_locks.h"

#include <stdlib.h>

enum {
    FIRST_MS = 100,
    ACTIVITY_MARGIN_MS = 10000,
    LOOK_AGAIN_MS = 60000, /* for lock files: they come with the first package, and stay */
    LOCKS_TEXT_MAX = 64 * 1024,
    BLIND_MAX = 3, /* a process that has just ended cannot be read either */
};

struct host_sampler {
    uv_loop_t *loop;
    struct event_sink sink;
    struct activity_list *activities;
    int activity;
    uint64_t interval_ms, fast_interval_ms;
    uint32_t pid;
    bool fast;
    unsigned blind; /* samples in a row in which the process could not be read */

    uv_timer_t timer;
    uv_work_t work; /* looking for the lock files, which may wait for a disk: only then they come late */
    bool looking, looked, freed, timer_closed;
    uint64_t looked_ms;
    struct package_locks locks; /* as of the last look */
    struct package_locks found; /* the thread's while it looks */

    char buffer[LOCKS_TEXT_MAX];
};

static uint64_t interval_of(const struct host_sampler *sampler)
{
    return sampler->fast ? sampler->fast_interval_ms : sampler->interval_ms;
}

static void on_timer(uv_timer_t *timer);

static void free_if_over(struct host_sampler *sampler)
{
    if (sampler->freed && sampler->timer_closed && !sampler->looking)
        free(sampler);
}

/* --- the lock files --- */

static void on_thread(uv_work_t *work)
{
    struct host_sampler *sampler = work->data;

    package_locks_find(&sampler->found);
}

static void on_looked(uv_work_t *work, int status)
{
    struct host_sampler *sampler = work->data;

    sampler->looking = false;
    if (status == 0) {
        sampler->locks = sampler->found;
        if (!sampler->looked && !sampler->freed) /* the first sample could not tell */
            uv_timer_start(&sampler->timer, on_timer, 1, 0);
        sampler->looked = true;
    }
    free_if_over(sampler);
}

static void look_for_locks(struct host_sampler *sampler)
{
    uint64_t now_ms = clock_boot_ms();

    if (sampler->looking || (sampler->looked && now_ms - sampler->looked_ms < LOOK_AGAIN_MS))
        return;
    sampler->looked_ms = now_ms;
    sampler->looking = uv_queue_work(sampler->loop, &sampler->work, on_thread, on_looked) == 0;
}

/* --- samples --- */

/* Told once, until it can be read again: without it a broker that works hard looks like one that hangs. */
static void note_blindness(struct host_sampler *sampler, const struct host_sample *sample)
{
    if (sample->pid == 0 || sample->process_known)
        sampler->blind = 0;
    else if (sampler->blind < BLIND_MAX && ++sampler->blind == BLIND_MAX)
        log_line(LOG_WARNING,
            "/proc/%u of the broker cannot be read (is /proc mounted with hidepid=?): whether it is busy or "
            "frozen cannot be told from that it hangs; see the unit file of rmqwatchd",
            sample->pid);
}

static void on_timer(uv_timer_t *timer)
{
    struct host_sampler *sampler = timer->data;
    struct event event = {.kind = EVENT_HOST};

    uv_timer_start(timer, on_timer, interval_of(sampler), 0);
    look_for_locks(sampler);
    host_sample_process(sampler->pid, &event.host);
    note_blindness(sampler, &event.host);
    if (sampler->looked)
        package_locks_sample(&sampler->locks, sampler->buffer, sizeof(sampler->buffer), &event.host);
    if (sampler->activity >= 0)
        activity_completed(sampler->activities, sampler->activity, clock_boot_ms());
    sink_post(&sampler->sink, &event);
}

void host_sampler_set_process(struct host_sampler *sampler, uint32_t pid)
{
    sampler->pid = pid;
}

void host_sampler_set_pace(struct host_sampler *sampler, bool fast)
{
    if (sampler->fast == fast)
        return;
    sampler->fast = fast;
    uv_update_time(sampler->loop);
    uv_timer_start(&sampler->timer, on_timer, fast ? 1 : sampler->interval_ms, 0);
}

void host_sampler_reconfigure(struct host_sampler *sampler, const struct policy *policy)
{
    sampler->interval_ms = policy->interval_ms;
    sampler->fast_interval_ms = policy->fast_interval_ms;
    if (sampler->activity >= 0)
        activity_set_max_silence(
            sampler->activities, sampler->activity, sampler->interval_ms + ACTIVITY_MARGIN_MS);
    uv_update_time(sampler->loop);
    if (uv_timer_get_due_in(&sampler->timer) > interval_of(sampler))
        uv_timer_start(&sampler->timer, on_timer, interval_of(sampler), 0);
}

struct host_sampler *host_sampler_new(
    uv_loop_t *loop, const struct policy *policy, struct event_sink sink, struct activity_list *activities)
{
    struct host_sampler *sampler = calloc(1, sizeof(*sampler));

    if (!sampler)
        return NULL;
    sampler->loop = loop;
    sampler->sink = sink;
    sampler->activities = activities;
    sampler->interval_ms = policy->interval_ms;
    sampler->fast_interval_ms = policy->fast_interval_ms;
    sampler->activity = -1;
    if (activities)
        sampler->activity = activity_add(
            activities, "host sampler", sampler->interval_ms + ACTIVITY_MARGIN_MS, clock_boot_ms());
    sampler->work.data = sampler;
    uv_timer_init(loop, &sampler->timer);
    sampler->timer.data = sampler;
    uv_update_time(loop);
    uv_timer_start(&sampler->timer, on_timer, FIRST_MS, 0);
    return sampler;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct host_sampler *sampler = handle->data;

    sampler->timer_closed = true;
    free_if_over(sampler);
}

void host_sampler_free(struct host_sampler *sampler)
{
    if (!sampler)
        return;
    sampler->freed = true;
    if (sampler->activity >= 0)
        activity_remove(sampler->activities, sampler->activity);
    uv_close((uv_handle_t *)&sampler->timer, on_timer_closed);
}
