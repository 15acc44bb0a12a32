/* What a channel has to remember over restarts of the daemon, beside the letters that wait for it. */
#ifndef RMQWATCH_ALERTS_CHANNEL_STATE_H
#define RMQWATCH_ALERTS_CHANNEL_STATE_H

#include "alerts/digest.h"

struct channel_state {
    uint64_t lost; /* notices that never arrived here, and were not told of yet */
    /* That it refuses what it is sent was told through the others: the story of that. Empty: it was not. */
    char refusal[RMQ_INCIDENT_ID_MAX];
    int64_t refusal_wall_ms; /* when that began */
};

/* One line of JSON, to be freed, with what the digest remembers. NULL when out of memory. */
char *channel_state_to_json(const struct channel_state *state, struct digest *digest, struct digest_time now);
/* Strict: -EBADMSG for what is damaged or unknown; *ret_state and DIGEST are left alone then. */
int channel_state_from_json(
    const char *text, struct channel_state *ret_state, struct digest *digest, struct digest_time now);

#endif
