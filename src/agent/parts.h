/* What an agent is made of. Private to src/agent. */
#ifndef RMQWATCH_AGENT_PARTS_H
#define RMQWATCH_AGENT_PARTS_H

#include "agent/agent.h"
#include "agent/event_queue.h"
#include "alerts/outbox.h"
#include "base/activity.h"
#include "control/control.h"
#include "core/core.h"
#include "evidence/collector.h"
#include "evidence/host_sampler.h"
#include "http/client.h"
#include "probes/scheduler.h"
#include "rmqwatch/lease.h"
#include "store/recorder.h"
#include "store/store.h"
#include "systemd/bus.h"
#include "systemd/notify.h"
#include "systemd/unit_control.h"
#include "systemd/unit_watch.h"

struct agent {
    uv_loop_t *loop;
    struct config *config;
    struct activity_list activities;
    int core_activity;
    struct core core;
    struct event_queue queue;
    struct action_list actions; /* of the step that is being executed */
    struct event event;         /* the one that is being taken in */
    uv_idle_t drain;            /* runs while events wait */
    uv_timer_t tick;            /* the core's own deadline */
    struct event_sink sink;
    struct http_client *http;
    struct scheduler *scheduler;
    struct outbox *outbox;
    struct bus *bus;
    struct unit_control *control;
    struct unit_watch *watch;
    struct notify *notify;
    struct host_sampler *sampler;
    struct collector *collector;
    struct store *store;            /* NULL: none is open */
    struct recorder *recorder;      /* of what the core takes in */
    struct control *control_socket; /* NULL: it could not listen */
    struct lease *lease;            /* NULL: out of memory */
    bool lease_wanted;              /* it is sought or held */
    bool lease_prepared;            /* since all members serve */
    uint64_t lease_prepared_ms;     /* the last time; 0: never */
    uv_timer_t goodbye;             /* on the way down, when the lease is being given back */
    bool stopping;
    char status[320]; /* what systemctl status shows */
};

/* What must survive is being kept, or cannot be. */
void agent_on_store(void *context, int result, const char *problem);
/* What the core began with, for whoever replays it. */
void agent_record_beginning(struct agent *agent, const struct members_event *members);
/* Writes a notice or decision down: into the journal, and into the store. */
void agent_record(struct agent *agent, const struct notice *notice);
/* Completes what the outbox has to tell of itself, and writes it down. */
void agent_sign(void *context, struct notice *notice);
/* The host sampler and the collector of evidence: 0 or a negative errno; freed in any case. */
int agent_create_evidence(struct agent *agent);
void agent_reconfigure_evidence(struct agent *agent, const struct config *config);
void agent_free_evidence(struct agent *agent);
/* Tells the sampler which process the unit has now. */
void agent_follow_unit(struct agent *agent, const struct event *event);
/* Collects what is known of an incident; ends in EVENT_EVIDENCE. */
void agent_collect(struct agent *agent, const struct collect_action *collect);
/* The restart lease: 0 or a negative errno; freed, which gives it back, in any case. */
int agent_create_lease(struct agent *agent);
/* CONFIG takes the place of agent->config, which is still the old one. */
void agent_reconfigure_lease(struct agent *agent, const struct config *config);
void agent_free_lease(struct agent *agent);
/* Each but the release ends in one EVENT_LEASE. */
void agent_acquire_lease(struct agent *agent, const struct lease_action *action);
void agent_release_lease(struct agent *agent);
void agent_check_lease(struct agent *agent, const struct lease_action *action);
/* Makes what it will need at the members, when they have come to serve. Called after each round of events. */
void agent_prepare_lease(struct agent *agent);
/* The end of the HTTP client, when all that uses it has ended. */
void agent_close_http(struct agent *agent);
/* Does what the core wants, in its order. */
void agent_execute(struct agent *agent, const struct action_list *actions);
/* Tells systemd in one line how things are, when it changed. */
void agent_show_status(struct agent *agent);

#endif
