/* Problems that are told, and told again when they are over. */
#include "core/table.h"

#define K(name) (1u << WATCH_##name)
#define ON(name) (1u << SIGN_##name)
#define F(name) WATCH_FACT_##name

#define OWN                                                                                                  \
    (K(MEMORY_ALARM) | K(DISK_ALARM) | K(SLOW_BOOT) | K(CHECK_AMQP) | K(CHECK_MANAGEMENT) | K(CHECK_EXEC) |  \
        K(CHECK_UNIT) | K(AGENT))

const struct watch_row watch_rows[] = {
    {OWN, false, ON(BAD), 0, 0, true, "its own agent speaks for it"},
    {K(ALL_DOWN), false, ON(BAD), F(LEAD), 0, true, "one agent speaks for the cluster"},
    {K(ALL_DOWN), false, ON(BAD), 0, F(LEAD), false, "another agent speaks for the cluster"},
    {K(PEER), false, ON(BAD), F(LEAD) | F(HOST_SILENT), 0, true,
        "nothing on its host answers, so nobody else will tell"},
    {K(PEER), false, ON(BAD), 0, F(HOST_SILENT), false, "its host is there: its own agent speaks for it"},
    {K(PEER), false, ON(BAD), F(HOST_SILENT), F(LEAD), false, "another agent speaks for it"},
    {OWN | K(ALL_DOWN) | K(PEER), true, ON(GOOD), 0, 0, false, "it is over, and who was told hears it"},
    {OWN | K(ALL_DOWN) | K(PEER), true, ON(BAD) | ON(UNSURE), 0, 0, true, "told already"},
    {OWN | K(ALL_DOWN) | K(PEER), false, ON(GOOD) | ON(UNSURE), 0, 0, false, "nothing to tell"},
};

const size_t watch_row_count = sizeof(watch_rows) / sizeof(watch_rows[0]);

const struct watch_info watch_infos[WATCH_KIND_COUNT] = {
    [WATCH_MEMORY_ALARM] = {"memory-alarm", NOTICE_ALARM, NOTICE_ALARM_CLEARED},
    [WATCH_DISK_ALARM] = {"disk-alarm", NOTICE_ALARM, NOTICE_ALARM_CLEARED},
    [WATCH_SLOW_BOOT] = {"slow-boot", NOTICE_SLOW_BOOT, NOTICE_BOOT_ENDED},
    [WATCH_CHECK_AMQP] = {"check-amqp", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_MANAGEMENT] = {"check-management", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_EXEC] = {"check-exec", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_CHECK_UNIT] = {"check-unit", NOTICE_CHECK_MISCONFIGURED, NOTICE_CHECK_OK},
    [WATCH_AGENT] = {"agent", NOTICE_AGENT_STALLED, NOTICE_AGENT_OK},
    [WATCH_ALL_DOWN] = {"all-down", NOTICE_ALL_DOWN, NOTICE_ALL_DOWN_OVER},
    [WATCH_PEER] = {"peer", NOTICE_PEER_DOWN, NOTICE_PEER_BACK},
};
