/* The core's inputs as text, so that they can be kept and replayed. Times are not part of it. */
#ifndef RMQWATCH_STORE_EVENT_JSON_H
#define RMQWATCH_STORE_EVENT_JSON_H

#include "rmqwatch/event.h"
#include "store/fields.h"

/* One line of JSON, without what is zero or empty; to be freed. NULL when out of memory. */
char *event_to_json(const struct event *event);
/* Strict: -EBADMSG for anything that event_to_json() would not write. Sets all of *ret_event but now_ms and
 * wall_ms, which are 0; leaves it alone on failure. */
int event_from_json(const char *text, struct event *ret_event);

/* "probe-done"; NULL for a value out of range. */
const char *event_kind_name(int kind);
/* What an event of this kind brings along: the member of its union, which begins where event.members does. */
const struct field *event_fields(enum event_kind kind);

#endif
