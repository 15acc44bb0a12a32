#include "base/log_journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SEND_BUFFER_BYTES = 8 << 20 }; /* as libsystemd: room for a burst while journald is busy */

int log_journal_open(const char *path, struct log_journal *ret_journal)
{
    struct log_journal journal = {.address.sun_family = AF_UNIX};
    int size = SEND_BUFFER_BYTES;

    if (strlen(path) >= sizeof(journal.address.sun_path))
        return -ENAMETOOLONG;
    strcpy(journal.address.sun_path, path);
    journal.address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    journal.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (journal.fd < 0)
        return -errno;
    /* Only a wish: the kernel caps it at net.core.wmem_max. */
    (void)setsockopt(journal.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    *ret_journal = journal;
    return 0;
}

void log_journal_close(struct log_journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

int log_journal_send(const struct log_journal *journal, const char *bytes, size_t count)
{
    ssize_t sent;

    do {
        sent = sendto(journal->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT,
            (const struct sockaddr *)&journal->address, journal->address_size);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}
