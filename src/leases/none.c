/* No lease: for clusters of one, and for those who take the risk that two agents act at the same time. It is
 * always granted, and proves nothing. */
#include "leases/registry.h"

#include <stdlib.h>

static struct lease *none_create(const struct lease_context *context)
{
    struct lease *lease = calloc(1, sizeof(*lease));

    if (lease)
        *lease = (struct lease){.ops = &lease_none_ops, .context = *context};
    return lease;
}

static void none_answer(struct lease *lease, enum lease_status status)
{
    struct event event = {.kind = EVENT_LEASE, .lease = {.status = status}};

    sink_post(&lease->context.sink, &event);
}

static void none_acquire(struct lease *lease, const struct lease_request *request)
{
    (void)request;
    none_answer(lease, LEASE_GRANTED);
}

static void none_release(struct lease *lease)
{
    (void)lease;
}

static void none_check(struct lease *lease, const struct lease_request *request)
{
    (void)request;
    none_answer(lease, LEASE_USABLE);
}

static void none_destroy(struct lease *lease)
{
    free(lease);
}

const struct lease_ops lease_none_ops = {
    .name = "none",
    .create = none_create,
    .acquire = none_acquire,
    .release = none_release,
    .check = none_check,
    .destroy = none_destroy,
};
