/* Frozen, busy or neither: what the broker's process does while its ports are silent. */
#ifndef RMQWATCH_CORE_PROCESS_H
#define RMQWATCH_CORE_PROCESS_H

#include "rmqwatch/evidence.h"
#include "rmqwatch/policy.h"

enum { PROCESS_SAMPLES_MAX = 16 };

struct process_sample {
    uint64_t at_ms;
    uint64_t cpu_ms;
    uint64_t wanted_ms; /* CPU time used, and time spent waiting for a processor */
    uint64_t io_bytes;
    bool runnable; /* a thread of it was on a processor, or waited for one */
};

/* The newest samples of one process, oldest first. */
struct process {
    uint32_t pid;
    uint64_t gone_ms; /* when it was found to have ended; 0: it is there, or was never seen */
    char state;
    bool run_delay_known, io_known; /* in every sample */
    uint32_t count;
    struct process_sample samples[PROCESS_SAMPLES_MAX];
    uint32_t runnable_threads; /* in the last one */
    uint64_t
        idle_since_ms; /* since when it has used no CPU time, nor wanted any; 0: it has, in the last one */
    uint64_t
        waits_since_ms; /* since when each sample found it waiting in the kernel; 0: the last one did not */
};

void process_absorb(struct process *process, const struct host_sample *sample, uint64_t now_ms);
void process_forget(struct process *process);
/* It has just ended: systemd is about to tell. */
bool process_is_gone(const struct process *process, uint64_t now_ms);
/* As far as is known: one that is stopped, or waits in the kernel, does nothing about a signal but to die. */
bool process_takes_signals(const struct process *process, uint64_t now_ms);
/* It is stopped; or since SINCE_MS, for as long as it takes to count as down, it has neither used nor wanted
 * CPU time, or has waited in the kernel and not been busy. */
bool process_is_frozen(
    const struct process *process, const struct policy *policy, uint64_t since_ms, uint64_t now_ms);
/* In the time since SINCE_MS, as far back as samples reach, it has wanted a fair share of a processor, or
 * moved data: it is starved, collecting garbage or recovering queues, and not dead. */
bool process_is_busy(const struct process *process, uint64_t since_ms, uint64_t now_ms);
/* "its process: state T, no CPU time for 4 s" */
void process_describe(
    enum language language, const struct process *process, uint64_t now_ms, char *text, size_t size);

#endif
