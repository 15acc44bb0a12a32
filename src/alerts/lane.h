/* One channel of the outbox: its queue, what is in flight (one at a time, so that order is kept), and when it
 * is to be tried again. */
#ifndef RMQWATCH_ALERTS_LANE_H
#define RMQWATCH_ALERTS_LANE_H

#include "alerts/pace.h"
#include "alerts/queue.h"
#include "alerts/story.h"
#include "alerts/transport.h"

struct lane {
    struct transport transport;          /* with what is in flight */
    const struct channel_config *config; /* borrowed */
    void (*changed)(void *context);      /* a delivery ended: lane_due_ms() has a new answer */
    void *context;

    struct letter_queue queue;
    struct story_set stories;
    size_t lost;    /* notices that never arrived here and were not told of yet */
    size_t telling; /* how many of them the one in flight tells of */
    bool overflows; /* the queue dropped something since the last delivery */

    uint64_t stuck_ms; /* when what is in flight should have ended long ago */
    bool stale;        /* the one in flight was started with an older configuration */

    unsigned failures; /* in a row */
    uint64_t next_try_ms;
    struct pace_bucket buckets[CHANNEL_LIMITS_MAX]; /* one for each limit of the kind */

    uint64_t sent, refused, dropped, retries; /* for the status, since the start */
};

/* CONFIG must live until the next lane_set_config() or lane_free(). NULL: no memory. */
struct lane *lane_new(uv_loop_t *loop, struct http_client *client, const struct channel_config *config,
    void (*changed)(void *context), void *context);
/* Cancels what is in flight; what waits is gone. Accepts NULL. Not from within changed(). */
void lane_free(struct lane *lane);

/* The channel's new settings: what waits is tried with them at once. */
void lane_set_config(struct lane *lane, const struct channel_config *config);
/* Whether the lane is of this channel: same kind, same name. */
bool lane_is(const struct lane *lane, const struct channel_config *config);

bool lane_admits(struct lane *lane, const struct notice *notice); /* and remembers its story */
void lane_put(struct lane *lane, struct letter *letter);
void lane_count_lost(struct lane *lane); /* one notice could not even be queued */

uint64_t lane_due_ms(const struct lane *lane); /* CLOCK_BOOTTIME; UINT64_MAX: nothing to do by itself */
void lane_run(struct lane *lane, uint64_t now_ms);
bool lane_is_busy(const struct lane *lane); /* something is in flight */
void lane_try_now(struct lane *lane);       /* forgets the pause that it is in, but not the target's limits */
/* Something is in flight that should have ended long ago. */
bool lane_is_stuck(const struct lane *lane, uint64_t now_ms);

#endif
