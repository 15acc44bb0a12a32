/* What the kernel writes about processes, control groups and locks: bytes -> numbers. Pure: no I/O, no state.
 * Texts need no NUL. Each returns 0 or -EBADMSG, and touches its output on 0 only. */
#ifndef RMQWATCH_EVIDENCE_HOST_PARSE_H
#define RMQWATCH_EVIDENCE_HOST_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_stat {
    char state;
    uint64_t cpu_ticks; /* user and system time of all threads, in units of sysconf(_SC_CLK_TCK) */
};

/* /proc/PID/stat of proc_pid_stat(5). The process chooses its own name, which may hold anything. */
int parse_process_stat(const char *text, size_t size, struct process_stat *ret_stat);

struct thread_delay {
    uint64_t waited_ns; /* runnable, but without a processor */
    uint64_t turns;     /* how often it was given one; 0 in a thread that ran: the kernel does not count */
};

/* /proc/PID/task/TID/schedstat: "RUN_NS WAIT_NS TURNS". */
int parse_schedstat(const char *text, size_t size, struct thread_delay *ret_delay);

/* /proc/PID/cgroup: the path below the unified hierarchy, "/system.slice/..."; -EBADMSG also when it is cut.
 */
int parse_cgroup_path(const char *text, size_t size, char *ret_path, size_t path_size);

/* io.stat of a control group, "8:0 rbytes=1 wbytes=2 ...": all devices' bytes together; 0 for no lines. */
int parse_io_stat(const char *text, size_t size, uint64_t *ret_bytes);

/* A file as /proc/locks names it. */
struct lock_file {
    uint32_t major, minor; /* of its file system, which is not st_dev on all kinds of them */
    uint64_t inode;
};

/* The holder of a write lock of the POSIX kind on one of FILES, in /proc/locks: its index in FILES and its
 * process. -ENOENT when nobody holds one. Kernels show locks of processes in the reader's own namespace only:
 * a package manager that works on this system from outside of its container is not seen. */
int parse_locks(const char *text, size_t size, const struct lock_file *files, size_t file_count,
    size_t *ret_file, uint32_t *ret_pid);

/* The device of mount MOUNT_ID in /proc/self/mountinfo; -ENOENT when it is not there. */
int parse_mount_device(
    const char *text, size_t size, uint64_t mount_id, uint32_t *ret_major, uint32_t *ret_minor);

#endif
