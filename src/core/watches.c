#include "core/watches.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/not_serving.h"
#include "core/voice.h"
#include "words/words.h"

/* Only the management API could say whether there is such a trouble, and it is not asked (any more). */
static bool lacks_answers(const struct core *core, enum watch_kind kind)
{
    const uint32_t of_the_api = 1u << WATCH_MEMORY_ALARM | 1u << WATCH_DISK_ALARM |
                                1u << WATCH_DESCRIPTOR_ALARM | 1u << WATCH_LEADERLESS |
                                1u << WATCH_PARTITION | 1u << WATCH_STALE_VIEW;

    return !core->policy.probe_management && (of_the_api >> kind & 1);
}

static enum sign sign_of_alarm(const struct core *core, enum watch_kind kind)
{
    const struct node_view *view = &core->members[0].view;
    const bool alarms[] = {view->memory_alarm, view->disk_alarm, view->descriptor_alarm};

    if (!view->alarms_known)
        return SIGN_UNSURE;
    return alarms[kind - WATCH_MEMORY_ALARM] ? SIGN_BAD : SIGN_GOOD;
}

static enum sign sign_of_boot(const struct core *core, uint64_t now_ms)
{
    const struct member *local = &core->members[0];

    if (local->condition == CONDITION_UNKNOWN || core->stalled)
        return SIGN_UNSURE;
    if (local->condition != CONDITION_BOOTING)
        return SIGN_GOOD;
    return now_ms - local->condition_since_ms >= core->policy.slow_boot_ms ? SIGN_BAD : SIGN_UNSURE;
}

static enum sign sign_of_check(const struct core *core, enum probe_kind kind)
{
    /* Whoever turns it off has heard of it, and nothing would ever say that it works. */
    enum sign sign = member_is_asked(&core->policy, kind) ? SIGN_UNSURE : SIGN_GOOD;

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

    if (condition_in(local->condition, CONDITIONS_SERVING))
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

/* A condition of the local node is its own sign; while nothing is certain, nothing is over. */
static enum sign sign_of_condition(const struct core *core, enum condition condition)
{
    enum condition now = core->members[0].condition;

    if (now == condition)
        return SIGN_BAD;
    return condition_in(now, CONDITIONS_UNSURE) ? SIGN_UNSURE : SIGN_GOOD;
}

/* The same for one whose end says that it is well again: being dead, or on its way up, is not that. */
static enum sign sign_until(const struct core *core, enum condition condition, uint64_t well)
{
    if (core->members[0].condition == condition)
        return SIGN_BAD;
    return condition_in(core->members[0].condition, well) ? SIGN_GOOD : SIGN_UNSURE;
}

/* What the cluster is like can be judged by a node that serves only. */
static enum sign sign_of_cluster(const struct core *core, bool bad)
{
    if (!condition_in(core->members[0].condition, CONDITIONS_SERVING))
        return SIGN_UNSURE;
    return bad ? SIGN_BAD : SIGN_GOOD;
}

/* Everybody who is there has said who runs: after a stall, or with a new agent, that takes a while. */
static bool all_have_spoken(const struct core *core)
{
    for (size_t i = 0; i < core->member_count; i++)
        if (!core->members[i].view.members_known && !member_is_down(&core->members[i]))
            return false;
    return core->members[0].view.partitions_known;
}

/* A disagreement has to be old to be told, and is over when there is none at all. */
static enum sign sign_of_views(const struct core *core, bool bad, const struct disagreement *disagreement)
{
    enum sign sign = sign_of_cluster(core, bad);

    if (sign != SIGN_GOOD)
        return sign;
    return disagreement->since_ms > 0 || !all_have_spoken(core) ? SIGN_UNSURE : SIGN_GOOD;
}

/* How many members are known to be so, this one included: one that was not heard of yet does not count. */
static size_t count_known(const struct core *core, bool (*is_so)(const struct member *member))
{
    size_t count = 1;

    for (size_t i = 1; i < core->member_count; i++)
        if (is_so(&core->members[i]))
            count++;
    return count;
}

/* Those that are coming back may be a majority in a moment. */
static enum sign sign_of_quorum(const struct core *core)
{
    size_t serving = views_serving(core) + count_known(core, member_is_rising) - 1;
    enum sign sign = sign_of_cluster(
        core, serving < views_majority(core) && views_reachable(core) >= views_majority(core));

    return sign == SIGN_GOOD && count_known(core, member_is_up) < views_majority(core) ? SIGN_UNSURE : sign;
}

/* Of this agent, whatever its broker does: it speaks for nobody else then, and somebody has to hear of it. */
static enum sign sign_of_isolation(const struct core *core)
{
    if (views_reachable(core) < views_majority(core))
        return SIGN_BAD;
    return count_known(core, member_host_answers) < views_majority(core) ? SIGN_UNSURE : SIGN_GOOD;
}

enum { FLAPS = 4, FLAP_WINDOW_MS = 3600000 };

static enum sign sign_of_flapping(const struct core *core, uint64_t now_ms)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < core->rescue.opening_count; i++)
        if (now_ms - core->rescue.openings_ms[i] < FLAP_WINDOW_MS)
            count++;
    if (count >= FLAPS)
        return SIGN_BAD;
    return count > 1 ? SIGN_UNSURE : SIGN_GOOD;
}

/* A queue has no leader for a moment whenever a node goes: twice in a row is more than a moment. */
static enum sign sign_of_leaders(const struct core *core)
{
    const struct member *local = &core->members[0];

    if (!local->view.leaders_known)
        return SIGN_UNSURE;
    if (local->view.leaderless_queues == 0)
        return SIGN_GOOD;
    return local->leaderless_seen >= 2 ? SIGN_BAD : SIGN_UNSURE;
}

static enum sign sign_of_lease_check(const struct core *core)
{
    if (!core->policy.lease_exclusive)
        return SIGN_GOOD;
    if (!core->lease.checked)
        return SIGN_UNSURE;
    if (core->lease.usable)
        return SIGN_GOOD;
    /* The API may use the same credentials: when it refuses them too, that is told, once. */
    if (core->policy.probe_management &&
        core->members[0].probes[PROBE_MANAGEMENT].succeeded_ms < core->lease.checked_ms)
        return SIGN_UNSURE;
    return SIGN_BAD;
}

static enum sign sign_of_peer(const struct member *peer)
{
    if (peer->condition == CONDITION_PEER_DOWN)
        return SIGN_BAD;
    return peer->condition == CONDITION_UNKNOWN ? SIGN_UNSURE : SIGN_GOOD;
}

/* One that was never there is not missed. While its node is down, too, one message tells both. */
static enum sign sign_of_peer_agent(const struct core *core, const struct member *peer, uint64_t now_ms)
{
    if (core->policy.agent_missing_ms == 0 || peer->agent.presence == PRESENCE_HERE)
        return SIGN_GOOD;
    if (!peer->agent.seen || peer->agent.down)
        return SIGN_UNSURE;
    return presence_is_lost(&peer->agent, &core->policy, now_ms) ? SIGN_BAD : SIGN_UNSURE;
}

enum { PAUSE_ENDS_MS = 15000 };

/* Its ports are closed. One that the others had lost for a moment pauses itself, too, and is back in seconds.
 */
static enum sign sign_of_closed(
    const struct core *core, enum condition condition, uint64_t well, uint64_t now_ms)
{
    enum sign sign = sign_until(core, condition, well);

    return sign == SIGN_BAD && now_ms - core->members[0].condition_since_ms < PAUSE_ENDS_MS ? SIGN_UNSURE
                                                                                            : sign;
}

/* Whatever else it turns into is told under another name: this is over when it serves. */
static enum sign sign_of_serving(const struct core *core, uint64_t now_ms)
{
    if (not_serving_is_over(core))
        return SIGN_GOOD;
    return not_serving(core, now_ms) ? SIGN_BAD : SIGN_UNSURE;
}

static enum sign sign_of(const struct core *core, enum watch_kind kind, size_t subject, uint64_t now_ms)
{
    if (lacks_answers(core, kind)) /* whoever was told would never hear the end of it */
        return SIGN_GOOD;
    switch (kind) {
    case WATCH_MEMORY_ALARM:
    case WATCH_DISK_ALARM:
    case WATCH_DESCRIPTOR_ALARM:
        return sign_of_alarm(core, kind);
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
    case WATCH_CHECK_LEASE:
        return sign_of_lease_check(core);
    case WATCH_AGENT:
        return core->stalled ? SIGN_BAD : SIGN_GOOD;
    case WATCH_STORE:
        return core->store_failed ? SIGN_BAD : SIGN_GOOD;
    case WATCH_HOLD:
        return core->hold.active ? SIGN_BAD : SIGN_GOOD;
    case WATCH_BUSY:
        return sign_of_condition(core, CONDITION_BUSY);
    case WATCH_APP_STOPPED:
        return sign_of_closed(core, CONDITION_APP_STOPPED,
            CONDITIONS_SERVING | CONDITION_BIT(DRAINED) | CONDITION_BIT(LISTENER_LOST), now_ms);
    case WATCH_PAUSED:
        return sign_of_condition(core, CONDITION_PAUSED);
    case WATCH_DRAINED:
        return sign_of_closed(
            core, CONDITION_DRAINED, CONDITIONS_SERVING | CONDITION_BIT(LISTENER_LOST), now_ms);
    case WATCH_LISTENER:
        return sign_until(core, CONDITION_LISTENER_LOST, CONDITIONS_SERVING);
    case WATCH_NOT_SERVING:
        return sign_of_serving(core, now_ms);
    case WATCH_ISOLATED:
        return sign_of_isolation(core);
    case WATCH_FLAPPING:
        return sign_of_flapping(core, now_ms);
    case WATCH_LEADERLESS:
        return sign_of_leaders(core);
    case WATCH_PARTITION:
        return sign_of_views(core, views_partitioned(core, now_ms), &core->views.mutual);
    case WATCH_STALE_VIEW:
        return sign_of_views(core, views_stale(core, now_ms), &core->views.stale);
    case WATCH_QUORUM:
        return sign_of_quorum(core);
    case WATCH_ALL_DOWN:
        return sign_of_all(core);
    case WATCH_PEER_AGENT:
        return sign_of_peer_agent(core, &core->members[subject], now_ms);
    case WATCH_PEER:
    case WATCH_KIND_COUNT:
        break;
    }
    return sign_of_peer(&core->members[subject]);
}

/* The fourth time that a problem is back within ten minutes of its end, or what looked like that, people know
 * that it comes and goes: its end is told when it has stayed away for so long. */
enum { RETURNS = 3, AWAY_MS = 600000 };

static bool returned_lately(const struct watch *watch, uint64_t now_ms)
{
    return watch->bad_ms > 0 && now_ms - watch->bad_ms < AWAY_MS;
}

/* The end of a hold is an operator's own word, and flapping has a window of its own. */
static bool may_come_back(const struct watch *watch, enum watch_kind kind, uint64_t now_ms)
{
    return kind != WATCH_HOLD && kind != WATCH_FLAPPING && watch->returns >= RETURNS &&
           returned_lately(watch, now_ms);
}

static void describe(
    const struct core *core, enum watch_kind kind, size_t subject, uint64_t now_ms, struct notice *notice)
{
    if (lacks_answers(core, kind))
        text_copy(notice->detail, sizeof(notice->detail),
            words(core->policy.language,
                "the management API is not asked any more: nobody knows what it is like now"));
    else
        describe_watch(core, kind, subject, now_ms, notice->detail, sizeof(notice->detail));
}

/* Another trouble than the last of this kind. */
static void begin(struct watch *watch, enum watch_kind kind, const struct member *member, struct step *step)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
    const char letter[] = {letters[kind], '\0'};

    watch->returns = returned_lately(watch, step->now_ms) ? watch->returns + 1 : 0;
    watch->bad_ms = step->now_ms;
    step_incident_id(step, member->name, letter, watch->incident, sizeof(watch->incident));
    watch->since_wall_ms = step->wall_ms;
}

static void watch_step(
    struct core *core, enum watch_kind kind, size_t subject, enum sign sign, struct step *step)
{
    struct watch *watch =
        kind >= WATCH_PEER ? &core->peer_watches[subject][kind - WATCH_PEER] : &core->watches[kind];
    const struct member *member = &core->members[subject];
    const struct watch_row *row;
    struct notice *notice;
    uint16_t facts = 0;

    if (sign == SIGN_BAD && !watch->raised)
        facts = voice_facts(core, kind, member, step->now_ms);
    if (watch->raised && sign == SIGN_BAD) {
        watch->bad_ms = step->now_ms;
        if (watch->warned && not_serving_clients(core, step->now_ms))
            facts = WATCH_FACT_WORSE;
    }
    if (watch->raised && sign == SIGN_GOOD && may_come_back(watch, kind, step->now_ms))
        sign = SIGN_UNSURE;
    row = watch_table_find(kind, watch->raised, sign, facts);
    if (row->to_raised == watch->raised && !(facts & WATCH_FACT_WORSE))
        return;
    if (row->to_raised && !watch->raised)
        begin(watch, kind, member, step);
    watch->raised = row->to_raised;
    notice = step_notice(step, core, ACTION_NOTICE,
        watch->raised ? watch_infos[kind].raise : watch_infos[kind].clear, member->name, member->condition,
        watch->incident, row->why);
    if (kind == WATCH_NOT_SERVING && watch->raised)
        notice->severity = not_serving_severity(core);
    watch->warned = watch->raised && kind == WATCH_NOT_SERVING && notice->severity == SEVERITY_WARNING;
    notice->since_wall_ms = watch->since_wall_ms;
    text_copy(notice->trouble, sizeof(notice->trouble), watch_infos[kind].name);
    step_action(step, ACTION_SAVE); /* whoever was told hears the end of it, of another agent perhaps */
    describe(core, kind, subject, step->now_ms, notice);
    if (watch->raised && may_come_back(watch, kind, step->now_ms))
        text_append(notice->detail, sizeof(notice->detail),
            words(core->policy.language,
                "; it comes and goes: its end is told when it has stayed away for ten minutes"));
}

void watches_end_peer(struct core *core, size_t member, struct step *step)
{
    for (int kind = WATCH_PEER; kind < WATCH_KIND_COUNT; kind++) {
        /* One that is no member any more does not come back. */
        core->peer_watches[member][kind - WATCH_PEER].returns = 0;
        watch_step(core, (enum watch_kind)kind, member, SIGN_GOOD, step);
    }
}

void watches_evaluate(struct core *core, struct step *step)
{
    for (int kind = 0; kind < WATCH_PEER; kind++)
        watch_step(
            core, (enum watch_kind)kind, 0, sign_of(core, (enum watch_kind)kind, 0, step->now_ms), step);
    for (size_t i = 1; i < core->member_count; i++)
        for (int kind = WATCH_PEER; kind < WATCH_KIND_COUNT; kind++)
            watch_step(
                core, (enum watch_kind)kind, i, sign_of(core, (enum watch_kind)kind, i, step->now_ms), step);
}

uint64_t watches_deadline_ms(const struct core *core)
{
    const struct member *local = &core->members[0];

    if (local->condition != CONDITION_BOOTING || core->watches[WATCH_SLOW_BOOT].raised)
        return UINT64_MAX;
    return local->condition_since_ms + core->policy.slow_boot_ms;
}
