/* How the loop ends what a thread waits for, at once, without waiting for the thread. */
#ifndef RMQWATCH_LEASES_AMQP_STOP_H
#define RMQWATCH_LEASES_AMQP_STOP_H

#include <stdbool.h>
#include <uv.h>

struct amqp_stop {
    uv_mutex_t mutex;
    int wake_fd;   /* readable from the stop on: to be polled next to what is waited for */
    int second_fd; /* of the connection that a blocking call waits for, or -1 */
    bool stopped;
    bool committed;
};

/* 0 or negative errno. */
int amqp_stop_init(struct amqp_stop *stop);
void amqp_stop_done(struct amqp_stop *stop);

/* The loop's side. */
void amqp_stop_request(struct amqp_stop *stop);
/* Whether the thread may have asked for the lease: then the broker may still take it for held. */
bool amqp_stop_is_committed(struct amqp_stop *stop);

/* The thread's side. */
bool amqp_stop_is_requested(struct amqp_stop *stop);
/* From here on a stop cuts the connection FD, -1: none; the descriptor stays the caller's. 0, -ECANCELED when
 * there was a stop already, or another negative errno. */
int amqp_stop_guard(struct amqp_stop *stop, int fd);
/* From here on the lease may be held, and a stop cuts nothing: the thread gives it back in good order. 0 or
 * -ECANCELED. */
int amqp_stop_commit(struct amqp_stop *stop);

#endif
