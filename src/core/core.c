#include "core/core.h"
#include "base/text.h"
#include "core/absorb.h"
#include "core/describe.h"
#include "core/quorum.h"
#include "core/rescue.h"
#include "core/step.h"
#include "core/watches.h"
#include "words/words.h"

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

void core_begin(struct core *core, uint64_t now_ms)
{
    core->deadline_ms = now_ms;
}

/* A loop that is late by more than a probe's timeout cannot tell a dead node from its own sleep. */
static void notice_stall(struct core *core, const struct event *event)
{
    uint64_t late_ms = event->now_ms > core->deadline_ms ? event->now_ms - core->deadline_ms : 0;
    bool partitioned;

    if (late_ms <= core->policy.timeout_ms)
        return;
    core->stalled = true;
    core->stall_ms = late_ms;
    core->distrust_before_ms = event->now_ms;
    partitioned = core->members[0].view.partitioned;
    for (size_t i = 0; i < core->member_count; i++) {
        const struct probe_memory *amqp = &core->members[i].probes[PROBE_AMQP];
        /* A port of this node that was closed may have been opened, and hang since. */
        bool failed = amqp->failures > 0 && (i == 0 || amqp->result == PROBE_RESULT_SILENT);

        member_forget(&core->members[i]);
        if (failed)
            member_suspect(&core->members[i]);
    }
    core->members[0].view.partitioned = partitioned; /* nobody has heard that it is over */
    process_forget(&core->process);
    rescue_forgive(core, event->now_ms, event->wall_ms);
    core->views = (struct views){0};
}

/* What a package manager does shows in every sample; an old one does not count. */
enum { PACKAGES_FRESH_MS = 60000 };

bool core_is_on_hold(const struct core *core, uint64_t now_ms)
{
    /* What is masked cannot be started again. */
    if (core->unit.known && unit_is_masked(&core->unit.state))
        return true;
    return core->hold.active || (core->packages_changing && now_ms - core->packages_ms <= PACKAGES_FRESH_MS);
}

static void end_hold(struct core *core, struct step *step)
{
    if (!core->hold.active || step->now_ms < core->hold.until_ms)
        return;
    core->hold.active = false;
    step_action(step, ACTION_SAVE);
}

/* Another member that comes back was restarted by somebody: it counts against what the cluster can bear. */
static void note_return(struct core *core, struct member *member, struct step *step)
{
    /* One that is away for a while, behind a network, is restarted by nobody: its ports are never closed. */
    if (member->condition == CONDITION_PEER_DOWN && member_refuses(member))
        member->was_down = true;
    if (!member->was_down || !condition_in(member->condition, CONDITIONS_SERVING))
        return;
    member->was_down = false;
    budget_note_peer(&core->rescue.budget, step->now_ms);
    step_action(step, ACTION_SAVE);
}

static void judge(struct core *core, struct step *step)
{
    views_compare(core, step->now_ms);
    /* Cut off or dead, the others make a node pause alike. It serves nobody then, but would make one more. */
    if (core->member_count > 1 && views_serving(core) + 1 < views_majority(core))
        core->minority_ms = step->now_ms;
    if (views_answering(core) < views_majority(core))
        core->cut_off_ms = step->now_ms;
    for (size_t i = 0; i < core->member_count; i++) {
        struct member *member = &core->members[i];
        enum condition before = member->condition;
        struct notice *record;

        member->condition =
            i == 0 ? condition_of_local(core, step->now_ms) : condition_of_peer(member, &core->policy);
        presence_judge(&member->agent, &core->policy,
            member->condition == CONDITION_PEER_DOWN || core->peer_watches[i][0].raised, step->now_ms);
        note_return(core, member, step);
        if (member->condition == before)
            continue;
        member->condition_since_ms = step->now_ms;
        record = step_notice(step, core, ACTION_RECORD, NOTICE_NONE, member->name, member->condition,
            i == 0 ? core->rescue.incident.id : "", WORD("the condition changed"));
        text_append(record->detail, sizeof(record->detail), words(core->policy.language, "%s -> %s; "),
            condition_name(before), condition_name(member->condition));
        describe_probes(core->policy.language, member, record->detail, sizeof(record->detail));
        if (i == 0)
            process_describe(
                core->policy.language, &core->process, step->now_ms, record->detail, sizeof(record->detail));
    }
}

/* Whoever is on the way to a verdict, or to be verified, is probed fast and deep. */
static void set_paces(struct core *core, struct step *step)
{
    enum state state = core->rescue.state;
    bool proving = state == STATE_STARTING || state == STATE_VERIFYING;

    for (size_t i = 0; i < core->member_count; i++) {
        struct member *member = &core->members[i];
        bool fast =
            proving || member_unsettled(member, &core->policy) ||
            (i == 0 && (state == STATE_ASKING || state == STATE_LEASING || state == STATE_UNVERIFIED));
        struct action *action;

        if (fast == member->fast)
            continue;
        member->fast = fast;
        action = step_action(step, ACTION_PACE);
        text_copy(action->pace.node, sizeof(action->pace.node), member->name);
        action->pace.fast = fast;
    }
}

/* An hour apart: whoever changes a permission wants to know before the night in which it counts. */
enum { LEASE_CHECK_MS = 3600000 };

static void check_lease(struct core *core, struct step *step)
{
    struct lease_memory *lease = &core->lease;

    if (!core->policy.lease_exclusive || core->member_count < 2 || lease->state != LEASE_FREE ||
        !condition_in(core->members[0].condition, CONDITIONS_SERVING) ||
        (lease->checked_ms > 0 && step->now_ms - lease->checked_ms < LEASE_CHECK_MS))
        return;
    lease->checked_ms = step->now_ms;
    quorum_list_standing(core, &step_action(step, ACTION_LEASE_CHECK)->lease);
}

/* What stands until somebody says otherwise: a later agent must not believe that it still does. */
static uint32_t standing_of(const struct core *core)
{
    const struct member *local = &core->members[0];

    return (core->views.mutual.since_ms > 0 ? 1u : 0) | (core->views.stale.since_ms > 0 ? 2u : 0) |
           (local->view.partitioned ? 4u : 0) | (local->drained ? 8u : 0);
}

enum { KEEP_AGAIN_MS = 10000 };

/* While a member hangs, nobody can say who runs: what everybody said last is written down as the suspicion
 * begins, for an agent that is restarted in the middle of it. Not at every answer, for the disk's sake; and a
 * node that hesitates again and again does not write each time. */
static void keep_views(struct core *core, struct step *step)
{
    bool suspected = member_unsettled(&core->members[0], &core->policy);
    bool lately = core->kept_ms > 0 && step->now_ms - core->kept_ms < KEEP_AGAIN_MS;
    uint32_t standing = standing_of(core);

    if ((suspected && !core->suspected && !lately) || standing != core->standing) {
        core->kept_ms = step->now_ms;
        step_action(step, ACTION_SAVE);
    }
    core->suspected = suspected;
    core->standing = standing;
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
    end_hold(core, &step);
    judge(core, &step);
    if (edge != TRIGGER_COUNT) {
        rescue_trigger(core, edge, &step);
        judge(core, &step); /* with a start of ours under way, inactive is no operator's stop */
    }
    rescue_evaluate(core, &step);
    watches_evaluate(core, &step);
    check_lease(core, &step);
    keep_views(core, &step);
    set_paces(core, &step);
    core->deadline_ms = earlier(earlier(rescue_deadline_ms(core), watches_deadline_ms(core)),
        earlier(absorb_deadline_ms(core), event->now_ms + core->policy.interval_ms));
    /* A deadline in the past would be a loop without end. */
    if (core->deadline_ms <= event->now_ms)
        core->deadline_ms = event->now_ms + 1;
}

uint64_t core_deadline_ms(const struct core *core)
{
    return core->deadline_ms;
}
