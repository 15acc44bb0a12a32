#include "core/core.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/rescue.h"
#include "core/step.h"
#include "core/watches.h"

#include <assert.h>
#include <string.h>

void core_init(struct core *core, const char *local_node, const char *cluster, const struct policy *policy,
    uint64_t now_ms)
{
    memset(core, 0, sizeof(*core));
    core->policy = *policy;
    text_copy(core->cluster, sizeof(core->cluster), cluster);
    member_init(&core->members[0], local_node, true);
    core->members[0].condition_since_ms = now_ms;
    core->member_count = 1;
    core->deadline_ms = now_ms;
    rescue_init(&core->rescue, now_ms);
}

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
    memmove(
        &core->peer_watches[index], &core->peer_watches[index + 1], (last - index) * sizeof(struct watch));
    memset(&core->peer_watches[last], 0, sizeof(struct watch));
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

static void absorb_probe(struct core *core, const struct probe_event *probe)
{
    struct member *member = find_member(core, probe->node);

    if (!member || probe->started_ms < core->distrust_before_ms)
        return;
    /* What the former run of the broker said, or the lack of one, is no evidence on the present one. */
    if (member->local && probe->started_ms < core->unit.since_ms)
        return;
    member_absorb(member, probe, &core->policy);
    /* Any answer of the day after a stall ends it. */
    core->stalled = false;
}

static bool is_activating(const struct unit_state *state)
{
    return state->active == UNIT_ACTIVATING && !unit_is_waiting_to_restart(state);
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
    if (!unit->known && core->stopped_invocation[0])
        unit->stop_requested = !strcmp(core->stopped_invocation, state->invocation_id);
    if (dead && !was_dead) /* an age that is not known must not look fresh */
        core->dead_since_ms = unit->known ? now_ms : 0;
}

/* Takes the unit's state in; returns the edge that it makes, or TRIGGER_COUNT for none. */
static enum trigger absorb_unit(struct core *core, const struct unit_state *state, uint64_t now_ms)
{
    struct unit_evidence *unit = &core->unit;
    const struct unit_state before = unit->state;
    bool known = unit->known;
    bool was_running = known && unit_is_running(&before);
    bool was_alive = was_running || (known && is_activating(&before));
    bool another_run = before.invocation_id[0] && strcmp(before.invocation_id, state->invocation_id) != 0;

    remember_unit(core, &before, state, now_ms);
    unit->known = true;
    unit->state = *state;
    if (another_run || (known && was_running != unit_is_running(state))) {
        /* What the former run said is no evidence on the present one. */
        member_forget(&core->members[0]);
        unit->since_ms = now_ms;
    }
    if (!known)
        return TRIGGER_COUNT;
    if (unit_is_running(state) && !was_running)
        return TRIGGER_UNIT_ACTIVE;
    /* Inactive is no death: somebody wanted it. */
    return was_alive && unit_is_dead(unit) ? TRIGGER_UNIT_DEAD : TRIGGER_COUNT;
}

static enum trigger absorb_job(struct core *core, const struct job_event *job)
{
    core->unit.own_job = false;
    /* Somebody put another job in its place: what the unit does now tells what it was. */
    if (!strcmp(job->result, "canceled"))
        return TRIGGER_COUNT;
    return job->ok ? TRIGGER_JOB_DONE : TRIGGER_JOB_FAILED;
}

static enum trigger absorb_refusal(struct core *core, const struct request_event *request)
{
    core->unit.own_job = false;
    text_copy(core->rescue.refusal, sizeof(core->rescue.refusal), request->error);
    return TRIGGER_REFUSED;
}

static enum trigger absorb(struct core *core, const struct event *event, struct step *step)
{
    struct member *member;

    switch (event->kind) {
    case EVENT_TICK:
        break;
    case EVENT_MEMBERS:
        absorb_members(core, &event->members, step);
        break;
    case EVENT_PROBE_SLOW:
        member = find_member(core, event->probe.node);
        if (member)
            member_mark_slow(member, event->probe.kind);
        break;
    case EVENT_PROBE_DONE:
        absorb_probe(core, &event->probe);
        break;
    case EVENT_UNIT:
        return absorb_unit(core, &event->unit, event->now_ms);
    case EVENT_UNIT_LOST:
        core->unit.known = false;
        core->unit.own_job = false;
        break;
    case EVENT_JOB_DONE:
        return absorb_job(core, &event->job);
    case EVENT_REQUEST_DONE:
        return TRIGGER_ACCEPTED;
    case EVENT_REQUEST_FAILED:
        return absorb_refusal(core, &event->request);
    case EVENT_POLICY:
        core->policy = event->policy;
        for (size_t i = 0; i < core->member_count; i++)
            member_forget_unused(&core->members[i], &core->policy);
        break;
    }
    return TRIGGER_COUNT;
}

/* A loop that is late by more than a probe's timeout cannot tell a dead node from its own sleep. */
static void notice_stall(struct core *core, const struct event *event)
{
    uint64_t late_ms = event->now_ms > core->deadline_ms ? event->now_ms - core->deadline_ms : 0;

    if (late_ms <= core->policy.timeout_ms)
        return;
    core->stalled = true;
    core->stall_ms = late_ms;
    core->distrust_before_ms = event->now_ms;
    for (size_t i = 0; i < core->member_count; i++)
        member_forget(&core->members[i]);
}

static bool all_others_down(const struct core *core)
{
    for (size_t i = 1; i < core->member_count; i++)
        if (!member_is_down(&core->members[i]))
            return false;
    return core->member_count > 1;
}

static void judge(struct core *core, struct step *step)
{
    for (size_t i = 0; i < core->member_count; i++) {
        struct member *member = &core->members[i];
        enum condition before = member->condition;
        struct notice *record;

        member->condition = i == 0 ? condition_of_local(member, &core->unit, core->stalled,
                                         all_others_down(core), &core->policy, step->now_ms)
                                   : condition_of_peer(member, &core->policy);
        if (member->condition == before)
            continue;
        member->condition_since_ms = step->now_ms;
        record = step_notice(step, core, ACTION_RECORD, NOTICE_NONE, member->name, member->condition,
            i == 0 ? core->rescue.incident.id : "", "the condition changed");
        text_append(record->detail, sizeof(record->detail), "%s -> %s; ", condition_name(before),
            condition_name(member->condition));
        describe_probes(member, record->detail, sizeof(record->detail));
    }
}

/* Whoever is on the way to a verdict, or to be verified, is probed fast and deep. */
static void set_paces(struct core *core, struct step *step)
{
    enum state state = core->rescue.state;
    bool proving = state == STATE_STARTING || state == STATE_VERIFYING;

    for (size_t i = 0; i < core->member_count; i++) {
        struct member *member = &core->members[i];
        bool fast = proving || member_unsettled(member, &core->policy) ||
                    (i == 0 && (state == STATE_ASKING || state == STATE_UNVERIFIED));
        struct action *action;

        if (fast == member->fast)
            continue;
        member->fast = fast;
        action = step_action(step, ACTION_PACE);
        text_copy(action->pace.node, sizeof(action->pace.node), member->name);
        action->pace.fast = fast;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void core_step(struct core *core, const struct event *event, struct action_list *actions)
{
    struct step step = {event->now_ms, event->wall_ms, actions};
    enum trigger edge;

    actions->count = 0;
    notice_stall(core, event);
    edge = absorb(core, event, &step);
    judge(core, &step);
    if (edge != TRIGGER_COUNT)
        rescue_trigger(core, edge, &step);
    rescue_evaluate(core, &step);
    watches_evaluate(core, &step);
    set_paces(core, &step);
    core->deadline_ms = earlier(earlier(rescue_deadline_ms(core), watches_deadline_ms(core)),
        event->now_ms + core->policy.interval_ms);
    /* A deadline in the past would be a loop without end. */
    if (core->deadline_ms <= event->now_ms)
        core->deadline_ms = event->now_ms + 1;
}

uint64_t core_deadline_ms(const struct core *core)
{
    return core->deadline_ms;
}
