#include "alert_samples.h"

#include <string.h>

struct notice sample_recovered(void)
{
    return (struct notice){
        .kind = NOTICE_RECOVERED,
        .severity = SEVERITY_INFO,
        .condition = CONDITION_HEALTHY,
        .incident = "rmq2-1769904000-7",
        .cluster = "orders",
        .node = "rabbit@rmq2",
        .observer = "rabbit@rmq2",
        .why = "every proof of the recovery has held",
        .detail = "listed as running by rabbit@rmq1, rabbit@rmq3",
        .wall_ms = 1769904018400,
        .since_wall_ms = 1769904000000,
        .phase_count = 4,
        .phases = {{"detect", 350}, {"boot", 7900}, {"verify", 10150}, {"total", 18400}},
    };
}

struct notice sample_gave_up(void)
{
    return (struct notice){
        .kind = NOTICE_GAVE_UP,
        .severity = SEVERITY_CRITICAL,
        .condition = CONDITION_CRASHED,
        .incident = "rmq2-1769904000-7",
        .cluster = "orders",
        .node = "rabbit@rmq2",
        .observer = "rabbit@rmq1",
        .why = "it keeps dying: the restarts of this window are used up",
        .detail = "exit code 1; 5 restarts in 30 min",
        .wall_ms = 1769905805000,
        .since_wall_ms = 1769904000000,
    };
}

struct notice sample_flapped(void)
{
    struct notice notice = sample_recovered();

    notice.count = 8;
    notice.flaps = 2;
    strcpy(notice.course, "2026-01-31T23:59:58Z crashed: exit code 1\n+5\n"
                          "2026-02-01T00:00:11Z retrying\n2026-02-01T00:00:18Z recovered");
    return notice;
}

struct notice sample_chinese(void)
{
    struct notice notice = sample_gave_up();

    notice.language = LANGUAGE_CHINESE;
    strcpy(notice.why, "节点反复停止：本时间窗内的重启次数已用完");
    strcpy(notice.detail, "主进程已退出，退出码 1；30 min 内的重启次数已用 5/5");
    return notice;
}

struct notice sample_hostile(void)
{
    return (struct notice){
        .kind = NOTICE_GAVE_UP,
        .severity = SEVERITY_CRITICAL,
        .condition = CONDITION_CRASHED,
        .incident = "a'b $(x)",
        .cluster = "m\xc3\xbcnchen-\xe6\x97\xa5\xe6\x9c\xac",
        .node = "rabbit@rmq2\r\nBcc: x@y.example",
        .observer = "rabbit@<rmq1>",
        .why = "\"quoted\" \\ / \b\f\n\r\t \x01\x7f end\r\n.\r\nQUIT",
        .detail = "\xf0\x9f\x98\x80 <!channel> & *b*\n\xff\xc3(\xed\xa0\x80|\xe2\x80\xaex\n.\n..two ",
        .wall_ms = 1769905805000,
        .since_wall_ms = 1769904000000,
    };
}
