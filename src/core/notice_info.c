#include "rmqwatch/notice.h"

/* packaging/rmqwatchd.catalog explains every one of these ids; a unit test compares the two. An id is never
 * used again for something else. Each "is over" is info, so that channels can pair it with what it ends. */
static const struct notice_info infos[NOTICE_KIND_COUNT] = {
    [NOTICE_NONE] = {"decision", "Decision", SEVERITY_INFO, "0ba87ccbf1af455c800e1aba7b4add64"},
    [NOTICE_CRASHED] = {"crashed", "Crashed", SEVERITY_WARNING, "51561247a2bf4aaa9fd9b92977013498"},
    [NOTICE_HUNG] = {"hung", "Hung", SEVERITY_CRITICAL, "feb926e948494e9c81e76085f9a9ed5f"},
    [NOTICE_RESTARTING] = {"restarting", "Restarting", SEVERITY_WARNING, "2a0c93dcef5f465aa68eddd10d925657"},
    [NOTICE_HELD] = {"held", "Held back", SEVERITY_CRITICAL, "8240d6239cfa4ed6b9e85d11b8feb679"},
    [NOTICE_WOULD_ACT] = {"would-act", "Would act", SEVERITY_CRITICAL, "54e23749dcf248f79651b1940480803a"},
    [NOTICE_RECOVERED] = {"recovered", "Recovered", SEVERITY_INFO, "30639c921be4487bbb8acef3093ede1c"},
    [NOTICE_UNVERIFIED] = {"unverified", "Recovery not verified", SEVERITY_CRITICAL,
        "343fa8f3038b4cd1802de4b53c61a821"},
    [NOTICE_RETRYING] = {"retrying", "Retrying", SEVERITY_WARNING, "632c636528ee4970aca82cff603b9cbf"},
    [NOTICE_GAVE_UP] = {"gave-up", "Gave up", SEVERITY_CRITICAL, "0ca5eb298fba4d40b798a98038fc60fe"},
    [NOTICE_STOPPED] = {"stopped", "Stopped by an operator", SEVERITY_INFO,
        "45b3bd710a214c0e8b13e9eebec6f3f3"},
    [NOTICE_SLOW_BOOT] = {"slow-boot", "Slow boot", SEVERITY_WARNING, "c0d3a6a558c048c2897df00eda5c81ba"},
    [NOTICE_BOOT_ENDED] = {"boot-ended", "Slow boot ended", SEVERITY_INFO,
        "5c6be058500842beabeb0d3b8bb029e3"},
    [NOTICE_ALARM] = {"alarm", "Alarm", SEVERITY_WARNING, "94d11eed4bcb4604a812fe8090fb2112"},
    [NOTICE_ALARM_CLEARED] = {"alarm-cleared", "Alarm cleared", SEVERITY_INFO,
        "f0dbf4ea4ee1462581fdc5fb52e13522"},
    [NOTICE_PEER_DOWN] = {"peer-down", "Peer down", SEVERITY_CRITICAL, "1b3a0415b7a9465db442630220cd889f"},
    [NOTICE_PEER_BACK] = {"peer-back", "Peer back", SEVERITY_INFO, "d0e24182399843fc8233e3c84d5275bf"},
    [NOTICE_ALL_DOWN] = {"all-down", "All members down", SEVERITY_CRITICAL,
        "3b9c093882614ae2bf1926dcf015c9d9"},
    [NOTICE_ALL_DOWN_OVER] = {"all-down-over", "No longer all down", SEVERITY_INFO,
        "b9776847c58044f1b53d49b1237b219e"},
    [NOTICE_CHECK_MISCONFIGURED] = {"check-misconfigured", "Check misconfigured", SEVERITY_WARNING,
        "c15f3ddaa5324d30b8db961642834584"},
    [NOTICE_CHECK_OK] = {"check-ok", "Check works", SEVERITY_INFO, "292e94962d784f6fb55aa648a2b83a87"},
    [NOTICE_AGENT_STALLED] = {"agent-stalled", "Watchdog stalled", SEVERITY_WARNING,
        "c1b294033d7f453b9b7056f16ebcf352"},
    [NOTICE_AGENT_OK] = {"agent-ok", "Watchdog well again", SEVERITY_INFO,
        "21f7e52b39e94e2588fd46044951e395"},
};

const struct notice_info *notice_info(enum notice_kind kind)
{
    if ((unsigned)kind >= NOTICE_KIND_COUNT)
        return &infos[NOTICE_NONE];
    return &infos[kind];
}

const char *severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_INFO:
        return "info";
    case SEVERITY_WARNING:
        return "warning";
    case SEVERITY_CRITICAL:
        return "critical";
    }
    return "info";
}
