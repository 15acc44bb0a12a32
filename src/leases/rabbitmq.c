/* The lease is a lock at a majority of all members: each has a queue of its own for it, and who is that
 * queue's only consumer has the lock until its connection ends. Whoever comes second is refused. Any two
 * majorities meet, so it takes no agreement on who stands and who does not; and the core wants as many to
 * stand before it asks.
 *
 * Not an exclusive queue, declared to get the lease: where Mnesia keeps the queues, to declare one takes a
 * lock on every running member, and waits for one that hangs until Erlang's net tick gives it up. But a hung
 * member is what the lease is for. To consume from a queue takes nobody but its own member. So the queues are
 * made when all is well.
 *
 * rabbitmq-c blocks, so each attempt has a thread (amqp_claim.h), which lives on while the lease is held. A
 * thread that still waits for a resolver is left to itself: what it says then is not heard. */
#include "leases/amqp_claim.h"
#include "leases/registry.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMER_MAX = 4,    /* attempts that were stopped and have not ended yet */
    FAREWELL_MS = 700, /* of the second that the way down may take */
    /* The thread's own deadline is earlier than the loop's, so that its reason is the one that is told. */
    MARGIN_MS = 100,
    MARGIN_PART = 10,
};

/* What is asked: for the lease, whether it could be had, or for the queues. They go on side by side. */
struct request {
    struct rabbitmq_lease *lease;
    struct amqp_claim *claim; /* NULL: none, or it waits until a former one is sure to hold nothing */
    bool check, quiet;
    bool waiting; /* for an answer: by `deadline` at the latest */
    bool held;
    uv_timer_t deadline;
    size_t peer_count, member_count;
    struct lease_peer peers[RMQ_MEMBERS_MAX];
};

struct rabbitmq_lease {
    struct lease base;
    struct request acquire, check, prepare;
    struct amqp_claim *former[FORMER_MAX];
    uv_timer_t farewell;
    size_t open; /* handles of the loop */
    bool closing;
};

static struct rabbitmq_lease *of(struct lease *lease)
{
    return (struct rabbitmq_lease *)lease;
}

static void let_go(void *owner)
{
    struct rabbitmq_lease *lease = owner;

    if (--lease->open == 0)
        free(lease);
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void tell(struct rabbitmq_lease *lease, enum lease_status status, const char *detail)
{
    struct event event = {.kind = EVENT_LEASE, .lease = {.status = status}};

    if (lease->closing)
        return;
    text_copy(event.lease.detail, sizeof(event.lease.detail), detail);
    sink_post(&lease->base.context.sink, &event);
}

static void answer(struct request *request, enum lease_status status, const char *detail)
{
    if (!request->waiting)
        return;
    request->waiting = false;
    (void)uv_timer_stop(&request->deadline);
    if (!request->quiet)
        tell(request->lease, status, detail);
}

static void fail(struct request *request, const char *detail)
{
    answer(request, request->check ? LEASE_USABLE : LEASE_UNAVAILABLE, detail);
}

static void begin(struct request *request);

static bool may_be_held(struct rabbitmq_lease *lease)
{
    for (size_t i = 0; i < FORMER_MAX; i++)
        if (lease->former[i] && amqp_claim_may_hold(lease->former[i]))
            return true;
    return false;
}

static void close_timers(struct rabbitmq_lease *lease)
{
    uv_timer_t *timers[] = {
        &lease->acquire.deadline, &lease->check.deadline, &lease->prepare.deadline, &lease->farewell};

    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        timers[i]->data = lease;
        if (!uv_is_closing((uv_handle_t *)timers[i]))
            uv_close((uv_handle_t *)timers[i], on_timer_closed);
    }
}

/* The end of the lease: what has not ended by now is left to itself. */
static void close_rest(struct rabbitmq_lease *lease)
{
    for (size_t i = 0; i < FORMER_MAX; i++)
        if (lease->former[i])
            amqp_claim_close(lease->former[i], let_go);
    memset(lease->former, 0, sizeof(lease->former));
    close_timers(lease);
}

static void on_farewell(uv_timer_t *timer)
{
    close_rest(timer->data);
}

static bool has_former(const struct rabbitmq_lease *lease)
{
    for (size_t i = 0; i < FORMER_MAX; i++)
        if (lease->former[i])
            return true;
    return false;
}

/* A former claim has ended: once nothing of ours can be held any more, the next one may ask. */
static void forget_former(struct rabbitmq_lease *lease, struct amqp_claim *claim)
{
    for (size_t i = 0; i < FORMER_MAX; i++)
        if (lease->former[i] == claim)
            lease->former[i] = NULL;
    amqp_claim_close(claim, let_go);
    if (lease->closing && !has_former(lease))
        close_rest(lease);
    if (lease->acquire.waiting && !lease->acquire.claim && !may_be_held(lease))
        begin(&lease->acquire);
}

static void on_news(void *owner, struct amqp_claim *claim, const struct amqp_claim_news *news)
{
    struct rabbitmq_lease *lease = owner;
    struct request *request = claim == lease->acquire.claim   ? &lease->acquire
                              : claim == lease->check.claim   ? &lease->check
                              : claim == lease->prepare.claim ? &lease->prepare
                                                              : NULL;

    if (!request) {
        if (news->ended)
            forget_former(lease, claim);
        return;
    }
    if (news->answered && request->waiting) {
        request->held = news->answer.status == LEASE_GRANTED;
        answer(request, news->answer.status, news->answer.detail);
    }
    if (news->lost && request->held) {
        request->held = false;
        tell(lease, LEASE_LOST, news->loss.detail);
    }
    if (news->ended) {
        request->claim = NULL;
        amqp_claim_close(claim, let_go);
    }
}

static size_t free_place(const struct rabbitmq_lease *lease)
{
    size_t i = 0;

    while (i < FORMER_MAX && lease->former[i])
        i++;
    return i;
}

/* Ends what REQUEST has going, and says nothing of it. */
static void drop(struct request *request)
{
    struct rabbitmq_lease *lease = request->lease;
    size_t place = free_place(lease);

    request->waiting = request->held = false;
    (void)uv_timer_stop(&request->deadline);
    if (!request->claim)
        return;
    amqp_claim_stop(request->claim);
    if (place < FORMER_MAX)
        lease->former[place] = request->claim;
    else
        amqp_claim_close(request->claim, let_go);
    request->claim = NULL;
}

static void on_deadline(uv_timer_t *timer)
{
    struct request *request = timer->data;

    fail(request, "no answer in time");
    drop(request);
}

static void begin(struct request *request)
{
    struct rabbitmq_lease *lease = request->lease;
    const struct lease_context *context = &lease->base.context;
    uint64_t left_ms = uv_timer_get_due_in(&request->deadline);
    uint64_t margin_ms = left_ms / MARGIN_PART < MARGIN_MS ? left_ms / MARGIN_PART : MARGIN_MS;
    const struct amqp_claim_request claim = {
        .loop = context->loop,
        .config = context->config,
        .peers = request->peers,
        .peer_count = request->peer_count,
        .member_count = request->member_count,
        .timeout_ms = left_ms - margin_ms,
        .check = request->check,
        .news = on_news,
        .owner = lease,
    };
    int r = amqp_claim_start(&claim, &request->claim);

    if (r == 0)
        lease->open++;
    else
        fail(request, r == -EINVAL ? "no user is configured for it" : strerror(-r));
}

static void ask(struct request *request, const struct lease_request *wanted)
{
    struct rabbitmq_lease *lease = request->lease;

    drop(request);
    request->peer_count = wanted->peer_count < RMQ_MEMBERS_MAX ? wanted->peer_count : RMQ_MEMBERS_MAX;
    request->member_count = wanted->member_count;
    if (request->peer_count > 0)
        memcpy(request->peers, wanted->peers, request->peer_count * sizeof(request->peers[0]));
    request->waiting = true;
    uv_update_time(lease->base.context.loop);
    (void)uv_timer_start(&request->deadline, on_deadline, wanted->timeout_ms, 0);
    if (free_place(lease) == FORMER_MAX)
        fail(request, "earlier attempts still wait for the resolver");
    else if (request->check || !may_be_held(lease))
        begin(request);
}

static struct lease *rabbitmq_create(const struct lease_context *context)
{
    struct rabbitmq_lease *lease = calloc(1, sizeof(*lease));

    if (!lease)
        return NULL;
    lease->base = (struct lease){.ops = &lease_rabbitmq_ops, .context = *context};
    lease->acquire.lease = lease->check.lease = lease->prepare.lease = lease;
    lease->check.check = lease->prepare.check = lease->prepare.quiet = true;
    (void)uv_timer_init(context->loop, &lease->acquire.deadline);
    (void)uv_timer_init(context->loop, &lease->check.deadline);
    (void)uv_timer_init(context->loop, &lease->prepare.deadline);
    (void)uv_timer_init(context->loop, &lease->farewell);
    lease->acquire.deadline.data = &lease->acquire;
    lease->check.deadline.data = &lease->check;
    lease->prepare.deadline.data = &lease->prepare;
    lease->farewell.data = lease;
    lease->open = 4;
    return &lease->base;
}

static void rabbitmq_acquire(struct lease *lease, const struct lease_request *request)
{
    ask(&of(lease)->acquire, request);
}

static void rabbitmq_release(struct lease *lease)
{
    drop(&of(lease)->acquire);
}

static void rabbitmq_check(struct lease *lease, const struct lease_request *request)
{
    ask(&of(lease)->check, request);
}

static void rabbitmq_prepare(struct lease *lease, const struct lease_request *request)
{
    ask(&of(lease)->prepare, request);
}

static void rabbitmq_destroy(struct lease *base)
{
    struct rabbitmq_lease *lease = of(base);

    if (!base)
        return;
    lease->closing = true;
    drop(&lease->acquire);
    drop(&lease->check);
    drop(&lease->prepare);
    if (has_former(lease))
        (void)uv_timer_start(&lease->farewell, on_farewell, FAREWELL_MS, 0);
    else
        close_rest(lease);
}

const struct lease_ops lease_rabbitmq_ops = {
    .name = "rabbitmq",
    .exclusive = true,
    .create = rabbitmq_create,
    .acquire = rabbitmq_acquire,
    .release = rabbitmq_release,
    .check = rabbitmq_check,
    .prepare = rabbitmq_prepare,
    .destroy = rabbitmq_destroy,
};
