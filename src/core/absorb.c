#include "core/absorb.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/dump.h"
#include "core/watches.h"
#include "words/words.h"

#include <string.h>

static struct member *find_member(struct core *core, const char *name)
{
    for (size_t i = 0; i < core->member_count; i++)
        if (!strcmp(core->members[i].name, name))
            return &core->members[i];
    return NULL;
}

static bool is_listed(const struct members_event *members, const char *name)
{
    for (size_t i = 0; i < members->count; i++)
        if (!strcmp(members->names[i], name))
            return true;
    return false;
}

static void remove_member(struct core *core, size_t index)
{
    size_t last = --core->member_count;

    memmove(&core->members[index], &core->members[index + 1], (last - index) * sizeof(struct member));
    memmove(&core->peer_watches[index], &core->peer_watches[index + 1],
        (last - index) * sizeof(core->peer_watches[0]));
    memset(&core->peer_watches[last], 0, sizeof(core->peer_watches[0]));
    memset(&core->views, 0, sizeof(core->views)); /* it names members by their place in the list */
}

static void absorb_members(struct core *core, const struct members_event *members, struct step *step)
{
    bool changed = !core->members_known;

    /* A list without this node is not about this node's cluster. */
    if (!is_listed(members, core->members[0].name))
        return;
    core->members_known = true;
    if (members->cluster[0] && !core->cluster[0])
        text_copy(core->cluster, sizeof(core->cluster), members->cluster);
    for (size_t i = core->member_count; i-- > 1;)
        if (!is_listed(members, core->members[i].name)) {
            watches_end_peer(core, i, step);
            remove_member(core, i);
            changed = true;
        }
    for (size_t i = 0; i < members->count && core->member_count < RMQ_MEMBERS_MAX; i++) {
        if (find_member(core, members->names[i]))
            continue;
        member_init(&core->members[core->member_count], members->names[i], false);
        core->members[core->member_count++].condition_since_ms = step->now_ms;
        changed = true;
    }
    if (changed) /* a hung node cannot tell a restarted agent who the others are */
        step_action(step, ACTION_SAVE);
}

enum { LATE_MS = 1000 };

/* A timeout that ends long after its time tells of our own loop: the answer may have been there. A command
 * has a timeout of its own. */
static bool is_late(const struct core *core, const struct probe_event *probe, uint64_t now_ms)
{
    return probe->kind != PROBE_EXEC && probe_result_info(probe->result)->timed_out &&
           now_ms - probe->started_ms > core->policy.timeout_ms + LATE_MS;
}

static void absorb_probe(struct core *core, const struct probe_event *probe, struct step *step)
{
    struct member *member = find_member(core, probe->node);

    if (!member || probe->started_ms < core->distrust_before_ms || is_late(core, probe, step->now_ms))
        return;
    /* What the former run of the broker said, or the lack of one, is no evidence on the present one. */
    if (member->local && probe->started_ms < core->unit.since_ms)
        return;
    if (probe->kind == PROBE_AGENT) {
        if (presence_absorb(&member->agent, probe))
            step_action(step, ACTION_SAVE); /* a later agent shall know, too, that this node is guarded */
        return;
    }
    member_absorb(member, probe, &core->policy, step->now_ms);
    /* Any answer of the day after a stall ends it. */
    core->stalled = false;
}

enum { UNIT_NEWS_MS = 1000 };

uint64_t absorb_deadline_ms(const struct core *core)
{
    return core->unit.ended_ms > 0 ? core->unit.ended_ms + UNIT_NEWS_MS : UINT64_MAX;
}

static bool is_activating(const struct unit_state *state)
{
    return state->active == UNIT_ACTIVATING && !unit_is_waiting_to_restart(state);
}

/* An agent that has slept, for less than a stall perhaps, hears first what was news when it fell asleep. The
 * unit may have been started since: of an old death it is only certain that it is no news. */
static bool is_news(const struct unit_state *state, uint64_t now_ms)
{
    return now_ms - state->inactive_enter_ms + UNIT_NEWS_MS <= 2 * UNIT_NEWS_MS;
}

/* What is remembered around the unit's state: who wanted it stopped, since when it is dead. */
static void remember_unit(
    struct core *core, const struct unit_state *before, const struct unit_state *state, uint64_t now_ms)
{
    struct unit_evidence *unit = &core->unit;
    bool dead = state->active == UNIT_FAILED || unit_is_waiting_to_restart(state);
    bool was_dead = unit->known && (before->active == UNIT_FAILED || unit_is_waiting_to_restart(before));

    if (state->active == UNIT_DEACTIVATING && state->job_id != 0)
        unit->stop_requested = true;
    if (unit_is_running(state) || is_activating(state) || unit_is_waiting_to_restart(state)) {
        unit->stop_requested = false;
        core->seen_running = true;
    }
    if (unit_is_running(state) || is_activating(state) || unit_is_masked(state))
        unit->own_stop = false;
    /* Who unmasks it has not started it yet. */
    if (state->active == UNIT_FAILED && unit_is_masked(state))
        unit->stop_requested = true;
    if (!unit->known && core->stopped_invocation[0])
        unit->stop_requested = !strcmp(core->stopped_invocation, state->invocation_id);
    if (dead && !was_dead)
        core->dead_since_ms = is_news(state, now_ms) ? state->inactive_enter_ms : 0;
}

/* Takes the unit's state in; returns the edge that it makes, or TRIGGER_COUNT for none. */
static enum trigger absorb_unit(struct core *core, const struct unit_state *state, uint64_t now_ms)
{
    struct unit_evidence *unit = &core->unit;
    const struct unit_state before = unit->state;
    bool known = unit->known;
    /* While systemd could not be asked, it may have become anything: it is compared with what it was before.
     */
    bool was_running = unit_is_running(&before);
    bool was_alive = was_running || is_activating(&before);
    bool another_run = before.invocation_id[0] && strcmp(before.invocation_id, state->invocation_id) != 0;

    bool ended = unit->ended_ms > 0;

    remember_unit(core, &before, state, now_ms);
    unit->awaited = false;
    unit->ended_ms = 0;
    unit->own_job = unit->own_job && !ended;
    unit->known = true;
    unit->state = *state;
    if (another_run || (unit_is_running(state) && !was_running))
        core->rescue.killed = false;
    if (another_run || (known && was_running != unit_is_running(state))) {
        /* What the former run said is no evidence on the present one. */
        member_forget(&core->members[0]);
        /* A connection alone is no answer. */
        if (core->policy.probe_amqp && state_wants_answer(core->rescue.state))
            member_suspect(&core->members[0]);
        unit->since_ms = now_ms;
    }
    if (unit_is_running(state) && (another_run || !was_running))
        return TRIGGER_UNIT_ACTIVE;
    /* Inactive is no death: somebody wanted it. */
    if (was_alive && unit_is_dead(unit))
        return TRIGGER_UNIT_DEAD;
    return ended && unit_is_dead(unit) ? TRIGGER_JOB_FAILED : TRIGGER_COUNT;
}

static enum trigger end_job(struct unit_evidence *unit)
{
    unit->own_job = unit->awaited = false;
    unit->ended_ms = 0;
    return unit->ended_well ? TRIGGER_JOB_DONE : TRIGGER_JOB_FAILED;
}

/* The end of a start may be told before the unit's new state, which tells what became of it. */
static enum trigger absorb_job(struct core *core, const struct job_event *job, uint64_t now_ms)
{
    struct unit_evidence *unit = &core->unit;

    unit->ended_well = job->ok;
    if (unit->awaited && unit_is_dead(unit) && strcmp(job->result, "canceled") != 0) {
        unit->ended_ms = now_ms;
        return TRIGGER_COUNT;
    }
    unit->own_job = false;
    /* Somebody put another job in its place: what the unit does now tells what it was. */
    if (!strcmp(job->result, "canceled"))
        return TRIGGER_COUNT;
    return end_job(unit);
}

/* Nothing comes any more: the unit is as dead as before. */
static enum trigger absorb_tick(struct core *core, uint64_t now_ms)
{
    return now_ms >= absorb_deadline_ms(core) ? end_job(&core->unit) : TRIGGER_COUNT;
}

static enum trigger absorb_refusal(struct core *core, const struct request_event *request, struct step *step)
{
    if (dump_refused(core, step->now_ms))
        return TRIGGER_COUNT;
    core->unit.own_job = core->unit.awaited = false;
    if (core->rescue.state == STATE_KILLING)
        core->rescue.killed = false;
    /* The end of its restart loop was refused: who stops it now is somebody else. */
    if (core->rescue.state == STATE_GAVE_UP) {
        core->unit.own_stop = false;
        step_action(step, ACTION_SAVE);
    }
    text_copy(core->rescue.refusal, sizeof(core->rescue.refusal), request->error);
    return TRIGGER_REFUSED;
}

static void absorb_host(struct core *core, const struct host_sample *host, uint64_t now_ms)
{
    process_absorb(&core->process, host, now_ms);
    if (!host->packages_known)
        return;
    core->packages_changing = host->packages_changing;
    core->packages_ms = now_ms;
    text_copy(core->package_manager, sizeof(core->package_manager), host->package_manager);
}

static enum trigger absorb_lease(struct core *core, const struct lease_event *event)
{
    struct lease_memory *lease = &core->lease;
    bool sought = lease->state == LEASE_SOUGHT;

    if (event->status == LEASE_USABLE || event->status == LEASE_UNUSABLE) {
        lease->checked = true;
        lease->usable = event->status == LEASE_USABLE;
        if (!lease->usable)
            text_copy(lease->problem, sizeof(lease->problem), event->detail);
        return TRIGGER_COUNT;
    }
    if (event->status == LEASE_LOST ? lease->state != LEASE_HELD : !sought)
        return TRIGGER_COUNT; /* it was given back, or not sought any more */
    text_copy(lease->detail, sizeof(lease->detail), event->detail);
    lease->state = event->status == LEASE_GRANTED ? LEASE_HELD : LEASE_FREE;
    switch (event->status) {
    case LEASE_GRANTED:
        return TRIGGER_GRANTED;
    case LEASE_TAKEN:
        return TRIGGER_TAKEN;
    case LEASE_LOST:
        return TRIGGER_LOST;
    default:
        return TRIGGER_UNAVAILABLE;
    }
}

static void absorb_evidence(struct core *core, const struct evidence_event *evidence)
{
    struct rescue *rescue = &core->rescue;

    if (strcmp(evidence->incident, rescue->incident.id) != 0)
        return; /* of an incident that is over */
    rescue->collecting = false;
    rescue->evidence = *evidence;
}

/* Written down as part of INCIDENT; whoever calls this adds the detail. */
static struct notice *note_word(
    const struct core *core, const char *incident, const char *why, struct step *step)
{
    const struct member *local = &core->members[0];

    return step_notice(step, core, ACTION_RECORD, NOTICE_NONE, local->name, local->condition, incident, why);
}

/* Whose hold it is now, and who ended it: the first is told, and these are changes of it. */
static void note_hold(const struct core *core, const struct operator_event *word, struct step *step)
{
    const struct watch *watch = &core->watches[WATCH_HOLD];

    if (!watch->raised)
        return;
    if (word->kind == OPERATOR_HOLD)
        describe_hold(core, step->now_ms,
            note_word(core, watch->incident, WORD("another hold takes its place"), step)->detail,
            RMQ_DETAIL_MAX);
    else
        text_append(note_word(core, watch->incident, WORD("somebody has ended the hold"), step)->detail,
            RMQ_DETAIL_MAX, words(core->policy.language, "ended by %s"), word->owner);
}

static enum trigger absorb_operator(struct core *core, const struct operator_event *word, struct step *step)
{
    struct hold *hold = &core->hold;
    int64_t left_ms = word->until_wall_ms - step->wall_ms;

    switch (word->kind) {
    case OPERATOR_HOLD:
        hold->active = left_ms > 0;
        hold->until_wall_ms = word->until_wall_ms;
        hold->until_ms = step->now_ms + (uint64_t)(left_ms > 0 ? left_ms : 0);
        text_copy(hold->owner, sizeof(hold->owner), word->owner);
        text_copy(hold->reason, sizeof(hold->reason), word->reason);
        note_hold(core, word, step);
        step_action(step, ACTION_SAVE);
        break;
    case OPERATOR_RESUME:
        hold->active = false;
        core->rescue.budget.give_ups = 0;
        core->rescue.budget.count = 0;
        note_hold(core, word, step);
        step_action(step, ACTION_SAVE);
        return TRIGGER_RESUME;
    case OPERATOR_ACK:
        text_append(note_word(core, word->incident, WORD("somebody knows of this incident"), step)->detail,
            RMQ_DETAIL_MAX, words(core->policy.language, "acknowledged by %s"), word->owner);
        break;
    }
    return TRIGGER_COUNT;
}

enum trigger absorb(struct core *core, const struct event *event, struct step *step)
{
    struct member *member;

    switch (event->kind) {
    case EVENT_TICK:
        return absorb_tick(core, event->now_ms);
    case EVENT_MEMBERS:
        absorb_members(core, &event->members, step);
        break;
    case EVENT_PROBE_SLOW:
        member = find_member(core, event->probe.node);
        if (member && event->probe.kind != PROBE_AGENT)
            member_mark_slow(member, event->probe.kind);
        break;
    case EVENT_PROBE_DONE:
        absorb_probe(core, &event->probe, step);
        break;
    case EVENT_UNIT:
        return absorb_unit(core, &event->unit, event->now_ms);
    case EVENT_UNIT_LOST:
        core->unit.known = false;
        core->unit.own_job = core->unit.awaited = false;
        core->unit.ended_ms = 0;
        break;
    case EVENT_JOB_DONE:
        return absorb_job(core, &event->job, event->now_ms);
    case EVENT_REQUEST_DONE:
        return TRIGGER_ACCEPTED;
    case EVENT_REQUEST_FAILED:
        return absorb_refusal(core, &event->request, step);
    case EVENT_POLICY:
        core->policy = event->policy;
        core->lease.checked_ms = 0; /* credentials may have changed */
        core->lease.checked = false;
        for (size_t i = 0; i < core->member_count; i++)
            member_forget_unused(&core->members[i], &core->policy);
        if (!core->policy.probe_management) /* nobody will say anything to the contrary */
            memset(&core->views, 0, sizeof(core->views));
        break;
    case EVENT_HOST:
        absorb_host(core, &event->host, event->now_ms);
        break;
    case EVENT_LEASE:
        return absorb_lease(core, &event->lease);
    case EVENT_EVIDENCE:
        absorb_evidence(core, &event->evidence);
        break;
    case EVENT_STORE_OK:
        core->store_failed = false;
        break;
    case EVENT_STORE_FAILED:
        core->store_failed = true;
        text_copy(core->store_problem, sizeof(core->store_problem), event->request.error);
        break;
    case EVENT_OPERATOR:
        return absorb_operator(core, &event->operator, step);
    }
    return TRIGGER_COUNT;
}
