/* Whether a package manager is at work on this machine: then a broker that stops is being upgraded. */
#ifndef RMQWATCH_EVIDENCE_PACKAGE_LOCKS_H
#define RMQWATCH_EVIDENCE_PACKAGE_LOCKS_H

#include "evidence/host_parse.h"
#include "rmqwatch/evidence.h"

enum { PACKAGE_LOCKS_MAX = 4 };

/* The lock files that there are. */
struct package_locks {
    size_t count;
    struct lock_file files[PACKAGE_LOCKS_MAX];
    const char *managers[PACKAGE_LOCKS_MAX]; /* "dpkg", "rpm" */
};

/* Adds the file at PATH, if there is one and room for it; MANAGER is static. */
void package_locks_add(struct package_locks *locks, const char *path, const char *manager);
/* Looks for all that are known. It may wait for a disk: not on the loop. */
void package_locks_find(struct package_locks *ret_locks);

/* Fills the sample's packages from /proc/locks, with BUFFER's help. Not known where that file is hidden, or
 * longer than BUFFER. */
void package_locks_sample(
    const struct package_locks *locks, char *buffer, size_t buffer_size, struct host_sample *sample);

#endif
