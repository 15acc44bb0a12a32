/* The way from systemd to the agent: messages keep their order, and take a moment. */
#include "sim/unit.h"

#include <stdio.h>
#include <string.h>

enum { BUS_LATENCY_MS = 12 };

void sim_bus_post(struct sim_world *world, struct sim_node *node, const struct bus_message *message)
{
    struct sim_agent *agent = &node->agent;
    uint64_t at_ms = world->now_ms + sim_random_between(&world->random, 1, BUS_LATENCY_MS);

    if (!agent->alive || (agent->bus_lost && message->kind != BUS_UNIT_LOST) ||
        agent->bus_count == SIM_BUS_MAX)
        return;
    if (at_ms < agent->bus_at_ms)
        at_ms = agent->bus_at_ms;
    agent->bus_at_ms = at_ms;
    agent->bus[(agent->bus_head + agent->bus_count++) % SIM_BUS_MAX] = *message;
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = at_ms,
                                   .kind = AGENDA_BUS,
                                   .node = (uint8_t)sim_index(world, node),
                                   .generation = agent->generation});
}

/* Its own jobs, and systemd's own restarts, are not told as somebody's. */
static uint32_t foreign_job(const struct sim_unit *unit, const struct sim_agent *agent)
{
    const struct sim_job *job = &unit->job;

    if (job->owner == agent->generation || (job->owner == OWNER_SYSTEMD && job->seen_by == agent->generation))
        return 0;
    return job->id;
}

static void fill_state(const struct sim_node *node, struct unit_state *state)
{
    static const struct {
        enum unit_active active;
        const char *sub;
    } shown[] = {
        [UNIT_PHASE_INACTIVE] = {UNIT_INACTIVE, "dead"},
        [UNIT_PHASE_FAILED] = {UNIT_FAILED, "failed"},
        [UNIT_PHASE_AUTO_RESTART] = {UNIT_ACTIVATING, "auto-restart"},
        [UNIT_PHASE_STARTING] = {UNIT_ACTIVATING, "start"},
        [UNIT_PHASE_RUNNING] = {UNIT_ACTIVE, "running"},
        [UNIT_PHASE_STOPPING] = {UNIT_DEACTIVATING, "stop"},
    };
    const struct sim_unit *unit = &node->unit;

    state->active = shown[unit->phase].active;
    strcpy(state->sub_state, shown[unit->phase].sub);
    strcpy(state->load_state, unit->masked ? "masked" : "loaded");
    strcpy(state->result, unit->result);
    if (unit->invocation > 0)
        snprintf(state->invocation_id, sizeof(state->invocation_id), "%032x", unit->invocation);
    state->job_id = foreign_job(unit, &node->agent);
    state->main_pid = node->broker.phase == BROKER_GONE ? 0 : unit->pid;
    state->exec_main_code = unit->exec_main_code;
    state->exec_main_status = unit->exec_main_status;
    state->n_restarts = unit->n_restarts;
    state->timeout_start_ms = unit->timeout_start_ms;
    state->restart_delay_ms = unit->restart_delay_ms;
    if (unit->inactive_enter_ms > 0)
        state->inactive_enter_ms = (uint64_t)((int64_t)unit->inactive_enter_ms + node->agent.clock_ms);
}

void sim_unit_show(struct sim_world *world, struct sim_node *node)
{
    struct sim_agent *agent = &node->agent;
    static struct bus_message message;

    if (!agent->alive || agent->bus_lost)
        return;
    memset(&message, 0, sizeof(message));
    message.kind = BUS_UNIT;
    fill_state(node, &message.unit);
    /* On its way from the wait to the start it is inactive for a moment: the shell does not tell that. */
    if (agent->unit_posted && node->unit.phase == UNIT_PHASE_INACTIVE && node->unit.job.id != 0 &&
        message.unit.job_id == 0)
        return;
    if (agent->unit_posted && !memcmp(&message.unit, &agent->posted, sizeof(message.unit)))
        return;
    agent->posted = message.unit;
    agent->unit_posted = true;
    sim_bus_post(world, node, &message);
}

void sim_bus_lose(struct sim_world *world, struct sim_node *node)
{
    static const struct bus_message lost = {.kind = BUS_UNIT_LOST};

    node->agent.bus_lost = true;
    node->agent.unit_posted = false;
    sim_bus_post(world, node, &lost);
}

void sim_bus_find(struct sim_world *world, struct sim_node *node)
{
    struct sim_agent *agent = &node->agent;

    if (!agent->bus_lost)
        return;
    agent->bus_lost = false;
    agent->bus_found_ms = world->now_ms;
    sim_unit_show(world, node);
    /* How a job ended that was removed meanwhile can only be seen from the outcome. */
    if (agent->own_job != 0 && agent->own_job != node->unit.job.id) {
        struct bus_message message = {
            .kind = BUS_JOB_DONE, .text = "unknown", .ok = node->unit.phase == UNIT_PHASE_RUNNING};

        agent->own_job = 0;
        sim_bus_post(world, node, &message);
    }
}
