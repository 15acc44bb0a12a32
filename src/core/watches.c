#include "core/watches.h"
#include "base/text.h"
#include "core/describe.h"

#include <string.h>

bool watches_lead(const struct core *core)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (strcmp(core->members[i].name, core->members[0].name) < 0 &&
            member_host_answers(&core->members[i]))
            return false;
    return true;
}

static enum sign sign_of_alarm(const struct core *core, bool memory)
{
    const struct node_view *view = &core->members[0].view;

    if (!view->alarms_known)
        return SIGN_UNSURE;
    return (memory ? view->memory_alarm : view->disk_alarm) ? SIGN_BAD : SIGN_GOOD;
}

static enum sign sign_of_boot(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];

    if (local->condition == CONDITION_UNKNOWN || local->condition == CONDITION_STALLED)
        return SIGN_UNSURE;
    if (local->condition != CONDITION_BOOTING)
        return SIGN_GOOD;
    return now_ms - local->condition_since_ms >= core->policy.slow_boot_ms ? SIGN_BAD : SIGN_UNSURE;
}

static enum sign sign_of_check(const struct core *core, enum probe_kind kind)
{
    enum sign sign = SIGN_UNSURE;

    for (size_t i = 0; i < core->member_count; i++) {
        const struct probe_memory *memory = &core->members[i].probes[kind];

        /* A booting broker may refuse good credentials: what it says then does not count. */
        if (!memory->seen || core->members[i].condition == CONDITION_BOOTING)
            continue;
        if (memory->misconfigured >= core->policy.fall)
            return SIGN_BAD;
        if (memory->health == HEALTH_UP && memory->misconfigured == 0)
            sign = SIGN_GOOD;
    }
    return sign;
}

static enum sign sign_of_all(const struct core *core)
{
    const struct member *local = &core->members[0];

    if (local->condition == CONDITION_HEALTHY || local->condition == CONDITION_ALARM)
        return SIGN_GOOD;
    for (size_t i = 1; i < core->member_count; i++) {
        if (core->members[i].condition == CONDITION_HEALTHY)
            return SIGN_GOOD;
        if (core->members[i].condition != CONDITION_PEER_DOWN)
            return SIGN_UNSURE;
    }
    if (core->member_count < 2 || !core->unit.known || unit_is_running(&core->unit.state))
        return SIGN_UNSURE;
    return local->condition == CONDITION_STOPPED ? SIGN_UNSURE : SIGN_BAD;
}

static enum sign sign_of(const struct core *core, enum watch_kind kind, uint64_t now_ms)
{
    switch (kind) {
    case WATCH_MEMORY_ALARM:
    case WATCH_DISK_ALARM:
        return sign_of_alarm(core, kind == WATCH_MEMORY_ALARM);
    case WATCH_SLOW_BOOT:
        return sign_of_boot(core, now_ms);
    case WATCH_CHECK_AMQP:
    case WATCH_CHECK_MANAGEMENT:
    case WATCH_CHECK_EXEC:
        return sign_of_check(core, (enum probe_kind)(PROBE_AMQP + (kind - WATCH_CHECK_AMQP)));
    case WATCH_CHECK_UNIT:
        if (!core->unit.known)
            return SIGN_UNSURE;
        return unit_is_unknown(&core->unit.state) ? SIGN_BAD : SIGN_GOOD;
    case WATCH_AGENT:
        return core->stalled ? SIGN_BAD : SIGN_GOOD;
    case WATCH_ALL_DOWN:
        return sign_of_all(core);
    case WATCH_PEER:
    case WATCH_KIND_COUNT:
        break;
    }
    return SIGN_UNSURE;
}

static enum sign sign_of_peer(const struct member *peer)
{
    if (peer->condition == CONDITION_PEER_DOWN)
        return SIGN_BAD;
    return peer->condition == CONDITION_UNKNOWN ? SIGN_UNSURE : SIGN_GOOD;
}

static void watch_step(
    struct core *core, enum watch_kind kind, size_t subject, enum sign sign, struct step *step)
{
    struct watch *watch = kind == WATCH_PEER ? &core->peer_watches[subject] : &core->watches[kind];
    const struct member *member = &core->members[subject];
    const struct watch_row *row;
    struct notice *notice;
    uint16_t facts = 0;

    if (sign == SIGN_BAD && !watch->raised)
        facts = (uint16_t)((watches_lead(core) ? WATCH_FACT_LEAD : 0) |
                           (member_host_answers(member) ? 0 : WATCH_FACT_HOST_SILENT));
    row = watch_table_find(kind, watch->raised, sign, facts);
    if (row->to_raised == watch->raised)
        return;
    watch->raised = row->to_raised;
    if (watch->raised) {
        step_incident_id(step, member->name, watch->incident, sizeof(watch->incident));
        watch->since_wall_ms = step->wall_ms;
    }
    notice = step_notice(step, core, ACTION_NOTICE,
        watch->raised ? watch_infos[kind].raise : watch_infos[kind].clear, member->name, member->condition,
        watch->incident, row->why);
    notice->since_wall_ms = watch->since_wall_ms;
    describe_watch(core, kind, subject, step->now_ms, notice->detail, sizeof(notice->detail));
}

void watches_end_peer(struct core *core, size_t member, struct step *step)
{
    watch_step(core, WATCH_PEER, member, SIGN_GOOD, step);
}

void watches_evaluate(struct core *core, struct step *step)
{
    for (int kind = 0; kind < WATCH_PEER; kind++)
        watch_step(core, (enum watch_kind)kind, 0, sign_of(core, (enum watch_kind)kind, step->now_ms), step);
    for (size_t i = 1; i < core->member_count; i++)
        watch_step(core, WATCH_PEER, i, sign_of_peer(&core->members[i]), step);
}

uint64_t watches_deadline_ms(const struct core *core)
{
    const struct member *local = &core->members[0];

    if (local->condition != CONDITION_BOOTING || core->watches[WATCH_SLOW_BOOT].raised)
        return UINT64_MAX;
    return local->condition_since_ms + core->policy.slow_boot_ms;
}
