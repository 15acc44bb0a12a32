/* A login at one peer over AMQP and a lock there: being the only consumer of a queue. It blocks, so it is for
 * threads of their own; amqp_stop ends what can be ended. */
#ifndef RMQWATCH_LEASES_AMQP_SESSION_H
#define RMQWATCH_LEASES_AMQP_SESSION_H

#include "leases/amqp_library.h"
#include "leases/amqp_stop.h"
#include "rmqwatch/lease.h"

enum { SESSION_DETAIL_MAX = sizeof((struct lease_event *)NULL)->detail };

struct session_login {
    char *username, *password, *vhost;
    bool tls;
    char *ca_file;                     /* NULL: the system's trust store */
    char name[RMQ_NODE_NAME_MAX + 64]; /* of the connection, for who looks at the broker */
};

enum session_result {
    SESSION_OK,
    SESSION_TAKEN,   /* another connection is the queue's only consumer */
    SESSION_REFUSED, /* will not mend itself: credentials, permissions, trust, an unknown host */
    SESSION_FAILED,  /* may be better next time */
};

struct session {
    amqp_connection_state_t connection; /* NULL: closed */
    int fd;
    bool locked;
    uint64_t heard_ms; /* clock_boot_ms() when the peer was heard of last, once locked */
    const struct lease_peer *peer;
    struct amqp_stop *stop;
    char detail[SESSION_DETAIL_MAX]; /* what went wrong, for people; never a secret */
};

/* Connects and logs in until DEADLINE_MS of clock_boot_ms(), but for a resolver that hangs. LOGIN, PEER and
 * STOP must outlive the session. To be closed with session_close(), whatever the result. */
enum session_result session_open(struct session *session, const struct session_login *login,
    const struct lease_peer *peer, struct amqp_stop *stop, uint64_t deadline_ms);
/* Makes sure that there is a durable queue of this name. */
enum session_result session_declare(struct session *session, const char *queue, uint64_t deadline_ms);
/* Becomes the queue's only consumer, until the session ends. */
enum session_result session_lock(struct session *session, const char *queue, uint64_t deadline_ms);
/* Whether it would be allowed to lock it; whoever holds it is not disturbed. */
enum session_result session_try(struct session *session, const char *queue, uint64_t deadline_ms);
/* To be called twice a second while it is locked, and when FD is readable: keeps the connection alive. False:
 * the lock is lost, the session is closed, and detail says why. */
bool session_keep(struct session *session, bool readable);
/* In good order, for a second at most, and only if the connection is known to live: what is held is given
 * back then when this returns. Harmless when closed. */
void session_close(struct session *session);

/* amqp_connect.c: a connected, non-blocking socket, or -1; then *ret_result is what session_open() says. */
int session_connect(struct session *session, uint64_t deadline_ms, enum session_result *ret_result);
/* Sets the detail: the peer's host, a colon, and this; characters that cannot be printed become '?'. */
void session_explain(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
