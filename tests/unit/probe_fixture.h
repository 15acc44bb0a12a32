/* What a probe needs around it: loop, HTTP client, resolver, configuration, target. One test at a time. */
#ifndef RMQWATCH_TESTS_PROBE_FIXTURE_H
#define RMQWATCH_TESTS_PROBE_FIXTURE_H

#include "loopback_server.h"
#include "probes/context.h"
#include "probes/registry.h"

struct probe_fixture {
    uv_loop_t loop;
    struct loopback_server server; /* open when server.loop is set; closed by the teardown */
    struct config config;
    struct probe_context context;
    struct probe_target target;
    bool asked; /* for the next runs */
    /* the last run */
    struct probe probe;
    unsigned calls;
    enum probe_result result;
    bool has_view;
    struct node_view view;
    uint64_t took_ms;
};

extern struct probe_fixture fixture;

int probe_fixture_setup(void **state);
/* Asserts that the loop can be closed: nothing is left behind. */
int probe_fixture_teardown(void **state);

/* Serves MANNERS, and points the target's management URL and AMQP port there. */
void probe_fixture_serve(const struct manners *manners, size_t manners_count);
void probe_fixture_point_to(uint16_t port);

/* Starts a run of OPS and asserts that it ended in RESULT, once, not from within start(), in time. */
void probe_fixture_expect(
    const struct probe_ops *ops, bool deep, uint64_t timeout_ms, enum probe_result result);
int probe_fixture_start(const struct probe_ops *ops, bool deep, uint64_t timeout_ms);
void probe_fixture_run_for(uint64_t ms);

#endif
