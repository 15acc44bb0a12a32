#include "core/rescue.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/quorum.h"
#include "core/step.h"
#include "core/verify.h"

#include <string.h>

#define NEVER UINT64_MAX

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
    rescue->why = "this agent has just started";
}

uint16_t rescue_facts(const struct core *core, uint64_t now_ms)
{
    unsigned facts = 0;

    if (core->policy.act)
        facts |= FACT_ACT;
    if (quorum_of_others(core))
        facts |= FACT_QUORUM;
    if (budget_left(&core->rescue.budget, &core->policy, now_ms))
        facts |= FACT_BUDGET;
    if (core->unit.known && core->unit.state.job_id != 0)
        facts |= FACT_FOREIGN_JOB;
    if (core->seen_running)
        facts |= FACT_SEEN;
    if (unit_is_dead(&core->unit))
        facts |= FACT_DEAD;
    if (core->members[0].condition == CONDITION_HUNG)
        facts |= FACT_HUNG;
    if (core->unit.known && unit_is_running(&core->unit.state))
        facts |= FACT_RUNNING;
    if (core->unit.own_stop)
        facts |= FACT_OWN_STOP;
    return (uint16_t)facts;
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

static uint64_t deadline_of(const struct core *core, enum state state, uint64_t now_ms)
{
    const struct policy *policy = &core->policy;

    switch (state) {
    case STATE_ASKING:
        return after(now_ms, policy->ask_timeout_ms);
    case STATE_HELD:
        return after(now_ms, policy->held_retry_ms);
    case STATE_KILLING:
        return after(now_ms, policy->kill_timeout_ms);
    case STATE_STARTING:
        return start_deadline_ms(core, now_ms);
    case STATE_BACKING_OFF:
        return after(now_ms, budget_backoff_ms(&core->rescue.budget, policy, now_ms));
    case STATE_GAVE_UP:
        return after(now_ms, budget_give_up_pause_ms(&core->rescue.budget, policy));
    default:
        return NEVER; /* a verification has deadlines of its own: verify_deadline_ms() */
    }
}

static enum phase_kind phase_of(enum state state)
{
    switch (state) {
    case STATE_ASKING:
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

static void open_incident(struct core *core, const struct step *step)
{
    struct incident *incident = &core->rescue.incident;
    const struct probe_memory *probes = core->members[0].probes;

    memset(incident, 0, sizeof(*incident));
    step_incident_id(step, core->members[0].name, incident->id, sizeof(incident->id));
    incident->since_wall_ms = step->wall_ms;
    incident->since_ms = step->now_ms;
    core->rescue.refusal[0] = '\0';
    if (core->members[0].condition == CONDITION_HUNG) {
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

/* systemd signals "failed" right before "auto-restart", so the first moment of a death counts as waiting,
 * too. */
static void act_start(struct core *core, struct step *step)
{
    uint64_t dead_ms = step->now_ms - core->dead_since_ms;
    bool early = dead_ms + OWN_RESTART_MARGIN_MS < core->unit.state.restart_delay_ms;

    step_action(step, unit_is_dead(&core->unit) && early ? ACTION_RESTART_UNIT : ACTION_START_UNIT);
    core->unit.own_job = true;
}

static void act_ask(struct core *core, struct step *step)
{
    core->rescue.asked_ms = step->now_ms;
    for (size_t i = 0; i < core->member_count; i++)
        text_copy(step_action(step, ACTION_ASK)->node, RMQ_NODE_NAME_MAX, core->members[i].name);
}

static void perform(struct core *core, const struct row *row, struct step *step)
{
    switch (row->act) {
    case ACT_START:
        act_start(core, step);
        break;
    case ACT_KILL:
        step_action(step, ACTION_KILL_UNIT);
        break;
    case ACT_STOP:
        /* Only what is dead already: this ends systemd's own restart loop. */
        if (core->policy.act && unit_is_dead(&core->unit)) {
            step_action(step, ACTION_STOP_UNIT);
            core->unit.own_job = true;
            core->unit.own_stop = true;
        }
        break;
    case ACT_ASK:
        act_ask(core, step);
        break;
    case ACT_NOTHING:
        break;
    }
}

/* Paid when it is done: a kill with its start counts once, a kill that comes to nothing counts too. */
static void count_restart(struct core *core, const struct row *row, enum state from, const struct step *step)
{
    bool starts = row->to == STATE_STARTING && (row->act == ACT_START || from == STATE_BACKING_OFF) &&
                  from != STATE_KILLING && from != STATE_GAVE_UP;

    if (starts || row->act == ACT_KILL)
        budget_spend(&core->rescue.budget, step->now_ms);
    if (row->to == STATE_GAVE_UP && from != STATE_GAVE_UP)
        core->rescue.budget.give_ups++;
}

/* What is tried again and again is told once, until the node has died and is being started. */
static bool is_news(struct incident *incident, const struct row *row)
{
    if (row->to == STATE_STARTING)
        incident->told_count = 0;
    if (row->tell != NOTICE_HELD && row->tell != NOTICE_RESTARTING)
        return row->tell != NOTICE_NONE;
    for (size_t i = 0; i < incident->told_count; i++)
        if (incident->told[i] == row)
            return false;
    if (incident->told_count < TOLD_ROWS_MAX)
        incident->told[incident->told_count++] = row;
    return true;
}

static void tell(struct core *core, const struct row *row, enum state from, struct step *step)
{
    struct rescue *rescue = &core->rescue;
    bool news = is_news(&rescue->incident, row);
    const struct member *local = &core->members[0];
    struct notice *notice;
    char id[RMQ_INCIDENT_ID_MAX];

    text_copy(id, sizeof(id), rescue->incident.id);
    if (!id[0])
        step_incident_id(step, local->name, id, sizeof(id));
    notice = step_notice(step, core, news ? ACTION_NOTICE : ACTION_RECORD, news ? row->tell : NOTICE_NONE,
        local->name, local->condition, id, row->why);
    if (rescue->incident.id[0])
        notice->since_wall_ms = rescue->incident.since_wall_ms;
    if (!news)
        text_append(notice->detail, sizeof(notice->detail), "%s -> %s%s", state_name(from),
            state_name(rescue->state), row->tell == NOTICE_NONE ? "" : "; ");
    describe_rescue(core, row->tell, step->now_ms, notice->detail, sizeof(notice->detail));
    if (row->tell == NOTICE_RECOVERED || row->tell == NOTICE_UNVERIFIED)
        describe_phases(core, step->now_ms, notice);
}

void rescue_trigger(struct core *core, enum trigger trigger, struct step *step)
{
    struct rescue *rescue = &core->rescue;
    const struct row *row = table_find(rescue->state, trigger, rescue_facts(core, step->now_ms));
    enum state from = rescue->state;
    enum phase_kind phase = phase_of(from);

    if (row->to == STATE_COUNT)
        return;
    rescue->why = row->why;
    if (row->to == from) { /* wait for another round */
        rescue->deadline_ms = deadline_of(core, from, step->now_ms);
        return;
    }
    if (!rescue_is_open(from) && rescue_is_open(row->to))
        open_incident(core, step);
    if (phase != PHASE_COUNT)
        rescue->incident.phase_ms[phase] += step->now_ms - rescue->entered_ms;
    rescue->state = row->to;
    rescue->entered_ms = step->now_ms;
    count_restart(core, row, from, step);
    rescue->deadline_ms = deadline_of(core, row->to, step->now_ms);
    if (row->to == STATE_VERIFYING)
        verify_begin(core, step->now_ms);
    /* Told, and handed out to be written down, before it is done: an agent may die in between. */
    tell(core, row, from, step);
    if (rescue_is_open(from) && !rescue_is_open(row->to))
        close_incident(core);
    step_action(step, ACTION_SAVE);
    perform(core, row, step);
}

static void record_proof(struct core *core, struct step *step)
{
    const struct member *local = &core->members[0];
    struct notice *record = step_notice(step, core, ACTION_RECORD, NOTICE_NONE, local->name, local->condition,
        core->rescue.incident.id, "the proof goes on");

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

void rescue_evaluate(struct core *core, struct step *step)
{
    rescue_trigger(core, (enum trigger)core->members[0].condition, step);
    if (core->rescue.state == STATE_ASKING && quorum_all_answered(core))
        rescue_trigger(core, TRIGGER_ASKED, step);
    evaluate_proofs(core, step);
    if (step->now_ms >= core->rescue.deadline_ms) {
        core->rescue.deadline_ms = NEVER;
        rescue_trigger(core, TRIGGER_DEADLINE, step);
    }
}

uint64_t rescue_deadline_ms(const struct core *core)
{
    uint64_t deadline_ms = core->rescue.deadline_ms;

    /* People know of an unverified node: only the end of its stable time is waited for. */
    if (core->rescue.state == STATE_VERIFYING ||
        (core->rescue.state == STATE_UNVERIFIED && core->rescue.verify.step == VERIFY_STABLE)) {
        uint64_t verify_ms = verify_deadline_ms(core);

        if (verify_ms < deadline_ms)
            deadline_ms = verify_ms;
    }
    return deadline_ms;
}
