#include "core/step.h"
#include "base/text.h"
#include "core/core.h"
#include "words/words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct action *step_action(struct step *step, enum action_kind kind)
{
    struct action *action;

    assert(step->actions->count < ACTIONS_MAX);
    action = &step->actions->items[step->actions->count++];
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    return action;
}

void step_incident_id(const struct step *step, const char *node, const char *watch, char *id, size_t size)
{
    const char *at = strchr(node, '@');
    char stamp[32];
    char host[20];

    text_copy(host, sizeof(host), at ? at + 1 : node);
    text_timestamp(stamp, sizeof(stamp), step->wall_ms);
    /* The milliseconds since boot tell apart what one second of wall time cannot. */
    snprintf(id, size, "%s-%.10s-%.2s%.2s%.2s-%03x%.1s", host, stamp, stamp + 11, stamp + 14, stamp + 17,
        (unsigned)(step->now_ms & 0xfff), watch);
}

struct notice *step_notice(struct step *step, const struct core *core, enum action_kind kind,
    enum notice_kind notice_kind, const char *node, enum condition condition, const char *incident,
    const char *why)
{
    struct notice *notice = &step_action(step, kind)->notice;

    notice->kind = notice_kind;
    notice->severity = notice_info(notice_kind)->severity;
    notice->condition = condition;
    notice->language = core->policy.language;
    notice->wall_ms = step->wall_ms;
    notice->since_wall_ms = step->wall_ms;
    text_copy(notice->incident, sizeof(notice->incident), incident);
    text_copy(notice->cluster, sizeof(notice->cluster), core->cluster);
    text_copy(notice->node, sizeof(notice->node), node);
    text_copy(notice->observer, sizeof(notice->observer), core->members[0].name);
    text_copy(notice->why, sizeof(notice->why), words(core->policy.language, why));
    return notice;
}
