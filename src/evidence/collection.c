#include "evidence/collection.h"

#include "base/text.h"
#include "evidence/folder.h"
#include "evidence/read_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OLD_LOG_MS = 15 * 60 * 1000, SAME_MOMENT_MS = 1500, PROCESS_TEXT_MAX = 16 * 1024 };

static void note(struct collection_files *files, const char *what, int error)
{
    text_append(files->problems, sizeof(files->problems), "%s: %s\n", what, strerror(-error));
}

static void keep(struct collection_files *files, const char *name, const char *data, size_t size)
{
    int r = files->folder < 0 ? 0 : folder_write(files->folder, name, data, size);

    if (r < 0)
        note(files, name, r);
}

/* --- the unit --- */

static void keep_unit(struct collection_files *files)
{
    const struct unit_state *unit = &files->request.unit;
    char text[2048] = "";

    text_append(text, sizeof(text), "# As the watchdog saw it when it decided to collect this.\n");
    text_append(text, sizeof(text), "LoadState=%s\nActiveState=%s\nSubState=%s\nResult=%s\n",
        unit->load_state, unit_active_name(unit->active), unit->sub_state, unit->result);
    text_append(text, sizeof(text), "InvocationID=%s\nStatusText=%s\nJob=%" PRIu32 "\nMainPID=%" PRIu32 "\n",
        unit->invocation_id, unit->status_text, unit->job_id, unit->main_pid);
    text_append(text, sizeof(text),
        "ExecMainCode=%" PRId32 "\nExecMainStatus=%" PRId32 "\nNRestarts=%" PRIu32 "\n", unit->exec_main_code,
        unit->exec_main_status, unit->n_restarts);
    keep(files, "unit", text, strlen(text));
}

/* --- the process --- */

static void keep_process(struct collection_files *files)
{
    static const char *const parts[] = {"status", "wchan", "sched", "schedstat", "cgroup", "limits"};
    char path[64], *text = malloc(PROCESS_TEXT_MAX);
    size_t used = 0, size;
    int r;

    if (!text) {
        note(files, "process", -ENOMEM);
        return;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t room = PROCESS_TEXT_MAX - used;
        int heading =
            snprintf(text + used, room, "# /proc/%" PRIu32 "/%s\n", files->request.unit.main_pid, parts[i]);

        if (heading < 0 || (size_t)heading + 2 >= room)
            break;
        snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", files->request.unit.main_pid, parts[i]);
        r = read_text(AT_FDCWD, path, text + used + heading, room - (size_t)heading - 1, &size);
        if (r < 0) {
            note(files, path, r);
            continue;
        }
        used += (size_t)heading + size;
        text[used++] = '\n';
    }
    keep(files, "process", text, used);
    free(text);
}

/* --- the broker's own log --- */

static int64_t written_ms(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

struct newest_log {
    char name[NAME_MAX + 1]; /* empty: none */
    off_t size;
    int64_t written_ms;
};

static void consider_log(int folder, const char *name, struct newest_log *readable, struct newest_log *hidden)
{
    struct newest_log *newest;
    struct stat status;

    if (!ends_with(name, ".log") || ends_with(name, ".error.log") ||
        fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size == 0)
        return;
    newest = faccessat(folder, name, R_OK, 0) == 0 ? readable : hidden;
    if (newest->name[0] && written_ms(&status) <= newest->written_ms)
        return;
    text_copy(newest->name, sizeof(newest->name), name);
    newest->size = status.st_size;
    newest->written_ms = written_ms(&status);
}

/* The files that were written last: the node's own, and what its unit's standard output goes to. Debian's
 * unit keeps the latter for root alone. */
static int find_logs(int folder, struct newest_log *readable, struct newest_log *hidden)
{
    int copy = dup(folder);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    if (!list) {
        if (copy >= 0)
            close(copy);
        return -ENOMEM;
    }
    while ((entry = readdir(list)))
        consider_log(folder, entry->d_name, readable, hidden);
    closedir(list);
    if (readable->name[0])
        return 0;
    return hidden->name[0] ? -EACCES : -ENOENT;
}

static int read_end(
    int folder, const char *name, off_t file_size, char *buffer, size_t size, size_t *ret_size)
{
    off_t from = file_size > (off_t)size ? file_size - (off_t)size : 0;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t got;
    int r;

    if (fd < 0)
        return -errno;
    got = pread(fd, buffer, size, from);
    r = got < 0 ? -errno : 0;
    close(fd);
    if (r == 0)
        *ret_size = (size_t)got;
    return r;
}

/* An early failure to boot is written to standard output only: then the node's file is of an earlier run. */
static void judge_age(
    struct collection_files *files, const struct newest_log *readable, const struct newest_log *hidden)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if ((int64_t)now.tv_sec * 1000 - readable->written_ms > OLD_LOG_MS) {
        files->broker_log_old = true;
        text_append(files->problems, sizeof(files->problems),
            BROKER_LOG_DIRECTORY "/%s was written last long before this incident\n", readable->name);
    } else if (hidden->name[0] && hidden->written_ms > readable->written_ms + SAME_MOMENT_MS) {
        files->broker_log_old = true;
        text_append(files->problems, sizeof(files->problems),
            BROKER_LOG_DIRECTORY
            "/%s was written later than %s, but cannot be read: see the unit file of rmqwatchd\n",
            hidden->name, readable->name);
    }
}

static void gather_broker_log(struct collection_files *files)
{
    int folder = open(BROKER_LOG_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
    struct newest_log readable = {0}, hidden = {0};

    r = folder < 0 ? -errno : find_logs(folder, &readable, &hidden);
    if (r == 0) {
        files->broker_log = malloc(COLLECT_LOG_MAX);
        r = !files->broker_log ? -ENOMEM
                               : read_end(folder, readable.name, readable.size, files->broker_log,
                                     COLLECT_LOG_MAX, &files->broker_log_size);
    }
    if (folder >= 0)
        close(folder);
    if (r < 0) {
        note(files, "no log in " BROKER_LOG_DIRECTORY " can be read, see the unit file of rmqwatchd", r);
        return;
    }
    judge_age(files, &readable, &hidden);
    keep(files, "broker.log", files->broker_log, files->broker_log_size);
}

void collection_gather(struct collection_files *files)
{
    int r = folder_create(files->state_dir, files->request.incident, files->path, sizeof(files->path));

    files->folder = r < 0 ? -1 : r;
    files->folder_error = r < 0 ? r : 0;
    if (r < 0)
        note(files, "no folder for the evidence", r);
    /* First what changes soonest. */
    if (files->request.live && files->request.unit.main_pid != 0)
        keep_process(files);
    keep_unit(files);
    keep(files, "members", files->request.members, strlen(files->request.members));
    gather_broker_log(files);
}

static void keep_output(struct collection_files *files, const char *name, const struct command_result *result,
    const char *what_is_cut)
{
    if (result->error < 0)
        note(files, name, result->error);
    else if (result->signal != 0)
        text_append(
            files->problems, sizeof(files->problems), "%s: ended by signal %d\n", name, result->signal);
    else if (result->exit_code != 0)
        text_append(files->problems, sizeof(files->problems), "%s: exit code %d\n", name, result->exit_code);
    if (result->cut)
        text_append(
            files->problems, sizeof(files->problems), "%s: too long, its %s is lost\n", name, what_is_cut);
    if (result->size > 0)
        keep(files, name, result->output, result->size);
}

/* The broker's environment may hold passwords of others. */
static void hide_environment(struct command_result *result)
{
    static const char name[] = "\nEnvironment=";
    char *at = result->output, *end = result->output + result->size;

    while (at && (at = memmem(at, (size_t)(end - at), name, strlen(name))))
        for (at += strlen(name); at < end && *at != '\n'; at++)
            *at = '*';
}

void collection_complete(struct collection_files *files)
{
    int r;

    hide_environment(&files->show);
    keep_output(files, "journal", &files->journal, "beginning");
    keep_output(files, "systemctl-show", &files->show, "end");
    if (files->folder < 0)
        return;
    r = folder_prune(files->path, files->keep, (uint64_t)files->max_megabytes << 20);
    if (r < 0)
        note(files, "old evidence could not be removed", r);
    if (files->problems[0])
        keep(files, "problems", files->problems, strlen(files->problems));
    close(files->folder);
    files->folder = -1;
}
