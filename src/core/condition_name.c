#include "rmqwatch/condition.h"

static const char *const names[CONDITION_COUNT] = {
    [CONDITION_UNKNOWN] = "unknown",
    [CONDITION_HEALTHY] = "healthy",
    [CONDITION_CRASHED] = "crashed",
    [CONDITION_ALL_DOWN] = "all down",
    [CONDITION_STOPPED] = "stopped by operator",
    [CONDITION_BOOTING] = "booting",
    [CONDITION_HUNG] = "hung",
    [CONDITION_ALARM] = "alarm",
    [CONDITION_PEER_DOWN] = "peer down",
    [CONDITION_MISCONFIGURED] = "check misconfigured",
    [CONDITION_STALLED] = "agent stalled",
    [CONDITION_FROZEN] = "frozen",
    [CONDITION_BUSY] = "busy",
    [CONDITION_APP_STOPPED] = "app stopped",
    [CONDITION_PAUSED] = "paused",
    [CONDITION_DRAINED] = "drained",
    [CONDITION_LISTENER_LOST] = "listener lost",
    [CONDITION_PARTITIONED] = "partitioned",
    [CONDITION_STALE_VIEW] = "stale view",
    [CONDITION_ISOLATED] = "isolated",
    [CONDITION_QUORUM_LOST] = "quorum lost",
};

const char *condition_name(enum condition condition)
{
    if ((unsigned)condition >= CONDITION_COUNT)
        return names[CONDITION_UNKNOWN];
    return names[condition];
}
