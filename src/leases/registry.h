/* The kinds of lease that there are. */
#ifndef RMQWATCH_LEASES_REGISTRY_H
#define RMQWATCH_LEASES_REGISTRY_H

#include "rmqwatch/lease.h"

extern const struct lease_ops lease_none_ops;
extern const struct lease_ops lease_rabbitmq_ops;
extern const struct lease_ops lease_etcd_ops;

#endif
