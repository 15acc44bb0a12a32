/* What /proc and the control groups say of one process. All of it is the kernel's memory: reading it never
 * waits for a disk, nor for the process's own locks. */
#include "evidence/host_parse.h"
#include "evidence/host_sampler.h"
#include "evidence/read_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS_MAX = 256, /* each costs some 8 us; an Erlang machine has a few per processor */
    SMALL_TEXT_MAX = 1024,
    IO_TEXT_MAX = 16 * 1024, /* a line per device */
    GROUP_PATH_MAX = 512,
    NS_PER_MS = 1000000,
};

static bool is_runnable(int tasks, const char *thread)
{
    char path[sizeof(((struct dirent *)0)->d_name) + 16], text[SMALL_TEXT_MAX];
    struct process_stat stat;
    size_t size;

    snprintf(path, sizeof(path), "%s/stat", thread);
    return read_text(tasks, path, text, sizeof(text), &size) == 0 &&
           parse_process_stat(text, size, &stat) == 0 && stat.state == 'R';
}

static void sample_threads(int process, struct host_sample *sample)
{
    int folder = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = folder < 0 ? NULL : fdopendir(folder);
    uint64_t waited_ns = 0, turns = 0;
    char path[sizeof(((struct dirent *)0)->d_name) + 16], text[SMALL_TEXT_MAX];
    struct thread_delay delay;
    struct dirent *entry;
    size_t threads = 0, size;

    if (!list) {
        if (folder >= 0)
            close(folder);
        return;
    }
    while (threads < THREADS_MAX && (entry = readdir(list))) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "%s/schedstat", entry->d_name);
        if (read_text(dirfd(list), path, text, sizeof(text), &size) < 0 ||
            parse_schedstat(text, size, &delay) < 0)
            continue;
        waited_ns += delay.waited_ns;
        turns += delay.turns;
        sample->runnable_threads += is_runnable(dirfd(list), entry->d_name);
        threads++;
    }
    closedir(list);
    /* A kernel that does not count shows zeros, for a process that certainly had its turn. */
    sample->run_delay_known = turns > 0;
    sample->run_delay_ms = waited_ns / NS_PER_MS;
}

/* The accounting of the unit's control group: there when systemd has switched the io controller on for its
 * slice, which a weight for any unit of that slice does. */
static void sample_io(int process, struct host_sample *sample)
{
    static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char text[IO_TEXT_MAX], group[GROUP_PATH_MAX], path[GROUP_PATH_MAX + 64];
    size_t size;

    if (read_text(process, "cgroup", text, sizeof(text), &size) < 0 ||
        parse_cgroup_path(text, size, group, sizeof(group)) < 0)
        return;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        snprintf(path, sizeof(path), "%s%s/io.stat", roots[i], group);
        if (read_text(AT_FDCWD, path, text, sizeof(text), &size) < 0)
            continue;
        sample->io_known = size < sizeof(text) && parse_io_stat(text, size, &sample->io_bytes) == 0;
        return;
    }
}

/* Where /proc hides the processes of others, it hides that they are there; this does not, allowed or not. */
static bool has_ended(uint32_t pid)
{
    return pid <= INT32_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void sample_process(int process, struct host_sample *sample)
{
    uint64_t ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
    char text[SMALL_TEXT_MAX];
    struct process_stat stat;
    size_t size;

    if (read_text(process, "stat", text, sizeof(text), &size) < 0 ||
        parse_process_stat(text, size, &stat) < 0)
        return;
    sample->process_known = true;
    if (stat.state == 'Z' || stat.state == 'X') { /* systemd has not noticed yet */
        sample->pid = 0;
        return;
    }
    sample->process_state = stat.state;
    sample->cpu_ms = stat.cpu_ticks * 1000 / (ticks_per_s ? ticks_per_s : 100);
    sample_threads(process, sample);
    sample_io(process, sample);
}

void host_sample_process(uint32_t pid, struct host_sample *ret_sample)
{
    char path[32];
    int process;

    memset(ret_sample, 0, sizeof(*ret_sample));
    ret_sample->pid = pid;
    if (pid == 0)
        return;
    snprintf(path, sizeof(path), "/proc/%u", pid);
    process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process >= 0) {
        sample_process(process, ret_sample);
        close(process);
    }
    if (!ret_sample->process_known && has_ended(pid)) {
        ret_sample->process_known = true;
        ret_sample->pid = 0;
    }
}
