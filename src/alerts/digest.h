/* What becomes of a notice in one channel: told at once, kept back until it is clear whether the trouble
 * heals or comes and goes, or folded into what waits unsent of the same trouble. And what is told again,
 * because it is not over. Pure: the lane keeps what waits and delivers it, time is a parameter.
 *
 * Which trouble a notice is of, trouble_local_key() says. What may heal by itself waits for
 * alerts.group_delay; the end then goes at once, as one message with what it ends. After a trouble's end
 * there is a pause in which it may come again; what comes in it is told at its end, in one message, and each
 * pause is longer than the one before, until it has been quiet for DIGEST_QUIET_MS. Only the end of what
 * people believe to go on is told within a pause, and what needs a person: once per pause for the same kind.
 */
#ifndef RMQWATCH_ALERTS_DIGEST_H
#define RMQWATCH_ALERTS_DIGEST_H

#include "rmqwatch/channel.h"
#include "rmqwatch/notice.h"

enum {
    DIGEST_TROUBLES_MAX = 64, /* remembered per channel: past it the quietest, closed ones first */
    DIGEST_QUIET_MS = 30 * 60 * 1000,
    DIGEST_PAUSE_MAX_MS = 30 * 60 * 1000,
    DIGEST_LATE_MS = 1000, /* what is due for that long and not in flight cannot be delivered now: it folds */
    DIGEST_WAITING_MAX = 16, /* messages of one trouble that fold at a time */
    DIGEST_MESSAGES_MAX = 2,
};

struct digest_time {
    int64_t boot_ms; /* CLOCK_BOOTTIME, for pacing */
    int64_t wall_ms; /* since the epoch, for people, and for what outlives the host's boot */
};

/* A message of the trouble that waits in the lane, not in flight. */
struct digest_waiting {
    const struct notice *notice;
    int64_t due_ms; /* CLOCK_BOOTTIME */
};

/* What the lane is to do: the last FOLDED messages of those that wait, if any, are replaced by MESSAGES, in
 * the place of the first of them; without any, MESSAGES go behind all that waits. They do not go out before
 * DUE_MS. */
struct digest_plan {
    bool wanted; /* false: this notice is nothing for this channel, and nothing changes */
    size_t folded;
    size_t count;
    int64_t due_ms;
    struct notice messages[DIGEST_MESSAGES_MAX];
};

/* What is told of its own accord. */
enum digest_turn {
    DIGEST_NOTHING,
    DIGEST_REPEAT,  /* people are told once more that it is not over */
    DIGEST_REFRESH, /* the target is told so, silently (channel_ops.refresh_ms) */
};

struct digest;

/* CONFIG and PACING must live until digest_set_config() or the end. NULL: no memory. */
struct digest *digest_new(const struct channel_config *config, const struct alerts_config *pacing);
void digest_free(struct digest *digest); /* accepts NULL */
void digest_set_config(
    struct digest *digest, const struct channel_config *config, const struct alerts_config *pacing);

/* Takes a clean NOTICE (clean.h). WAITING are the messages of its trouble that wait, oldest first, the last
 * DIGEST_WAITING_MAX of them. */
void digest_take(struct digest *digest, const struct notice *notice, const struct digest_waiting *waiting,
    size_t count, struct digest_time now, struct digest_plan *ret_plan);
/* A delivery has failed: all WAITING messages of one trouble, as above, become one, or two where the target
 * wants an end by itself. Not WANTED where nothing folds. */
void digest_pack(const struct digest *digest, const struct digest_waiting *waiting, size_t count,
    struct digest_plan *ret_plan);

/* When a message that was kept over a restart is due, by what was loaded. CAME_WALL_MS: when the first notice
 * in it came. */
int64_t digest_restore(
    struct digest *digest, const struct notice *notice, int64_t came_wall_ms, struct digest_time now);

/* When digest_next() has something: CLOCK_BOOTTIME, INT64_MAX: never. */
int64_t digest_due_ms(const struct digest *digest);
/* What is to be told now of its own accord; asked when nothing waits that is due. It is due until it was
 * told. */
enum digest_turn digest_next(const struct digest *digest, struct digest_time now, struct notice *ret_notice);

/* NOTICE was delivered: TURN says what had it sent, DIGEST_NOTHING that it had waited. */
void digest_told(
    struct digest *digest, enum digest_turn turn, const struct notice *notice, struct digest_time now);
/* Somebody knows of this incident: it is not told again. */
void digest_acked(struct digest *digest, const char *incident);

/* The channel is told nothing from now on. Of what it was told to go on it is to hear the end, should that
 * still come; but it is not told again, as it may be over by then. */
void digest_leave(struct digest *digest);

/* Whether the state has changed since it was saved. */
bool digest_is_changed(const struct digest *digest);
/* The state as one JSON text, the caller's; NULL: no memory. It holds no time of this boot. */
char *digest_save(struct digest *digest, struct digest_time now);
/* Adds what was saved to what came since the start. 0; -EINVAL for what digest_save() would not write, or
 * -ENOMEM: nothing has changed then. */
int digest_load(struct digest *digest, const char *text, struct digest_time now);

#endif
