#include "sim/unit.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/trace.h"

#include <string.h>

enum {
    STOP_LEAST_MS = 1500,
    STOP_MOST_MS = 4000,
    OLD_ORDER_PERMILLE = 50,
    STOPS_MEET_MS = 20, /* for the news of a stop, and for a request that was on its way */
};

static bool is_inactive(enum unit_phase phase)
{
    return phase == UNIT_PHASE_INACTIVE || phase == UNIT_PHASE_FAILED;
}

static void set_phase(struct sim_world *world, struct sim_node *node, enum unit_phase phase)
{
    struct sim_unit *unit = &node->unit;

    /* On its way to the wait a unit is failed for a moment, even where nobody is told. */
    if (!is_inactive(unit->phase) && (is_inactive(phase) || phase == UNIT_PHASE_AUTO_RESTART))
        unit->inactive_enter_ms = world->now_ms;
    unit->phase = phase;
    unit->timer++;
    sim_unit_show(world, node);
}

static void set_timer(struct sim_world *world, struct sim_node *node, uint64_t ms)
{
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + ms,
                                   .kind = AGENDA_UNIT,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = node->unit.timer});
}

/* --- jobs --- */

static void run_job(struct sim_world *world, struct sim_node *node);

static void install_job(struct sim_unit *unit, enum unit_verb verb, uint32_t owner)
{
    unit->job = (struct sim_job){.id = ++unit->next_job, .verb = verb, .owner = owner};
}

static void adopt_job(struct sim_node *node, uint32_t generation)
{
    node->unit.job.owner = generation;
    if (generation == node->agent.generation)
        node->agent.own_job = node->unit.job.id;
}

static void end_job(struct sim_world *world, struct sim_node *node, const char *result)
{
    struct sim_agent *agent = &node->agent;
    const struct sim_job job = node->unit.job;
    struct bus_message message = {.kind = BUS_JOB_DONE, .ok = !strcmp(result, "done")};

    node->unit.job = (struct sim_job){0};
    if (job.id == 0 || job.owner != agent->generation || !agent->alive || agent->bus_lost)
        return;
    agent->own_job = 0;
    text_copy(message.text, sizeof(message.text), result);
    sim_bus_post(world, node, &message);
}

static void begin_start(struct sim_world *world, struct sim_node *node)
{
    struct sim_unit *unit = &node->unit;

    if (unit->masked) {
        end_job(world, node, "failed");
        set_phase(world, node, UNIT_PHASE_INACTIVE);
        return;
    }
    unit->stopped = false; /* by a restart of an operator's that goes on after the unit was unmasked, say */
    unit->invocation += 0x1000u + (uint32_t)sim_index(world, node);
    unit->pid++;
    unit->timed_out = false;
    strcpy(unit->result, "success");
    sim_broker_boot(world, node);
    set_phase(world, node, UNIT_PHASE_STARTING);
    if (unit->timeout_start_ms != UINT64_MAX)
        set_timer(world, node, unit->timeout_start_ms);
}

static void begin_stop(struct sim_world *world, struct sim_node *node)
{
    set_phase(world, node, UNIT_PHASE_STOPPING);
    set_timer(world, node, node->unit.timeout_stop_ms);
    sim_broker_stop(world, node, sim_random_between(&world->random, STOP_LEAST_MS, STOP_MOST_MS));
}

static void after_stop(struct sim_world *world, struct sim_node *node)
{
    struct sim_job *job = &node->unit.job;

    if (job->verb == VERB_RESTART && !job->stop_done) {
        job->stop_done = true;
        begin_start(world, node);
    } else if (job->verb == VERB_STOP) {
        end_job(world, node, "done");
        sim_unit_show(world, node);
    } else if (job->verb == VERB_START) { /* it has waited for the end of the stop */
        begin_start(world, node);
    }
}

static void run_stop(struct sim_world *world, struct sim_node *node)
{
    switch (node->unit.phase) {
    case UNIT_PHASE_RUNNING:
    case UNIT_PHASE_STARTING:
        begin_stop(world, node);
        break;
    case UNIT_PHASE_AUTO_RESTART:
        set_phase(world, node, UNIT_PHASE_INACTIVE);
        after_stop(world, node);
        break;
    case UNIT_PHASE_INACTIVE:
    case UNIT_PHASE_FAILED:
        after_stop(world, node);
        break;
    case UNIT_PHASE_STOPPING:
        break;
    }
}

static void run_start(struct sim_world *world, struct sim_node *node)
{
    switch (node->unit.phase) {
    case UNIT_PHASE_INACTIVE:
    case UNIT_PHASE_FAILED:
        begin_start(world, node);
        break;
    case UNIT_PHASE_RUNNING:
        end_job(world, node, "done");
        sim_unit_show(world, node);
        break;
    case UNIT_PHASE_AUTO_RESTART: /* it waits with the unit */
    case UNIT_PHASE_STARTING:
    case UNIT_PHASE_STOPPING:
        break;
    }
}

static void run_job(struct sim_world *world, struct sim_node *node)
{
    const struct sim_job *job = &node->unit.job;

    if (job->verb == VERB_STOP || (job->verb == VERB_RESTART && !job->stop_done))
        run_stop(world, node);
    else if (job->id != 0)
        run_start(world, node);
}

/* --- requests --- */

static void refuse(struct sim_world *world, struct sim_node *node, bool permanent, const char *text)
{
    struct bus_message message = {.kind = BUS_REQUEST_FAILED, .ok = permanent};

    text_copy(message.text, sizeof(message.text), text);
    sim_bus_post(world, node, &message);
}

/* Mode "fail": a job that is there already is joined, never cancelled. */
static void join_job(struct sim_world *world, struct sim_node *node, enum unit_verb verb, uint32_t generation)
{
    struct sim_job *job = &node->unit.job;

    if ((job->verb == VERB_STOP) != (verb == VERB_STOP)) {
        refuse(world, node, false, "another job is queued");
        return;
    }
    adopt_job(node, generation);
    if (verb == VERB_RESTART && job->verb == VERB_START) {
        job->verb = VERB_RESTART;
        job->stop_done = false;
        run_job(world, node);
    }
    sim_unit_show(world, node);
}

void sim_unit_request(
    struct sim_world *world, struct sim_node *node, enum unit_verb verb, uint32_t generation)
{
    static const struct bus_message accepted = {.kind = BUS_REQUEST_DONE};

    if (world->now_ms < node->host.refuse_until_ms) {
        refuse(world, node, node->host.refuse_for_good, "access denied");
    } else if (verb == VERB_KILL) {
        sim_bus_post(world, node, &accepted);
        sim_broker_kill(world, node, 2, 9, "signal");
    } else if (verb == VERB_DUMP) {
        sim_bus_post(world, node, &accepted);
        sim_broker_dump(world, node);
    } else if (node->unit.masked && verb != VERB_STOP) {
        refuse(world, node, true, "the unit is masked");
    } else if (node->unit.job.id != 0) {
        join_job(world, node, verb, generation);
    } else {
        /* The agent cannot tell its own stop from one of an operator's that came while it was on its way. */
        node->unit.stopped =
            node->unit.stopped && verb == VERB_STOP && world->now_ms - node->unit.stopped_ms > STOPS_MEET_MS;
        install_job(&node->unit, verb, generation);
        adopt_job(node, generation);
        run_job(world, node);
        sim_unit_show(world, node);
    }
}

void sim_unit_operate(struct sim_world *world, struct sim_node *node, enum unit_verb verb)
{
    struct sim_unit *unit = &node->unit;

    if (unit->masked && verb != VERB_STOP)
        return;
    /* To stop what is inactive already changes nothing that anybody could see. */
    unit->stopped =
        verb == VERB_STOP &&
        (unit->stopped || (unit->phase != UNIT_PHASE_INACTIVE && unit->phase != UNIT_PHASE_FAILED));
    unit->stopped_ms = world->now_ms;
    if (unit->job.id != 0 && unit->job.verb == verb)
        return;
    if (unit->job.id != 0)
        end_job(world, node, "canceled");
    install_job(unit, verb, OWNER_SOMEBODY);
    run_job(world, node);
    sim_unit_show(world, node);
}

void sim_unit_mask(struct sim_world *world, struct sim_node *node, bool masked)
{
    struct sim_unit *unit = &node->unit;

    unit->masked = masked;
    if (!masked && unit->phase == UNIT_PHASE_AUTO_RESTART) /* systemd itself goes on with it */
        unit->stopped = false;
    if (masked && unit->phase != UNIT_PHASE_RUNNING && unit->phase != UNIT_PHASE_STARTING) {
        unit->stopped = true;
        unit->stopped_ms = world->now_ms;
    }
    sim_unit_show(world, node);
}

/* --- the process --- */

void sim_unit_on_ready(struct sim_world *world, struct sim_node *node)
{
    if (node->unit.phase != UNIT_PHASE_STARTING)
        return;
    /* systemd tells the unit's change before the end of the job; an old one did not. */
    if (sim_random_chance(&world->random, OLD_ORDER_PERMILLE)) {
        end_job(world, node, "done");
        set_phase(world, node, UNIT_PHASE_RUNNING);
    } else {
        set_phase(world, node, UNIT_PHASE_RUNNING);
        end_job(world, node, "done");
        sim_unit_show(world, node);
    }
}

static void wait_for_restart(struct sim_world *world, struct sim_node *node)
{
    if (node->unit.masked) {
        node->unit.stopped = true;
        node->unit.stopped_ms = world->now_ms;
    }
    if (node->unit.job.id != 0 && node->unit.job.verb != VERB_STOP &&
        sim_random_chance(&world->random, OLD_ORDER_PERMILLE))
        end_job(world, node, "failed");
    /* "failed" is told on the way, or not. */
    if (node->unit.job.id != 0 || sim_random_chance(&world->random, 500))
        set_phase(world, node, UNIT_PHASE_FAILED);
    if (node->unit.job.id != 0 && node->unit.job.verb != VERB_STOP)
        end_job(world, node, "failed");
    set_phase(world, node, UNIT_PHASE_AUTO_RESTART);
    set_timer(world, node, node->unit.restart_delay_ms);
}

void sim_unit_on_exit(
    struct sim_world *world, struct sim_node *node, int32_t code, int32_t status, const char *result)
{
    struct sim_unit *unit = &node->unit;
    enum unit_phase before = unit->phase;
    bool clean = code == 1 && status == 0 && !unit->timed_out;

    unit->exec_main_code = code;
    unit->exec_main_status = status;
    text_copy(unit->result, sizeof(unit->result),
        unit->timed_out                            ? "timeout"
        : (clean && before == UNIT_PHASE_STARTING) ? "protocol"
                                                   : result);
    unit->timed_out = false;
    if (before == UNIT_PHASE_STOPPING) {
        set_phase(world, node, clean ? UNIT_PHASE_INACTIVE : UNIT_PHASE_FAILED);
        after_stop(world, node);
        return;
    }
    if (clean && before == UNIT_PHASE_RUNNING) { /* rabbitmqctl stop */
        unit->stopped = true;
        unit->stopped_ms = world->now_ms;
        set_phase(world, node, UNIT_PHASE_INACTIVE);
    } else {
        wait_for_restart(world, node);
    }
}

void sim_unit_on_timer(struct sim_world *world, struct sim_node *node, uint32_t timer)
{
    struct sim_unit *unit = &node->unit;

    if (timer != unit->timer)
        return;
    switch (unit->phase) {
    case UNIT_PHASE_AUTO_RESTART:
        unit->n_restarts++;
        if (unit->job.id == 0) {
            install_job(unit, VERB_START, OWNER_SYSTEMD);
            unit->job.seen_by = node->agent.alive && !node->agent.bus_lost ? node->agent.generation : 0;
        }
        sim_trace_world(world, node, "systemd starts it again after its RestartSec");
        begin_start(world, node);
        break;
    case UNIT_PHASE_STARTING:
    case UNIT_PHASE_STOPPING:
        unit->timed_out = true;
        sim_trace_world(world, node, "systemd's timeout is over: it kills the broker");
        sim_broker_kill(world, node, 2, 9, "timeout");
        break;
    case UNIT_PHASE_INACTIVE:
    case UNIT_PHASE_FAILED:
    case UNIT_PHASE_RUNNING:
        break;
    }
}

void sim_unit_reset(struct sim_node *node)
{
    struct sim_unit *unit = &node->unit;

    unit->phase = UNIT_PHASE_INACTIVE;
    unit->stopped = unit->stopped || unit->masked;
    unit->timer++;
    unit->job = (struct sim_job){0};
    unit->timed_out = false;
    unit->n_restarts = 0;
    unit->inactive_enter_ms = 0;
    unit->exec_main_code = 0;
    unit->exec_main_status = 0;
    strcpy(unit->result, "success");
}

void sim_unit_init(struct sim_world *world, struct sim_node *node)
{
    struct sim_unit *unit = &node->unit;

    strcpy(unit->result, "success");
    unit->phase = UNIT_PHASE_RUNNING;
    unit->invocation = 0xa0000u + (uint32_t)sim_index(world, node);
    unit->pid = 1000;
    unit->restart_delay_ms = 10000;
    unit->timeout_start_ms = 600000;
    unit->timeout_stop_ms = 90000;
}
