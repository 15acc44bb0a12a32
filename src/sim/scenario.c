/* Named stories, each of one thing that goes wrong in a cluster of three. */
#include "sim/scenario.h"

#include "sim/fault.h"
#include "sim/trace.h"

#include <errno.h>
#include <string.h>

enum { STEPS_OF_STORY = 4 };

/* What happens, in seconds after everything has settled. */
struct plot_step {
    enum fault_kind kind;
    unsigned node;
    double at_s, lasts_s; /* 0: it does not end by itself */
    uint32_t value;
};

struct plot {
    const char *name, *about;
    enum cluster_kind kind;
    unsigned step_count;
    struct plot_step steps[STEPS_OF_STORY];
};

/* clang-format off: a list is read by its columns */
static const struct plot plots[] = {
    {"crash", "a broker is killed", CLUSTER_IGNORE, 1, {{FAULT_CRASH, 0, 0, 0, 0}}},
    {"hang", "a broker hangs: it uses a little of the processor, and answers nobody", CLUSTER_IGNORE, 1,
        {{FAULT_HANG, 1, 0, 0, 2}}},
    {"frozen", "a broker is stopped by a signal", CLUSTER_IGNORE, 1, {{FAULT_HANG, 1, 0, 0, 1}}},
    {"hang-of-two", "two brokers of three hang at the same time", CLUSTER_IGNORE, 2,
        {{FAULT_HANG, 0, 0, 0, 2}, {FAULT_HANG, 1, 0.2, 0, 2}}},
    {"partition", "the network cuts one node off, and it pauses itself", CLUSTER_PAUSE_MINORITY, 1,
        {{FAULT_PARTITION, 0, 0, 120, 1}}},
    {"one-way", "packets of one node do not arrive any more", CLUSTER_IGNORE, 1,
        {{FAULT_ONE_WAY, 0, 0, 120, 1}}},
    {"all-killed", "every broker is killed in the same moment", CLUSTER_IGNORE, 1,
        {{FAULT_CRASH_ALL, 0, 0, 0, 0}}},
    {"crash-loop", "a broker dies at every boot, for 15 minutes", CLUSTER_IGNORE, 1,
        {{FAULT_CURSE, 2, 0, 900, 0}}},
    {"agent-killed", "the agent is killed in the middle of its rescue", CLUSTER_IGNORE, 2,
        {{FAULT_HANG, 0, 0, 0, 2}, {FAULT_AGENT_KILLED, 0, 7, 2, 0}}},
    {"agent-missing", "an agent dies, and nobody starts it for two minutes", CLUSTER_IGNORE, 1,
        {{FAULT_AGENT_KILLED, 0, 0, 120, 0}}},
    {"agent-and-node",
        "a broker and the agent beside it die; the broker dies at every boot, for three minutes",
        CLUSTER_IGNORE, 2, {{FAULT_AGENT_KILLED, 2, 0, 200, 0}, {FAULT_CURSE, 2, 0.5, 180, 0}}},
    {"hold", "a broker is killed while an operator holds the node", CLUSTER_IGNORE, 2,
        {{FAULT_HOLD, 0, 0, 60, 1}, {FAULT_CRASH, 0, 2, 0, 0}}},
    {"lease-lost", "the member that keeps the lease dies during the rescue", CLUSTER_IGNORE, 2,
        {{FAULT_HANG, 1, 0, 0, 2}, {FAULT_CRASH, 0, 10, 0, 0}}},
    {"operator-stop", "an operator stops the unit, and starts it again", CLUSTER_IGNORE, 1,
        {{FAULT_OPERATOR_STOP, 1, 0, 60, 0}}},
    {"busy", "a broker works so hard that it answers nobody", CLUSTER_IGNORE, 1, {{FAULT_BUSY, 0, 0, 60, 0}}},
    {"app-stopped", "an operator stops the application, and leaves its Erlang machine running",
        CLUSTER_IGNORE, 1, {{FAULT_STOP_APP, 1, 0, 300, 0}}},
    {"listener-lost", "a broker loses its AMQP port, and all else is well", CLUSTER_IGNORE, 1,
        {{FAULT_LISTENER, 1, 0, 300, 0}}},
};
/* clang-format on */

enum { PLOT_COUNT = sizeof(plots) / sizeof(plots[0]), SETTLE_MS = 20000, STORY_SEED = 7 };

#define PATIENCE_MS UINT64_C(7200000)

const char *sim_scenario_name(size_t index)
{
    return index < PLOT_COUNT ? plots[index].name : NULL;
}

const char *sim_scenario_about(size_t index)
{
    return index < PLOT_COUNT ? plots[index].about : NULL;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A configuration may want to look for long before it sees anything, or very often. */
static void stretch(struct sim_world *world)
{
    const struct policy *policy = &world->policy;
    uint64_t round_ms = policy->fast_interval_ms + policy->timeout_ms;

    world->story_ms +=
        larger(SETTLE_MS, larger(4 * policy->interval_ms, 2 * policy->interval_ms + policy->rise * round_ms));
    world->revive_ms = larger(world->revive_ms, 2 * (policy->interval_ms + policy->fall * round_ms));
    world->steps_max *= larger(1, larger(5000 / policy->interval_ms, 1000 / policy->fast_interval_ms));
}

static void plan(struct sim_world *world, const struct plot *plot)
{
    uint64_t from_ms = world->story_ms;

    for (size_t i = 0; i < plot->step_count; i++) {
        const struct plot_step *step = &plot->steps[i];
        struct sim_fault fault = {
            .at_ms = from_ms + (uint64_t)(step->at_s * 1000),
            .until_ms = SIM_NEVER,
            .kind = (uint8_t)step->kind,
            .node = (uint8_t)step->node,
            .value = step->value,
        };

        if (step->lasts_s > 0)
            fault.until_ms = fault.at_ms + (uint64_t)(step->lasts_s * 1000);
        sim_fault_plan(world, &fault);
        if (fault.at_ms > world->healed_ms)
            world->healed_ms = fault.at_ms;
        if (fault.until_ms != SIM_NEVER && fault.until_ms > world->healed_ms)
            world->healed_ms = fault.until_ms;
    }
    world->healed_ms += 1000;
    world->end_ms = world->healed_ms + world->revive_ms + PATIENCE_MS;
}

static int tell(const struct plot *plot, const struct policy *policy, const struct sim_options *options,
    struct sim_outcome *outcome)
{
    struct sim_world *world = sim_begin(options->dice ? options->dice : STORY_SEED, options);
    struct sim_result *result = &outcome->result;

    if (world->trace)
        fprintf(world->trace, "# %s: %s\n", plot->name, plot->about);
    world->outcome = outcome;
    world->kind = plot->kind;
    world->views_wait = true;
    world->policy = policy ? *policy : sim_default_policy();
    stretch(world);
    sim_populate(world, 3);
    plan(world, plot);
    sim_run(world);
    sim_report(world, result);
    outcome->calm = !result->failed;
    outcome->violated = result->failed && world->now_ms < world->end_ms;
    outcome->end_ms = world->now_ms - world->story_ms;
    if (!result->failed)
        sim_trace_world(world, NULL, "all is calm");
    else if (outcome->violated && world->trace)
        fprintf(
            world->trace, "# violated: %s: %s (%s)\n", result->invariant, result->sentence, result->moment);
    else
        sim_trace_world(world, NULL, "it is not over: %s", result->moment);
    return result->failed ? -EPROTO : 0;
}

int sim_run_scenario(const char *name, const struct policy *policy, const struct sim_options *options,
    struct sim_outcome *ret_outcome)
{
    struct sim_outcome outcome;
    int r;

    for (size_t i = 0; i < PLOT_COUNT; i++) {
        if (strcmp(plots[i].name, name) != 0)
            continue;
        memset(&outcome, 0, sizeof(outcome));
        r = tell(&plots[i], policy, options, &outcome);
        if (ret_outcome)
            *ret_outcome = outcome;
        return r;
    }
    return -ENOENT;
}
