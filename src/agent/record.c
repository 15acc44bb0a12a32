#include "agent/record.h"
#include "base/log.h"
#include "base/text.h"
#include "words/words.h"

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

static void list_phases(enum language language, const struct notice *notice, char *text, size_t size)
{
    char duration[32];

    for (size_t i = 0; i < notice->phase_count; i++) {
        text_duration(duration, sizeof(duration), notice->phases[i].ms);
        text_append(text, size, "%s%s %s", i ? words(language, ", ") : " [",
            words(language, notice->phases[i].name), duration);
    }
    if (notice->phase_count)
        text_append(text, size, "]");
}

void record_notice(const struct notice *notice)
{
    const struct notice_info *info = notice_info(notice->kind);
    const char *title = notice->kind == NOTICE_NONE ? "" : words(notice->language, info->title);
    const char *colon = words(notice->language, ": ");
    char phases[160] = "", told_phases[160] = "";
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

    list_phases(LANGUAGE_ENGLISH, notice, phases, sizeof(phases));
    list_phases(notice->language, notice, told_phases, sizeof(told_phases));
    log_fields(priority_of(notice), notice->kind == NOTICE_NONE ? NULL : info->message_id, fields,
        sizeof(fields) / sizeof(fields[0]), "%s%s%s%s%s%s%s%s", notice->node, colon, title,
        title[0] ? colon : "", notice->why, notice->detail[0] ? " -- " : "", notice->detail, told_phases);
}
