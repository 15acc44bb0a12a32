#include "core/quorum.h"
#include "base/text.h"
#include "words/words.h"

/* While a member hangs, the others take up to ten seconds to list who is running. Their last word on it
 * counts as long as a new one could not be better: until Erlang's net tick would have told them. */
enum { VIEW_MAX_AGE_MS = 60000 };

enum standing { STANDS, SILENT, CALLED_DOWN, NO_VIEW, BOOTS };

static const char *standing_text(enum standing standing)
{
    switch (standing) {
    case STANDS:
        return WORD("stands");
    case CALLED_DOWN:
        return WORD("is called down by another member");
    case NO_VIEW:
        return WORD("answers, but has not said lately who is running");
    case BOOTS:
        return WORD("answers, but does not run yet");
    case SILENT:
        break;
    }
    return WORD("did not answer");
}

/* Any run that started since the question and has ended. */
static bool answered(const struct core *core, const struct member *member)
{
    const struct probe_memory *memory = &member->probes[PROBE_MANAGEMENT];

    return memory->seen && memory->started_ms >= core->rescue.asked_ms;
}

static bool answered_well(const struct core *core, const struct member *member)
{
    return answered(core, member) && member->probes[PROBE_MANAGEMENT].failures == 0 &&
           member->probes[PROBE_MANAGEMENT].misconfigured == 0;
}

/* While this agent was away, or the network was, a member may have become another process, one that boots
 * perhaps and opens its API early: what the former one said counts once the AMQP port answers, which opens
 * when the boot is over. */
static bool is_the_same(const struct member *member)
{
    const struct probe_memory *amqp = &member->probes[PROBE_AMQP];

    if (amqp->failures > 0)
        return member->members_started_ms >= amqp->failed_since_ms;
    return !member->recalled || amqp->succeeded_ms > 0;
}

static bool has_view(const struct core *core, const struct member *member)
{
    return member->view.members_known && is_the_same(member) &&
           member->members_started_ms + VIEW_MAX_AGE_MS >= core->rescue.asked_ms;
}

/* Its word on who is running counts. */
static bool is_witness(const struct core *core, const struct member *member)
{
    return answered_well(core, member) && has_view(core, member) && member_is_witness(member);
}

static enum standing standing_of(const struct core *core, const struct member *member)
{
    if (!answered_well(core, member))
        return SILENT;
    if (!has_view(core, member))
        return NO_VIEW;
    if (!member_is_witness(member))
        return BOOTS;
    for (size_t i = 1; i < core->member_count; i++) {
        const struct member *other = &core->members[i];

        if (is_witness(core, other) && member_says_running(other, member->name) == 0)
            return CALLED_DOWN;
    }
    return STANDS;
}

bool quorum_all_answered(const struct core *core)
{
    /* Only the node itself knows which of its queues would suffer, and its API is well. */
    size_t first = core->members[0].condition == CONDITION_LISTENER_LOST ? 0 : 1;

    for (size_t i = first; i < core->member_count; i++)
        if (!answered(core, &core->members[i]))
            return false;
    return true;
}

bool quorum_of_others(const struct core *core)
{
    size_t standing = 0;

    if (!core->members_known)
        return false;
    if (core->member_count == 1)
        return true;
    for (size_t i = 1; i < core->member_count; i++)
        if (standing_of(core, &core->members[i]) == STANDS)
            standing++;
    return standing >= core->member_count / 2 + 1;
}

/* When this node was found not to answer, after its last answer: it fell silent in between. */
static uint64_t failed_since_ms(const struct member *local)
{
    uint64_t since_ms = 0;

    for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
        const struct probe_memory *memory = &local->probes[kind];
        uint64_t last_ms = memory->failures > 0 ? memory->failed_since_ms : memory->succeeded_ms;

        if (last_ms > since_ms)
            since_ms = last_ms;
    }
    return since_ms;
}

/* Everybody who answers, and somebody does, says that this node does not run, and has said so since it fell
 * silent: it may have been down before, too. */
static bool counted_out(const struct core *core)
{
    uint64_t since_ms = failed_since_ms(&core->members[0]);
    size_t answers = 0;

    for (size_t i = 1; i < core->member_count; i++) {
        const struct member *member = &core->members[i];

        if (!answered_well(core, member) || !member_is_witness(member))
            continue;
        /* One that has not said anything lately may think otherwise. */
        if (!has_view(core, member) || member_says_running(member, core->members[0].name) != 0 ||
            member->members_started_ms < since_ms)
            return false;
        answers++;
    }
    return answers > 0;
}

bool quorum_is_safe(const struct core *core)
{
    if (quorum_of_others(core))
        return true;
    if (!core->members_known || !core->policy.lease_independent)
        return false;
    return core->members[0].condition == CONDITION_FROZEN || counted_out(core);
}

void quorum_list_standing(const struct core *core, struct lease_action *ret_lease)
{
    ret_lease->count = 0;
    for (size_t i = 1; i < core->member_count; i++)
        if (member_is_up(&core->members[i]) && core->members[i].probes[PROBE_AMQP].failures == 0)
            text_copy(ret_lease->peers[ret_lease->count++], RMQ_NODE_NAME_MAX, core->members[i].name);
}

void quorum_describe(const struct core *core, char *text, size_t size)
{
    const enum language language = core->policy.language;

    if (core->member_count == 1)
        text_append(text, size, "%s",
            words(language,
                core->members_known ? WORD("it is the only member") : WORD("no member list is known yet")));
    for (size_t i = 1; i < core->member_count; i++)
        text_append(text, size, "%s%s %s", i > 1 ? words(language, "; ") : "", core->members[i].name,
            words(language, standing_text(standing_of(core, &core->members[i]))));
}
