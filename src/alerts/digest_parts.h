/* The digest's state, for the files that share it. */
#ifndef RMQWATCH_ALERTS_DIGEST_PARTS_H
#define RMQWATCH_ALERTS_DIGEST_PARTS_H

#include "alerts/digest.h"
#include "alerts/trouble.h"

enum { DIGEST_LEVEL_MAX = 3 }; /* of pauses */

/* One trouble, as this channel was told of it. Times: CLOCK_BOOTTIME, also from before the host's boot. */
struct digest_trouble {
    char key[TROUBLE_KEY_MAX];
    bool open;       /* this channel is to hear its end */
    int64_t last_ms; /* the last notice of it */

    uint32_t level;         /* of the next pause; above 0: it has been over before */
    int64_t pause_until_ms; /* in the past: none */
    bool gathers;           /* something waits for the end of this pause */
    uint64_t urgent;        /* the kinds that were told at once in this pause: a bit for each */

    bool acked;
    uint32_t told_count; /* since it began; 0: not told, or over */
    int64_t told_ms;     /* the last time */
    int64_t refreshed_ms;
    struct notice told; /* what was told last, while told_count > 0 */
};

struct digest {
    const struct channel_config *config;
    const struct alerts_config *pacing;
    bool changed;
    size_t count;
    struct digest_trouble troubles[DIGEST_TROUBLES_MAX];
};

/* NULL: it is not remembered. */
struct digest_trouble *digest_find(struct digest *digest, const struct notice *notice);

#endif
