/* A dead man's ping: GET of a secret URL, again and again, for as long as this daemon is well. Whoever is
 * behind it tells people when it stays away: because the daemon, its host or its network is gone. It is sent
 * only while every activity completes its cycles in time, as the ping for systemd is. One that fails is not
 * sent again: the next one follows. */
#ifndef RMQWATCH_ALERTS_HEARTBEAT_H
#define RMQWATCH_ALERTS_HEARTBEAT_H

#include "base/activity.h"
#include "http/client.h"
#include "rmqwatch/config.h"

struct heartbeat;

/* HTTP and ACTIVITIES must outlive it. Sends nothing yet. NULL: out of memory. */
struct heartbeat *heartbeat_new(
    uv_loop_t *loop, struct http_client *http, const struct activity_list *activities);
/* CONFIG is used until the next call. Its interval begins anew only when it has changed. */
void heartbeat_configure(struct heartbeat *heartbeat, const struct heartbeat_config *config);
/* Before HTTP is closed; the loop must run on until its timer is closed. Accepts NULL. */
void heartbeat_close(struct heartbeat *heartbeat);

#endif
