#include "leases/registry.h"

#include <string.h>

static const struct lease_ops *const kinds[] = {&lease_rabbitmq_ops, &lease_etcd_ops, &lease_none_ops};

const struct lease_ops *lease_at(size_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i] : NULL;
}

const struct lease_ops *lease_find(const char *name)
{
    for (size_t i = 0; lease_at(i); i++)
        if (!strcmp(kinds[i]->name, name))
            return kinds[i];
    return NULL;
}
