/* What an agent is made of. Private to src/agent. */
#ifndef RMQWATCH_AGENT_PARTS_H
#define RMQWATCH_AGENT_PARTS_H

#include "agent/agent.h"
#include "agent/event_queue.h"
#include "alerts/outbox.h"
#include "base/activity.h"
#include "core/core.h"
#include "http/client.h"
#include "probes/scheduler.h"
#include "store/incident_writer.h"
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
    struct incident_writer *writer;
    bool stopping;
    bool save_failed; /* said once, until it works again */
    char status[320]; /* what systemctl status shows */
};

/* An incident was written down, or could not be. */
void agent_on_saved(void *context, int result);
/* Does what the core wants, in its order. */
void agent_execute(struct agent *agent, const struct action_list *actions);
/* Tells systemd in one line how things are, when it changed. */
void agent_show_status(struct agent *agent);

#endif
