/* Tells systemd how this daemon is (sd_notify's protocol), and pings its watchdog as long as everything makes
 * progress. Never blocks. Without $NOTIFY_SOCKET every call does nothing. */
#ifndef RMQWATCH_SYSTEMD_NOTIFY_H
#define RMQWATCH_SYSTEMD_NOTIFY_H

#include "base/activity.h"

#include <uv.h>

struct notify;

/* Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. When systemd wants pings they are sent from LOOP,
 * three times within its limit, while activity_overdue(ACTIVITIES) is NULL. ACTIVITIES must outlive the
 * notify. 0 or a negative errno, then *ret_notify is left alone. */
int notify_new(uv_loop_t *loop, struct activity_list *activities, struct notify **ret_notify);
/* The loop must run on until its timer is closed. Accepts NULL. */
void notify_free(struct notify *notify);

void notify_ready(struct notify *notify);     /* started, or done with a reload, also with a refused one */
void notify_reloading(struct notify *notify); /* follow it by notify_ready() */
void notify_stopping(
    struct notify *notify); /* no pings any more: what remains is bounded by TimeoutStopSec */
/* One line for `systemctl status`; control characters in it become spaces. */
void notify_status(struct notify *notify, const char *status);

#endif
