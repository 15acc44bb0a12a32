/* A datagram socket to journald that never waits. */
#ifndef RMQWATCH_BASE_LOG_JOURNAL_H
#define RMQWATCH_BASE_LOG_JOURNAL_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LOG_JOURNAL_PATH "/run/systemd/journal/socket"

struct log_journal {
    int fd;
    struct sockaddr_un address;
    socklen_t address_size;
};

/* PATH is LOG_JOURNAL_PATH but for tests. 0, or a negative errno and *ret_journal is left alone. journald
 * need not run yet: every datagram carries its address, so that a journald started anew just works. */
int log_journal_open(const char *path, struct log_journal *ret_journal);
void log_journal_close(struct log_journal *journal); /* accepts a closed one */
/* 0, or a negative errno when journald does not take it at once (-EAGAIN: full; -ENOENT, -ECONNREFUSED:
 * away). */
int log_journal_send(const struct log_journal *journal, const char *bytes, size_t count);

#endif
