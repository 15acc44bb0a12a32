#include "core/process.h"
#include "base/text.h"
#include "words/words.h"

#include <string.h>

enum {
    GONE_MS = 5000,        /* a unit that is active without a process for longer never had one to look at */
    FRESH_MS = 15000,      /* an older sample tells nothing of now */
    WINDOW_MIN_MS = 1500,  /* a share over less than that is chance */
    BUSY_PERCENT = 20,     /* of a processor, wanted; an idle broker wants 1 or 2 */
    BUSY_PERCENT_USED = 3, /* of a processor, used, where the kernel does not tell what was wanted */
    BUSY_IO_PER_MS = 64,   /* bytes: 64 KB a second */
};

void process_forget(struct process *process)
{
    memset(process, 0, sizeof(*process));
}

void process_absorb(struct process *process, const struct host_sample *sample, uint64_t now_ms)
{
    struct process_sample *last;

    if (!sample->process_known || sample->pid == 0) {
        uint64_t gone_ms = process->pid != 0 && sample->process_known ? now_ms : process->gone_ms;

        process_forget(process);
        process->gone_ms = gone_ms;
        return;
    }
    if (sample->pid != process->pid) {
        process_forget(process);
        process->pid = sample->pid;
        process->run_delay_known = true;
        process->io_known = true;
    } else {
        last = &process->samples[process->count - 1];
        /* A thread that waits for a processor is starved: nothing is wrong with it. */
        if (sample->cpu_ms != last->cpu_ms || sample->runnable_threads > 0)
            process->idle_since_ms = 0;
        else if (process->idle_since_ms == 0)
            process->idle_since_ms = last->at_ms;
    }
    if (sample->process_state != 'D')
        process->waits_since_ms = 0;
    else if (process->waits_since_ms == 0)
        process->waits_since_ms = now_ms;
    if (process->count == PROCESS_SAMPLES_MAX)
        memmove(process->samples, process->samples + 1, --process->count * sizeof(process->samples[0]));
    process->run_delay_known = process->run_delay_known && sample->run_delay_known;
    process->io_known = process->io_known && sample->io_known;
    process->state = sample->process_state;
    process->runnable_threads = sample->runnable_threads;
    process->samples[process->count++] = (struct process_sample){now_ms, sample->cpu_ms,
        sample->cpu_ms + sample->run_delay_ms, sample->io_bytes, sample->runnable_threads > 0};
}

bool process_is_gone(const struct process *process, uint64_t now_ms)
{
    return process->gone_ms > 0 && now_ms - process->gone_ms < GONE_MS;
}

static const struct process_sample *newest(const struct process *process, uint64_t now_ms)
{
    const struct process_sample *last;

    if (process->count == 0)
        return NULL;
    last = &process->samples[process->count - 1];
    return now_ms - last->at_ms <= FRESH_MS ? last : NULL;
}

/* These counters can fall: a thread that ends takes its waiting with it, a disk that is removed what was read
 * from it. */
static uint64_t growth(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

/* In half of the samples from FIRST to LAST: an idle one is found so once in a hundred times. */
static bool wants_processor(const struct process_sample *first, const struct process_sample *last)
{
    size_t runnable = 0, count = (size_t)(last - first) + 1;

    for (; first <= last; first++)
        runnable += first->runnable;
    return runnable * 2 >= count;
}

bool process_is_busy(const struct process *process, uint64_t since_ms, uint64_t now_ms)
{
    const struct process_sample *last = newest(process, now_ms);
    const struct process_sample *first = process->samples;
    uint64_t elapsed_ms;

    if (!last)
        return false;
    while (first < last && first->at_ms < since_ms)
        first++;
    elapsed_ms = last->at_ms - first->at_ms;
    if (elapsed_ms < WINDOW_MIN_MS)
        return false;
    if (process->io_known && growth(first->io_bytes, last->io_bytes) >= BUSY_IO_PER_MS * elapsed_ms)
        return true;
    if (wants_processor(first, last))
        return true;
    if (process->run_delay_known)
        return growth(first->wanted_ms, last->wanted_ms) * 100 >= BUSY_PERCENT * elapsed_ms;
    return (last->cpu_ms - first->cpu_ms) * 100 >= BUSY_PERCENT_USED * elapsed_ms;
}

/* It has been so since FROM_MS: over the whole silence, which may have begun one sample before. */
static bool lasts(
    uint64_t from_ms, const struct process_sample *last, const struct policy *policy, uint64_t since_ms)
{
    uint64_t least_ms = (policy->fall - 1) * policy->fast_interval_ms;

    return from_ms > 0 && last->at_ms - from_ms >= least_ms && from_ms <= since_ms + policy->interval_ms;
}

bool process_takes_signals(const struct process *process, uint64_t now_ms)
{
    return !newest(process, now_ms) || !strchr("TtD", process->state);
}

bool process_is_frozen(
    const struct process *process, const struct policy *policy, uint64_t since_ms, uint64_t now_ms)
{
    const struct process_sample *last = newest(process, now_ms);

    if (!last)
        return false;
    if (process->state == 'T' || process->state == 't')
        return true;
    if (lasts(process->idle_since_ms, last, policy, since_ms))
        return true;
    /* The state is that of its first thread, which has nothing to do with disks: the broker's files are read
     * and written by other threads. It waits in the kernel for a moment when the machine swaps, say. When
     * every sample finds it there, it is stuck: a freezer, a core dump, a file system that is gone. But as
     * long as the other threads work or move data, the broker is slow, and not frozen. */
    return lasts(process->waits_since_ms, last, policy, since_ms) &&
           !process_is_busy(process, since_ms, now_ms);
}

void process_describe(
    enum language language, const struct process *process, uint64_t now_ms, char *text, size_t size)
{
    const struct process_sample *last = newest(process, now_ms);
    const struct process_sample *first = process->samples;
    char duration[32];

    if (!last)
        return;
    text_append(text, size, words(language, "; its process: state %c"), process->state);
    if (process->idle_since_ms > 0) {
        text_duration(duration, sizeof(duration), now_ms - process->idle_since_ms);
        text_append(text, size, words(language, ", no CPU time for %s"), duration);
    } else if (last->at_ms > first->at_ms) {
        uint64_t elapsed_ms = last->at_ms - first->at_ms;

        text_append(text, size, words(language, ", %u %% of a processor used"),
            (unsigned)((last->cpu_ms - first->cpu_ms) * 100 / elapsed_ms));
        if (process->run_delay_known)
            text_append(text, size, words(language, ", %u %% wanted"),
                (unsigned)(growth(first->wanted_ms, last->wanted_ms) * 100 / elapsed_ms));
    }
    if (process->runnable_threads > 0)
        text_append(text, size, words(language, ", %u of its threads on a processor or waiting for one"),
            process->runnable_threads);
}
