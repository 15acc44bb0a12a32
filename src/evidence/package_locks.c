#include "evidence/package_locks.h"

#include "base/text.h"
#include "evidence/read_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOUNTS_TEXT_MAX = 256 * 1024 };

/* Looking at them needs no right to read them. */
static const struct {
    const char *path, *manager;
} places[PACKAGE_LOCKS_MAX] = {
    {"/var/lib/dpkg/lock-frontend", "dpkg"},
    {"/var/lib/dpkg/lock", "dpkg"},
    {"/var/lib/rpm/.rpm.lock", "rpm"},
    {"/usr/lib/sysimage/rpm/.rpm.lock", "rpm"},
};

/* The kernel's locks name the file system's own device. On btrfs and on overlays that is not what stat()
 * says, but the list of mounts has it. */
static void correct_device(const struct statx *status, struct lock_file *file)
{
#ifdef STATX_MNT_ID
    char *mounts;
    size_t size;

    if (!(status->stx_mask & STATX_MNT_ID))
        return;
    mounts = malloc(MOUNTS_TEXT_MAX);
    if (mounts && read_text(AT_FDCWD, "/proc/self/mountinfo", mounts, MOUNTS_TEXT_MAX, &size) == 0)
        (void)parse_mount_device(mounts, size, status->stx_mnt_id, &file->major, &file->minor);
    free(mounts);
#else
    (void)status;
    (void)file;
#endif
}

void package_locks_add(struct package_locks *locks, const char *path, const char *manager)
{
    unsigned mask = STATX_INO;
    struct statx status;
    struct lock_file *file = &locks->files[locks->count];

#ifdef STATX_MNT_ID
    mask |= STATX_MNT_ID;
#endif
    if (locks->count >= PACKAGE_LOCKS_MAX || statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, mask, &status) < 0)
        return;
    *file = (struct lock_file){status.stx_dev_major, status.stx_dev_minor, status.stx_ino};
    correct_device(&status, file);
    locks->managers[locks->count++] = manager;
}

void package_locks_find(struct package_locks *ret_locks)
{
    memset(ret_locks, 0, sizeof(*ret_locks));
    for (size_t i = 0; i < PACKAGE_LOCKS_MAX; i++)
        package_locks_add(ret_locks, places[i].path, places[i].manager);
}

/* By the name of the process that holds the lock: "apt-get" says more than "dpkg". */
static void name_holder(uint32_t pid, const char *manager, char *name, size_t name_size)
{
    char path[32];
    size_t size = 0;

    snprintf(path, sizeof(path), "/proc/%u/comm", pid);
    if (read_text(AT_FDCWD, path, name, name_size - 1, &size) < 0)
        size = 0;
    while (size > 0 && name[size - 1] == '\n')
        size--;
    name[size] = '\0';
    for (size_t i = 0; i < size; i++)
        if (name[i] < 0x20 || name[i] == 0x7f)
            name[i] = '?';
    if (size == 0)
        text_copy(name, name_size, manager);
}

void package_locks_sample(
    const struct package_locks *locks, char *buffer, size_t buffer_size, struct host_sample *sample)
{
    size_t size, file;
    uint32_t pid;

    if (read_text(AT_FDCWD, "/proc/locks", buffer, buffer_size, &size) < 0 || size == buffer_size)
        return;
    sample->packages_known = true;
    if (parse_locks(buffer, size, locks->files, locks->count, &file, &pid) < 0)
        return;
    sample->packages_changing = true;
    name_holder(pid, locks->managers[file], sample->package_manager, sizeof(sample->package_manager));
}
