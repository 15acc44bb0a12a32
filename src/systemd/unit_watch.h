/* Watches the local unit: tells of every change within milliseconds, by systemd's signals first, and by
 * asking now and then in case that a signal was lost. */
#ifndef RMQWATCH_SYSTEMD_UNIT_WATCH_H
#define RMQWATCH_SYSTEMD_UNIT_WATCH_H

#include "base/activity.h"
#include "rmqwatch/sink.h"
#include "systemd/bus.h"
#include "systemd/unit_control.h"

struct unit_watch;

/* What a watch is made of. All but UNIT, which is copied, must outlive it. */
struct unit_watch_options {
    struct bus *bus;
    struct unit_control *control;
    const char *unit; /* may be an alias */
    struct event_sink sink;
    struct activity_list *activities; /* NULL: none; "unit watch" is registered here */
};

/* Registers itself with the bus: before bus_start(). From then on it posts EVENT_UNIT, once when the unit was
 * read first, and when its properties changed; job_id is 0 for a job of our own and for systemd's own
 * automatic restart, so that what is left is somebody else's. EVENT_UNIT_LOST comes once when systemd can no
 * longer be asked; the next EVENT_UNIT ends that. 0 or a negative errno, then *ret_watch is left alone. */
int unit_watch_new(uv_loop_t *loop, const struct unit_watch_options *options, struct unit_watch **ret_watch);
/* Before unit_control_free() and bus_free(). The loop must run on until its timer is closed. Accepts NULL. */
void unit_watch_free(struct unit_watch *watch);

#endif
