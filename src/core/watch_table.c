/* Problems that are told, and told again when they are over. */
#include "core/table.h"

#define K(name) (1u << WATCH_##name)
#define ON(name) (1u << SIGN_##name)
#define F(name) WATCH_FACT_##name

/* Of this node or this agent: nobody else can tell. */
#define OWN                                                                                                  \
    (K(MEMORY_ALARM) | K(DISK_ALARM) | K(DESCRIPTOR_ALARM) | K(SLOW_BOOT) | K(CHECK_AMQP) |                  \
        K(CHECK_MANAGEMENT) | K(CHECK_EXEC) | K(CHECK_UNIT) | K(CHECK_LEASE) | K(AGENT) | K(STORE) |         \
        K(HOLD) | K(BUSY) | K(APP_STOPPED) | K(PAUSED) | K(DRAINED) | K(LISTENER) | K(NOT_SERVING) |         \
        K(ISOLATED) | K(FLAPPING))
/* Of the whole cluster: every agent sees it. */
#define CLUSTER (K(LEADERLESS) | K(PARTITION) | K(STALE_VIEW) | K(QUORUM) | K(ALL_DOWN))
#define ANY (OWN | CLUSTER | K(PEER) | K(PEER_AGENT))

const struct watch_row watch_rows[] = {
    {OWN, false, ON(BAD), 0, 0, true, "its own agent speaks for it"},
    {CLUSTER, false, ON(BAD), F(LEAD), 0, true, "one agent speaks for the cluster"},
    {CLUSTER, false, ON(BAD), 0, F(LEAD), false, "another agent speaks for the cluster"},
    {K(PEER) | K(PEER_AGENT), false, ON(BAD), F(CUT_OFF), 0, false,
        "no majority of the members is in reach, or was a moment ago: this agent speaks for its own node "
        "only"},
    {K(PEER), false, ON(BAD), F(LEAD) | F(HOST_SILENT), F(CUT_OFF), true,
        "nothing on its host answers, so nobody else will tell"},
    {K(PEER), false, ON(BAD), F(LEAD) | F(AGENT_MISSING), F(HOST_SILENT) | F(CUT_OFF), true,
        "its own agent does not answer, so nobody else will tell"},
    {K(PEER), false, ON(BAD), 0, F(HOST_SILENT) | F(AGENT_MISSING) | F(CUT_OFF), false,
        "its host is there: its own agent speaks for it"},
    {K(PEER), false, ON(BAD), F(HOST_SILENT), F(LEAD) | F(CUT_OFF), false, "another agent speaks for it"},
    {K(PEER), false, ON(BAD), F(AGENT_MISSING), F(LEAD) | F(HOST_SILENT) | F(CUT_OFF), false,
        "another agent speaks for it"},
    {K(PEER_AGENT), false, ON(BAD), F(LEAD), F(CUT_OFF), true,
        "it has answered before, and does not any more: nobody acts for its node"},
    {K(PEER_AGENT), false, ON(BAD), 0, F(LEAD) | F(CUT_OFF), false, "another agent speaks for it"},
    {ANY, true, ON(GOOD), 0, 0, false, "it is over, and who was told hears it"},
    {ANY, true, ON(BAD) | ON(UNSURE), 0, F(WORSE), true, "told already"},
    {ANY, true, ON(BAD) | ON(UNSURE), F(WORSE), 0, true, "it has become worse since it was told"},
    {ANY, false, ON(GOOD) | ON(UNSURE), 0, 0, false, "nothing to tell"},
};

const size_t watch_row_count = sizeof(watch_rows) / sizeof(watch_rows[0]);

const struct watch_info watch_infos[WATCH_KIND_COUNT] = {
    [WATCH_MEMORY_ALARM] = {"memory-alarm", NOTICE_ALARM, NOTICE_ALARM_CLEARED},
    [WATCH_DISK_ALARM] = {"disk-alarm", NOTICE_ALARM, NOTICE_ALARM_CLEARED},
    [WATCH_DESCRIPTOR_ALARM] = {"descriptor-alarm", NOTICE_ALARM, NOTICE_ALARM_CLEARED},
    [WATCH_SLOW_BOOT] = {"slow-boot", NOTICE_SLOW_BOOT, NOTICE_BOOT_ENDED},
    [WATCH_CHECK_AMQP] = {"check-amqp", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_MANAGEMENT] = {"check-management", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_EXEC] = {"check-exec", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_UNIT] = {"check-unit", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_LEASE] = {"check-lease", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_AGENT] = {"agent", NOTICE_AGENT_STALLED, NOTICE_AGENT_OK},
    [WATCH_STORE] = {"store", NOTICE_AGENT_DEGRADED, NOTICE_AGENT_SOUND},
    [WATCH_HOLD] = {"hold", NOTICE_HOLD_SET, NOTICE_HOLD_OVER},
    [WATCH_BUSY] = {"busy", NOTICE_BUSY, NOTICE_BUSY_OVER},
    [WATCH_APP_STOPPED] = {"app-stopped", NOTICE_APP_STOPPED, NOTICE_APP_BACK},
    [WATCH_PAUSED] = {"paused", NOTICE_PAUSED, NOTICE_PAUSE_OVER},
    [WATCH_DRAINED] = {"drained", NOTICE_DRAINED, NOTICE_REVIVED},
    [WATCH_LISTENER] = {"listener", NOTICE_LISTENER_LOST, NOTICE_LISTENER_BACK},
    [WATCH_NOT_SERVING] = {"not-serving", NOTICE_NOT_SERVING, NOTICE_SERVING_AGAIN},
    [WATCH_ISOLATED] = {"isolated", NOTICE_ISOLATED, NOTICE_ISOLATION_OVER},
    [WATCH_FLAPPING] = {"flapping", NOTICE_FLAPPING, NOTICE_FLAPPING_OVER},
    [WATCH_LEADERLESS] = {"leaderless", NOTICE_LEADERLESS, NOTICE_LEADERS_BACK},
    [WATCH_PARTITION] = {"partition", NOTICE_PARTITION, NOTICE_PARTITION_HEALED},
    [WATCH_STALE_VIEW] = {"stale-view", NOTICE_STALE_VIEW, NOTICE_VIEWS_AGREE},
    [WATCH_QUORUM] = {"quorum", NOTICE_QUORUM_LOST, NOTICE_QUORUM_BACK},
    [WATCH_ALL_DOWN] = {"all-down", NOTICE_ALL_DOWN, NOTICE_ALL_DOWN_OVER},
    [WATCH_PEER] = {"peer", NOTICE_PEER_DOWN, NOTICE_PEER_BACK},
    [WATCH_PEER_AGENT] = {"agent-missing", NOTICE_AGENT_MISSING, NOTICE_AGENT_BACK},
};
