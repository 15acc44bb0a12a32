#include "sim/sim.h"

#include "sim/agent.h"
#include "sim/broker.h"
#include "sim/check.h"
#include "sim/fault.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "sim/told.h"
#include "sim/trace.h"
#include "sim/unit.h"
#include "sim/voice.h"

#include <stdarg.h>
#include <string.h>

enum {
    POLL_MS = 250,
    STEPS_MAX = 400000,
};

#define BEGIN_MS UINT64_C(10000000)

static struct sim_world the_world;

void sim_fail(struct sim_world *world, const char *invariant, const char *sentence, const char *format, ...)
{
    va_list arguments;

    if (world->failure.failed)
        return;
    world->failure.failed = true;
    world->failure.invariant = invariant;
    world->failure.sentence = sentence;
    world->failure.at_ms = world->now_ms;
    va_start(arguments, format);
    vsnprintf(world->failure.detail, sizeof(world->failure.detail), format, arguments);
    va_end(arguments);
}

static void put_poll(struct sim_world *world)
{
    agenda_put(&world->agenda, &(struct agenda_item){.at_ms = world->now_ms + POLL_MS, .kind = AGENDA_POLL});
}

static void poll(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        sim_broker_count_cpu(world, &world->nodes[i]);
        sim_broker_poll(world, &world->nodes[i]);
    }
    sim_network_poll(world);
    sim_voice_poll(world);
    put_poll(world);
}

static void dispatch(struct sim_world *world, const struct agenda_item *item)
{
    struct sim_node *node = &world->nodes[item->node];

    switch ((enum agenda_kind)item->kind) {
    case AGENDA_POLL:
        poll(world);
        break;
    case AGENDA_BROKER:
        sim_broker_on_agenda(world, node, item);
        break;
    case AGENDA_UNIT:
        sim_unit_on_timer(world, node, item->generation);
        break;
    case AGENDA_REQUEST:
        sim_unit_request(world, node, (enum unit_verb)item->value, item->generation);
        break;
    case AGENDA_FAULT:
        sim_fault_on_agenda(world, item);
        break;
    default:
        sim_agent_on_agenda(world, node, item);
        break;
    }
}

/* Lets the next thing happen. */
static void advance(struct sim_world *world)
{
    const struct agenda_item *first = agenda_first(&world->agenda);
    struct sim_node *ticker = NULL;
    uint64_t tick_ms = SIM_NEVER;

    for (size_t i = 0; i < world->count; i++) {
        uint64_t at_ms = sim_agent_tick_ms(world, &world->nodes[i]);

        if (at_ms < tick_ms) {
            tick_ms = at_ms;
            ticker = &world->nodes[i];
        }
    }
    if (ticker && tick_ms < first->at_ms) {
        world->now_ms = tick_ms;
        sim_agent_tick(world, ticker);
    } else {
        struct agenda_item item = agenda_take(&world->agenda);

        world->now_ms = item.at_ms;
        dispatch(world, &item);
    }
    if (world->agenda.overflow)
        sim_fail(
            world, "model", "the model's own agenda has room", "at %.1f s", (double)world->now_ms / 1000);
    if (world->steps > world->steps_max)
        sim_fail(world, "livelock", "no core is busy without end", "at %.1f s", (double)world->now_ms / 1000);
}

static void init_node(struct sim_world *world, size_t i)
{
    struct sim_node *node = &world->nodes[i];

    snprintf(node->name, sizeof(node->name), "rabbit@%c", (char)('a' + i));
    node->host.up = true;
    /* Every machine has a clock of its own. */
    node->agent.clock_ms = (int64_t)sim_random_between(&world->random, 0, 1000000000);
    sim_broker_init(world, node);
    sim_unit_init(world, node);
}

struct sim_world *sim_begin(uint64_t seed, const struct sim_options *options)
{
    struct sim_world *world = &the_world;

    memset(world, 0, offsetof(struct sim_world, actions));
    memset(&world->failure, 0, sizeof(world->failure));
    world->random.state = seed;
    world->presence_random.state = ~seed;
    world->now_ms = world->story_ms = BEGIN_MS;
    world->outcome = NULL;
    world->trace = options->trace;
    world->verbose = options->verbose;
    world->tap = options->tap;
    world->tap_context = options->tap_context;
    world->tick_ms = 60000;
    world->revive_ms = 60000;
    world->steps_max = STEPS_MAX;
    world->boot_wait_ms = 300000;
    return world;
}

void sim_populate(struct sim_world *world, size_t count)
{
    world->count = count;
    for (size_t i = 0; i < count; i++)
        init_node(world, i);
    sim_network_init(world);
    for (size_t i = 0; i < count; i++)
        sim_agent_start(world, &world->nodes[i], 0);
    put_poll(world);
}

static void run_until(struct sim_world *world, uint64_t end_ms)
{
    while (world->now_ms < end_ms && !world->failure.failed)
        advance(world);
}

void sim_run(struct sim_world *world)
{
    uint64_t revive_ms = world->healed_ms + world->revive_ms;
    bool revived = false;

    run_until(world, world->healed_ms);
    if (!world->failure.failed)
        sim_fault_end_all(world);
    while (!world->failure.failed && world->now_ms < world->end_ms) {
        run_until(world, world->now_ms + 1000);
        if (!world->failure.failed && sim_check_calm(world)) {
            sim_told_end(world);
            return;
        }
        if (world->failure.failed)
            return;
        if (!revived && world->now_ms >= revive_ms) {
            revived = true;
            sim_check_cured(world);
            sim_fault_revive(world);
        }
    }
    if (!world->failure.failed)
        sim_check_end(world);
}

static uint64_t pick(struct sim_world *world, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t draw = sim_random_between(&world->random, 0, 2);

    return draw == 0 ? a : draw == 1 ? b : c;
}

/* Scaled down where only waiting would be seen. */
static void randomize_policy(struct sim_world *world)
{
    struct policy *policy = &world->policy;

    *policy = sim_default_policy();
    policy->act = !sim_random_chance(&world->random, 60);
    policy->lease_exclusive = !sim_random_chance(&world->random, 150);
    policy->lease_independent = policy->lease_exclusive && sim_random_chance(&world->random, 500);
    policy->interval_ms = pick(world, 5000, 8000, 10000);
    policy->fall = (uint32_t)pick(world, 3, 3, 2);
    policy->rise = (uint32_t)pick(world, 2, 2, 1);
    policy->max_restarts = (uint32_t)pick(world, 5, 3, 2);
    policy->restart_window_ms = pick(world, 600000, 120000, 60000);
    policy->backoff_ms = pick(world, 5000, 2000, 1000);
    policy->backoff_max_ms = pick(world, 120000, 30000, 10000);
    policy->give_up_retry_ms = pick(world, 20000, 40000, 60000);
    policy->give_up_retry_max_ms = policy->give_up_retry_ms * 2;
    policy->views_settle_ms = world->tick_ms + 15000;
    policy->agent_missing_ms = sim_random_chance(&world->presence_random, 100) ? 0 : 30000;
    policy->busy_patience_ms = sim_random_chance(&world->random, 200) ? 30000 : 0;
    policy->crash_dump_ms = sim_random_chance(&world->presence_random, 250) ? 10000 : 0;
    policy->restart_stopped_app = sim_random_chance(&world->random, 300);
    policy->restart_lost_listener = sim_random_chance(&world->random, 300);
    policy->slow_boot_ms = 30000;
    policy->verify_timeout_ms = pick(world, 60000, 30000, 20000);
    policy->verify_stable_ms = pick(world, 10000, 5000, 2000);
}

static size_t random_count(struct sim_random *random)
{
    uint64_t draw = sim_random_between(random, 0, 99);

    return draw < 4 ? 1 : draw < 12 ? 2 : draw < 80 ? 3 : draw < 85 ? 4 : 5;
}

void sim_run_seed(uint64_t seed, const struct sim_options *options, struct sim_result *ret_result)
{
    struct sim_world *world = sim_begin(seed, options);
    struct sim_random *random = &world->random;

    world->kind = (enum cluster_kind)sim_random_between(random, 0, CLUSTER_KIND_COUNT - 1);
    world->tick_ms = pick(world, 60000, 15000, 15000);
    world->boot_wait_ms = pick(world, 300000, 60000, 60000);
    world->views_wait = sim_random_chance(random, 700);
    randomize_policy(world);
    sim_populate(world, random_count(random));
    sim_fault_plan_random(world);
    world->end_ms = world->healed_ms + 1800000 + 2 * world->boot_wait_ms;
    sim_run(world);
    sim_report(world, ret_result);
}

void sim_report(const struct sim_world *world, struct sim_result *ret_result)
{
    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->steps = world->steps;
    ret_result->virtual_ms = world->now_ms - BEGIN_MS;
    ret_result->failed = world->failure.failed;
    ret_result->invariant = world->failure.invariant;
    ret_result->sentence = world->failure.sentence;
    snprintf(ret_result->moment, sizeof(ret_result->moment), "%.399s", world->failure.detail);
}
