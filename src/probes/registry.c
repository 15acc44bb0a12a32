#include "probes/registry.h"

const struct probe_ops *const probe_registry[PROBE_ALL_KINDS] = {
    [PROBE_AMQP] = &probe_amqp_ops,
    [PROBE_MANAGEMENT] = &probe_management_ops,
    [PROBE_EXEC] = &probe_exec_ops,
    [PROBE_AGENT] = &probe_agent_ops,
};
