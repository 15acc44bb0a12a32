#include "rmqwatch/evidence.h"

const char *unit_active_name(enum unit_active active)
{
    static const char *const names[] = {
        [UNIT_ACTIVE_UNKNOWN] = "unknown",
        [UNIT_ACTIVE] = "active",
        [UNIT_RELOADING] = "reloading",
        [UNIT_INACTIVE] = "inactive",
        [UNIT_FAILED] = "failed",
        [UNIT_ACTIVATING] = "activating",
        [UNIT_DEACTIVATING] = "deactivating",
    };

    return (unsigned)active <= UNIT_DEACTIVATING ? names[active] : names[UNIT_ACTIVE_UNKNOWN];
}
