#include "probes/scheduler.h"

#include "base/log.h"
#include "base/text.h"
#include "probes/check.h"
#include "probes/discovery.h"
#include "probes/registry.h"
#include "probes/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct probe_target target;
    bool fast;
    bool kept; /* while a new list is compared with the old one */
    struct check *checks[PROBE_ALL_KINDS];
};

struct scheduler {
    char local[RMQ_NODE_NAME_MAX]; /* which node is ours does not change by a reload */
    struct probe_context context;
    struct check_owner owner;
    struct discovery discovery;
    struct member *members[RMQ_MEMBERS_MAX];
    uv_timer_t handle; /* never started: it is what the end waits for when there is nothing else */
    size_t open;       /* checks and the handle that have not let go of the loop yet */
    bool closing;
    void (*done)(void *context);
    void *done_context;
};

static void scheduler_let_go(struct scheduler *scheduler)
{
    if (--scheduler->open > 0)
        return;
    resolver_free(scheduler->context.resolver);
    if (scheduler->done)
        scheduler->done(scheduler->done_context);
    free(scheduler);
}

static void on_check_closed(void *data)
{
    scheduler_let_go(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    scheduler_let_go(handle->data);
}

static void on_view(void *data, const struct probe_target *target, const struct node_view *view)
{
    struct scheduler *scheduler = data;
    struct members_event *found = &scheduler->discovery.members;

    if (discovery_learn(&scheduler->discovery, target, view))
        (void)scheduler_set_members(scheduler, found->count, found->names);
}

struct scheduler *scheduler_new(uv_loop_t *loop, const struct config *config, struct http_client *http,
    struct event_sink sink, struct activity_list *activities)
{
    struct scheduler *scheduler = calloc(1, sizeof *scheduler);

    if (!scheduler)
        return NULL;
    text_copy(scheduler->local, sizeof scheduler->local, config->node);
    scheduler->context = (struct probe_context){
        .loop = loop,
        .config = config,
        .http = http,
        .resolver = resolver_new(loop),
    };
    if (!scheduler->context.resolver) {
        free(scheduler);
        return NULL;
    }
    scheduler->owner = (struct check_owner){
        .context = &scheduler->context,
        .sink = sink,
        .activities = activities,
        .on_view = on_view,
        .on_closed = on_check_closed,
        .data = scheduler,
    };
    discovery_init(&scheduler->discovery, &scheduler->context, sink);
    (void)uv_timer_init(loop, &scheduler->handle);
    scheduler->handle.data = scheduler;
    scheduler->open = 1;
    return scheduler;
}

/* The checks that the configuration wants, no more and no less. */
static int member_update_checks(struct scheduler *scheduler, struct member *member)
{
    int kind, r = 0;

    for (kind = 0; kind < PROBE_ALL_KINDS; kind++) {
        const struct probe_ops *ops = probe_registry[kind];
        bool wanted = ops->applies(scheduler->context.config, &member->target);

        if (!wanted) {
            check_free(member->checks[kind]);
            member->checks[kind] = NULL;
        } else if (member->checks[kind]) {
            check_retime(member->checks[kind]);
        } else {
            member->checks[kind] = check_new(&scheduler->owner, &member->target, ops);
            if (!member->checks[kind]) {
                r = -ENOMEM;
                continue;
            }
            scheduler->open++;
            check_set_pace(member->checks[kind], member->fast);
        }
    }
    return r;
}

static void member_free(struct member *member)
{
    int kind;

    for (kind = 0; kind < PROBE_ALL_KINDS; kind++)
        check_free(member->checks[kind]);
    free(member);
}

static struct member *find_member(const struct scheduler *scheduler, const char *node)
{
    size_t i;

    for (i = 0; i < RMQ_MEMBERS_MAX; i++)
        if (scheduler->members[i] && strcmp(scheduler->members[i]->target.node, node) == 0)
            return scheduler->members[i];
    return NULL;
}

static int add_member(struct scheduler *scheduler, const char *node)
{
    struct member *member;
    size_t i;
    int r;

    for (i = 0; i < RMQ_MEMBERS_MAX && scheduler->members[i]; i++)
        continue;
    if (i == RMQ_MEMBERS_MAX)
        return -E2BIG;
    member = calloc(1, sizeof *member);
    if (!member)
        return -ENOMEM;
    r = target_init(&member->target, scheduler->context.config, node, strcmp(node, scheduler->local) == 0);
    if (r < 0) {
        log_line(LOG_WARNING, "member %s is not probed: its name has no usable host", node);
        free(member);
        return 0;
    }
    member->kept = true;
    scheduler->members[i] = member;
    return member_update_checks(scheduler, member);
}

int scheduler_set_members(struct scheduler *scheduler, size_t count, char (*names)[RMQ_NODE_NAME_MAX])
{
    const char *local = scheduler->local;
    struct member *member;
    int r = 0, one;
    size_t i;

    if (count > RMQ_MEMBERS_MAX)
        return -E2BIG;
    for (i = 0; i < RMQ_MEMBERS_MAX; i++)
        if ((member = scheduler->members[i]))
            member->kept = strcmp(member->target.node, local) == 0;
    for (i = 0; i < count; i++)
        if ((member = find_member(scheduler, names[i])))
            member->kept = true;
    for (i = 0; i < RMQ_MEMBERS_MAX; i++)
        if (scheduler->members[i] && !scheduler->members[i]->kept) {
            member_free(scheduler->members[i]);
            scheduler->members[i] = NULL;
        }
    if (!find_member(scheduler, local))
        r = add_member(scheduler, local);
    for (i = 0; i < count; i++)
        if (!find_member(scheduler, names[i])) {
            one = add_member(scheduler, names[i]);
            r = r < 0 ? r : one;
        }
    return r;
}

int scheduler_set_pace(struct scheduler *scheduler, const char *node, bool fast)
{
    struct member *member = find_member(scheduler, node);
    int kind;

    if (!member)
        return -ENOENT;
    member->fast = fast;
    for (kind = 0; kind < PROBE_ALL_KINDS; kind++)
        if (member->checks[kind])
            check_set_pace(member->checks[kind], fast);
    return 0;
}

int scheduler_ask(struct scheduler *scheduler, const char *node, uint64_t timeout_ms)
{
    const struct member *member = find_member(scheduler, node);

    if (!member || !member->checks[PROBE_MANAGEMENT])
        return -ENOENT;
    check_ask(member->checks[PROBE_MANAGEMENT], timeout_ms);
    /* Not of the others: a question for bytes that is not followed by a login leaves warnings in their logs.
     */
    if (member->target.local && member->checks[PROBE_AMQP])
        check_ask(member->checks[PROBE_AMQP], timeout_ms);
    return 0;
}

const struct probe_target *scheduler_target(const struct scheduler *scheduler, const char *node)
{
    const struct member *member = find_member(scheduler, node);

    return member ? &member->target : NULL;
}

void scheduler_reconfigure(struct scheduler *scheduler, const struct config *config)
{
    struct member *member;
    size_t i;

    scheduler->context.config = config;
    for (i = 0; i < RMQ_MEMBERS_MAX; i++) {
        member = scheduler->members[i];
        if (!member)
            continue;
        /* In place: runs keep pointers to it. One that cannot be right any more stays as it was. */
        if (target_init(&member->target, config, member->target.node, member->target.local) < 0)
            log_line(
                LOG_WARNING, "member %s is probed as before: it has no usable host now", member->target.node);
        (void)member_update_checks(scheduler, member);
    }
}

void scheduler_close(struct scheduler *scheduler, void (*done)(void *context), void *context)
{
    size_t i;

    if (!scheduler) {
        if (done)
            done(context);
        return;
    }
    if (scheduler->closing)
        return;
    scheduler->closing = true;
    scheduler->done = done;
    scheduler->done_context = context;
    discovery_done(&scheduler->discovery);
    for (i = 0; i < RMQ_MEMBERS_MAX; i++)
        if (scheduler->members[i])
            member_free(scheduler->members[i]);
    memset(scheduler->members, 0, sizeof scheduler->members);
    uv_close((uv_handle_t *)&scheduler->handle, on_handle_closed);
}
