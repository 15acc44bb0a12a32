/* A lease of one kind on a loop of its own, and what it said. One test at a time. */
#ifndef RMQWATCH_TESTS_LEASE_FIXTURE_H
#define RMQWATCH_TESTS_LEASE_FIXTURE_H

#include "http/client.h"
#include "rmqwatch/lease.h"

enum { LEASE_EVENTS_MAX = 16 };

/* In every password and token of these tests; no event may hold it. */
#define LEASE_SECRET "s3cr3t-t0ken"

struct lease_fixture {
    uv_loop_t loop;
    struct http_client *http;
    struct config config;
    struct lease *lease;
    size_t count;
    struct lease_event events[LEASE_EVENTS_MAX];
    uint64_t began_ms; /* the last acquire or check */
};

extern struct lease_fixture leasing;

/* A configuration without peers or endpoints; the lease is created by lease_fixture_create(). */
int lease_fixture_setup(void **state);
/* Destroys the lease and asserts that the loop can be closed within a second. */
int lease_fixture_teardown(void **state);

void lease_fixture_create(const char *kind);
void lease_fixture_destroy(void);
/* Of a cluster of COUNT members and this one. */
void lease_fixture_acquire(const struct lease_peer *peers, size_t count, uint64_t timeout_ms);
void lease_fixture_check(const struct lease_peer *peers, size_t count, uint64_t timeout_ms);
void lease_fixture_prepare(const struct lease_peer *peers, size_t count, uint64_t timeout_ms);
/* Runs the loop until the next event, and asserts what it is and that it came within MS of the start. */
const char *lease_fixture_expect(enum lease_status status, uint64_t ms);
void lease_fixture_run_ms(uint64_t ms);
uint64_t lease_fixture_now_ms(void);

#endif
