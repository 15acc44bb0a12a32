/* One kind of probe of one member, on its timer, for as long as the member is known. */
#ifndef RMQWATCH_PROBES_CHECK_H
#define RMQWATCH_PROBES_CHECK_H

#include "base/activity.h"
#include "probes/context.h"
#include "rmqwatch/probe.h"
#include "rmqwatch/sink.h"

enum { CHECK_RUNS_MAX = 8 }; /* of one check at the same time, not counting what was asked for */

struct check;

struct check_owner {
    struct probe_context *context;
    struct event_sink sink;
    struct activity_list *activities; /* may be NULL */
    /* TARGET said who is running; called before the event is posted. It may free other checks, not this one.
     */
    void (*on_view)(void *data, const struct probe_target *target, const struct node_view *view);
    void (*on_closed)(void *data); /* a freed check has let go of the loop */
    void *data;
};

/* OWNER and TARGET must outlive it. The first run starts within a moment. NULL when out of memory. */
struct check *check_new(
    const struct check_owner *owner, const struct probe_target *target, const struct probe_ops *ops);
/* Cancels what runs, without events. TARGET is not used any more; on_closed comes from the loop. Accepts
 * NULL. */
void check_free(struct check *check);

/* Fast: at the fast interval and deep, the first run at once. Saying the same again changes nothing. */
void check_set_pace(struct check *check, bool fast);
/* Intervals or timeouts of the configuration may have changed. */
void check_retime(struct check *check);
/* One run now, beside what runs, within TIMEOUT_MS. */
void check_ask(struct check *check, uint64_t timeout_ms);

#endif
