#include "core/describe.h"
#include "base/text.h"
#include "core/dump.h"
#include "core/quorum.h"
#include "core/verify.h"
#include "words/words.h"

#include <string.h>

enum { EXIT_BY_CODE = 1, EXIT_BY_SIGNAL = 2, EXIT_BY_CORE_DUMP = 3 }; /* CLD_* of waitid(2) */

static void describe_exit(enum language language, const struct unit_state *unit, char *text, size_t size)
{
    switch (unit->exec_main_code) {
    case EXIT_BY_CODE:
        text_append(
            text, size, words(language, "the main process ended with exit code %d"), unit->exec_main_status);
        break;
    case EXIT_BY_SIGNAL:
    case EXIT_BY_CORE_DUMP:
        text_append(text, size, words(language, "the main process was ended by signal %d%s%s"),
            unit->exec_main_status,
            unit->exec_main_status == 9    ? " (SIGKILL)"
            : unit->exec_main_status == 11 ? " (SIGSEGV)"
                                           : "",
            unit->exec_main_code == EXIT_BY_CORE_DUMP ? words(language, " and dumped core") : "");
        break;
    default:
        text_append(
            text, size, words(language, "the unit is %s"), unit->sub_state[0] ? unit->sub_state : "dead");
        break;
    }
    if (unit->result[0] && strcmp(unit->result, "success") != 0)
        text_append(text, size, words(language, " (result: %s)"), unit->result);
}

static void describe_budget(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    char window[32];

    text_duration(window, sizeof(window), core->policy.restart_window_ms);
    text_append(text, size, words(core->policy.language, "; %u of %u restarts within %s used"),
        budget_used(&core->rescue.budget, &core->policy, now_ms), core->policy.max_restarts, window);
}

static void describe_next(const struct core *core, const char *what, uint64_t now_ms, char *text, size_t size)
{
    char pause[32];

    if (core->rescue.deadline_ms == UINT64_MAX || core->rescue.deadline_ms <= now_ms)
        return;
    text_duration(pause, sizeof(pause), core->rescue.deadline_ms - now_ms);
    text_append(
        text, size, words(core->policy.language, "; %s in %s"), words(core->policy.language, what), pause);
}

const char *describe_probe_kind(enum language language, enum probe_kind kind)
{
    static const char *const labels[PROBE_KIND_COUNT] = {
        WORD("AMQP"), WORD("management API"), WORD("command")};

    return words(language, labels[kind]);
}

void describe_probes(enum language language, const struct member *member, char *text, size_t size)
{
    bool first = true;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        const struct probe_memory *memory = &member->probes[kind];

        if (!memory->seen)
            continue;
        text_append(text, size, words(language, "%s%s: %s"), first ? "" : words(language, "; "),
            describe_probe_kind(language, (enum probe_kind)kind),
            words(language, probe_result_info(memory->result)->sentence));
        if (memory->failures > 1)
            text_append(text, size, words(language, " (%u in a row)"), memory->failures);
        first = false;
    }
}

void describe_hold(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    const enum language language = core->policy.language;
    const struct hold *hold = &core->hold;
    char stamp[32];

    if (hold->active) {
        text_timestamp(stamp, sizeof(stamp), hold->until_wall_ms);
        text_append(text, size, words(language, "%s holds it until %s: %s"),
            hold->owner[0] ? hold->owner : words(language, "somebody"), stamp, hold->reason);
    } else if (core->unit.known && unit_is_masked(&core->unit.state)) {
        text_append(text, size, "%s",
            words(language, "the unit is masked: once dead, it could not be started again"));
    } else if (core_is_on_hold(core, now_ms)) {
        text_append(text, size, words(language, "a package manager is at work (%s)"), core->package_manager);
    } else {
        text_append(text, size, "%s", words(language, "the hold is over"));
    }
}

/* What keeps us from acting, the strongest reason first, as in the table. */
static void describe_obstacle(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    const enum language language = core->policy.language;
    char heard[RMQ_DETAIL_MAX];

    words_heard(
        language, core->rescue.refusal[0] ? core->rescue.refusal : core->lease.detail, heard, sizeof(heard));
    if (core->rescue.refusal[0])
        text_append(text, size, "%s", heard);
    else if (core_is_on_hold(core, now_ms))
        describe_hold(core, now_ms, text, size);
    else if (views_partitioned(core, now_ms) || views_stale(core, now_ms))
        views_describe(core, text, size);
    else if (core->lease.detail[0] && quorum_is_safe(core))
        text_append(text, size, words(language, "the lease: %s"), heard);
    else
        quorum_describe(core, text, size);
}

/* A restart in order, of one that is well, needs none. */
static void describe_dump(const struct core *core, uint64_t now_ms, char *text, size_t size)
{
    uint64_t dump_ms = dump_time_ms(core, now_ms);
    char duration[32];

    if (dump_ms == 0 || core->rescue.state != STATE_KILLING)
        return;
    text_duration(duration, sizeof(duration), dump_ms);
    text_append(text, size,
        words(core->policy.language, "; it is to write a crash dump first, for at most %s"), duration);
}

void describe_rescue(const struct core *core, enum notice_kind kind, uint64_t now_ms, char *text, size_t size)
{
    switch (kind) {
    case NOTICE_CRASHED:
    case NOTICE_RETRYING:
    case NOTICE_GAVE_UP:
        describe_exit(core->policy.language, &core->unit.state, text, size);
        describe_budget(core, now_ms, text, size);
        if (kind != NOTICE_CRASHED) /* that one is being started right now */
            describe_next(core, kind == NOTICE_GAVE_UP ? WORD("next slow retry") : WORD("next start"), now_ms,
                text, size);
        break;
    case NOTICE_HUNG:
        describe_probes(core->policy.language, &core->members[0], text, size);
        process_describe(core->policy.language, &core->process, now_ms, text, size);
        break;
    case NOTICE_RESTARTING:
        quorum_describe(core, text, size);
        describe_budget(core, now_ms, text, size);
        describe_dump(core, now_ms, text, size);
        break;
    case NOTICE_HELD:
        describe_obstacle(core, now_ms, text, size);
        describe_next(core, WORD("next try"), now_ms, text, size);
        break;
    case NOTICE_WOULD_ACT:
        if (unit_is_dead(&core->unit))
            describe_exit(core->policy.language, &core->unit.state, text, size);
        else
            quorum_describe(core, text, size);
        break;
    case NOTICE_UNVERIFIED:
        verify_describe(core, text, size);
        break;
    case NOTICE_RECOVERED:
        describe_probes(core->policy.language, &core->members[0], text, size);
        break;
    default:
        break;
    }
}

void describe_phases(const struct core *core, uint64_t now_ms, struct notice *notice)
{
    static const char *const names[PHASE_COUNT] = {
        WORD("detect"), WORD("ask"), WORD("kill"), WORD("boot"), WORD("verify")};
    const struct incident *incident = &core->rescue.incident;

    for (int i = 0; i < PHASE_COUNT; i++)
        if (incident->phase_ms[i] > 0)
            notice->phases[notice->phase_count++] = (struct phase){names[i], incident->phase_ms[i]};
    notice->phases[notice->phase_count++] =
        (struct phase){WORD("total"), now_ms - incident->since_ms + incident->phase_ms[PHASE_DETECT]};
}
