/* All kinds of probes. A new kind is one file and one line in registry.c. */
#ifndef RMQWATCH_PROBES_REGISTRY_H
#define RMQWATCH_PROBES_REGISTRY_H

#include "rmqwatch/probe.h"

extern const struct probe_ops probe_amqp_ops;
extern const struct probe_ops probe_management_ops;
extern const struct probe_ops probe_exec_ops;
extern const struct probe_ops probe_agent_ops;

/* In the order of enum probe_kind. */
extern const struct probe_ops *const probe_registry[PROBE_ALL_KINDS];

#endif
