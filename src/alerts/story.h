/* Which stories a channel was told, so that whoever heard of a trouble also hears of its end. */
#ifndef RMQWATCH_ALERTS_STORY_H
#define RMQWATCH_ALERTS_STORY_H

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a notice of this kind says that a trouble is over. */
bool story_ends_well(enum notice_kind kind);
/* Whether it ends a story in any way: well, unproven, or because an operator took over. */
bool story_ends(enum notice_kind kind);

enum { STORIES_MAX = 64 };

/* The open stories that a channel was told, oldest first; past the bound the oldest is forgotten. Zeroed:
 * empty. */
struct story_set {
    size_t count;
    unsigned changes; /* for who keeps it */
    char incidents[STORIES_MAX][RMQ_INCIDENT_ID_MAX];
};

/* Whether a channel gets NOTICE, of a kind and severity that it has WANTED or not, and remembers the story
 * when it does. */
bool story_admit(struct story_set *set, bool wanted, const struct notice *notice);

/* Adds the stories of MORE that SET does not have, as the newest. */
void story_set_add(struct story_set *set, const struct story_set *more);

#endif
