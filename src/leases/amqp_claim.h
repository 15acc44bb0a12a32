/* One attempt at the lease over AMQP, and the holding of it, on a thread of its own. Used by rabbitmq.c only;
 * everything here is called on the loop's thread. */
#ifndef RMQWATCH_LEASES_AMQP_CLAIM_H
#define RMQWATCH_LEASES_AMQP_CLAIM_H

#include "rmqwatch/lease.h"

#include <uv.h>

/* Of each member: with a dot and its name. */
#define AMQP_CLAIM_QUEUE "rmqwatchd.restart"

struct amqp_claim;

/* How far it got; what was true once stays true. */
struct amqp_claim_news {
    bool answered;
    struct lease_event answer;
    bool lost; /* after LEASE_GRANTED */
    struct lease_event loss;
    bool ended; /* the thread does nothing any more: amqp_claim_close() */
};

typedef void amqp_claim_news_fn(void *owner, struct amqp_claim *claim, const struct amqp_claim_news *news);

struct amqp_claim_request {
    uv_loop_t *loop;
    const struct config *config;
    const struct lease_peer *peers;
    size_t peer_count;
    size_t member_count; /* the lease is had with a majority of these */
    uint64_t timeout_ms; /* a resolver that hangs keeps the thread longer */
    bool check;          /* asks all, makes the queues where they are missing, and locks none */
    amqp_claim_news_fn *news;
    void *owner;
};

/* Copies all of REQUEST. 0 or negative errno. NEWS is called from the loop, never from within. */
int amqp_claim_start(const struct amqp_claim_request *request, struct amqp_claim **ret_claim);
/* Gives back what is held and ends what goes on; it comes to `ended` soon. Any number of times. */
void amqp_claim_stop(struct amqp_claim *claim);
/* Whether a broker may still take our lease for held. */
bool amqp_claim_may_hold(struct amqp_claim *claim);
/* Nothing is heard of it any more, and CLOSED is called, from the loop, when nothing of it is left there. If
 * its thread has not ended yet, that goes on alone until it has. */
void amqp_claim_close(struct amqp_claim *claim, void (*closed)(void *owner));

#endif
