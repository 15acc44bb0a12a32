/* Turns one log line into bytes: for journald, for a terminal, for anything else. Pure: no I/O, no clock. */
#ifndef RMQWATCH_BASE_LOG_FORMAT_H
#define RMQWATCH_BASE_LOG_FORMAT_H

#include "base/log.h"

#include <stdbool.h>

/* All that is written about one line. MESSAGE is text of any content; FIELDS may be NULL when there are none.
 */
struct log_record {
    int priority;
    const char *identifier;
    const char *message_id; /* NULL: none */
    const char *message;
    const struct log_field *fields;
    size_t field_count;
};

enum {
    LOG_MESSAGE_SIZE = 2048, /* longer messages are cut */
    LOG_JOURNAL_SIZE =
        16384,            /* a datagram of journald's native protocol; fields that do not fit are left out */
    LOG_TEXT_SIZE = 4096, /* a line of text: a pipe takes as much in one piece */
};

/* Each writes at most SIZE bytes to BUFFER and returns how many; nothing is NUL-terminated. */
size_t log_format_journal(const struct log_record *record, char *buffer, size_t size);
/* One line for eyes: time, level, message and the fields that the message does not say already. */
size_t log_format_terminal(
    const struct log_record *record, int64_t wall_ms, bool colour, char *buffer, size_t size);
/* One line for another collector: "<4>message field=value". */
size_t log_format_plain(const struct log_record *record, char *buffer, size_t size);

#endif
