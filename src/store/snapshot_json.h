/* The core's snapshot as text. */
#ifndef RMQWATCH_STORE_SNAPSHOT_JSON_H
#define RMQWATCH_STORE_SNAPSHOT_JSON_H

#include "core/core.h"
#include "store/fields.h"

/* One line of JSON, to be freed. NULL when out of memory. */
char *snapshot_to_json(const struct core_snapshot *snapshot);
/* Strict: -EBADMSG for what is damaged or unknown. *ret_snapshot is left alone on failure. */
int snapshot_from_json(const char *text, struct core_snapshot *ret_snapshot);

extern const struct field snapshot_fields[];

#endif
