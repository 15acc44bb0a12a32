#include "base/log.h"

#include "base/clock.h"
#include "base/log_format.h"
#include "base/log_journal.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum log_target { LOG_TARGET_PLAIN, LOG_TARGET_TERMINAL, LOG_TARGET_JOURNAL };

/* One per process, set up before there are threads. Lines are built on the stack and leave in one system
 * call, so that any thread may log; only the counters are shared. */
static struct {
    enum log_target target;
    bool colour;
    struct log_journal journal;
    char identifier[64];
    atomic_int max_priority;
    _Atomic uint64_t dropped;
    _Atomic uint64_t reported; /* of the dropped ones: those that a later line told of */
} log_state = {.journal.fd = -1, .identifier = "rmqwatchd", .max_priority = LOG_DEBUG};

/* Whether standard error is the stream that systemd connected to journald, and not redirected since. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat status;

    if (!stream || sscanf(stream, "%ju:%ju", &device, &inode) != 2 || fstat(STDERR_FILENO, &status) < 0)
        return false;
    return status.st_dev == device && status.st_ino == inode;
}

void log_open(const char *identifier, int max_priority)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    log_close();
    text_copy(log_state.identifier, sizeof(log_state.identifier), identifier);
    log_set_max_priority(max_priority);
    if (stderr_is_journal() && log_journal_open(LOG_JOURNAL_PATH, &log_state.journal) == 0) {
        log_state.target = LOG_TARGET_JOURNAL;
    } else if (isatty(STDERR_FILENO)) {
        log_state.target = LOG_TARGET_TERMINAL;
        log_state.colour = !(no_color && no_color[0]) && !(terminal && strcmp(terminal, "dumb") == 0);
    }
}

void log_close(void)
{
    log_journal_close(&log_state.journal);
    log_state.target = LOG_TARGET_PLAIN;
    log_state.colour = false;
}

void log_set_max_priority(int max_priority)
{
    atomic_store(&log_state.max_priority, max_priority);
}

/* O_NONBLOCK on standard error would be felt by everybody who shares it, so ask first whether a write of one
 * line would wait. */
static int write_text(const char *bytes, size_t count)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t written;

    if (poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT))
        return -EAGAIN;
    do {
        written = write(STDERR_FILENO, bytes, count);
    } while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : 0;
}

static int emit(const struct log_record *record)
{
    char bytes[LOG_JOURNAL_SIZE];

    switch (log_state.target) {
    case LOG_TARGET_JOURNAL:
        return log_journal_send(
            &log_state.journal, bytes, log_format_journal(record, bytes, LOG_JOURNAL_SIZE));
    case LOG_TARGET_TERMINAL:
        return write_text(
            bytes, log_format_terminal(record, clock_wall_ms(), log_state.colour, bytes, LOG_TEXT_SIZE));
    case LOG_TARGET_PLAIN:
        return write_text(bytes, log_format_plain(record, bytes, LOG_TEXT_SIZE));
    }
    return -EINVAL;
}

/* The first line that gets through after a loss is followed by one that tells of it. */
static void report_dropped(void)
{
    uint64_t dropped = atomic_load(&log_state.dropped);
    uint64_t reported = atomic_load(&log_state.reported);
    char message[96];
    struct log_record record = {
        .priority = LOG_WARNING, .identifier = log_state.identifier, .message = message};

    if (dropped == reported || !atomic_compare_exchange_strong(&log_state.reported, &reported, dropped))
        return;
    snprintf(message, sizeof(message), "log lines lost because they were not taken in time: %" PRIu64,
        dropped - reported);
    if (emit(&record) < 0)
        atomic_store(&log_state.reported, reported);
}

static void log_arguments(int priority, const char *message_id, const struct log_field *fields,
    size_t field_count, const char *format, va_list arguments)
{
    static const char cut[] = "...";
    char message[LOG_MESSAGE_SIZE + sizeof(cut)];
    struct log_record record = {
        .priority = priority,
        .identifier = log_state.identifier,
        .message_id = message_id,
        .message = message,
        .fields = fields,
        .field_count = field_count,
    };
    int error = errno; /* logging an error must not change it */
    int length;

    if (priority > atomic_load(&log_state.max_priority))
        return;
    length = vsnprintf(message, LOG_MESSAGE_SIZE, format, arguments);
    if (length >= LOG_MESSAGE_SIZE) {
        char whole[LOG_MESSAGE_SIZE];

        memcpy(whole, message, sizeof(whole));
        text_copy(message, LOG_MESSAGE_SIZE - 1, whole); /* one less: cuts, and at a character */
        strcat(message, cut);
    }
    if (length >= 0 && emit(&record) == 0)
        report_dropped();
    else
        atomic_fetch_add(&log_state.dropped, 1);
    errno = error;
}

void log_line(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_arguments(priority, NULL, NULL, 0, format, arguments);
    va_end(arguments);
}

void log_fields(int priority, const char *message_id, const struct log_field *fields, size_t field_count,
    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_arguments(priority, message_id, fields, field_count, format, arguments);
    va_end(arguments);
}

uint64_t log_dropped(void)
{
    return atomic_load(&log_state.dropped);
}
