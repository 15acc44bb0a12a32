/* What the files of a lane share. Private to src/alerts. */
#ifndef RMQWATCH_ALERTS_LANE_PARTS_H
#define RMQWATCH_ALERTS_LANE_PARTS_H

#include "alerts/lane.h"

enum { LANE_NAME_MAX = 64 }; /* of a channel, in a log line */

/* lane_reply.c */
void lane_log(const struct lane *lane, int priority, const struct letter *letter, const char *what);
void lane_on_reply(void *lane, const struct channel_reply *reply, const char *how);
/* A try could not even begin. */
void lane_cannot_start(struct lane *lane, struct parcel *parcel, int error);

#endif
