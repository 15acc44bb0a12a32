#include "core/verify.h"
#include "base/text.h"
#include "words/words.h"

/* Right after a start the proofs come in within a second: asking often then saves time that counts. */
enum { FIRST_ASK_MS = 125 };

static const struct member *local_of(const struct core *core)
{
    return &core->members[0];
}

/* Without the management API its proofs cannot be had; the unit's own readiness stands in for them. */
static bool has_api(const struct core *core)
{
    return core->policy.probe_management;
}

static bool fresh(const struct core *core, uint64_t started_ms)
{
    return started_ms >= core->rescue.active_ms;
}

static bool booted(const struct core *core)
{
    const struct member *local = local_of(core);

    return !has_api(core) ||
           (fresh(core, local->members_started_ms) && member_says_running(local, local->name) == 1);
}

static bool amqp_answers(const struct core *core)
{
    const struct probe_memory *amqp = &local_of(core)->probes[PROBE_AMQP];
    const struct probe_memory *exec = &local_of(core)->probes[PROBE_EXEC];

    if (!core->policy.probe_amqp) /* a command of the operator's stands in */
        return !core->policy.probe_exec || (exec->failures == 0 && fresh(core, exec->succeeded_ms));
    return amqp->failures == 0 && fresh(core, amqp->deep_ok_ms);
}

static bool no_alarm(const struct core *core)
{
    const struct member *local = local_of(core);

    return !has_api(core) || (fresh(core, local->alarms_started_ms) && !local->view.memory_alarm &&
                                 !local->view.disk_alarm && !local->view.descriptor_alarm);
}

/* Of the others that live, how many say that this node runs. */
static void count_peers(const struct core *core, size_t *ret_living, size_t *ret_agreeing)
{
    *ret_living = 0;
    *ret_agreeing = 0;
    for (size_t i = 1; i < core->member_count; i++) {
        const struct member *peer = &core->members[i];

        if (!member_is_up(peer))
            continue;
        ++*ret_living;
        if (fresh(core, peer->members_started_ms) && member_says_running(peer, local_of(core)->name) == 1)
            ++*ret_agreeing;
    }
}

static bool peers_agree(const struct core *core)
{
    size_t living, agreeing;

    if (!has_api(core))
        return true;
    count_peers(core, &living, &agreeing);
    return agreeing * 2 > living || living == 0;
}

/* The broker's statistics tell of partitions only some seconds after its start: until then it is enough that
 * nobody has heard of one, and the end of the proof waits for their word. */
static bool partitions_told(const struct core *core)
{
    return !has_api(core) || fresh(core, local_of(core)->partitions_started_ms);
}

static bool not_partitioned(const struct core *core)
{
    return !has_api(core) || !partitions_told(core) || !local_of(core)->view.partitioned;
}

static bool vhosts_up(const struct core *core)
{
    const struct member *local = local_of(core);

    return !has_api(core) || (fresh(core, local->vhosts_started_ms) && local->view.vhosts_up);
}

static bool unit_active(const struct core *core)
{
    return core->unit.known && unit_is_running(&core->unit.state);
}

static bool (*const proofs[VERIFY_STABLE])(const struct core *core) = {
    [VERIFY_UNIT] = unit_active,
    [VERIFY_BOOT] = booted,
    [VERIFY_AMQP] = amqp_answers,
    [VERIFY_ALARM] = no_alarm,
    [VERIFY_PEERS] = peers_agree,
    [VERIFY_PARTITION] = not_partitioned,
    [VERIFY_VHOSTS] = vhosts_up,
};

void verify_begin(struct core *core, uint64_t now_ms)
{
    core->rescue.active_ms = now_ms;
    core->rescue.verify = (struct verify){.step = VERIFY_UNIT,
        .step_since_ms = now_ms,
        .ask_ms = now_ms + FIRST_ASK_MS,
        .ask_pause_ms = FIRST_ASK_MS};
}

enum verify_step verify_advance(struct core *core, uint64_t now_ms)
{
    struct verify *verify = &core->rescue.verify;
    enum verify_step step = VERIFY_UNIT;

    while (step < VERIFY_STABLE && proofs[step](core))
        step++;
    if (step == VERIFY_STABLE && verify->step >= VERIFY_STABLE && partitions_told(core) &&
        now_ms - verify->stable_since_ms >= core->policy.verify_stable_ms)
        step = VERIFY_DONE;
    if (step != verify->step) {
        /* Falling back restarts the clock of stability, but the lost step gets its full deadline. */
        if (step == VERIFY_STABLE)
            verify->stable_since_ms = now_ms;
        verify->step = step;
        verify->step_since_ms = now_ms;
    }
    return step;
}

bool verify_wants_answers(struct core *core, uint64_t now_ms)
{
    struct verify *verify = &core->rescue.verify;

    if (verify->step >= VERIFY_STABLE || now_ms < verify->ask_ms ||
        verify->ask_pause_ms > core->policy.fast_interval_ms)
        return false;
    verify->ask_ms = now_ms + verify->ask_pause_ms;
    verify->ask_pause_ms *= 2;
    return true;
}

/* All proofs hold, but for the word on partitions: it is waited for as long as for any other proof. */
static uint64_t stable_end_ms(const struct core *core)
{
    const struct policy *policy = &core->policy;

    return core->rescue.verify.stable_since_ms +
           (partitions_told(core) ? policy->verify_stable_ms : policy->verify_timeout_ms);
}

uint64_t verify_deadline_ms(const struct core *core)
{
    const struct verify *verify = &core->rescue.verify;

    if (verify->step == VERIFY_STABLE) /* once people know, only news can end it, not time */
        return core->rescue.state == STATE_UNVERIFIED && !partitions_told(core) ? UINT64_MAX
                                                                                : stable_end_ms(core);
    if (verify->ask_pause_ms <= core->policy.fast_interval_ms)
        return verify->ask_ms;
    return verify->step_since_ms + core->policy.verify_timeout_ms;
}

/* A node that keeps losing steps must not be "about to be verified" for ever. */
static uint64_t hard_end_ms(const struct core *core)
{
    return core->rescue.active_ms + core->policy.verify_timeout_ms * VERIFY_DONE +
           core->policy.verify_stable_ms;
}

bool verify_is_late(const struct core *core, uint64_t now_ms)
{
    const struct verify *verify = &core->rescue.verify;

    if (now_ms >= hard_end_ms(core))
        return true;
    if (verify->step == VERIFY_STABLE)
        return !partitions_told(core) && now_ms >= stable_end_ms(core);
    return now_ms - verify->step_since_ms >= core->policy.verify_timeout_ms;
}

void verify_describe(const struct core *core, char *text, size_t size)
{
    static const char *const steps[] = {
        [VERIFY_UNIT] = WORD("the unit is active"),
        [VERIFY_BOOT] = WORD("the node lists itself as running"),
        [VERIFY_AMQP] = WORD("the AMQP port answers with bytes"),
        [VERIFY_ALARM] = WORD("no memory, disk or descriptor alarm"),
        [VERIFY_PEERS] = WORD("a majority of the other living nodes list it as running"),
        [VERIFY_PARTITION] = WORD("no partition"),
        [VERIFY_VHOSTS] = WORD("the virtual hosts are up"),
        [VERIFY_STABLE] = WORD("all of it stays so"),
        [VERIFY_DONE] = WORD("all of it has stayed so"),
    };
    const struct probe_memory *api = &local_of(core)->probes[PROBE_MANAGEMENT];
    const enum language language = core->policy.language;
    size_t living, agreeing;

    if (core->rescue.verify.step == VERIFY_STABLE && !partitions_told(core)) {
        text_append(text, size, "%s",
            words(language, "missing proof: no partition (the broker's statistics do not tell yet)"));
        return;
    }
    text_append(
        text, size, words(language, "missing proof: %s"), words(language, steps[core->rescue.verify.step]));
    if (core->rescue.verify.step == VERIFY_PEERS) {
        count_peers(core, &living, &agreeing);
        text_append(text, size, words(language, " (%zu of %zu do)"), agreeing, living);
    } else if (core->rescue.verify.step != VERIFY_UNIT && api->seen &&
               probe_result_info(api->result)->health != HEALTH_UP) {
        text_append(text, size, words(language, " (the management API: %s)"),
            words(language, probe_result_info(api->result)->sentence));
    }
}
