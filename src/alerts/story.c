#include "alerts/story.h"

#include "base/text.h"

#include <string.h>

enum ending { ENDING_NONE, ENDING_WELL, ENDING_OPEN };

/* Kinds that are not named leave their story as it is. */
static const enum ending endings[NOTICE_KIND_COUNT] = {
    [NOTICE_RECOVERED] = ENDING_WELL,
    [NOTICE_BOOT_ENDED] = ENDING_WELL,
    [NOTICE_ALARM_CLEARED] = ENDING_WELL,
    [NOTICE_PEER_BACK] = ENDING_WELL,
    [NOTICE_ALL_DOWN_OVER] = ENDING_WELL,
    [NOTICE_CHECK_OK] = ENDING_WELL,
    [NOTICE_AGENT_OK] = ENDING_WELL,
    [NOTICE_AGENT_SOUND] = ENDING_WELL,
    [NOTICE_BUSY_OVER] = ENDING_WELL,
    [NOTICE_APP_BACK] = ENDING_WELL,
    [NOTICE_PAUSE_OVER] = ENDING_WELL,
    [NOTICE_REVIVED] = ENDING_WELL,
    [NOTICE_LISTENER_BACK] = ENDING_WELL,
    [NOTICE_PARTITION_HEALED] = ENDING_WELL,
    [NOTICE_VIEWS_AGREE] = ENDING_WELL,
    [NOTICE_ISOLATION_OVER] = ENDING_WELL,
    [NOTICE_QUORUM_BACK] = ENDING_WELL,
    [NOTICE_LEADERS_BACK] = ENDING_WELL,
    [NOTICE_FLAPPING_OVER] = ENDING_WELL,
    [NOTICE_HOLD_OVER] = ENDING_WELL,
    [NOTICE_DELIVERY_OK] = ENDING_WELL,
    [NOTICE_UNVERIFIED] = ENDING_OPEN, /* the proof may still come */
    [NOTICE_STOPPED] = ENDING_OPEN,    /* the operator may start it again */
};

static enum ending ending_of(enum notice_kind kind)
{
    return (unsigned)kind < NOTICE_KIND_COUNT ? endings[kind] : ENDING_NONE;
}

bool story_ends_well(enum notice_kind kind)
{
    return ending_of(kind) == ENDING_WELL;
}

bool story_ends(enum notice_kind kind)
{
    return ending_of(kind) != ENDING_NONE;
}

static size_t find_story(const struct story_set *set, const char *incident)
{
    size_t i = 0;

    while (i < set->count && strcmp(set->incidents[i], incident) != 0)
        i++;
    return i;
}

static void forget_story(struct story_set *set, size_t at)
{
    memmove(set->incidents[at], set->incidents[at + 1], (set->count - at - 1) * sizeof(set->incidents[0]));
    set->count--;
    set->changes++;
}

static void add_story(struct story_set *set, const char *incident)
{
    if (set->count == STORIES_MAX)
        forget_story(set, 0);
    text_copy(set->incidents[set->count++], sizeof(set->incidents[0]), incident);
    set->changes++;
}

void story_set_add(struct story_set *set, const struct story_set *more)
{
    for (size_t i = 0; i < more->count; i++)
        if (find_story(set, more->incidents[i]) == set->count)
            add_story(set, more->incidents[i]);
}

bool story_admit(struct story_set *set, bool wanted, const struct notice *notice)
{
    size_t at = find_story(set, notice->incident);
    bool told = at < set->count;

    if (!wanted && !(told && story_ends(notice->kind)))
        return false;
    if (story_ends_well(notice->kind)) {
        if (told)
            forget_story(set, at);
        return true;
    }
    if (!told)
        add_story(set, notice->incident);
    return true;
}
