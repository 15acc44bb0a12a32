/* Log lines: structured to journald when standard error is connected to it, readable on a terminal, `<N>`
 * prefixed lines otherwise. Never blocks: a line that journald does not take at once is dropped and counted.
 */
#ifndef RMQWATCH_BASE_LOG_H
#define RMQWATCH_BASE_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

struct log_field {
    const char *name;  /* "RMQ_NODE": capitals, digits, underscores */
    const char *value; /* UTF-8; fields with NULL or "" are left out */
};

/* Chooses where lines go (compares standard error with $JOURNAL_STREAM); colours only on a terminal and
 * without $NO_COLOR. MAX_PRIORITY: lines above it (LOG_DEBUG) are dropped. Works without being called: plain
 * lines. */
void log_open(const char *identifier, int max_priority);
void log_close(void);
void log_set_max_priority(int max_priority);

/* One line. Adapters log an error once, where it is handled. Never put a secret into it. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line with fields, and MESSAGE_ID= when MESSAGE_ID is not NULL. */
void log_fields(int priority, const char *message_id, const struct log_field *fields, size_t field_count,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Lines lost because journald's socket was full. */
uint64_t log_dropped(void);

#endif
