#include "core_story.h"

#include "sim/sim.h"

#include <stdio.h>
#include <string.h>

static const char *const everyone[] = {"rabbit@a", "rabbit@b", "rabbit@c"};

/* With a lease that can be had while the cluster has no majority. */
struct policy story_policy(void)
{
    struct policy policy = sim_default_policy();

    policy.lease_independent = true;
    return policy;
}

int64_t story_wall_ms(const struct story *story)
{
    return 1700000000000 + (int64_t)story->now_ms;
}

static void save(struct story *story)
{
    story->saved = true;
    core_snapshot(&story->core, &story->snapshot, story->now_ms, story_wall_ms(story));
}

static void count_actions(struct story *story)
{
    for (size_t i = 0; i < story->actions.count; i++) {
        const struct action *action = &story->actions.items[i];

        story->starts += action->kind == ACTION_START_UNIT;
        story->restarts += action->kind == ACTION_RESTART_UNIT;
        story->kills += action->kind == ACTION_KILL_UNIT;
        story->dumps += action->kind == ACTION_DUMP_UNIT;
        story->stops += action->kind == ACTION_STOP_UNIT;
        story->asks += action->kind == ACTION_ASK;
        story->saves += action->kind == ACTION_SAVE;
        story->collects += action->kind == ACTION_COLLECT;
        story->lease_asks += action->kind == ACTION_LEASE_ACQUIRE;
        story->lease_releases += action->kind == ACTION_LEASE_RELEASE;
        story->lease_checks += action->kind == ACTION_LEASE_CHECK;
        story->did |= UINT64_C(1) << action->kind;
        if (action->kind == ACTION_SAVE)
            save(story);
        if (action->kind == ACTION_NOTICE || action->kind == ACTION_SEND) {
            story->told[action->notice.kind]++;
            story->last = action->notice;
        }
    }
}

static void step_once(struct story *story, struct event *event)
{
    event->now_ms = story->now_ms;
    event->wall_ms = story_wall_ms(story);
    core_step(&story->core, event, &story->actions);
    count_actions(story);
}

/* What the world does by itself: the collector ends, the lease is answered for. */
static void answer(struct story *story)
{
    struct event evidence = {.kind = EVENT_EVIDENCE, .evidence = story->evidence};
    struct event lease = {.kind = EVENT_LEASE, .lease = {.status = story->lease_answer}};

    if (story_did(story, ACTION_COLLECT) && !story->mute_collector) {
        snprintf(evidence.evidence.incident, sizeof(evidence.evidence.incident), "%s",
            story->core.rescue.incident.id);
        step_once(story, &evidence);
    }
    if (story_did(story, ACTION_LEASE_ACQUIRE) && !story->mute_lease)
        step_once(story, &lease);
}

void story_step(struct story *story, struct event *event)
{
    uint32_t collects = story->collects, lease_asks = story->lease_asks;

    story->did = 0;
    step_once(story, event);
    for (int i = 0; i < 4 && (collects != story->collects || lease_asks != story->lease_asks); i++) {
        collects = story->collects;
        lease_asks = story->lease_asks;
        answer(story);
    }
}

void story_lease(struct story *story, enum lease_status status, const char *detail)
{
    struct event event = {.kind = EVENT_LEASE, .lease = {.status = status}};

    snprintf(event.lease.detail, sizeof(event.lease.detail), "%s", detail);
    story_step(story, &event);
}

void story_configure(struct story *story, struct policy policy)
{
    struct event event = {.kind = EVENT_POLICY, .policy = policy};

    story_step(story, &event);
}

void story_operator(struct story *story, enum operator_kind kind, uint64_t for_ms)
{
    struct event event = {
        .kind = EVENT_OPERATOR, .operator= {.kind = kind, .owner = "ann", .reason = "new disks"} };

    event.operator.until_wall_ms = story_wall_ms(story) + (int64_t)for_ms;
    story_step(story, &event);
}

void story_host(struct story *story, char state, uint64_t cpu_ms, uint64_t run_delay_ms)
{
    struct event event = {.kind = EVENT_HOST,
        .host = {.process_known = true,
            .pid = 100,
            .process_state = state,
            .cpu_ms = cpu_ms,
            .run_delay_known = true,
            .run_delay_ms = run_delay_ms,
            .runnable_threads = story->runnable_threads,
            .packages_known = true}};

    story_step(story, &event);
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
    bool died = active == UNIT_FAILED || active == UNIT_INACTIVE || !strcmp(sub, "auto-restart");

    /* systemd notes it when it happens; the wait for a restart follows upon a failure, told or not. */
    if (died && story->unit.active != UNIT_FAILED && story->unit.active != UNIT_INACTIVE)
        story->unit.inactive_enter_ms = story->now_ms;
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

struct node_view story_everything(const char *down)
{
    struct node_view view = {
        .alarms_known = true,
        .partitions_known = true,
        .vhosts_known = true,
        .vhosts_up = true,
        .members_known = true,
        .member_count = 3,
    };

    for (size_t i = 0; i < 3; i++) {
        snprintf(view.members[i].name, RMQ_NODE_NAME_MAX, "%s", everyone[i]);
        view.members[i].running = !down || strcmp(everyone[i], down) != 0;
    }
    return view;
}

void story_answer(struct story *story, const char *node, const struct node_view *view)
{
    struct event event = probe_of(story, node, PROBE_MANAGEMENT, PROBE_RESULT_OK);

    event.probe.has_view = true;
    event.probe.view = *view;
    story_step(story, &event);
}

void story_view(struct story *story, const char *node, const char *down)
{
    struct node_view view = story_everything(down);

    story_answer(story, node, &view);
}

void story_view_without_statistics(struct story *story, const char *node)
{
    struct node_view view = story_everything(NULL);

    view.partitions_known = false;
    story_answer(story, node, &view);
}

void story_alarm(struct story *story, bool memory)
{
    struct node_view view = {.alarms_known = true, .memory_alarm = memory};

    story_answer(story, STORY_LOCAL, &view);
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

void story_fail(
    struct story *story, const char *node, const char *other, enum probe_result result, unsigned count)
{
    while (count-- > 0) {
        for (const char *const *each = (const char *const[]){node, other, NULL}; *each; each++) {
            story_probe(story, *each, PROBE_AMQP, result);
            story_probe(story, *each, PROBE_MANAGEMENT, result);
        }
        story_wait(story, 1000);
    }
}

void story_hang(struct story *story, unsigned count)
{
    story_fail(story, STORY_LOCAL, NULL, PROBE_RESULT_SILENT, count);
}

void story_hang_as(struct story *story, char state, uint64_t cpu_ms, uint64_t run_delay_ms, unsigned count)
{
    while (count-- > 0) {
        story->cpu_ms += cpu_ms;
        story->run_delay_ms += run_delay_ms;
        story_host(story, state, story->cpu_ms, story->run_delay_ms);
        story_hang(story, 1);
    }
}

bool story_did(const struct story *story, enum action_kind kind)
{
    return (story->did >> kind) & 1;
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

static void reincarnate(struct story *story, uint64_t ms, const struct policy *policy)
{
    story->now_ms += ms;
    core_init(&story->core, STORY_LOCAL, "", policy, story->now_ms);
    if (story->saved)
        core_restore(&story->core, &story->snapshot, story->now_ms, story_wall_ms(story));
}

void story_reincarnate_after(struct story *story, uint64_t ms)
{
    struct policy policy = story->core.policy;

    reincarnate(story, ms, &policy);
}

void story_reincarnate_as(struct story *story, struct policy policy)
{
    reincarnate(story, 300, &policy);
}

void story_reincarnate(struct story *story)
{
    story_reincarnate_after(story, 300);
}
