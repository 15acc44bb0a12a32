/* Drives a core through a story: a clock, a cluster of three, and what the core answered. */
#ifndef RMQWATCH_TESTS_CORE_STORY_H
#define RMQWATCH_TESTS_CORE_STORY_H

#include "core/core.h"

struct story {
    struct core core;
    struct action_list actions; /* of the last step of the core */
    uint64_t did;               /* bit set of enum action_kind: what the last event led to */
    uint64_t now_ms;
    uint32_t told[NOTICE_KIND_COUNT]; /* how often each kind was told, since the start */
    uint32_t starts, restarts, kills, dumps, stops, asks, saves;
    uint32_t collects, lease_asks, lease_releases, lease_checks;
    struct notice last; /* the last notice told */
    /* Evidence and the lease are there at once, unless a story wants it otherwise. */
    bool mute_collector, mute_lease;
    enum lease_status lease_answer; /* LEASE_GRANTED unless said */
    struct evidence_event evidence; /* what the collector finds */
    struct unit_state unit;
    uint64_t cpu_ms, run_delay_ms; /* of the broker's process so far */
    uint32_t runnable_threads;     /* and in each sample from now on */
    bool saved;                    /* the core wanted its snapshot written down; the newest: */
    struct core_snapshot snapshot;
};

#define STORY_LOCAL "rabbit@a"

/* Defaults of the product, a cluster of three, the unit active and everything answering. */
void story_begin(struct story *story);
/* The same without the cluster's member list and without any evidence. */
void story_begin_blank(struct story *story);
struct policy story_policy(void);

void story_step(struct story *story, struct event *event);
/* Lets time pass; ticks come when the core asks for them. */
void story_wait(struct story *story, uint64_t ms);
void story_members(struct story *story, const char *const *names, size_t count);
void story_unit(struct story *story, enum unit_active active, const char *sub, const char *result);
void story_probe(struct story *story, const char *node, enum probe_kind kind, enum probe_result result);
/* A management answer of NODE that lists everyone but DOWN (may be NULL) as running. */
void story_view(struct story *story, const char *node, const char *down);
/* What such an answer says; and a management answer of NODE that says VIEW. */
struct node_view story_everything(const char *down);
void story_answer(struct story *story, const char *node, const struct node_view *view);
/* The same by a broker whose statistics are not there yet: it does not tell of partitions. */
void story_view_without_statistics(struct story *story, const char *node);
void story_alarm(struct story *story, bool memory);
void story_lease(struct story *story, enum lease_status status, const char *detail);
/* The configuration is reloaded. */
void story_configure(struct story *story, struct policy policy);
void story_operator(struct story *story, enum operator_kind kind, uint64_t for_ms);
/* A sample of the broker's process: its state, CPU time so far, and time spent waiting for a processor. */
void story_host(struct story *story, char state, uint64_t cpu_ms, uint64_t run_delay_ms);
void story_job(struct story *story, bool ok);
void story_refuse(struct story *story, const char *error);
/* Both probes of NODE answer well, deep and with everything that a proof wants. */
void story_serve(struct story *story, const char *node);
/* Both probes of NODE, and of OTHER unless it is NULL, fail like this COUNT times, a second apart. */
void story_fail(
    struct story *story, const char *node, const char *other, enum probe_result result, unsigned count);
/* Both probes of the local node time out COUNT times, a second apart. */
void story_hang(struct story *story, unsigned count);
/* The same, while its process is in STATE and each second uses and waits for so much of a processor. */
void story_hang_as(struct story *story, char state, uint64_t cpu_ms, uint64_t run_delay_ms, unsigned count);
/* What the last step did: whether it contains an action of this kind. */
bool story_did(const struct story *story, enum action_kind kind);

/* The broker is killed; systemd waits to restart it. */
void story_crash(struct story *story);
/* It boots for seven seconds and is active; the start job is done. */
void story_boot(struct story *story);
/* Everybody answers well, once a second. */
void story_serve_all(struct story *story, uint64_t ms);
/* It boots for two seconds and ends with an exit code; the start job failed. */
void story_die_while_starting(struct story *story);
/* --- scenes (core_story_scenes.c) --- */

struct member *story_local(struct story *story);
enum condition story_condition(const struct story *story);
/* Starts, restarts, kills and stops so far. */
uint32_t story_done(const struct story *story);
/* A cluster of one, active; nothing was probed yet. */
void story_begin_alone(struct story *story);
/* The others answer that everybody runs. */
void story_others_agree(struct story *story);
/* A node whose application is stopped, or that lost its listener, is to be restarted. */
void story_opt_in(struct story *story);
/* Both of its ports are closed. */
void story_close_ports(struct story *story, unsigned seconds);
/* Its AMQP port is closed, its API answers; CRITICAL: a queue would suffer. */
void story_lose_listener(struct story *story, unsigned seconds, bool critical);

/* The agent dies; 300 ms later a new one goes on with what the old one had saved. */
void story_reincarnate(struct story *story);
/* The same, MS later. */
void story_reincarnate_after(struct story *story, uint64_t ms);
/* The new one reads another configuration. */
void story_reincarnate_as(struct story *story, struct policy policy);
/* The wall clock at that moment of the story. */
int64_t story_wall_ms(const struct story *story);

#endif
