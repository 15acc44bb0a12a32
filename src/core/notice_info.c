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
    [NOTICE_BUSY] = {"busy", "Busy, not restarted", SEVERITY_WARNING, "dcc0734809bc481e94a1e8e41de60bb2"},
    [NOTICE_BUSY_OVER] = {"busy-over", "No longer busy", SEVERITY_INFO, "c539499aef7a4caf89dd8bca85e858de"},
    [NOTICE_APP_STOPPED] = {"app-stopped", "Application stopped", SEVERITY_WARNING,
        "be7b7a9087e74df88e8588cd48f009a3"},
    [NOTICE_APP_BACK] = {"app-back", "Application runs again", SEVERITY_INFO,
        "0643417206e64c97be05d708864969ba"},
    [NOTICE_PAUSED] = {"paused", "Paused by a partition", SEVERITY_CRITICAL,
        "8cc63852832b4485a2dc88221be6d267"},
    [NOTICE_PAUSE_OVER] = {"pause-over", "No longer paused", SEVERITY_INFO,
        "a841a5315fc54f67876b55df94e91722"},
    [NOTICE_DRAINED] = {"drained", "In maintenance mode", SEVERITY_INFO, "489be26643e84647865988e04f652da0"},
    [NOTICE_REVIVED] = {"revived", "Maintenance over", SEVERITY_INFO, "09f5623d1c004153b7e340d1e4d0ca22"},
    [NOTICE_LISTENER_LOST] = {"listener-lost", "AMQP listener lost", SEVERITY_CRITICAL,
        "8a80cba493e64715ab4b60534edd5e43"},
    [NOTICE_LISTENER_BACK] = {"listener-back", "AMQP listener back", SEVERITY_INFO,
        "27850814b0324c408fb59ff90b8fffd0"},
    [NOTICE_NOT_SERVING] = {"not-serving", "Not serving", SEVERITY_CRITICAL,
        "6ce871eeac8342a0aef346438987d663"},
    [NOTICE_SERVING_AGAIN] = {"serving-again", "Serves again", SEVERITY_INFO,
        "bd51302f551a41f8871c4bf62e089327"},
    [NOTICE_PARTITION] = {"partition", "Partition", SEVERITY_CRITICAL, "083af450157141e3a05ac3e4d5ccf834"},
    [NOTICE_PARTITION_HEALED] = {"partition-healed", "Partition healed", SEVERITY_INFO,
        "ab1b7412d2ea4229b8e2e126211168d3"},
    [NOTICE_STALE_VIEW] = {"stale-view", "Stale view", SEVERITY_CRITICAL, "689bbf9d142b4fcab7f5145f2a30f158"},
    [NOTICE_VIEWS_AGREE] = {"views-agree", "Members agree again", SEVERITY_INFO,
        "51a9e7614b184fd5bf01be2585f6e74c"},
    [NOTICE_ISOLATED] = {"isolated", "Isolated", SEVERITY_CRITICAL, "c5ab2c85bc8e4cc4b9795428547cd787"},
    [NOTICE_ISOLATION_OVER] = {"isolation-over", "No longer isolated", SEVERITY_INFO,
        "ca7c26a5b36d493dbf15d78ea9103436"},
    [NOTICE_QUORUM_LOST] = {"quorum-lost", "Quorum lost", SEVERITY_CRITICAL,
        "ffbd77c0196a4da6be68da3f0eb3fde0"},
    [NOTICE_QUORUM_BACK] = {"quorum-back", "Quorum back", SEVERITY_INFO, "7928ad070ed7464c80b815c70c91cca1"},
    [NOTICE_LEADERLESS] = {"leaderless", "Queues without a leader", SEVERITY_CRITICAL,
        "4b18cd1d0ad84f8d8c9f2b6cb7302a2c"},
    [NOTICE_LEADERS_BACK] = {"leaders-back", "All queues have leaders", SEVERITY_INFO,
        "02dd51025e4946278407533e407d2e00"},
    [NOTICE_FLAPPING] = {"flapping", "Flapping", SEVERITY_WARNING, "7f2a84dc5cef4f44974ce1f839ebb6b0"},
    [NOTICE_FLAPPING_OVER] = {"flapping-over", "No longer flapping", SEVERITY_INFO,
        "fd0d47be10cc4d9ba5da5743f1ac57e7"},
    [NOTICE_HOLD_SET] = {"hold-set", "On hold", SEVERITY_INFO, "894234d3cb9a427d9ce2da915f9836b5"},
    [NOTICE_HOLD_OVER] = {"hold-over", "Hold over", SEVERITY_INFO, "4ec2f367846d4af08823940c5e07ba5c"},
    [NOTICE_AGENT_DEGRADED] = {"agent-degraded", "Watchdog degraded", SEVERITY_WARNING,
        "c3356296935a471dab05305e3c0b8632"},
    [NOTICE_AGENT_SOUND] = {"agent-sound", "Watchdog sound again", SEVERITY_INFO,
        "9b99e43ac3074deba5ecf51388a0f760"},
    [NOTICE_LEASE_LOST] = {"lease-lost", "Restart lease lost", SEVERITY_WARNING,
        "957f0ddcb5054397860c4c99bdf92c53"},
    [NOTICE_DELIVERY_REFUSED] = {"delivery-refused", "Alerts refused", SEVERITY_WARNING,
        "d4a1c07e5b7f4e0f9a3c6d28e5410b97"},
    [NOTICE_DELIVERY_OK] = {"delivery-ok", "Alerts are taken again", SEVERITY_INFO,
        "6f2e9b1d83c54a4cb07d1e95f3a8c264"},
    [NOTICE_TEST] = {"test", "Test", SEVERITY_INFO, "820241da79784ecd9053450b15d37c25"},
    [NOTICE_AGENT_MISSING] = {"agent-missing", "Watchdog missing", SEVERITY_WARNING,
        "97cfc5c02d234b13bdd272d464147a62"},
    [NOTICE_AGENT_BACK] = {"agent-back", "Watchdog back", SEVERITY_INFO, "63ec493fd2f04cf59a49520a7f84244d"},
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
