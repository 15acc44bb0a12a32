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

/* lane_digest.c: a try has failed, so what waits of the same trouble as PARCEL folds. */
void lane_pack(struct lane *lane, const struct parcel *parcel);
/* What was in flight was delivered. */
void lane_told(struct lane *lane, enum digest_turn turn, const struct letter *letter);
struct digest_time lane_time(void);
/* lane.c: puts PARCEL at a place of the queue, or drops what matters least. */
void lane_enqueue(struct lane *lane, struct parcel *parcel, size_t at);

#endif
