/* Random plans: a few faults, often at the same time and on the same nodes, for there the trouble is. */
#include "sim/fault.h"

enum {
    FAULTS_MOST = 6,
    QUIET_MS = 4000, /* everything is well for so long at first */
    PEACE_PERMILLE = 20,
    PEACE_MS = 300000, /* and for so long where no fault is planned at all */
    SPAN_MOST_MS = 70000,
    AWAY_LEAST_MS = 60000, /* an agent */
    AWAY_MOST_MS = 240000,
};

/* How often each is drawn. */
static const unsigned weights[FAULT_KIND_COUNT] = {
    [FAULT_CRASH] = 14,
    [FAULT_CRASH_ALL] = 3,
    [FAULT_HANG] = 22,
    [FAULT_FREEZE] = 5,
    [FAULT_BUSY] = 6,
    [FAULT_STOP_APP] = 4,
    [FAULT_DRAIN] = 3,
    [FAULT_LISTENER] = 3,
    [FAULT_ALARM] = 2,
    [FAULT_CURSE] = 6,
    [FAULT_SLOW_BOOT] = 3,
    [FAULT_PARTITION] = 8,
    [FAULT_ONE_WAY] = 4,
    [FAULT_LOSS] = 4,
    [FAULT_STALE_VIEW] = 2,
    [FAULT_HOST_DOWN] = 3,
    [FAULT_AGENT_KILLED] = 7,
    [FAULT_AGENT_FROZEN] = 5,
    [FAULT_OPERATOR_STOP] = 6,
    [FAULT_OPERATOR_RESTART] = 4,
    [FAULT_CLEAN_EXIT] = 2,
    [FAULT_MASK] = 3,
    [FAULT_HOLD] = 5,
    [FAULT_PACKAGES] = 3,
    [FAULT_REFUSED] = 3,
    [FAULT_BUS_LOST] = 3,
    [FAULT_STORE] = 2,
    [FAULT_LEASE_BROKEN] = 2,
    [FAULT_PASSWORD] = 2,
    [FAULT_OBSERVE] = 3,
};

static uint8_t random_kind(struct sim_random *random)
{
    uint64_t sum = 0, draw;

    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        sum += weights[i];
    draw = sim_random_between(random, 0, sum - 1);
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++) {
        if (draw < weights[i])
            return (uint8_t)i;
        draw -= weights[i];
    }
    return FAULT_CRASH;
}

static uint32_t random_value(struct sim_world *world, enum fault_kind kind)
{
    struct sim_random *random = &world->random;

    switch (kind) {
    case FAULT_PARTITION:
    case FAULT_ONE_WAY:
        return world->count < 2 ? 0 : (uint32_t)sim_random_between(random, 1, (1u << world->count) - 2);
    case FAULT_LOSS:
        return (uint32_t)sim_random_between(random, 30, 400);
    case FAULT_STALE_VIEW:
        return (uint32_t)sim_random_between(random, 0, world->count - 1);
    case FAULT_AGENT_KILLED:
        return sim_random_chance(random, 200) ? (uint32_t)sim_random_between(random, 1, 3) : 0;
    default:
        return (uint32_t)sim_random_between(random, 0, 3);
    }
}

static uint64_t random_duration(struct sim_random *random, enum fault_kind kind)
{
    /* Most stay hung until somebody does something about it. */
    if (kind == FAULT_HANG && sim_random_chance(random, 700))
        return SIM_NEVER;
    switch (sim_random_between(random, 0, 2)) {
    case 0:
        return sim_random_between(random, 300, 6000);
    case 1:
        return sim_random_between(random, 3000, 20000);
    default:
        return sim_random_between(random, 10000, SPAN_MOST_MS);
    }
}

static struct sim_fault random_fault(struct sim_world *world, uint64_t from_ms)
{
    struct sim_random *random = &world->random;
    struct sim_fault fault = {
        .at_ms = from_ms,
        .kind = random_kind(random),
        .node = (uint8_t)sim_random_between(random, 0, world->count - 1),
    };
    uint64_t duration_ms = random_duration(random, (enum fault_kind)fault.kind);

    /* Some agents stay away until they are missed. */
    if (fault.kind == FAULT_AGENT_KILLED && sim_random_chance(&world->presence_random, 300))
        duration_ms = sim_random_between(&world->presence_random, AWAY_LEAST_MS, AWAY_MOST_MS);
    fault.value = random_value(world, (enum fault_kind)fault.kind);
    fault.until_ms = duration_ms == SIM_NEVER ? SIM_NEVER : fault.at_ms + duration_ms;
    return fault;
}

void sim_fault_plan_random(struct sim_world *world)
{
    struct sim_random *random = &world->random;
    size_t count = sim_random_chance(random, PEACE_PERMILLE) ? 0 : sim_random_between(random, 1, FAULTS_MOST);
    uint64_t span_ms = sim_random_between(random, 2000, SPAN_MOST_MS);
    uint64_t at_ms = world->now_ms + QUIET_MS, last_ms = 0;

    for (size_t i = 0; i < count; i++) {
        struct sim_fault fault;

        if (sim_random_chance(random, 600))
            at_ms = world->now_ms + QUIET_MS + sim_random_between(random, 0, span_ms);
        fault = random_fault(world, at_ms + sim_random_between(random, 0, 3000));
        sim_fault_plan(world, &fault);
        if (fault.at_ms > last_ms)
            last_ms = fault.at_ms;
        if (fault.until_ms != SIM_NEVER && fault.until_ms > last_ms)
            last_ms = fault.until_ms;
    }
    world->healed_ms = count > 0 ? last_ms + 1000 : world->now_ms + PEACE_MS;
}
