#include "sim/outcome.h"

#include "base/text.h"
#include "sim/broker.h"

#include <string.h>

/* Never 0: that means "not at all". */
static void note_moment(struct sim_moment *moment, const struct sim_world *world)
{
    moment->ms = world->now_ms > world->story_ms ? world->now_ms - world->story_ms : 1;
    moment->least_ms = moment->most_ms = moment->ms;
}

static void note_told(struct sim_outcome *outcome, enum notice_kind kind)
{
    for (size_t i = 0; i < outcome->told_count; i++)
        if (outcome->told[i] == kind)
            return;
    outcome->told[outcome->told_count++] = kind;
}

static void note_notice(struct sim_world *world, const struct notice *notice)
{
    struct sim_outcome *outcome = world->outcome;

    note_told(outcome, notice->kind);
    switch (notice->kind) {
    case NOTICE_HELD:
        text_copy(outcome->held, sizeof(outcome->held), notice->why);
        break;
    case NOTICE_WOULD_ACT:
        text_copy(outcome->would, sizeof(outcome->would), notice->why);
        break;
    case NOTICE_GAVE_UP:
        if (outcome->gave_up.ms == 0)
            note_moment(&outcome->gave_up, world);
        break;
    case NOTICE_RECOVERED:
        note_moment(&outcome->recovered, world);
        break;
    default:
        break;
    }
}

static void note_act(
    struct sim_world *world, const struct sim_node *node, enum action_kind kind, enum state before)
{
    struct sim_outcome *outcome = world->outcome;
    bool dead = unit_is_dead(&node->agent.core.unit);

    if (kind == ACTION_KILL_UNIT && before == STATE_KILLING) /* after a crash dump that was not written */
        return;
    else if (kind == ACTION_KILL_UNIT || kind == ACTION_DUMP_UNIT)
        outcome->kills++;
    else if (kind == ACTION_RESTART_UNIT && !dead)
        outcome->restarts++;
    else if (kind != ACTION_START_UNIT && kind != ACTION_RESTART_UNIT)
        return;
    else if (before == STATE_KILLING) /* the other half of the kill */
        return;
    else
        outcome->starts++;
    if (outcome->acted.ms == 0)
        note_moment(&outcome->acted, world);
}

static bool all_serve(const struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (!sim_broker_serves(world, &world->nodes[i]))
            return false;
    return true;
}

void sim_outcome_note(struct sim_world *world, const struct sim_node *node, enum state before)
{
    struct sim_outcome *outcome = world->outcome;

    if (!outcome || world->now_ms < world->story_ms)
        return;
    for (size_t i = 0; i < world->actions.count; i++) {
        const struct action *action = &world->actions.items[i];

        if (action->kind == ACTION_NOTICE || action->kind == ACTION_RECORD) {
            if (action->notice.kind != NOTICE_NONE)
                note_notice(world, &action->notice);
        } else {
            note_act(world, node, action->kind, before);
        }
    }
    if (!all_serve(world)) {
        outcome->disturbed = true;
        outcome->serve.ms = 0;
    } else if (outcome->disturbed && outcome->serve.ms == 0) {
        note_moment(&outcome->serve, world);
    }
}

void sim_outcome_released(struct sim_world *world)
{
    if (world->outcome)
        world->outcome->released = true;
}

/* --- many runs --- */

static void widen(struct sim_moment *moment, const struct sim_moment *other)
{
    if (moment->ms == 0 || other->ms == 0)
        return;
    if (other->ms < moment->least_ms)
        moment->least_ms = other->ms;
    if (other->ms > moment->most_ms)
        moment->most_ms = other->ms;
}

void sim_outcome_widen(struct sim_outcome *outcome, const struct sim_outcome *other)
{
    widen(&outcome->acted, &other->acted);
    widen(&outcome->gave_up, &other->gave_up);
    widen(&outcome->serve, &other->serve);
    widen(&outcome->recovered, &other->recovered);
    if (other->violated && !outcome->violated) {
        outcome->violated = true;
        outcome->result = other->result;
    }
}

/* By more than chance: no run of one had what a run of the other had. */
static bool apart(const struct sim_moment *a, const struct sim_moment *b)
{
    return (a->ms == 0) != (b->ms == 0) || a->most_ms < b->least_ms || b->most_ms < a->least_ms;
}

bool sim_outcome_differs(const struct sim_outcome *a, const struct sim_outcome *b)
{
    return a->kills != b->kills || a->restarts != b->restarts || a->starts != b->starts ||
           strcmp(a->held, b->held) != 0 || strcmp(a->would, b->would) != 0 || a->calm != b->calm ||
           a->released != b->released || apart(&a->acted, &b->acted) || apart(&a->gave_up, &b->gave_up) ||
           apart(&a->serve, &b->serve) || apart(&a->recovered, &b->recovered);
}

/* --- in words --- */

static void begin_part(char *text, size_t size)
{
    if (text[0])
        text_append(text, size, "; ");
}

static void append_moment(const struct sim_moment *moment, char *text, size_t size)
{
    char when[32], least[32], most[32];

    text_duration(when, sizeof(when), moment->ms);
    text_duration(least, sizeof(least), moment->least_ms);
    text_duration(most, sizeof(most), moment->most_ms);
    if (moment->ms < 100)
        text_append(text, size, " at once");
    else
        text_append(text, size, " after %s", when);
    if (moment->most_ms - moment->least_ms >= 1000)
        text_append(text, size, " (%s to %s)", least, most);
}

static void append_act(const char *what, uint32_t count, char *text, size_t size)
{
    if (count == 0)
        return;
    begin_part(text, size);
    text_append(text, size, "%s", what);
    if (count > 1)
        text_append(text, size, " %u times", count);
}

static void describe_acts(const struct sim_outcome *outcome, char *text, size_t size)
{
    append_act("kills a hung broker and starts it", outcome->kills, text, size);
    append_act("restarts a live broker", outcome->restarts, text, size);
    append_act("starts a dead broker", outcome->starts, text, size);
    if (outcome->acted.ms > 0) {
        if (outcome->kills + outcome->restarts + outcome->starts > 1)
            text_append(text, size, ", first");
        append_moment(&outcome->acted, text, size);
    }
    if (outcome->gave_up.ms > 0) {
        text_append(text, size, "; gives up");
        append_moment(&outcome->gave_up, text, size);
        text_append(text, size, ", retries slowly");
    }
    if (outcome->would[0]) {
        begin_part(text, size);
        text_append(text, size, "%s", outcome->would);
    }
    if (outcome->held[0]) {
        begin_part(text, size);
        text_append(text, size, "held: %s", outcome->held);
    }
}

/* What people hear of a problem that is watched, not cured. */
static void describe_told(const struct sim_outcome *outcome, char *text, size_t size)
{
    bool first = true;

    text_append(text, size, "does nothing");
    for (size_t i = 0; i < outcome->told_count; i++) {
        const struct notice_info *info = notice_info(outcome->told[i]);

        if (info->severity == SEVERITY_INFO && outcome->told[i] != NOTICE_STOPPED)
            continue;
        text_append(text, size, "%s%s", first ? " but tell: " : ", ", info->event);
        first = false;
    }
}

void sim_outcome_describe(const struct sim_outcome *outcome, char *text, size_t size)
{
    text_copy(text, size, "");
    describe_acts(outcome, text, size);
    if (!text[0])
        describe_told(outcome, text, size);
    begin_part(text, size);
    if (!outcome->disturbed) {
        text_append(text, size, "all serve all the time");
    } else if (outcome->serve.ms == 0) {
        text_append(text, size, "not all serve any more");
    } else {
        text_append(text, size, "all serve");
        append_moment(&outcome->serve, text, size);
        if (outcome->released)
            text_append(text, size, ", as the scenario ends the hang");
    }
    if (outcome->recovered.ms > 0) {
        text_append(text, size, "; recovery told");
        append_moment(&outcome->recovered, text, size);
    }
    if (!outcome->calm)
        text_append(text, size, "; it is not over when the scenario ends");
}
