#include "core/quorum.h"
#include "base/text.h"

/* While a member hangs, the others take up to ten seconds to list who is running. Their last word on it
 * counts as long as a new one could not be better: until Erlang's net tick would have told them. */
enum { VIEW_MAX_AGE_MS = 60000 };

enum standing { STANDS, SILENT, CALLED_DOWN, NO_VIEW };

static const char *standing_text(enum standing standing)
{
    switch (standing) {
    case STANDS:
        return "stands";
    case CALLED_DOWN:
        return "is called down by another member";
    case NO_VIEW:
        return "answers, but has not said lately who is running";
    case SILENT:
        break;
    }
    return "did not answer";
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

static bool has_view(const struct core *core, const struct member *member)
{
    return member->view.members_known &&
           member->members_started_ms + VIEW_MAX_AGE_MS >= core->rescue.asked_ms;
}

static enum standing standing_of(const struct core *core, const struct member *member)
{
    if (!answered_well(core, member))
        return SILENT;
    if (!has_view(core, member))
        return NO_VIEW;
    for (size_t i = 1; i < core->member_count; i++) {
        const struct member *other = &core->members[i];

        if (answered_well(core, other) && has_view(core, other) &&
            member_says_running(other, member->name) == 0)
            return CALLED_DOWN;
    }
    return STANDS;
}

bool quorum_all_answered(const struct core *core)
{
    for (size_t i = 1; i < core->member_count; i++)
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

void quorum_describe(const struct core *core, char *text, size_t size)
{
    if (core->member_count == 1)
        text_append(
            text, size, core->members_known ? "it is the only member" : "no member list is known yet");
    for (size_t i = 1; i < core->member_count; i++)
        text_append(text, size, "%s%s %s", i > 1 ? "; " : "", core->members[i].name,
            standing_text(standing_of(core, &core->members[i])));
}
