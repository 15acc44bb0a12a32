#include "core/tell.h"
#include "base/text.h"
#include "core/describe.h"
#include "words/words.h"

#include <string.h>

enum { DELAY_MS = 2000 }; /* as long as evidence may take */

/* Where its restart loop cannot be ended, systemd starts it again and again, and each time it is given up:
 * that is told as often as we would try it ourselves. */
static bool is_news_of_giving_up(struct core *core, uint64_t now_ms)
{
    struct rescue *rescue = &core->rescue;

    if (rescue->budget.give_ups > 1 && now_ms < rescue->gave_up_until_ms)
        return false;
    rescue->gave_up_until_ms = now_ms + budget_give_up_pause_ms(&rescue->budget, &core->policy);
    return true;
}

/* What is tried again and again is told once, until the node has died and is being started. */
static bool is_news(struct core *core, const struct row *row, uint64_t now_ms)
{
    struct incident *incident = &core->rescue.incident;
    uint32_t hash = (uint32_t)text_hash(row->why); /* in English; a later agent reads it */

    if (row->to == STATE_STARTING)
        incident->told_count = 0;
    if (row->tell == NOTICE_GAVE_UP)
        return is_news_of_giving_up(core, now_ms);
    if (row->tell != NOTICE_HUNG && row->tell != NOTICE_HELD && row->tell != NOTICE_RESTARTING &&
        row->tell != NOTICE_WOULD_ACT)
        return row->tell != NOTICE_NONE;
    for (uint32_t i = 0; i < incident->told_count; i++)
        if (incident->told[i] == hash)
            return false;
    /* Full only of what an agent of another version told, in other words. */
    if (incident->told_count == TOLD_ROWS_MAX)
        memmove(incident->told, incident->told + 1, sizeof(incident->told[0]) * --incident->told_count);
    incident->told[incident->told_count++] = hash;
    return true;
}

bool tell_is_delayed(enum notice_kind kind)
{
    return kind == NOTICE_CRASHED || kind == NOTICE_RETRYING || kind == NOTICE_GAVE_UP;
}

static void send_delayed(struct core *core, struct step *step)
{
    struct delayed_notice *delayed = &core->rescue.delayed;
    const struct evidence_event *evidence = &core->rescue.evidence;
    const enum language language = core->policy.language;
    char cause[RMQ_DETAIL_MAX];
    struct notice *notice;

    if (!delayed->waiting)
        return;
    delayed->waiting = false;
    notice = &step_action(step, ACTION_SEND)->notice;
    *notice = delayed->notice;
    text_copy(notice->evidence, sizeof(notice->evidence), evidence->path);
    words_heard(language, evidence->cause, cause, sizeof(cause));
    if (evidence->cause[0])
        text_append(notice->detail, sizeof(notice->detail), words(language, "; likely cause: %s"), cause);
    else if (evidence->log_tail[0])
        text_append(notice->detail, sizeof(notice->detail), words(language, "; its last words: %s"),
            evidence->log_tail);
}

void tell_delayed(struct core *core, struct step *step)
{
    if (!core->rescue.collecting || step->now_ms >= core->rescue.delayed.deadline_ms)
        send_delayed(core, step);
}

void tell_row(struct core *core, const struct row *row, enum state from, struct step *step)
{
    struct rescue *rescue = &core->rescue;
    bool news = is_news(core, row, step->now_ms);
    const struct member *local = &core->members[0];
    char id[RMQ_INCIDENT_ID_MAX];
    struct notice *notice;

    if (news) /* in their order */
        send_delayed(core, step);
    text_copy(id, sizeof(id), rescue->incident.id);
    if (!id[0])
        step_incident_id(step, local->name, "", id, sizeof(id));
    notice = step_notice(step, core, news && !tell_is_delayed(row->tell) ? ACTION_NOTICE : ACTION_RECORD,
        news ? row->tell : NOTICE_NONE, local->name, local->condition, id, row->why);
    if (rescue->incident.id[0])
        notice->since_wall_ms = rescue->incident.since_wall_ms;
    text_copy(notice->evidence, sizeof(notice->evidence), rescue->evidence.path);
    if (!news)
        text_append(notice->detail, sizeof(notice->detail), "%s -> %s%s", state_name(from),
            state_name(rescue->state), row->tell == NOTICE_NONE ? "" : words(core->policy.language, "; "));
    describe_rescue(core, row->tell, step->now_ms, notice->detail, sizeof(notice->detail));
    if (row->tell == NOTICE_RECOVERED || row->tell == NOTICE_UNVERIFIED)
        describe_phases(core, step->now_ms, notice);
    if (news && tell_is_delayed(row->tell))
        rescue->delayed = (struct delayed_notice){
            .waiting = true, .deadline_ms = step->now_ms + DELAY_MS, .notice = *notice};
}
