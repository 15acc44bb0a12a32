#include "alerts/trouble.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum meaning { GOES_ON, ENDS };
enum subject { OF_NODE, OF_CLUSTER };

struct trouble {
    char family[16];
    enum meaning meaning;
    enum subject subject;
};

static const struct trouble troubles[NOTICE_KIND_COUNT] = {
    [NOTICE_NONE] = {"decision", ENDS, OF_NODE},
    [NOTICE_CRASHED] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_HUNG] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_RESTARTING] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_HELD] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_WOULD_ACT] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_RECOVERED] = {"broker", ENDS, OF_NODE},
    [NOTICE_UNVERIFIED] = {"broker", GOES_ON, OF_NODE}, /* the proof may still come */
    [NOTICE_RETRYING] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_GAVE_UP] = {"broker", GOES_ON, OF_NODE},
    [NOTICE_STOPPED] = {"broker", ENDS, OF_NODE}, /* nothing will be told when the operator starts it again */
    [NOTICE_SLOW_BOOT] = {"slow-boot", GOES_ON, OF_NODE},
    [NOTICE_BOOT_ENDED] = {"slow-boot", ENDS, OF_NODE},
    [NOTICE_ALARM] = {"alarm", GOES_ON, OF_NODE},
    [NOTICE_ALARM_CLEARED] = {"alarm", ENDS, OF_NODE},
    [NOTICE_PEER_DOWN] = {"peer", GOES_ON, OF_NODE},
    [NOTICE_PEER_BACK] = {"peer", ENDS, OF_NODE},
    [NOTICE_ALL_DOWN] = {"all-down", GOES_ON, OF_CLUSTER},
    [NOTICE_ALL_DOWN_OVER] = {"all-down", ENDS, OF_CLUSTER},
    [NOTICE_CHECK_MISCONFIGURED] = {"check", GOES_ON, OF_NODE},
    [NOTICE_CHECK_OK] = {"check", ENDS, OF_NODE},
    [NOTICE_AGENT_STALLED] = {"agent", GOES_ON, OF_NODE},
    [NOTICE_AGENT_OK] = {"agent", ENDS, OF_NODE},
    [NOTICE_BUSY] = {"busy", GOES_ON, OF_NODE},
    [NOTICE_BUSY_OVER] = {"busy", ENDS, OF_NODE},
    [NOTICE_APP_STOPPED] = {"app-stopped", GOES_ON, OF_NODE},
    [NOTICE_APP_BACK] = {"app-stopped", ENDS, OF_NODE},
    [NOTICE_PAUSED] = {"paused", GOES_ON, OF_NODE},
    [NOTICE_PAUSE_OVER] = {"paused", ENDS, OF_NODE},
    [NOTICE_DRAINED] = {"drained", GOES_ON, OF_NODE},
    [NOTICE_REVIVED] = {"drained", ENDS, OF_NODE},
    [NOTICE_LISTENER_LOST] = {"listener", GOES_ON, OF_NODE},
    [NOTICE_LISTENER_BACK] = {"listener", ENDS, OF_NODE},
    [NOTICE_PARTITION] = {"partition", GOES_ON, OF_CLUSTER},
    [NOTICE_PARTITION_HEALED] = {"partition", ENDS, OF_CLUSTER},
    [NOTICE_STALE_VIEW] = {"stale-view", GOES_ON, OF_CLUSTER},
    [NOTICE_VIEWS_AGREE] = {"stale-view", ENDS, OF_CLUSTER},
    [NOTICE_ISOLATED] = {"isolated", GOES_ON, OF_NODE},
    [NOTICE_ISOLATION_OVER] = {"isolated", ENDS, OF_NODE},
    [NOTICE_QUORUM_LOST] = {"quorum", GOES_ON, OF_CLUSTER},
    [NOTICE_QUORUM_BACK] = {"quorum", ENDS, OF_CLUSTER},
    [NOTICE_LEADERLESS] = {"leaderless", GOES_ON, OF_CLUSTER},
    [NOTICE_LEADERS_BACK] = {"leaderless", ENDS, OF_CLUSTER},
    [NOTICE_FLAPPING] = {"flapping", GOES_ON, OF_NODE},
    [NOTICE_FLAPPING_OVER] = {"flapping", ENDS, OF_NODE},
    [NOTICE_HOLD_SET] = {"hold", GOES_ON, OF_NODE},
    [NOTICE_HOLD_OVER] = {"hold", ENDS, OF_NODE},
    [NOTICE_AGENT_DEGRADED] = {"store", GOES_ON, OF_NODE},
    [NOTICE_AGENT_SOUND] = {"store", ENDS, OF_NODE},
    [NOTICE_LEASE_LOST] = {"broker", GOES_ON, OF_NODE}, /* in the middle of a restart */
    [NOTICE_DELIVERY_REFUSED] = {"delivery", GOES_ON, OF_NODE},
    [NOTICE_DELIVERY_OK] = {"delivery", ENDS, OF_NODE},
    [NOTICE_TEST] = {"test", GOES_ON, OF_NODE}, /* so that it is seen everywhere */
    [NOTICE_AGENT_MISSING] = {"agent-missing", GOES_ON, OF_NODE},
    [NOTICE_AGENT_BACK] = {"agent-missing", ENDS, OF_NODE},
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
    return trouble_of(kind)->meaning == ENDS;
}

bool trouble_is_of_cluster(enum notice_kind kind)
{
    return trouble_of(kind)->subject == OF_CLUSTER;
}

unsigned trouble_severities(enum notice_kind kind)
{
    unsigned severities = 0;

    for (int other = 0; other < NOTICE_KIND_COUNT; other++)
        if (!trouble_ends((enum notice_kind)other) &&
            strcmp(trouble_family((enum notice_kind)other), trouble_family(kind)) == 0)
            severities |= 1u << notice_info((enum notice_kind)other)->severity;
    return severities;
}

/* FNV-1a, for a key that is too long: what is cut off must still count. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

void trouble_key(const struct notice *notice, char key[static TROUBLE_KEY_MAX])
{
    char whole[sizeof(notice->cluster) + sizeof(notice->node) + sizeof(notice->trouble) + 16] = "";

    text_append(whole, sizeof(whole), "rmqwatchd:%s:", notice->cluster);
    if (!trouble_is_of_cluster(notice->kind))
        text_append(whole, sizeof(whole), "%s:", notice->node);
    text_append(whole, sizeof(whole), "%s", trouble_name(notice));
    text_copy(key, TROUBLE_KEY_MAX, whole);
    if (strcmp(key, whole) == 0)
        return;
    key[0] = '\0';
    text_append(key, TROUBLE_KEY_MAX, "rmqwatchd:%016" PRIx64 ":%s", hash_of(whole), trouble_name(notice));
}
