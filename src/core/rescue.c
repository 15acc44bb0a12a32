#include "core/rescue.h"
#include "base/text.h"
#include "core/dump.h"
#include "core/facts.h"
#include "core/quorum.h"
#include "core/retry.h"
#include "core/step.h"
#include "core/tell.h"
#include "core/verify.h"
#include "words/words.h"

#include <assert.h>
#include <string.h>

#define NEVER UINT64_MAX

enum {
    COLLECT_MS = 2000,      /* for evidence, before a kill goes on without it */
    LEASE_MARGIN_MS = 1000, /* for the answer, after the lease's own time limit */
};

bool rescue_is_open(enum state state)
{
    return state != STATE_WATCHING && state != STATE_STANDBY;
}

void rescue_init(struct rescue *rescue, uint64_t now_ms)
{
    memset(rescue, 0, sizeof(*rescue));
    rescue->state = STATE_WATCHING;
    rescue->entered_ms = now_ms;
    rescue->deadline_ms = NEVER;
    rescue->why = WORD("this agent has just started");
}

static uint64_t after(uint64_t now_ms, uint64_t ms)
{
    return ms > NEVER - now_ms ? NEVER : now_ms + ms;
}

static uint64_t start_deadline_ms(const struct core *core, uint64_t now_ms)
{
    uint64_t timeout_ms = core->unit.state.timeout_start_ms;

    return timeout_ms == 0 || timeout_ms == NEVER ? NEVER
                                                  : after(now_ms, timeout_ms + core->policy.start_margin_ms);
}

static uint64_t deadline_of(const struct core *core, enum state state, uint64_t now_ms, int64_t wall_ms)
{
    const struct policy *policy = &core->policy;

    switch (state) {
    case STATE_ASKING:
        return after(now_ms, policy->ask_timeout_ms);
    case STATE_LEASING:
        return after(now_ms, policy->lease_timeout_ms + LEASE_MARGIN_MS);
    case STATE_HELD:
        return after(now_ms, policy->held_retry_ms);
    case STATE_KILLING:
        return after(now_ms, policy->kill_timeout_ms + dump_time_ms(core, now_ms));
    case STATE_STARTING:
        return start_deadline_ms(core, now_ms);
    case STATE_BACKING_OFF:
        return after(now_ms, budget_backoff_ms(&core->rescue.budget, policy, now_ms));
    case STATE_GAVE_UP:
        return after(now_ms, retry_pause_ms(core, wall_ms));
    default:
        return NEVER; /* a verification has deadlines of its own: verify_deadline_ms() */
    }
}

static enum phase_kind phase_of(enum state state)
{
    switch (state) {
    case STATE_ASKING:
    case STATE_LEASING:
    case STATE_HELD:
        return PHASE_ASK;
    case STATE_KILLING:
        return PHASE_KILL;
    case STATE_STARTING:
    case STATE_BACKING_OFF:
    case STATE_GAVE_UP:
        return PHASE_BOOT;
    case STATE_VERIFYING:
    case STATE_UNVERIFIED:
        return PHASE_VERIFY;
    default:
        return PHASE_COUNT;
    }
}

static void note_opening(struct rescue *rescue, uint64_t now_ms)
{
    if (rescue->opening_count == OPENINGS_MAX)
        memmove(rescue->openings_ms, rescue->openings_ms + 1, sizeof(uint64_t) * --rescue->opening_count);
    rescue->openings_ms[rescue->opening_count++] = now_ms;
}

static void open_incident(struct core *core, const struct step *step)
{
    struct incident *incident = &core->rescue.incident;
    const struct probe_memory *probes = core->members[0].probes;

    memset(incident, 0, sizeof(*incident));
    step_incident_id(step, core->members[0].name, "", incident->id, sizeof(incident->id));
    incident->since_wall_ms = step->wall_ms;
    incident->since_ms = step->now_ms;
    core->rescue.refusal[0] = '\0';
    core->rescue.collected = false;
    core->rescue.collecting = false;
    memset(&core->rescue.evidence, 0, sizeof(core->rescue.evidence));
    note_opening(&core->rescue, step->now_ms);
    if (condition_in(core->members[0].condition, CONDITIONS_CURABLE)) {
        uint64_t first = probes[PROBE_AMQP].failed_since_ms;

        for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
            if (probes[kind].timeouts > 0 && probes[kind].failed_since_ms < first)
                first = probes[kind].failed_since_ms;
        incident->phase_ms[PHASE_DETECT] = step->now_ms - first;
        incident->since_wall_ms -= (int64_t)incident->phase_ms[PHASE_DETECT];
    }
}

static void close_incident(struct core *core)
{
    core->rescue.incident.id[0] = '\0';
    core->rescue.budget.give_ups = 0;
    core->rescue.refusal[0] = '\0';
}

/* Close to systemd's own restart: RestartUnit would disturb the node that systemd starts in the same moment.
 */
enum { OWN_RESTART_MARGIN_MS = 1000 };

/* A RestartUnit cuts systemd's wait short, and would disturb one that was started meanwhile. */
static bool is_early(const struct core *core, uint64_t now_ms)
{
    if (core->stalled || core->dead_since_ms == 0) /* who has just slept may not know of its start yet */
        return false;
    return now_ms - core->dead_since_ms + OWN_RESTART_MARGIN_MS < core->unit.state.restart_delay_ms;
}

/* systemd signals "failed" right before "auto-restart", so the first moment of a death counts as waiting,
 * too. */
static void act_start(struct core *core, struct step *step)
{
    bool waits = unit_is_dead(&core->unit) && is_early(core, step->now_ms);

    step_action(step, waits ? ACTION_RESTART_UNIT : ACTION_START_UNIT);
    core->unit.own_job = true;
    core->unit.awaited = true;
}

static void act_ask(struct core *core, struct step *step)
{
    core->rescue.asked_ms = step->now_ms;
    for (size_t i = 0; i < core->member_count; i++)
        text_copy(step_action(step, ACTION_ASK)->node, RMQ_NODE_NAME_MAX, core->members[i].name);
}

static void act_lease(struct core *core, struct step *step)
{
    core->lease.state = LEASE_SOUGHT;
    quorum_list_standing(core, &step_action(step, ACTION_LEASE_ACQUIRE)->lease);
}

/* Held from before the kill until the recovery is proven, or came to nothing. */
static void release_lease(struct core *core, struct step *step)
{
    const uint32_t under_lease = 1u << STATE_ASKING | 1u << STATE_LEASING | 1u << STATE_KILLING |
                                 1u << STATE_STARTING | 1u << STATE_BACKING_OFF | 1u << STATE_VERIFYING;

    if (core->lease.state == LEASE_FREE || (under_lease >> core->rescue.state) & 1)
        return;
    core->lease.state = LEASE_FREE;
    step_action(step, ACTION_LEASE_RELEASE);
}

static void collect(struct core *core, bool live, struct step *step)
{
    struct collect_action *action = &step_action(step, ACTION_COLLECT)->collect;

    text_copy(action->incident, sizeof(action->incident), core->rescue.incident.id);
    action->live = live;
    core->rescue.collecting = true;
    core->rescue.collected = core->rescue.collected || live;
    core->rescue.collect_ms = step->now_ms;
}

/* Of a unit that nobody else is at work on, and that is dead now: one whose death was heard of late may have
 * been started by systemd since.
 */
static bool may_end_loop(const struct core *core, uint64_t now_ms)
{
    return core->policy.act && !core->stalled && core->dead_since_ms > 0 && core->unit.state.job_id == 0 &&
           !core_is_on_hold(core, now_ms);
}

static void perform(struct core *core, const struct row *row, struct step *step)
{
    switch (row->act) {
    case ACT_START:
        act_start(core, step);
        break;
    case ACT_KILL:
        dump_or_kill(core, step);
        break;
    case ACT_RESTART:
        step_action(step, ACTION_RESTART_UNIT);
        core->unit.own_job = true;
        break;
    case ACT_STOP:
        assert(unit_is_dead(&core->unit)); /* tests/unit/test_table.c: every such row asks for it */
        if (may_end_loop(core, step->now_ms)) {
            step_action(step, ACTION_STOP_UNIT);
            core->unit.own_job = true;
            core->unit.own_stop = true;
        }
        break;
    case ACT_ASK: /* what kept us from acting in an earlier round is no reason in this one */
        core->rescue.refusal[0] = '\0';
        core->lease.detail[0] = '\0';
        act_ask(core, step);
        break;
    case ACT_LEASE:
        act_lease(core, step);
        break;
    case ACT_NOTHING:
        break;
    }
    /* Before a kill, while there is still something to see; and after a death, for the cause. */
    if (core->rescue.state == STATE_ASKING && !core->rescue.collected)
        collect(core, true, step);
    else if (tell_is_delayed(row->tell))
        collect(core, false, step);
}

/* Paid when it is done: a kill with its start counts once, a kill that comes to nothing counts too. */
static void count_restart(struct core *core, const struct row *row, enum state from, const struct step *step)
{
    bool starts = row->to == STATE_STARTING && (row->act == ACT_START || from == STATE_BACKING_OFF) &&
                  from != STATE_KILLING && from != STATE_GAVE_UP;

    if ((starts && !core->rescue.killed) || row->act == ACT_KILL || row->act == ACT_RESTART)
        budget_spend(&core->rescue.budget, step->now_ms);
    if (row->act == ACT_KILL || row->act == ACT_START)
        core->rescue.killed = row->act == ACT_KILL;
    if (row->to == STATE_GAVE_UP)
        core->rescue.budget.give_ups++;
}

void rescue_trigger(struct core *core, enum trigger trigger, struct step *step)
{
    struct rescue *rescue = &core->rescue;
    const struct row *row = table_find(rescue->state, trigger, facts_of(core, step->now_ms));
    enum state from = rescue->state;
    enum phase_kind phase = phase_of(from);

    if (row->to == STATE_COUNT) {
        if (row->tell != NOTICE_NONE)
            tell_row(core, row, from, step);
        return;
    }
    rescue->why = row->why;
    if (row->to == from) { /* wait for another round */
        rescue->deadline_ms = deadline_of(core, from, step->now_ms, step->wall_ms);
        return;
    }
    if (!rescue_is_open(from) && rescue_is_open(row->to))
        open_incident(core, step);
    if (phase != PHASE_COUNT)
        rescue->incident.phase_ms[phase] += step->now_ms - rescue->entered_ms;
    rescue->state = row->to;
    rescue->eager = false;
    rescue->entered_ms = step->now_ms;
    count_restart(core, row, from, step);
    rescue->deadline_ms = deadline_of(core, row->to, step->now_ms, step->wall_ms);
    if (row->to == STATE_VERIFYING)
        verify_begin(core, step->now_ms);
    /* Told, and handed out to be written down, before it is done: an agent may die in between. */
    tell_row(core, row, from, step);
    if (rescue_is_open(from) && !rescue_is_open(row->to))
        close_incident(core);
    step_action(step, ACTION_SAVE);
    release_lease(core, step);
    perform(core, row, step);
}

static void record_proof(struct core *core, struct step *step)
{
    const struct member *local = &core->members[0];
    struct notice *record = step_notice(step, core, ACTION_RECORD, NOTICE_NONE, local->name, local->condition,
        core->rescue.incident.id, WORD("the proof goes on"));

    verify_describe(core, record->detail, sizeof(record->detail));
}

static void evaluate_proofs(struct core *core, struct step *step)
{
    enum state state = core->rescue.state;
    enum verify_step before = core->rescue.verify.step;
    enum verify_step now;

    if (state != STATE_VERIFYING && state != STATE_UNVERIFIED)
        return;
    now = verify_advance(core, step->now_ms);
    if (now != before && now != VERIFY_DONE)
        record_proof(core, step);
    if (state == STATE_VERIFYING && verify_wants_answers(core, step->now_ms))
        act_ask(core, step);
    if (now == VERIFY_DONE)
        rescue_trigger(core, TRIGGER_VERIFIED, step);
    else if (state == STATE_VERIFYING && verify_is_late(core, step->now_ms))
        rescue_trigger(core, TRIGGER_DEADLINE, step);
}

/* An impatient ask_timeout does not cut evidence short: after the kill it is gone. */
static uint64_t state_deadline_ms(const struct rescue *rescue)
{
    uint64_t collected_ms = rescue->collect_ms + COLLECT_MS;

    return rescue->state == STATE_ASKING && rescue->collecting && rescue->deadline_ms < collected_ms
               ? collected_ms
               : rescue->deadline_ms;
}

static bool is_due(const struct core *core, uint64_t now_ms)
{
    const struct rescue *rescue = &core->rescue;

    return now_ms >= state_deadline_ms(rescue) ||
           (rescue->eager && condition_in(core->members[0].condition, CONDITIONS_CURABLE));
}

void rescue_forgive(struct core *core, uint64_t now_ms, int64_t wall_ms)
{
    const uint32_t waiting =
        1u << STATE_ASKING | 1u << STATE_LEASING | 1u << STATE_KILLING | 1u << STATE_STARTING;
    enum state state = core->rescue.state;

    dump_forgive(core, now_ms);
    if ((waiting >> state) & 1)
        core->rescue.deadline_ms = deadline_of(core, state, now_ms, wall_ms);
    else if (state == STATE_VERIFYING || state == STATE_UNVERIFIED)
        verify_begin(core, now_ms);
}

/* Who has lived for a whole window since does not keep dying, even if a proof of recovery is missing still:
 * its next death is a first one. */
static void forget_give_ups(struct rescue *rescue, const struct policy *policy, uint64_t now_ms)
{
    if (rescue->state == STATE_UNVERIFIED && now_ms - rescue->entered_ms >= policy->restart_window_ms)
        rescue->budget.give_ups = 0;
}

void rescue_evaluate(struct core *core, struct step *step)
{
    forget_give_ups(&core->rescue, &core->policy, step->now_ms);
    rescue_trigger(core, (enum trigger)core->members[0].condition, step);
    if (core->rescue.collecting && step->now_ms - core->rescue.collect_ms >= COLLECT_MS)
        core->rescue.collecting = false;
    tell_delayed(core, step);
    if (core->rescue.state == STATE_ASKING && quorum_all_answered(core) && !core->rescue.collecting)
        rescue_trigger(core, TRIGGER_ASKED, step);
    evaluate_proofs(core, step);
    dump_evaluate(core, step);
    if (is_due(core, step->now_ms)) {
        core->rescue.deadline_ms = NEVER;
        rescue_trigger(core, TRIGGER_DEADLINE, step);
    }
}

uint64_t rescue_deadline_ms(const struct core *core)
{
    uint64_t deadline_ms = state_deadline_ms(&core->rescue);
    uint64_t dump_ms = dump_deadline_ms(core);

    if (dump_ms < deadline_ms)
        deadline_ms = dump_ms;
    /* People know of an unverified node: only the end of its stable time is waited for. */
    if (core->rescue.state == STATE_VERIFYING ||
        (core->rescue.state == STATE_UNVERIFIED && core->rescue.verify.step == VERIFY_STABLE)) {
        uint64_t verify_ms = verify_deadline_ms(core);

        if (verify_ms < deadline_ms)
            deadline_ms = verify_ms;
    }
    if (core->rescue.delayed.waiting && core->rescue.delayed.deadline_ms < deadline_ms)
        deadline_ms = core->rescue.delayed.deadline_ms;
    if (core->rescue.collecting && core->rescue.collect_ms + COLLECT_MS < deadline_ms)
        deadline_ms = core->rescue.collect_ms + COLLECT_MS;
    return deadline_ms;
}
