#include "evidence/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAME_INCIDENT_MAX = 100, FOLDERS_MAX = 20000 };

static int make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    return -errno;
}

static bool is_file_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/');
}

int folder_create(const char *state_dir, const char *incident, char *ret_path, size_t path_size)
{
    char path[1024];
    int r, fd, used;

    if (!is_file_name(incident))
        return -EINVAL;
    used = snprintf(path, sizeof(path), "%s/evidence", state_dir);
    if (used < 0 || (size_t)used >= sizeof(path))
        return -ENAMETOOLONG;
    r = make_folder(path);
    if (r < 0 && r != -EEXIST)
        return r;
    r = -EEXIST;
    for (int i = 1; i <= SAME_INCIDENT_MAX && r == -EEXIST; i++) {
        if (i == 1)
            used = snprintf(path, sizeof(path), "%s/evidence/%s", state_dir, incident);
        else
            used = snprintf(path, sizeof(path), "%s/evidence/%s.%d", state_dir, incident, i);
        if (used < 0 || (size_t)used >= sizeof(path) || (size_t)used >= path_size)
            return -ENAMETOOLONG;
        r = make_folder(path);
    }
    if (r < 0)
        return r;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    memcpy(ret_path, path, (size_t)used + 1);
    return fd;
}

int folder_write(int folder, const char *name, const char *data, size_t size)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t done = 0;
    int r = 0;

    if (fd < 0)
        return -errno;
    while (done < size) {
        ssize_t part = write(fd, data + done, size - done);

        if (part > 0)
            done += (size_t)part;
        else if (part == 0 || errno != EINTR) {
            r = part == 0 ? -EIO : -errno;
            break;
        }
    }
    if (close(fd) < 0 && r == 0)
        r = -errno;
    return r;
}

/* --- pruning --- */

struct kept {
    char *name;
    struct timespec changed;
    uint64_t bytes;
};

struct kept_list {
    int parent;
    struct kept *items;
    size_t count;
    uint64_t bytes;
};

/* Of a folder's files together; with REMOVE they are removed. It holds files only, or it is not ours. */
static uint64_t sweep(int parent, const char *name, bool remove)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat status;
    uint64_t bytes = 0;

    if (!list) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while ((entry = readdir(list))) {
        if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(status.st_mode))
            continue;
        bytes += (uint64_t)status.st_blocks * 512;
        if (remove)
            (void)unlinkat(fd, entry->d_name, 0);
    }
    closedir(list);
    return bytes;
}

static int add_kept(struct kept_list *list, const char *name)
{
    struct kept *items;
    struct stat status;

    if (fstatat(list->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
        return 0;
    if ((list->count & (list->count - 1)) == 0) { /* full: its room is the next power of two */
        items = realloc(list->items, (list->count ? 2 * list->count : 1) * sizeof(*items));
        if (!items)
            return -ENOMEM;
        list->items = items;
    }
    items = &list->items[list->count];
    items->name = strdup(name);
    if (!items->name)
        return -ENOMEM;
    items->changed = status.st_mtim;
    items->bytes = sweep(list->parent, name, false);
    list->bytes += items->bytes;
    list->count++;
    return 0;
}

static int by_age(const void *left, const void *right)
{
    const struct kept *a = left, *b = right;

    if (a->changed.tv_sec != b->changed.tv_sec)
        return a->changed.tv_sec < b->changed.tv_sec ? -1 : 1;
    if (a->changed.tv_nsec != b->changed.tv_nsec)
        return a->changed.tv_nsec < b->changed.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int remove_kept(int parent, const char *name)
{
    (void)sweep(parent, name, true);
    return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int list_all(struct kept_list *list)
{
    int fd = dup(list->parent), r = 0;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!folder) {
        r = -errno;
        if (fd >= 0)
            close(fd);
        return r;
    }
    while (r == 0 && list->count < FOLDERS_MAX && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            r = add_kept(list, entry->d_name);
    closedir(folder);
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), by_age);
    return r;
}

int folder_prune(const char *path, size_t keep, uint64_t max_bytes)
{
    const char *name = strrchr(path, '/');
    struct kept_list list = {0};
    char parent[1024];
    size_t left;
    int r;

    if (!name || (size_t)(name - path) >= sizeof(parent))
        return -EINVAL;
    snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
    list.parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (list.parent < 0)
        return -errno;
    r = list_all(&list);
    left = list.count;
    for (size_t i = 0; i < list.count && (left > keep || list.bytes > max_bytes); i++) {
        struct kept *item = &list.items[i];

        if (!strcmp(item->name, name + 1))
            continue;
        if (remove_kept(list.parent, item->name) < 0) {
            r = r < 0 ? r : -ENOTEMPTY;
            continue;
        }
        list.bytes -= item->bytes;
        left--;
    }
    for (size_t i = 0; i < list.count; i++)
        free(list.items[i].name);
    free(list.items);
    close(list.parent);
    return r;
}
