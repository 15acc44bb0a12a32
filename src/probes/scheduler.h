/* Probes every member on its own timers and posts what comes of it. Members found by the local node's
 * management API are added by themselves; those that it does not list any more are dropped. */
#ifndef RMQWATCH_PROBES_SCHEDULER_H
#define RMQWATCH_PROBES_SCHEDULER_H

#include "base/activity.h"
#include "http/client.h"
#include "rmqwatch/config.h"
#include "rmqwatch/sink.h"

#include <uv.h>

struct probe_target;
struct scheduler;

/* CONFIG, HTTP and ACTIVITIES (may be NULL) must outlive it. It knows no member yet, so it probes nothing.
 * Each probe of each member becomes an activity. NULL when out of memory. */
struct scheduler *scheduler_new(uv_loop_t *loop, const struct config *config, struct http_client *http,
    struct event_sink sink, struct activity_list *activities);

/* Cancels all runs, without events, and frees the scheduler once the loop has closed its handles; then DONE
 * (may be NULL) is called, from the loop. Close it before HTTP. Accepts NULL: DONE is then called at once. */
void scheduler_close(struct scheduler *scheduler, void (*done)(void *context), void *context);

/* These are the members, and the local node besides; NAMES are only read. Who stays goes on undisturbed.
 * Posts no event. Names without a host are left out. 0, -E2BIG with more than RMQ_MEMBERS_MAX, -ENOMEM when
 * somebody could not be added. */
int scheduler_set_members(struct scheduler *scheduler, size_t count, char (*names)[RMQ_NODE_NAME_MAX]);

/* Fast: at the fast interval and deep, the first run at once. -ENOENT for an unknown member. */
int scheduler_set_pace(struct scheduler *scheduler, const char *node, bool fast);

/* One management probe now, and of the local node an AMQP probe too, whatever else runs; each ends in
 * EVENT_PROBE_DONE within TIMEOUT_MS. -ENOENT for an unknown member, or one without a management probe. */
int scheduler_ask(struct scheduler *scheduler, const char *node, uint64_t timeout_ms);

/* Where a member is asked, until the scheduler is used again; NULL for an unknown one. */
const struct probe_target *scheduler_target(const struct scheduler *scheduler, const char *node);

/* A reload: the members stay, what runs goes on; the old configuration is not used any more. */
void scheduler_reconfigure(struct scheduler *scheduler, const struct config *config);

#endif
