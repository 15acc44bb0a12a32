#include "leases/amqp_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int amqp_stop_init(struct amqp_stop *stop)
{
    int r;

    *stop = (struct amqp_stop){.second_fd = -1};
    stop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop->wake_fd < 0)
        return -errno;
    r = uv_mutex_init(&stop->mutex);
    if (r < 0)
        (void)close(stop->wake_fd);
    return r;
}

/* With the mutex. */
static void let_go(struct amqp_stop *stop)
{
    if (stop->second_fd >= 0)
        (void)close(stop->second_fd);
    stop->second_fd = -1;
}

void amqp_stop_done(struct amqp_stop *stop)
{
    let_go(stop);
    (void)close(stop->wake_fd);
    uv_mutex_destroy(&stop->mutex);
}

void amqp_stop_request(struct amqp_stop *stop)
{
    uv_mutex_lock(&stop->mutex);
    stop->stopped = true;
    if (stop->second_fd >= 0)
        (void)shutdown(stop->second_fd, SHUT_RDWR);
    (void)eventfd_write(stop->wake_fd, 1);
    uv_mutex_unlock(&stop->mutex);
}

bool amqp_stop_is_committed(struct amqp_stop *stop)
{
    bool committed;

    uv_mutex_lock(&stop->mutex);
    committed = stop->committed;
    uv_mutex_unlock(&stop->mutex);
    return committed;
}

bool amqp_stop_is_requested(struct amqp_stop *stop)
{
    bool stopped;

    uv_mutex_lock(&stop->mutex);
    stopped = stop->stopped;
    uv_mutex_unlock(&stop->mutex);
    return stopped;
}

/* It is a second descriptor that is shut down: the library closes its own when it likes, and the number may
 * be somebody else's by then. */
int amqp_stop_guard(struct amqp_stop *stop, int fd)
{
    int r = 0;

    uv_mutex_lock(&stop->mutex);
    let_go(stop);
    if (stop->stopped)
        r = -ECANCELED;
    else if (fd >= 0 && (stop->second_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        r = -errno;
    uv_mutex_unlock(&stop->mutex);
    return r;
}

int amqp_stop_commit(struct amqp_stop *stop)
{
    int r;

    uv_mutex_lock(&stop->mutex);
    let_go(stop);
    r = stop->stopped ? -ECANCELED : 0;
    stop->committed = r == 0;
    uv_mutex_unlock(&stop->mutex);
    return r;
}
