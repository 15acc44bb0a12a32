/* Collects what can be known of an incident into a folder of its own, within a deadline, and tells what it
 * found: EVENT_EVIDENCE. What is slow or refused is noted there in the file "problems", and waited for by
 * nobody. */
#ifndef RMQWATCH_EVIDENCE_COLLECTOR_H
#define RMQWATCH_EVIDENCE_COLLECTOR_H

#include "rmqwatch/action.h"
#include "rmqwatch/config.h"
#include "rmqwatch/evidence.h"
#include "rmqwatch/sink.h"

#include <uv.h>

enum { COLLECT_TIMEOUT_MS = 2000, COLLECT_MEMBERS_TEXT_MAX = 16 * 1024 };

struct collector;

struct collect_request {
    char incident[RMQ_INCIDENT_ID_MAX];
    bool live; /* the broker runs: its process too */
    struct unit_state unit;
    char members[COLLECT_MEMBERS_TEXT_MAX]; /* what the probes and the members say, for people */
};

/* CONFIG is only read. NULL when out of memory. */
struct collector *collector_new(uv_loop_t *loop, const struct config *config, struct event_sink sink);
/* No events from now on; what is being collected is dropped. Its memory goes once the loop has run on.
 * Accepts NULL. */
void collector_free(struct collector *collector);
/* The limits; state_dir and unit stay as they were. */
void collector_reconfigure(struct collector *collector, const struct config *config);

/* Ends in exactly one EVENT_EVIDENCE within COLLECT_TIMEOUT_MS, posted from the loop or from within. */
void collector_collect(struct collector *collector, const struct collect_request *request);

#endif
