#include "core_story.h"

#include <stdio.h>
#include <string.h>

static const char *const everyone[] = {"rabbit@a", "rabbit@b", "rabbit@c"};

struct policy story_policy(void)
{
    return (struct policy){
        .act = true,
        .probe_amqp = true,
        .probe_management = true,
        .interval_ms = 5000,
        .fast_interval_ms = 1000,
        .timeout_ms = 3000,
        .fall = 3,
        .rise = 2,
        .ask_timeout_ms = 2000,
        .held_retry_ms = 10000,
        .kill_timeout_ms = 10000,
        .start_margin_ms = 10000,
        .slow_boot_ms = 120000,
        .verify_timeout_ms = 60000,
        .verify_stable_ms = 10000,
        .max_restarts = 5,
        .restart_window_ms = 600000,
        .backoff_ms = 5000,
        .backoff_max_ms = 120000,
        .give_up_retry_ms = 600000,
        .give_up_retry_max_ms = 7200000,
    };
}

static void count_actions(struct story *story)
{
    for (size_t i = 0; i < story->actions.count; i++) {
        const struct action *action = &story->actions.items[i];

        story->starts += action->kind == ACTION_START_UNIT;
        story->restarts += action->kind == ACTION_RESTART_UNIT;
        story->kills += action->kind == ACTION_KILL_UNIT;
        story->stops += action->kind == ACTION_STOP_UNIT;
        story->asks += action->kind == ACTION_ASK;
        story->saves += action->kind == ACTION_SAVE;
        if (action->kind == ACTION_NOTICE) {
            story->told[action->notice.kind]++;
            story->last = action->notice;
        }
    }
}

void story_step(struct story *story, struct event *event)
{
    event->now_ms = story->now_ms;
    event->wall_ms = 1700000000000 + (int64_t)story->now_ms;
    core_step(&story->core, event, &story->actions);
    count_actions(story);
}

void story_wait(struct story *story, uint64_t ms)
{
    uint64_t end_ms = story->now_ms + ms;

    while (core_deadline_ms(&story->core) <= end_ms) {
        struct event event = {.kind = EVENT_TICK};

        story->now_ms = core_deadline_ms(&story->core);
        story_step(story, &event);
    }
    story->now_ms = end_ms;
}

void story_members(struct story *story, const char *const *names, size_t count)
{
    struct event event = {.kind = EVENT_MEMBERS, .members = {.count = count, .cluster = "prod"}};

    for (size_t i = 0; i < count; i++)
        snprintf(event.members.names[i], RMQ_NODE_NAME_MAX, "%s", names[i]);
    story_step(story, &event);
}

void story_unit(struct story *story, enum unit_active active, const char *sub, const char *result)
{
    struct event event = {.kind = EVENT_UNIT};

    story->unit.active = active;
    if (!story->unit.load_state[0])
        snprintf(story->unit.load_state, sizeof(story->unit.load_state), "loaded");
    snprintf(story->unit.sub_state, sizeof(story->unit.sub_state), "%s", sub);
    snprintf(story->unit.result, sizeof(story->unit.result), "%s", result);
    event.unit = story->unit;
    story_step(story, &event);
}

static struct event probe_of(
    const struct story *story, const char *node, enum probe_kind kind, enum probe_result result)
{
    struct event event = {.kind = EVENT_PROBE_DONE, .probe = {.kind = kind, .deep = true, .result = result}};

    snprintf(event.probe.node, sizeof(event.probe.node), "%s", node);
    event.probe.started_ms = story->now_ms;
    return event;
}

void story_probe(struct story *story, const char *node, enum probe_kind kind, enum probe_result result)
{
    struct event event = probe_of(story, node, kind, result);

    story_step(story, &event);
}

static void send_view(struct story *story, const char *node, const char *down, bool statistics)
{
    struct event event = probe_of(story, node, PROBE_MANAGEMENT, PROBE_RESULT_OK);
    struct node_view *view = &event.probe.view;

    event.probe.has_view = true;
    view->alarms_known = true;
    view->partitions_known = statistics;
    view->vhosts_known = true;
    view->vhosts_up = true;
    view->members_known = true;
    for (size_t i = 0; i < 3; i++) {
        snprintf(view->members[i].name, RMQ_NODE_NAME_MAX, "%s", everyone[i]);
        view->members[i].running = !down || strcmp(everyone[i], down) != 0;
        view->member_count++;
    }
    story_step(story, &event);
}

void story_view(struct story *story, const char *node, const char *down)
{
    send_view(story, node, down, true);
}

void story_view_without_statistics(struct story *story, const char *node)
{
    send_view(story, node, NULL, false);
}

void story_alarm(struct story *story, bool memory)
{
    struct event event = probe_of(story, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_OK);

    event.probe.has_view = true;
    event.probe.view.alarms_known = true;
    event.probe.view.memory_alarm = memory;
    story_step(story, &event);
}

void story_job(struct story *story, bool ok)
{
    struct event event = {.kind = EVENT_JOB_DONE, .job = {.ok = ok}};

    snprintf(event.job.result, sizeof(event.job.result), "%s", ok ? "done" : "failed");
    story_step(story, &event);
}

void story_refuse(struct story *story, const char *error)
{
    struct event event = {.kind = EVENT_REQUEST_FAILED, .request = {.permanent = true}};

    snprintf(event.request.error, sizeof(event.request.error), "%s", error);
    story_step(story, &event);
}

void story_serve(struct story *story, const char *node)
{
    story_probe(story, node, PROBE_AMQP, PROBE_RESULT_OK);
    story_view(story, node, NULL);
}

void story_hang(struct story *story, unsigned count)
{
    while (count-- > 0) {
        story_probe(story, STORY_LOCAL, PROBE_AMQP, PROBE_RESULT_SILENT);
        story_probe(story, STORY_LOCAL, PROBE_MANAGEMENT, PROBE_RESULT_SILENT);
        story_wait(story, 1000);
    }
}

bool story_did(const struct story *story, enum action_kind kind)
{
    for (size_t i = 0; i < story->actions.count; i++)
        if (story->actions.items[i].kind == kind)
            return true;
    return false;
}

void story_begin_blank(struct story *story)
{
    struct policy policy = story_policy();

    memset(story, 0, sizeof(*story));
    story->now_ms = 1000000;
    story->unit.timeout_start_ms = 600000;
    story->unit.restart_delay_ms = 10000;
    core_init(&story->core, STORY_LOCAL, "", &policy, story->now_ms);
}

void story_begin(struct story *story)
{
    story_begin_blank(story);
    story_unit(story, UNIT_ACTIVE, "running", "success");
    story_members(story, everyone, 3);
    for (unsigned round = 0; round < 2; round++)
        for (size_t i = 0; i < 3; i++)
            story_serve(story, everyone[i]);
    story_wait(story, 1000);
}

void story_crash(struct story *story)
{
    story->unit.exec_main_code = 2;
    story->unit.exec_main_status = 9;
    story_unit(story, UNIT_ACTIVATING, "auto-restart", "signal");
}

void story_boot(struct story *story)
{
    story_unit(story, UNIT_ACTIVATING, "start", "success");
    story_wait(story, 7000);
    story_unit(story, UNIT_ACTIVE, "running", "success");
    story_job(story, true);
}

void story_serve_all(struct story *story, uint64_t ms)
{
    for (uint64_t waited = 0; waited < ms; waited += 1000) {
        story_serve(story, "rabbit@a");
        story_serve(story, "rabbit@b");
        story_serve(story, "rabbit@c");
        story_wait(story, 1000);
    }
}

void story_die_while_starting(struct story *story)
{
    story_unit(story, UNIT_ACTIVATING, "start", "success");
    story_wait(story, 2000);
    story->unit.exec_main_code = 1;
    story->unit.exec_main_status = 1;
    story_unit(story, UNIT_ACTIVATING, "auto-restart", "exit-code");
    story_job(story, false);
}

/* Kills the agent after every step of a rescue and goes on with a new one. */
void story_reincarnate(struct story *story)
{
    struct core_snapshot snapshot;
    struct policy policy = story->core.policy;

    core_snapshot(&story->core, &snapshot, story->now_ms, 1700000000000 + (int64_t)story->now_ms);
    story->now_ms += 300;
    core_init(&story->core, STORY_LOCAL, "", &policy, story->now_ms);
    core_restore(&story->core, &snapshot, story->now_ms, 1700000000000 + (int64_t)story->now_ms);
}
