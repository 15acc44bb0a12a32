/* Incidents of a simulated cluster, recorded as a daemon records them: by the real recorder, in a real store.
 */
#ifndef RMQWATCH_TESTS_SIM_RECORDING_H
#define RMQWATCH_TESTS_SIM_RECORDING_H

#include "rmqwatch/limits.h"
#include "rmqwatch/policy.h"

#include <stddef.h>
#include <stdint.h>

enum { SIM_RECORDING_INCIDENTS_MAX = 16 };

struct sim_recording {
    size_t count;
    char incidents[SIM_RECORDING_INCIDENTS_MAX][RMQ_INCIDENT_ID_MAX]; /* that have inputs, in their order */
};

/* Plays SCENARIO, with POLICY (NULL: the defaults), and keeps what the agent of NODE would in DIRECTORY. 0,
 * or a negative errno. */
int sim_record(const char *directory, const char *scenario, const char *node, const struct policy *policy,
    struct sim_recording *ret_recording);
/* The same for the random faults of a seed. */
int sim_record_seed(
    const char *directory, uint64_t seed, const char *node, struct sim_recording *ret_recording);

#endif
