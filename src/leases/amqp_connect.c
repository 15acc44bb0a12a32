/* The way to a peer: rabbitmq-c's own would go on until its timeout, whatever happens meanwhile. */
#include "leases/amqp_session.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t time_left_ms(uint64_t deadline_ms)
{
    return (int64_t)deadline_ms - (int64_t)clock_boot_ms();
}

/* 0 when FD is connected, or negative errno. */
static int wait_connected(int fd, int wake_fd, int64_t patience_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = wake_fd, .events = POLLIN}};
    socklen_t size = sizeof(int);
    int error = 0;
    int r = poll(fds, 2, patience_ms > 0 ? (int)patience_ms : 0);

    if (r < 0)
        return -errno;
    if (fds[1].revents)
        return -ECANCELED;
    if (r == 0)
        return -ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static int connect_address(const struct addrinfo *address, int wake_fd, int64_t patience_ms)
{
    int fd =
        socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    int one = 1, r = 0;

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
        r = errno == EINPROGRESS ? wait_connected(fd, wake_fd, patience_ms) : -errno;
    if (r == 0)
        return fd;
    (void)close(fd);
    return r;
}

static int connect_any(const struct addrinfo *found, int wake_fd, uint64_t deadline_ms)
{
    int count = 0, r = -ETIMEDOUT;

    for (const struct addrinfo *address = found; address; address = address->ai_next)
        count++;
    for (const struct addrinfo *address = found; address; address = address->ai_next, count--) {
        int64_t left_ms = time_left_ms(deadline_ms);

        if (left_ms <= 0)
            return -ETIMEDOUT;
        r = connect_address(address, wake_fd, left_ms / count);
        if (r >= 0 || r == -ECANCELED)
            return r;
    }
    return r;
}

int session_connect(struct session *session, uint64_t deadline_ms, enum session_result *ret_result)
{
    static const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    int r;

    snprintf(port, sizeof(port), "%u", session->peer->amqp_port);
    r = getaddrinfo(session->peer->host, port, &hints, &found);
    if (r != 0) {
        session_explain(session, "%s", gai_strerror(r));
        *ret_result = r == EAI_NONAME || r == EAI_NODATA ? SESSION_REFUSED : SESSION_FAILED;
        return -1;
    }
    r = connect_any(found, session->stop->wake_fd, deadline_ms);
    freeaddrinfo(found);
    if (r >= 0)
        return r;
    session_explain(session, "%s", r == -ETIMEDOUT ? "no answer in time" : strerror(-r));
    *ret_result = SESSION_FAILED;
    return -1;
}
