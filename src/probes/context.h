/* What every run of a probe may use. One per scheduler. */
#ifndef RMQWATCH_PROBES_CONTEXT_H
#define RMQWATCH_PROBES_CONTEXT_H

#include "http/client.h"
#include "probes/resolver.h"
#include "rmqwatch/config.h"

#include <uv.h>

struct probe_context {
    uv_loop_t *loop;
    const struct config *config; /* changes at a reload: read it when needed, keep no pointer into it */
    struct http_client *http;
    struct resolver *resolver;
    uint64_t leaders_asked_ms; /* when the local node was asked last, on the loop's clock; 0: never */
};

#endif
