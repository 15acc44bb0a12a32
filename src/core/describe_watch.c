#include "base/text.h"
#include "core/describe.h"

static void describe_bytes(uint64_t bytes, char *text, size_t size)
{
    if (bytes >= 1ULL << 30)
        text_append(text, size, "%.1f GiB", (double)bytes / (double)(1ULL << 30));
    else
        text_append(text, size, "%.1f MiB", (double)bytes / (double)(1ULL << 20));
}

static void describe_resource(const struct node_view *view, bool memory, char *text, size_t size)
{
    if (!view->resources_known)
        return;
    text_append(text, size, memory ? ": " : ": free ");
    describe_bytes(memory ? view->memory_used_bytes : view->disk_free_bytes, text, size);
    text_append(text, size, memory ? " used, the limit is " : ", the limit is ");
    describe_bytes(memory ? view->memory_limit_bytes : view->disk_limit_bytes, text, size);
}

static void describe_waiting_for(const struct core *core, char *text, size_t size)
{
    bool any = false;

    for (size_t i = 1; i < core->member_count; i++) {
        if (core->members[i].condition != CONDITION_PEER_DOWN)
            continue;
        text_append(
            text, size, "%s%s", any ? ", " : "; not running, it may wait for: ", core->members[i].name);
        any = true;
    }
}

static void describe_slow_boot(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    char duration[32];

    text_duration(duration, sizeof(duration), now_ms - core->members[0].condition_since_ms);
    text_append(text, size, "for %s; its status: %s", duration,
        core->unit.state.status_text[0] ? core->unit.state.status_text : "none");
    describe_waiting_for(core, text, size);
}

static void describe_check(const struct core *core, enum probe_kind kind, char *text, size_t size)
{
    for (size_t i = 0; i < core->member_count; i++) {
        const struct probe_memory *memory = &core->members[i].probes[kind];

        if (memory->misconfigured == 0)
            continue;
        text_append(text, size, "%s of %s: %s", describe_probe_kind(kind), core->members[i].name,
            probe_result_info(memory->result)->sentence);
        return;
    }
    text_append(text, size, "%s", describe_probe_kind(kind));
}

static const char *subject_unit(const struct core *core)
{
    return unit_is_unknown(&core->unit.state) ? "not known there" : "known";
}

static void describe_peer(const struct member *subject, char *text, size_t size)
{
    describe_probes(subject, text, size);
    if (subject->agent.presence == PRESENCE_MISSING)
        text_append(text, size, "; its rmqwatchd does not answer either");
}

static void describe_agent(
    const struct core *core, const struct member *subject, uint64_t now_ms, char *text, size_t size)
{
    char duration[32];

    if (subject->agent.failed_ms == 0) {
        text_append(text, size,
            core->policy.agent_missing_ms > 0 ? "it answers again"
                                              : "the other agents are not asked any more");
        return;
    }
    text_duration(duration, sizeof(duration), now_ms - subject->agent.failed_ms);
    text_append(text, size, "rmqwatchd there has not answered for %s%s", duration,
        subject->agent.refused ? ": nothing listens on its port" : "");
}

/* RabbitMQ 3.10 may fail to resume when the others boot just then: both wait for each other. */
#define RESUME_HINT "; if it does not resume with the others, run there: rabbitmqctl start_app"

void describe_watch(
    const struct core *core, enum watch_kind kind, size_t member, uint64_t now_ms, char *text, size_t size)
{
    const struct member *subject = &core->members[member];
    char duration[32];

    switch (kind) {
    case WATCH_MEMORY_ALARM:
    case WATCH_DISK_ALARM:
        text_append(text, size, kind == WATCH_MEMORY_ALARM ? "memory" : "disk");
        describe_resource(&subject->view, kind == WATCH_MEMORY_ALARM, text, size);
        break;
    case WATCH_SLOW_BOOT:
        describe_slow_boot(core, now_ms, text, size);
        break;
    case WATCH_CHECK_AMQP:
    case WATCH_CHECK_MANAGEMENT:
    case WATCH_CHECK_EXEC:
        describe_check(core, (enum probe_kind)(PROBE_AMQP + (kind - WATCH_CHECK_AMQP)), text, size);
        break;
    case WATCH_CHECK_UNIT:
        text_append(text, size, "systemd: the unit is %s; see the option unit", subject_unit(core));
        break;
    case WATCH_CHECK_LEASE:
        text_append(text, size, "the restart lease could not be had: %s; see the section lease",
            core->lease.usable ? "it can now" : core->lease.problem);
        break;
    case WATCH_STORE:
        text_append(text, size, "%s", core->store_failed ? core->store_problem : "it is written down again");
        break;
    case WATCH_HOLD:
        describe_hold(core, now_ms, text, size);
        break;
    case WATCH_PARTITION:
    case WATCH_STALE_VIEW:
    case WATCH_ISOLATED:
    case WATCH_QUORUM:
        text_append(text, size, "%zu of %zu members serve, %zu can be reached", views_serving(core),
            core->member_count, views_reachable(core));
        views_describe(core, text, size);
        break;
    case WATCH_LEADERLESS:
        text_append(text, size, "%u quorum queues have no leader", subject->view.leaderless_queues);
        break;
    case WATCH_FLAPPING:
        text_append(text, size, "%u incidents lately; the last began with: ", core->rescue.opening_count);
        describe_probes(subject, text, size);
        break;
    case WATCH_PAUSED:
    case WATCH_BUSY:
    case WATCH_APP_STOPPED:
    case WATCH_DRAINED:
    case WATCH_LISTENER:
        describe_probes(subject, text, size);
        process_describe(&core->process, now_ms, text, size);
        if (kind == WATCH_PAUSED && core->watches[kind].raised)
            text_append(text, size, RESUME_HINT);
        break;
    case WATCH_AGENT:
        text_duration(duration, sizeof(duration), core->stall_ms);
        text_append(text, size, "the loop was %s late; older evidence is discarded", duration);
        break;
    case WATCH_PEER_AGENT:
        describe_agent(core, subject, now_ms, text, size);
        break;
    case WATCH_ALL_DOWN:
    case WATCH_PEER:
    case WATCH_KIND_COUNT:
        describe_peer(subject, text, size);
        break;
    }
}
