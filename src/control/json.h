/* Pieces of the answers. All return false, or NULL, when out of memory. */
#ifndef RMQWATCH_CONTROL_JSON_H
#define RMQWATCH_CONTROL_JSON_H

#include "core/core.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct outbox;

/* What an answer is made from, and when. */
struct control_view {
    const struct core *core;
    const char *lease;           /* the provider's name */
    const struct outbox *outbox; /* NULL: there is none */
    uint64_t now_ms;
    int64_t wall_ms;
};

/* See control.h for what they hold. */
cJSON *status_json(const struct control_view *view);
/* MEMBER is an index into core->members. */
cJSON *why_json(const struct control_view *view, size_t member);

/* Text is cleaned: it comes from systemd, brokers and operators. "" becomes null. */
bool json_put_text(cJSON *object, const char *name, const char *text);
bool json_put_number(cJSON *object, const char *name, double number);
bool json_put_bool(cJSON *object, const char *name, bool value);
/* RFC 3339; a time of 0 becomes null. */
bool json_put_time(cJSON *object, const char *name, int64_t wall_ms);
/* A moment on the core's clock, as a time; 0 becomes null. */
bool json_put_moment(cJSON *object, const char *name, const struct control_view *view, uint64_t moment_ms);
/* The operator's hold, or null. */
bool json_put_hold(cJSON *object, const struct control_view *view);
/* The last result of each kind of probe that was seen. */
bool json_put_probes(cJSON *object, const struct control_view *view, const struct member *member);
/* A new object at the end of ARRAY, or NULL. */
cJSON *json_add_object(cJSON *array);
/* OBJECT itself, or if OK is false, NULL and OBJECT is deleted. */
cJSON *json_whole(cJSON *object, bool ok);

#endif
