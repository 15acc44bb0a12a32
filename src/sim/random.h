/* A small generator of random numbers (splitmix64): the same seed gives the same world on every machine. */
#ifndef RMQWATCH_SIM_RANDOM_H
#define RMQWATCH_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

uint64_t sim_random_next(struct sim_random *random);
/* LOW .. HIGH, both included. */
uint64_t sim_random_between(struct sim_random *random, uint64_t low, uint64_t high);
/* True in PERMILLE of 1000 calls. */
bool sim_random_chance(struct sim_random *random, unsigned permille);

#endif
