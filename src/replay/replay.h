/* Takes what was recorded of an incident through two cores: one decides with the policy of then, which proves
 * that the recording still tells how it was; the other with another policy, today's. Only the decisions are
 * new: what the world answered to them is what it answered then. So from the first moment on at which the
 * two part, the recording is no evidence any more, and the replay ends. */
#ifndef RMQWATCH_REPLAY_REPLAY_H
#define RMQWATCH_REPLAY_REPLAY_H

#include "rmqwatch/policy.h"
#include "store/reader.h"

enum replay_verdict {
    REPLAY_SAME,    /* as it was, up to the end of the recording */
    REPLAY_DEPARTS, /* the other policy decides otherwise */
    REPLAY_STRANGE, /* the core itself decides otherwise, with the policy of then */
};

/* One moment at which something was decided: THEN, and NOW by a core. For REPLAY_SAME both are the same.
 * Where nothing was decided, the state that the core of NOW stays in, and why. */
struct replay_moment {
    enum replay_verdict verdict;
    int64_t wall_ms;
    size_t then_count, now_count;
    const struct store_entry *then, *now;
    const char *state, *why, *condition;
};

/* MOMENT is valid during the call. */
typedef void replay_moment_fn(void *context, const struct replay_moment *moment);

/* POLICY NULL: that of then. Tells every moment of the incident, in order; the last one has the verdict. 0;
 * -EBADMSG: a damaged recording; -ENODATA: its beginning is missing, or all of it; -ENOMEM. */
int replay_run(const struct store_recording *recording, const struct policy *policy,
    replay_moment_fn *on_moment, void *context, enum replay_verdict *ret_verdict);

#endif
