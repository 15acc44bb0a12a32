#include "agent/record.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>

static int priority_of(const struct notice *notice)
{
    if (notice->kind == NOTICE_NONE)
        return LOG_INFO;
    switch (notice->severity) {
    case SEVERITY_CRITICAL:
        return LOG_CRIT;
    case SEVERITY_WARNING:
        return LOG_WARNING;
    case SEVERITY_INFO:
        break;
    }
    return LOG_NOTICE;
}

static void list_phases(const struct notice *notice, char *text, size_t size)
{
    char duration[32];

    for (size_t i = 0; i < notice->phase_count; i++) {
        text_duration(duration, sizeof(duration), notice->phases[i].ms);
        text_append(text, size, "%s%s %s", i ? ", " : " [", notice->phases[i].name, duration);
    }
    if (notice->phase_count)
        text_append(text, size, "]");
}

void record_notice(const struct notice *notice)
{
    const struct notice_info *info = notice_info(notice->kind);
    char phases[160] = "";
    const struct log_field fields[] = {
        {"RMQ_CLUSTER", notice->cluster},
        {"RMQ_NODE", notice->node},
        {"RMQ_EVENT", notice->kind == NOTICE_NONE ? "decision" : info->event},
        {"RMQ_CONDITION", condition_name(notice->condition)},
        {"RMQ_INCIDENT", notice->incident},
        {"RMQ_REASON", notice->why},
        {"RMQ_DETAIL", notice->detail},
        {"RMQ_PHASES", phases},
    };

    list_phases(notice, phases, sizeof(phases));
    log_fields(priority_of(notice), notice->kind == NOTICE_NONE ? NULL : info->message_id, fields,
        sizeof(fields) / sizeof(fields[0]), "%s: %s%s%s%s%s%s", notice->node,
        notice->kind == NOTICE_NONE ? "" : info->title, notice->kind == NOTICE_NONE ? "" : ": ", notice->why,
        notice->detail[0] ? " -- " : "", notice->detail, phases);
}
