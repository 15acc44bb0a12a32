#include "base/text.h"
#include "core/describe.h"
#include "words/words.h"

static void describe_bytes(uint64_t bytes, char *text, size_t size)
{
    if (bytes >= 1ULL << 30)
        text_append(text, size, "%.1f GiB", (double)bytes / (double)(1ULL << 30));
    else
        text_append(text, size, "%.1f MiB", (double)bytes / (double)(1ULL << 20));
}

static void describe_resource(
    enum language language, const struct node_view *view, bool memory, char *text, size_t size)
{
    char now[32] = "", limit[32] = "";

    text_append(text, size, "%s", words(language, memory ? WORD("memory") : WORD("disk")));
    if (!view->resources_known)
        return;
    describe_bytes(memory ? view->memory_used_bytes : view->disk_free_bytes, now, sizeof(now));
    describe_bytes(memory ? view->memory_limit_bytes : view->disk_limit_bytes, limit, sizeof(limit));
    text_append(text, size,
        memory ? words(language, ": %s used, the limit is %s")
               : words(language, ": free %s, the limit is %s"),
        now, limit);
}

static void describe_descriptors(
    enum language language, const struct node_view *view, char *text, size_t size)
{
    text_append(text, size, "%s", words(language, "file descriptors"));
    if (view->descriptors_known)
        text_append(text, size, words(language, ": %u used, the limit is %u"),
            (unsigned)view->descriptors_used, (unsigned)view->descriptors_limit);
}

static void describe_waiting_for(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;
    bool any = false;

    for (size_t i = 1; i < core->member_count; i++) {
        if (core->members[i].condition != CONDITION_PEER_DOWN)
            continue;
        text_append(text, size, "%s%s",
            any ? words(language, ", ") : words(language, "; not running, it may wait for: "),
            core->members[i].name);
        any = true;
    }
}

static void describe_slow_boot(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    char duration[32];

    text_duration(duration, sizeof(duration), now_ms - core->members[0].condition_since_ms);
    text_append(text, size, words(core->policy.language, "for %s; its status: %s"), duration,
        core->unit.state.status_text[0] ? core->unit.state.status_text
                                        : words(core->policy.language, "none"));
    describe_waiting_for(core, text, size);
}

static void describe_check(const struct core *core, enum probe_kind kind, char *text, size_t size)
{
    const enum language language = core->policy.language;

    for (size_t i = 0; i < core->member_count; i++) {
        const struct probe_memory *memory = &core->members[i].probes[kind];

        if (memory->misconfigured == 0)
            continue;
        text_append(text, size, words(language, "%s of %s: %s"), describe_probe_kind(language, kind),
            core->members[i].name, words(language, probe_result_info(memory->result)->sentence));
        return;
    }
    text_append(text, size, "%s%s", describe_probe_kind(language, kind),
        member_is_asked(&core->policy, kind) ? "" : words(language, ": not in use any more"));
}

static void describe_unit(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;
    bool unknown = unit_is_unknown(&core->unit.state);

    text_append(text, size, words(language, "systemd: the unit is %s; see the option unit"),
        words(language, unknown ? WORD("not known there") : WORD("known")));
}

static void describe_cluster(const struct core *core, char *text, size_t size)
{
    text_append(text, size, words(core->policy.language, "%zu of %zu members serve, %zu can be reached"),
        views_serving(core), core->member_count, views_reachable(core));
    views_describe(core, text, size);
}

static void describe_stall(const struct core *core, char *text, size_t size)
{
    char duration[32];

    text_duration(duration, sizeof(duration), core->stall_ms);
    text_append(text, size, words(core->policy.language, "the loop was %s late; older evidence is discarded"),
        duration);
}

static void describe_lease(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;
    char heard[RMQ_DETAIL_MAX];

    words_heard(language, core->lease.problem, heard, sizeof(heard));
    text_append(text, size, words(language, "the restart lease could not be had: %s; see the section lease"),
        core->lease.usable ? words(language, "it can now") : heard);
}

static void describe_store(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;
    char heard[RMQ_DETAIL_MAX];

    words_heard(language, core->store_problem, heard, sizeof(heard));
    text_append(text, size, "%s", core->store_failed ? heard : words(language, "it is written down again"));
}

static void describe_peer(enum language language, const struct member *subject, char *text, size_t size)
{
    describe_probes(language, subject, text, size);
    if (subject->agent.presence == PRESENCE_MISSING)
        text_append(text, size, "%s", words(language, "; its rmqwatchd does not answer either"));
}

static void describe_agent(
    const struct core *core, const struct member *subject, uint64_t now_ms, char *text, size_t size)
{
    char duration[32];

    if (subject->agent.failed_ms == 0) {
        text_append(text, size, "%s",
            words(core->policy.language, core->policy.agent_missing_ms > 0
                                             ? WORD("it answers again")
                                             : WORD("the other agents are not asked any more")));
        return;
    }
    text_duration(duration, sizeof(duration), now_ms - subject->agent.failed_ms);
    text_append(
        text, size, words(core->policy.language, "rmqwatchd there has not answered for %s"), duration);
    if (subject->agent.refused)
        text_append(text, size, "%s", words(core->policy.language, ": nothing listens on its port"));
}

/* RabbitMQ 3.10 may fail to resume when the others boot just then: both wait for each other. Or its boot
 * hangs, which only a new process ends. */
#define RESUME_HINT                                                                                          \
    WORD("; if it does not resume with the others, run there: rabbitmqctl start_app; or restart the unit")

void describe_watch(
    const struct core *core, enum watch_kind kind, size_t member, uint64_t now_ms, char *text, size_t size)
{
    const enum language language = core->policy.language;
    const struct member *subject = &core->members[member];

    switch (kind) {
    case WATCH_MEMORY_ALARM:
    case WATCH_DISK_ALARM:
        describe_resource(language, &subject->view, kind == WATCH_MEMORY_ALARM, text, size);
        break;
    case WATCH_DESCRIPTOR_ALARM:
        describe_descriptors(language, &subject->view, text, size);
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
        describe_unit(core, text, size);
        break;
    case WATCH_CHECK_LEASE:
        describe_lease(core, text, size);
        break;
    case WATCH_STORE:
        describe_store(core, text, size);
        break;
    case WATCH_HOLD:
        describe_hold(core, now_ms, text, size);
        break;
    case WATCH_PARTITION:
    case WATCH_STALE_VIEW:
    case WATCH_ISOLATED:
    case WATCH_QUORUM:
        describe_cluster(core, text, size);
        break;
    case WATCH_LEADERLESS:
        text_append(
            text, size, words(language, "%u quorum queues have no leader"), subject->view.leaderless_queues);
        break;
    case WATCH_FLAPPING:
        text_append(text, size, words(language, "%u incidents lately; the last began with: "),
            core->rescue.opening_count);
        describe_probes(language, subject, text, size);
        break;
    case WATCH_PAUSED:
    case WATCH_BUSY:
    case WATCH_APP_STOPPED:
    case WATCH_DRAINED:
    case WATCH_LISTENER:
    case WATCH_NOT_SERVING:
        describe_probes(language, subject, text, size);
        process_describe(language, &core->process, now_ms, text, size);
        if (kind == WATCH_PAUSED && core->watches[kind].raised)
            text_append(text, size, "%s", words(language, RESUME_HINT));
        break;
    case WATCH_AGENT:
        describe_stall(core, text, size);
        break;
    case WATCH_PEER_AGENT:
        describe_agent(core, subject, now_ms, text, size);
        break;
    case WATCH_ALL_DOWN:
    case WATCH_PEER:
    case WATCH_KIND_COUNT:
        describe_peer(language, subject, text, size);
        break;
    }
}
