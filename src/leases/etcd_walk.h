/* The way through etcd's endpoints and requests to one goal. On the loop; never blocks. */
#ifndef RMQWATCH_LEASES_ETCD_WALK_H
#define RMQWATCH_LEASES_ETCD_WALK_H

#include "http/client.h"
#include "leases/etcd_message.h"
#include "rmqwatch/lease.h"

enum etcd_goal {
    ETCD_ACQUIRE, /* a lease of etcd's, and the key under it */
    ETCD_CHECK,   /* that this would be allowed */
    ETCD_KEEP,    /* the lease alive */
};

enum etcd_step { ETCD_STEP_AUTHENTICATE, ETCD_STEP_GRANT, ETCD_STEP_PUT, ETCD_STEP_TRY, ETCD_STEP_KEEP };

enum etcd_result {
    ETCD_OK,
    ETCD_TAKEN,
    ETCD_GONE,    /* the lease that was to be kept */
    ETCD_REFUSED, /* will not mend itself: credentials, permissions, trust, an unknown host */
    ETCD_FAILED,
};

struct etcd_walk;
typedef void etcd_walk_done_fn(struct etcd_walk *walk, enum etcd_result result, const char *detail);

struct etcd_walk {
    /* set by the owner */
    const struct lease_context *context;
    etcd_walk_done_fn *done; /* once per walk that was not cancelled, from the loop */
    /* what came of it, for the owner and for the next walk */
    char lease[ETCD_NUMBER_MAX]; /* etcd's number of it; empty: none. May be alive even after a failure */
    uint64_t ttl_ms;
    uint64_t asked_ms; /* clock_boot_ms() before the lease was granted or kept alive */
    char token[ETCD_TOKEN_MAX];
    size_t endpoint; /* that was asked last */
    /* under way */
    struct http_transfer *transfer; /* NULL: nothing is */
    enum etcd_goal goal;
    enum etcd_step step;
    size_t endpoints_left;
    uint64_t deadline_ms, endpoint_deadline_ms;
    uint64_t sent_ms;
    bool authenticated; /* on this walk: not twice at an endpoint */
    char revision[ETCD_NUMBER_MAX];
    enum etcd_result worst;
    char detail[sizeof(((struct lease_event *)NULL)->detail)];
};

/* From the first endpoint on; ETCD_KEEP from the one that was asked last. 0, or a negative errno and DONE is
 * not called. */
int etcd_walk_start(struct etcd_walk *walk, enum etcd_goal goal, uint64_t timeout_ms);
void etcd_walk_cancel(struct etcd_walk *walk);
/* Asks the endpoint that was asked last to forget the lease, and the key with it. Goes on by itself. */
void etcd_walk_revoke(struct etcd_walk *walk);

#endif
