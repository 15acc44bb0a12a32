/* A cluster on a virtual clock, guarded by real cores: random faults by a seed, and scenarios by their names.
 * Everything is static: one run at a time. */
#ifndef RMQWATCH_SIM_SIM_H
#define RMQWATCH_SIM_SIM_H

#include "rmqwatch/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sim_result {
    bool failed;
    const char *invariant; /* its name */
    const char *sentence;  /* what should have held */
    char moment[400];      /* where and when it did not */
    uint64_t steps;        /* of all cores together */
    uint64_t virtual_ms;
};

struct sim_options {
    FILE *trace;  /* NULL: no story */
    bool verbose; /* the story with every decision */
};

void sim_run_seed(uint64_t seed, const struct sim_options *options, struct sim_result *ret_result);
/* Tells the story on OUT; 0, -ENOENT for a name that there is not, -EPROTO when an invariant was violated
 * (told on OUT, too). POLICY NULL: the product's defaults. */
int sim_run_scenario(const char *name, const struct policy *policy, FILE *out);
/* NULL past the end. */
const char *sim_scenario_name(size_t index);
const char *sim_scenario_about(size_t index);
/* The product's defaults, with an exclusive lease. */
struct policy sim_default_policy(void);

#endif
