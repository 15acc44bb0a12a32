#include "alerts/trouble.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum meaning {
    GOES_ON,
    UNPROVEN,   /* perhaps over: the proof may still come */
    TAKEN_OVER, /* by an operator: nothing will be told when it is well again */
    OVER,
};
enum subject { OF_NODE, OF_CLUSTER };
/* What may heal or flap within seconds waits a while for more; what needs a person, and each end, does not.
 */
enum haste { WAITS, NOW };

struct trouble {
    char family[16];
    enum meaning meaning;
    enum subject subject;
    enum haste haste;
};

static const struct trouble troubles[NOTICE_KIND_COUNT] = {
    [NOTICE_NONE] = {"decision", GOES_ON, OF_NODE, NOW},
    [NOTICE_CRASHED] = {"broker", GOES_ON, OF_NODE, WAITS},
    [NOTICE_HUNG] = {"broker", GOES_ON, OF_NODE, WAITS},
    [NOTICE_RESTARTING] = {"broker", GOES_ON, OF_NODE, WAITS},
    [NOTICE_HELD] = {"broker", GOES_ON, OF_NODE, NOW},
    [NOTICE_WOULD_ACT] = {"broker", GOES_ON, OF_NODE, NOW},
    [NOTICE_RECOVERED] = {"broker", OVER, OF_NODE, NOW},
    [NOTICE_UNVERIFIED] = {"broker", UNPROVEN, OF_NODE, NOW},
    [NOTICE_RETRYING] = {"broker", GOES_ON, OF_NODE, WAITS},
    [NOTICE_GAVE_UP] = {"broker", GOES_ON, OF_NODE, NOW},
    [NOTICE_STOPPED] = {"broker", TAKEN_OVER, OF_NODE, NOW},
    [NOTICE_SLOW_BOOT] = {"slow-boot", GOES_ON, OF_NODE, WAITS},
    [NOTICE_BOOT_ENDED] = {"slow-boot", OVER, OF_NODE, NOW},
    [NOTICE_ALARM] = {"alarm", GOES_ON, OF_NODE, WAITS},
    [NOTICE_ALARM_CLEARED] = {"alarm", OVER, OF_NODE, NOW},
    [NOTICE_PEER_DOWN] = {"peer", GOES_ON, OF_NODE, WAITS},
    [NOTICE_PEER_BACK] = {"peer", OVER, OF_NODE, NOW},
    [NOTICE_ALL_DOWN] = {"all-down", GOES_ON, OF_CLUSTER, NOW},
    [NOTICE_ALL_DOWN_OVER] = {"all-down", OVER, OF_CLUSTER, NOW},
    [NOTICE_CHECK_MISCONFIGURED] = {"check", GOES_ON, OF_NODE, WAITS},
    [NOTICE_CHECK_OK] = {"check", OVER, OF_NODE, NOW},
    [NOTICE_AGENT_STALLED] = {"agent", GOES_ON, OF_NODE, WAITS},
    [NOTICE_AGENT_OK] = {"agent", OVER, OF_NODE, NOW},
    [NOTICE_BUSY] = {"busy", GOES_ON, OF_NODE, WAITS},
    [NOTICE_BUSY_OVER] = {"busy", OVER, OF_NODE, NOW},
    [NOTICE_APP_STOPPED] = {"app-stopped", GOES_ON, OF_NODE, WAITS},
    [NOTICE_APP_BACK] = {"app-stopped", OVER, OF_NODE, NOW},
    [NOTICE_PAUSED] = {"paused", GOES_ON, OF_NODE, WAITS},
    [NOTICE_PAUSE_OVER] = {"paused", OVER, OF_NODE, NOW},
    [NOTICE_DRAINED] = {"drained", GOES_ON, OF_NODE, WAITS},
    [NOTICE_REVIVED] = {"drained", OVER, OF_NODE, NOW},
    [NOTICE_LISTENER_LOST] = {"listener", GOES_ON, OF_NODE, WAITS},
    [NOTICE_LISTENER_BACK] = {"listener", OVER, OF_NODE, NOW},
    [NOTICE_NOT_SERVING] = {"not-serving", GOES_ON, OF_NODE, WAITS},
    [NOTICE_SERVING_AGAIN] = {"not-serving", OVER, OF_NODE, NOW},
    [NOTICE_PARTITION] = {"partition", GOES_ON, OF_CLUSTER, NOW},
    [NOTICE_PARTITION_HEALED] = {"partition", OVER, OF_CLUSTER, NOW},
    [NOTICE_STALE_VIEW] = {"stale-view", GOES_ON, OF_CLUSTER, NOW},
    [NOTICE_VIEWS_AGREE] = {"stale-view", OVER, OF_CLUSTER, NOW},
    [NOTICE_ISOLATED] = {"isolated", GOES_ON, OF_NODE, NOW},
    [NOTICE_ISOLATION_OVER] = {"isolated", OVER, OF_NODE, NOW},
    [NOTICE_QUORUM_LOST] = {"quorum", GOES_ON, OF_CLUSTER, NOW},
    [NOTICE_QUORUM_BACK] = {"quorum", OVER, OF_CLUSTER, NOW},
    [NOTICE_LEADERLESS] = {"leaderless", GOES_ON, OF_CLUSTER, WAITS},
    [NOTICE_LEADERS_BACK] = {"leaderless", OVER, OF_CLUSTER, NOW},
    [NOTICE_FLAPPING] = {"flapping", GOES_ON, OF_NODE, NOW},
    [NOTICE_FLAPPING_OVER] = {"flapping", OVER, OF_NODE, NOW},
    [NOTICE_HOLD_SET] = {"hold", GOES_ON, OF_NODE, WAITS},
    [NOTICE_HOLD_OVER] = {"hold", OVER, OF_NODE, NOW},
    [NOTICE_AGENT_DEGRADED] = {"store", GOES_ON, OF_NODE, NOW},
    [NOTICE_AGENT_SOUND] = {"store", OVER, OF_NODE, NOW},
    [NOTICE_LEASE_LOST] = {"broker", GOES_ON, OF_NODE, WAITS}, /* in the middle of a restart */
    [NOTICE_DELIVERY_REFUSED] = {"delivery", GOES_ON, OF_NODE, NOW},
    [NOTICE_DELIVERY_OK] = {"delivery", OVER, OF_NODE, NOW},
    [NOTICE_TEST] = {"test", GOES_ON, OF_NODE, NOW}, /* so that it is seen everywhere */
    [NOTICE_AGENT_MISSING] = {"agent-missing", GOES_ON, OF_NODE, WAITS},
    [NOTICE_AGENT_BACK] = {"agent-missing", OVER, OF_NODE, NOW},
};

static const struct trouble *trouble_of(enum notice_kind kind)
{
    return &troubles[(unsigned)kind < NOTICE_KIND_COUNT ? kind : NOTICE_NONE];
}

const char *trouble_family(enum notice_kind kind)
{
    return trouble_of(kind)->family;
}

const char *trouble_name(const struct notice *notice)
{
    return notice->trouble[0] ? notice->trouble : trouble_family(notice->kind);
}

bool trouble_ends(enum notice_kind kind)
{
    return trouble_of(kind)->meaning >= TAKEN_OVER;
}

bool trouble_ends_well(enum notice_kind kind)
{
    return trouble_of(kind)->meaning == OVER;
}

bool trouble_is_answered(enum notice_kind kind)
{
    return trouble_of(kind)->meaning != GOES_ON;
}

bool trouble_is_urgent(enum notice_kind kind)
{
    return trouble_of(kind)->haste == NOW;
}

bool trouble_is_of_cluster(enum notice_kind kind)
{
    return trouble_of(kind)->subject == OF_CLUSTER;
}

unsigned trouble_severities(enum notice_kind kind)
{
    /* Told as less where clients come in and only the API fails. */
    unsigned severities = strcmp(trouble_family(kind), "not-serving") == 0 ? 1u << SEVERITY_WARNING : 0;

    for (int other = 0; other < NOTICE_KIND_COUNT; other++)
        if (!trouble_ends((enum notice_kind)other) &&
            strcmp(trouble_family((enum notice_kind)other), trouble_family(kind)) == 0)
            severities |= 1u << notice_info((enum notice_kind)other)->severity;
    return severities;
}

/* Of a key that is too long, what is cut off still counts, by its hash. */
static void make_key(const char *cluster, const struct notice *notice, char key[static TROUBLE_KEY_MAX])
{
    char whole[sizeof(notice->cluster) + sizeof(notice->node) + sizeof(notice->trouble) + 16] = "";

    text_append(whole, sizeof(whole), "rmqwatchd:%s:", cluster);
    if (!trouble_is_of_cluster(notice->kind))
        text_append(whole, sizeof(whole), "%s:", notice->node);
    text_append(whole, sizeof(whole), "%s", trouble_name(notice));
    text_copy(key, TROUBLE_KEY_MAX, whole);
    if (strcmp(key, whole) == 0)
        return;
    key[0] = '\0';
    text_append(key, TROUBLE_KEY_MAX, "rmqwatchd:%016" PRIx64 ":%s", text_hash(whole), trouble_name(notice));
}

void trouble_key(const struct notice *notice, char key[static TROUBLE_KEY_MAX])
{
    make_key(notice->cluster, notice, key);
}

void trouble_local_key(const struct notice *notice, char key[static TROUBLE_KEY_MAX])
{
    make_key("", notice, key);
}

uint32_t trouble_hash(const struct notice *notice)
{
    char key[TROUBLE_KEY_MAX];

    trouble_local_key(notice, key);
    return (uint32_t)text_hash(key);
}
