#include "core/describe.h"
#include "base/text.h"
#include "core/quorum.h"
#include "core/verify.h"

#include <string.h>

enum { EXIT_BY_CODE = 1, EXIT_BY_SIGNAL = 2, EXIT_BY_CORE_DUMP = 3 }; /* CLD_* of waitid(2) */

static void describe_exit(const struct unit_state *unit, char *text, size_t size)
{
    switch (unit->exec_main_code) {
    case EXIT_BY_CODE:
        text_append(text, size, "the main process ended with exit code %d", unit->exec_main_status);
        break;
    case EXIT_BY_SIGNAL:
    case EXIT_BY_CORE_DUMP:
        text_append(text, size, "the main process was ended by signal %d%s%s", unit->exec_main_status,
            unit->exec_main_status == 9    ? " (SIGKILL)"
            : unit->exec_main_status == 11 ? " (SIGSEGV)"
                                           : "",
            unit->exec_main_code == EXIT_BY_CORE_DUMP ? " and dumped core" : "");
        break;
    default:
        text_append(text, size, "the unit is %s", unit->sub_state[0] ? unit->sub_state : "dead");
        break;
    }
    if (unit->result[0] && strcmp(unit->result, "success") != 0)
        text_append(text, size, " (result: %s)", unit->result);
}

static void describe_budget(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    char window[32];

    text_duration(window, sizeof(window), core->policy.restart_window_ms);
    text_append(text, size, "; %u of %u restarts within %s used",
        budget_used(&core->rescue.budget, &core->policy, now_ms), core->policy.max_restarts, window);
}

static void describe_next(const struct core *core, const char *what, uint64_t now_ms, char *text, size_t size)
{
    char pause[32];

    if (core->rescue.deadline_ms == UINT64_MAX || core->rescue.deadline_ms <= now_ms)
        return;
    text_duration(pause, sizeof(pause), core->rescue.deadline_ms - now_ms);
    text_append(text, size, "; %s in %s", what, pause);
}

static const char *probe_label(enum probe_kind kind)
{
    static const char *const labels[PROBE_KIND_COUNT] = {"AMQP", "management API", "command"};

    return labels[kind];
}

void describe_probes(const struct member *member, char *text, size_t size)
{
    bool first = true;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        const struct probe_memory *memory = &member->probes[kind];

        if (!memory->seen)
            continue;
        text_append(text, size, "%s%s: %s", first ? "" : "; ", probe_label((enum probe_kind)kind),
            probe_result_info(memory->result)->sentence);
        if (memory->failures > 1)
            text_append(text, size, " (%u in a row)", memory->failures);
        first = false;
    }
}

void describe_rescue(const struct core *core, enum notice_kind kind, uint64_t now_ms, char *text, size_t size)
{
    const struct rescue *rescue = &core->rescue;

    switch (kind) {
    case NOTICE_CRASHED:
    case NOTICE_RETRYING:
    case NOTICE_GAVE_UP:
        describe_exit(&core->unit.state, text, size);
        describe_budget(core, now_ms, text, size);
        if (kind != NOTICE_CRASHED) /* that one is being started right now */
            describe_next(
                core, kind == NOTICE_GAVE_UP ? "next slow retry" : "next start", now_ms, text, size);
        break;
    case NOTICE_HUNG:
        describe_probes(&core->members[0], text, size);
        break;
    case NOTICE_RESTARTING:
        quorum_describe(core, text, size);
        describe_budget(core, now_ms, text, size);
        break;
    case NOTICE_HELD:
        if (rescue->refusal[0])
            text_append(text, size, "%s", rescue->refusal);
        else
            quorum_describe(core, text, size);
        describe_next(core, "next try", now_ms, text, size);
        break;
    case NOTICE_WOULD_ACT:
        if (unit_is_dead(&core->unit))
            describe_exit(&core->unit.state, text, size);
        else
            quorum_describe(core, text, size);
        break;
    case NOTICE_UNVERIFIED:
        verify_describe(core, text, size);
        break;
    case NOTICE_RECOVERED:
        describe_probes(&core->members[0], text, size);
        break;
    default:
        break;
    }
}

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

static void describe_check(const struct core *core, enum probe_kind kind, char *text, size_t size)
{
    for (size_t i = 0; i < core->member_count; i++) {
        const struct probe_memory *memory = &core->members[i].probes[kind];

        if (memory->misconfigured == 0)
            continue;
        text_append(text, size, "%s of %s: %s", probe_label(kind), core->members[i].name,
            probe_result_info(memory->result)->sentence);
        return;
    }
    text_append(text, size, "%s", probe_label(kind));
}

static const char *subject_unit(const struct core *core)
{
    return unit_is_unknown(&core->unit.state) ? "not known there" : "known";
}

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
        text_duration(duration, sizeof(duration), now_ms - subject->condition_since_ms);
        text_append(text, size, "for %s; its status: %s", duration,
            core->unit.state.status_text[0] ? core->unit.state.status_text : "none");
        describe_waiting_for(core, text, size);
        break;
    case WATCH_CHECK_AMQP:
    case WATCH_CHECK_MANAGEMENT:
    case WATCH_CHECK_EXEC:
        describe_check(core, (enum probe_kind)(PROBE_AMQP + (kind - WATCH_CHECK_AMQP)), text, size);
        break;
    case WATCH_CHECK_UNIT:
        text_append(text, size, "systemd: the unit is %s; see the option unit", subject_unit(core));
        break;
    case WATCH_AGENT:
        text_duration(duration, sizeof(duration), core->stall_ms);
        text_append(text, size, "the loop was %s late; older evidence is discarded", duration);
        break;
    case WATCH_ALL_DOWN:
    case WATCH_PEER:
    case WATCH_KIND_COUNT:
        describe_probes(subject, text, size);
        break;
    }
}

void describe_phases(const struct core *core, uint64_t now_ms, struct notice *notice)
{
    static const char *const names[PHASE_COUNT] = {"detect", "ask", "kill", "boot", "verify"};
    const struct incident *incident = &core->rescue.incident;

    for (int i = 0; i < PHASE_COUNT; i++)
        if (incident->phase_ms[i] > 0)
            notice->phases[notice->phase_count++] = (struct phase){names[i], incident->phase_ms[i]};
    notice->phases[notice->phase_count++] =
        (struct phase){"total", now_ms - incident->since_ms + incident->phase_ms[PHASE_DETECT]};
}
