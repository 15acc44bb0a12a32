/* The lease is a key in etcd that only one agent can create, under a lease of etcd's that ends by itself when
 * nobody keeps it alive. etcd may end it after a whole ttl without news of us: we give it up after half of
 * one, counted from before we asked. */
#include "leases/etcd_walk.h"
#include "leases/registry.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEEP_PART = 3,     /* of the ttl between two signs of life */
    ATTEMPT_PART = 24, /* of the ttl for one, so that several fit in before half of it is over */
    AGAIN_MS = 200,
};

struct etcd_lease {
    struct lease base;
    struct etcd_walk holder; /* acquires it and keeps it alive */
    struct etcd_walk checker;
    bool held;
    uv_timer_t keep, expiry;
    unsigned open; /* handles of the loop */
    bool closing;
};

static struct etcd_lease *of(struct lease *lease)
{
    return (struct etcd_lease *)lease;
}

static void tell(struct etcd_lease *lease, enum lease_status status, const char *detail)
{
    struct event event = {.kind = EVENT_LEASE, .lease = {.status = status}};

    text_copy(event.lease.detail, sizeof(event.lease.detail), detail);
    sink_post(&lease->base.context.sink, &event);
}

/* Posts nothing. */
static void let_go(struct etcd_lease *lease)
{
    etcd_walk_cancel(&lease->holder);
    (void)uv_timer_stop(&lease->keep);
    (void)uv_timer_stop(&lease->expiry);
    lease->held = false;
    etcd_walk_revoke(&lease->holder);
}

static void lose(struct etcd_lease *lease, const char *why)
{
    let_go(lease);
    tell(lease, LEASE_LOST, why);
}

static uint64_t good_until_ms(const struct etcd_lease *lease)
{
    return lease->holder.asked_ms + lease->holder.ttl_ms / 2;
}

static void on_expiry(uv_timer_t *timer)
{
    lose(timer->data, "etcd has not been reached for half of the ttl");
}

static void on_keep(uv_timer_t *timer)
{
    struct etcd_lease *lease = timer->data;
    uint64_t part_ms = lease->holder.ttl_ms / ATTEMPT_PART;

    /* The machine may have been suspended: its timers do not know. */
    if (clock_boot_ms() >= good_until_ms(lease))
        on_expiry(&lease->expiry);
    else if (etcd_walk_start(&lease->holder, ETCD_KEEP, part_ms) < 0)
        (void)uv_timer_start(timer, on_keep, AGAIN_MS, 0);
}

/* It is known to be alive since asked_ms. */
static void hold_on(struct etcd_lease *lease)
{
    uint64_t now_ms = clock_boot_ms(), until_ms = good_until_ms(lease);
    uint64_t keep_ms = lease->holder.asked_ms + lease->holder.ttl_ms / KEEP_PART;

    uv_update_time(lease->base.context.loop);
    (void)uv_timer_start(&lease->keep, on_keep, keep_ms > now_ms ? keep_ms - now_ms : 1, 0);
    (void)uv_timer_start(&lease->expiry, on_expiry, until_ms > now_ms ? until_ms - now_ms : 1, 0);
}

static void on_kept(struct etcd_lease *lease, enum etcd_result result, const char *detail)
{
    if (result == ETCD_OK)
        hold_on(lease);
    else if (result == ETCD_GONE)
        lose(lease, detail);
    else
        (void)uv_timer_start(&lease->keep, on_keep, AGAIN_MS, 0);
}

static void on_acquired(struct etcd_lease *lease, enum etcd_result result, const char *detail)
{
    if (result == ETCD_OK && clock_boot_ms() >= good_until_ms(lease)) {
        result = ETCD_FAILED;
        detail = "etcd answered too late";
    }
    if (result == ETCD_OK) {
        lease->held = true;
        hold_on(lease);
        tell(lease, LEASE_GRANTED, "");
        return;
    }
    let_go(lease);
    tell(lease, result == ETCD_TAKEN ? LEASE_TAKEN : LEASE_UNAVAILABLE, detail);
}

static void on_holder_done(struct etcd_walk *walk, enum etcd_result result, const char *detail)
{
    struct etcd_lease *lease = (struct etcd_lease *)((char *)walk - offsetof(struct etcd_lease, holder));

    if (lease->held)
        on_kept(lease, result, detail);
    else
        on_acquired(lease, result, detail);
}

static void on_checker_done(struct etcd_walk *walk, enum etcd_result result, const char *detail)
{
    struct etcd_lease *lease = (struct etcd_lease *)((char *)walk - offsetof(struct etcd_lease, checker));

    tell(lease, result == ETCD_REFUSED ? LEASE_UNUSABLE : LEASE_USABLE, result == ETCD_OK ? "" : detail);
}

static struct lease *etcd_create(const struct lease_context *context)
{
    struct etcd_lease *lease = calloc(1, sizeof(*lease));

    if (!lease)
        return NULL;
    lease->base = (struct lease){.ops = &lease_etcd_ops, .context = *context};
    lease->holder.context = lease->checker.context = &lease->base.context;
    lease->holder.done = on_holder_done;
    lease->checker.done = on_checker_done;
    (void)uv_timer_init(context->loop, &lease->keep);
    (void)uv_timer_init(context->loop, &lease->expiry);
    lease->keep.data = lease->expiry.data = lease;
    lease->open = 2;
    return &lease->base;
}

static void etcd_acquire(struct lease *base, const struct lease_request *request)
{
    struct etcd_lease *lease = of(base);
    int r;

    let_go(lease);
    r = etcd_walk_start(&lease->holder, ETCD_ACQUIRE, request->timeout_ms);
    if (r < 0)
        tell(lease, LEASE_UNAVAILABLE, strerror(-r));
}

static void etcd_release(struct lease *lease)
{
    let_go(of(lease));
}

static void etcd_check(struct lease *base, const struct lease_request *request)
{
    struct etcd_lease *lease = of(base);
    int r;

    etcd_walk_cancel(&lease->checker);
    r = etcd_walk_start(&lease->checker, ETCD_CHECK, request->timeout_ms);
    if (r < 0)
        tell(lease, LEASE_USABLE, strerror(-r));
}

static void on_closed(uv_handle_t *handle)
{
    struct etcd_lease *lease = handle->data;

    if (--lease->open > 0)
        return;
    explicit_bzero(lease->holder.token, sizeof(lease->holder.token));
    explicit_bzero(lease->checker.token, sizeof(lease->checker.token));
    free(lease);
}

static void etcd_destroy(struct lease *base)
{
    struct etcd_lease *lease = of(base);

    if (!base || lease->closing)
        return;
    lease->closing = true;
    let_go(lease);
    etcd_walk_cancel(&lease->checker);
    uv_close((uv_handle_t *)&lease->keep, on_closed);
    uv_close((uv_handle_t *)&lease->expiry, on_closed);
}

const struct lease_ops lease_etcd_ops = {
    .name = "etcd",
    .exclusive = true,
    .independent = true,
    .create = etcd_create,
    .acquire = etcd_acquire,
    .release = etcd_release,
    .check = etcd_check,
    .destroy = etcd_destroy,
};
