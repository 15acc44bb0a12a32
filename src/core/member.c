#include "core/member.h"

#include <string.h>

void member_init(struct member *member, const char *name, bool local)
{
    memset(member, 0, sizeof(*member));
    strncpy(member->name, name, sizeof(member->name) - 1);
    member->local = local;
}

/* All that its API told. */
static void forget_words(struct member *member)
{
    memset(&member->view, 0, sizeof(member->view));
    member->alarms_started_ms = 0;
    member->members_started_ms = 0;
    member->partitions_started_ms = 0;
    member->vhosts_started_ms = 0;
    member->queues_started_ms = 0;
    member->recalled = false;
    member->drained = false;
    member->leaderless_seen = 0;
}

void member_forget(struct member *member)
{
    memset(member->probes, 0, sizeof(member->probes));
    forget_words(member);
    presence_forget(&member->agent);
}

void member_suspect(struct member *member)
{
    member->probes[PROBE_AMQP] =
        (struct probe_memory){.seen = true, .result = PROBE_RESULT_SILENT, .failures = 1};
}

/* A connection alone proves nothing after silence: the kernel accepts on behalf of a hung broker. */
static bool proves_nothing(const struct probe_memory *memory, const struct probe_event *probe)
{
    return probe->kind == PROBE_AMQP && probe->result == PROBE_RESULT_OK && !probe->deep &&
           memory->failures > 0 && memory->result == PROBE_RESULT_SILENT;
}

static void absorb_up(
    struct probe_memory *memory, const struct probe_event *probe, const struct policy *policy)
{
    memory->failures = 0;
    memory->timeouts = 0;
    memory->refusals = 0;
    memory->mutes = 0;
    memory->misconfigured = 0;
    memory->slow = false;
    if (memory->successes == 0)
        memory->up_since_ms = probe->started_ms;
    memory->succeeded_ms = probe->started_ms;
    if (probe->deep)
        memory->deep_ok_ms = probe->started_ms;
    if (memory->successes < UINT32_MAX)
        memory->successes++;
    /* The first answer ever counts at once: there is nothing to rise from. */
    if (memory->health == HEALTH_UNKNOWN || memory->successes >= policy->rise)
        memory->health = HEALTH_UP;
}

static void absorb_down(struct probe_memory *memory, const struct probe_event *probe,
    const struct probe_result_info *info, const struct policy *policy)
{
    bool timed_out = info->timed_out;
    uint64_t apart_ms = policy->fast_interval_ms * 3 / 4; /* a fast interval, less what timers are early by */

    memory->successes = 0;
    memory->misconfigured = 0;
    /* Probes that were asked for in between see the same failure, not another one. */
    if (memory->failures > 0 && probe->started_ms < memory->counted_ms + apart_ms)
        return;
    /* One that was only suspected has not been seen to fail before. */
    if (memory->failures == 0 || memory->failed_since_ms == 0)
        memory->failed_since_ms = probe->started_ms;
    memory->counted_ms = probe->started_ms;
    memory->failures++;
    memory->timeouts = timed_out ? memory->timeouts + 1 : 0;
    memory->refusals = timed_out ? 0 : memory->refusals + 1;
    memory->mutes = info->host_answers ? 0 : memory->mutes + 1;
    if (memory->refusals == 1)
        memory->refused_since_ms = probe->started_ms;
    if (memory->timeouts == 1)
        memory->silent_since_ms = probe->started_ms;
    if (memory->failures >= policy->fall)
        memory->health = HEALTH_DOWN;
}

static void absorb_view(struct member *member, const struct probe_event *probe, uint64_t now_ms)
{
    const struct node_view *view = &probe->view;

    if (view->alarms_known) {
        member->view.alarms_known = true;
        member->view.memory_alarm = view->memory_alarm;
        member->view.disk_alarm = view->disk_alarm;
        member->view.descriptor_alarm = view->descriptor_alarm;
        member->alarms_started_ms = probe->started_ms;
    }
    if (view->members_known) {
        member->view.members_known = true;
        member->view.member_count = view->member_count;
        memcpy(member->view.members, view->members, sizeof(view->members));
        member->members_started_ms = probe->started_ms;
        member->members_heard_ms = now_ms;
        member->drained = member_says_drained(member, member->name);
        member->recalled = false;
    }
    if (view->partitions_known) {
        member->view.partitions_known = true;
        member->view.partitioned = view->partitioned;
        member->partitions_started_ms = probe->started_ms;
    }
    if (view->vhosts_known) {
        member->view.vhosts_known = true;
        member->view.vhosts_up = view->vhosts_up;
        member->vhosts_started_ms = probe->started_ms;
    }
    if (view->queues_known) {
        member->view.queues_known = true;
        member->view.queues_critical = view->queues_critical;
        member->queues_started_ms = probe->started_ms;
    }
    if (view->leaders_known) {
        member->view.leaders_known = true;
        member->view.leaderless_queues = view->leaderless_queues;
        member->leaderless_seen = view->leaderless_queues > 0 ? member->leaderless_seen + 1 : 0;
    }
    if (view->resources_known) {
        member->view.resources_known = true;
        member->view.memory_used_bytes = view->memory_used_bytes;
        member->view.memory_limit_bytes = view->memory_limit_bytes;
        member->view.disk_free_bytes = view->disk_free_bytes;
        member->view.disk_limit_bytes = view->disk_limit_bytes;
    }
    if (view->descriptors_known) {
        member->view.descriptors_known = true;
        member->view.descriptors_used = view->descriptors_used;
        member->view.descriptors_limit = view->descriptors_limit;
    }
}

/* An answer that was overtaken by a later one. Nobody can tell which of them was written first, so the worse
 * one counts until the next. */
static void absorb_overtaken(struct member *member, const struct probe_event *probe)
{
    if (probe->has_view && probe->view.partitions_known && probe->view.partitioned)
        member->view.partitioned = true;
}

void member_absorb(
    struct member *member, const struct probe_event *probe, const struct policy *policy, uint64_t now_ms)
{
    struct probe_memory *memory = &member->probes[probe->kind];
    const struct probe_result_info *info = probe_result_info(probe->result);

    if (probe->started_ms < memory->succeeded_ms) {
        absorb_overtaken(member, probe);
        return;
    }
    if (proves_nothing(memory, probe))
        return;
    if (info->health == HEALTH_UP) {
        absorb_up(memory, probe, policy);
    } else if (info->health == HEALTH_DOWN) {
        absorb_down(memory, probe, info, policy);
        /* One that is not there any more may come back as another: what it said of the others is void. */
        if (probe->kind == PROBE_MANAGEMENT && !info->timed_out)
            member->view.members_known = false;
    } else if (info->misconfigured) {
        /* Something answered, so it does not hang; what it is like stays unknown. */
        memory->failures = 0;
        memory->timeouts = 0;
        memory->refusals = 0;
        memory->mutes = 0;
        memory->successes = 0;
        memory->slow = false;
        memory->misconfigured++;
        if (memory->misconfigured >= policy->fall)
            memory->health = HEALTH_UNKNOWN;
    } else {
        return; /* our own trouble says nothing about the node */
    }
    memory->seen = true;
    memory->result = probe->result;
    memory->started_ms = probe->started_ms;
    if (probe->has_view)
        absorb_view(member, probe, now_ms);
}

void member_mark_slow(struct member *member, enum probe_kind kind)
{
    member->probes[kind].slow = true;
}

static bool probe_unsettled(const struct probe_memory *memory, const struct policy *policy)
{
    if (memory->health == HEALTH_DOWN) /* silence can only be disproved by a deep probe, so it is kept up */
        return memory->successes > 0 || memory->result == PROBE_RESULT_SILENT;
    if (memory->slow || memory->failures > 0)
        return true;
    return memory->misconfigured > 0 && (memory->health == HEALTH_UP || memory->misconfigured < policy->fall);
}

bool member_unsettled(const struct member *member, const struct policy *policy)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (probe_unsettled(&member->probes[kind], policy))
            return true;
    return false;
}

/* The one whose silence proves a hang together with that of AMQP. */
static const struct probe_memory *second_of(const struct member *member, const struct policy *policy)
{
    return &member->probes[policy->probe_management ? PROBE_MANAGEMENT : PROBE_EXEC];
}

bool member_may_hang(const struct member *member, const struct policy *policy)
{
    return member->probes[PROBE_AMQP].timeouts > 0 && second_of(member, policy)->timeouts > 0;
}

bool member_hangs(
    const struct member *member, const struct policy *policy, uint64_t since_ms, uint64_t now_ms)
{
    const struct probe_memory *amqp = &member->probes[PROBE_AMQP];
    const struct probe_memory *second = second_of(member, policy);

    if (!policy->probe_amqp || amqp->timeouts < policy->fall || second->timeouts < policy->fall)
        return false;
    return second->succeeded_ms > 0 || now_ms - since_ms >= policy->verify_timeout_ms;
}

uint64_t member_silent_since_ms(const struct member *member)
{
    uint64_t since_ms = 0;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (member->probes[kind].timeouts > 0 && member->probes[kind].silent_since_ms > since_ms)
            since_ms = member->probes[kind].silent_since_ms;
    return since_ms;
}

static bool is_refused(const struct probe_memory *memory, const struct policy *policy)
{
    return memory->result == PROBE_RESULT_REFUSED && memory->refusals >= policy->fall;
}

bool member_refuses(const struct member *member)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (member->probes[kind].seen && member->probes[kind].result == PROBE_RESULT_REFUSED)
            return true;
    return false;
}

bool member_ports_closed(const struct member *member, const struct policy *policy)
{
    return policy->probe_amqp && policy->probe_management &&
           is_refused(&member->probes[PROBE_AMQP], policy) &&
           is_refused(&member->probes[PROBE_MANAGEMENT], policy);
}

bool member_lost_listener(const struct member *member, const struct policy *policy)
{
    const struct probe_memory *amqp = &member->probes[PROBE_AMQP];
    const struct probe_memory *api = &member->probes[PROBE_MANAGEMENT];

    /* An AMQP failure from before the API came up is the end of what both suffered from. */
    return amqp->health == HEALTH_DOWN && amqp->refusals >= policy->fall && api->health == HEALTH_UP &&
           api->failures == 0 && api->successes >= policy->fall &&
           amqp->counted_ms > api->up_since_ms + (policy->fall - 1) * policy->fast_interval_ms;
}

bool member_is_asked(const struct policy *policy, enum probe_kind kind)
{
    const bool used[PROBE_KIND_COUNT] = {policy->probe_amqp, policy->probe_management, policy->probe_exec};

    return used[kind];
}

void member_forget_unused(struct member *member, const struct policy *policy)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (!member_is_asked(policy, (enum probe_kind)kind))
            memset(&member->probes[kind], 0, sizeof(member->probes[kind]));
    if (!policy->probe_management)
        forget_words(member);
}

bool member_is_down(const struct member *member)
{
    bool any = false;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        if (!member->probes[kind].seen)
            continue;
        if (member->probes[kind].health != HEALTH_DOWN)
            return false;
        any = true;
    }
    return any;
}

bool member_is_up(const struct member *member)
{
    bool any = false;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        if (member->probes[kind].health == HEALTH_DOWN)
            return false;
        any = any || member->probes[kind].health == HEALTH_UP;
    }
    return any;
}

bool member_fails(const struct member *member, const struct policy *policy)
{
    return member->probes[PROBE_AMQP].failures > 0 || second_of(member, policy)->failures > 0;
}

bool member_is_rising(const struct member *member)
{
    bool any = false;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        any = any || member->probes[kind].successes > 0;
    return any && member_is_down(member);
}

bool member_host_answers(const struct member *member)
{
    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
        if (member->probes[kind].seen && probe_result_info(member->probes[kind].result)->host_answers)
            return true;
    return false;
}

static bool is_mute(const struct member *member, uint32_t times)
{
    bool any = false;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        if (!member->probes[kind].seen)
            continue;
        if (member->probes[kind].mutes < times)
            return false;
        any = true;
    }
    return any;
}

bool member_host_hesitates(const struct member *member)
{
    return is_mute(member, 1);
}

bool member_host_is_silent(const struct member *member, const struct policy *policy)
{
    return is_mute(member, policy->fall);
}

static const struct member_view *find_view(const struct member *member, const char *other)
{
    if (!member->view.members_known)
        return NULL;
    for (size_t i = 0; i < member->view.member_count; i++)
        if (!strcmp(member->view.members[i].name, other))
            return &member->view.members[i];
    return NULL;
}

int member_says_running(const struct member *member, const char *other)
{
    const struct member_view *view = find_view(member, other);

    return view ? view->running : -1;
}

bool member_is_witness(const struct member *member)
{
    return member_says_running(member, member->name) != 0;
}

bool member_says_drained(const struct member *member, const char *other)
{
    const struct member_view *view = find_view(member, other);

    return view && view->being_drained;
}
