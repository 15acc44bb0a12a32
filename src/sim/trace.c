#include "sim/trace.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

static void print_time(const struct sim_world *world, const char *who)
{
    double seconds = ((double)world->now_ms - (double)world->story_ms) / 1000;

    fprintf(world->trace, "%7.1f s  %-9s ", seconds, who);
}

void sim_trace_world(struct sim_world *world, const struct sim_node *node, const char *format, ...)
{
    va_list arguments;

    if (!world->trace)
        return;
    print_time(world, node ? node->name : "");
    fputs(" . . . ", world->trace);
    va_start(arguments, format);
    vfprintf(world->trace, format, arguments);
    va_end(arguments);
    fputc('\n', world->trace);
}

/* What was done, in the order in which it is done; the asking of all members is one thing. */
static void describe_acts(const struct action_list *actions, char *text, size_t size)
{
    static const char *const verbs[] = {
        [ACTION_START_UNIT] = "starts the unit",
        [ACTION_RESTART_UNIT] = "restarts the unit",
        [ACTION_KILL_UNIT] = "kills the broker",
        [ACTION_DUMP_UNIT] = "asks the broker for a crash dump",
        [ACTION_STOP_UNIT] = "ends the restart loop",
        [ACTION_ASK] = "asks all members",
        [ACTION_COLLECT] = "collects evidence",
        [ACTION_LEASE_ACQUIRE] = "seeks the lease",
        [ACTION_LEASE_RELEASE] = "gives the lease back",
        [ACTION_SAVE] = NULL,
    };
    enum action_kind last = ACTION_SAVE;

    for (size_t i = 0; i < actions->count; i++) {
        enum action_kind kind = actions->items[i].kind;

        if (kind == ACTION_LEASE_CHECK || !verbs[kind] || kind == last)
            continue;
        text_append(text, size, "%s%s", text[0] ? ", " : " -> ", verbs[kind]);
        last = kind;
    }
}

static void describe_phases(const struct notice *notice, FILE *out)
{
    for (size_t i = 0; i < notice->phase_count; i++)
        fprintf(out, "%s%s %.1f s", i == 0 ? " (" : ", ", notice->phases[i].name,
            (double)notice->phases[i].ms / 1000);
    if (notice->phase_count > 0)
        fputc(')', out);
}

static void print_notice(struct sim_world *world, const struct sim_node *node, const struct action *action)
{
    const struct notice *notice = &action->notice;

    print_time(world, node->name);
    /* The journal had it at once; the channels waited for the evidence. */
    if (action->kind == ACTION_SEND) {
        fprintf(world->trace, "%s: sent, with what was found out", notice_info(notice->kind)->event);
        return;
    }
    fprintf(world->trace, "%s", notice_info(notice->kind)->event);
    if (strcmp(notice->node, node->name) != 0)
        fprintf(world->trace, " (%s)", notice->node);
    fprintf(world->trace, ": %s", notice->why);
    describe_phases(notice, world->trace);
    if (world->verbose && notice->detail[0])
        fprintf(world->trace, " [%s]", notice->detail);
}

static bool is_notable(const struct sim_world *world, const struct action *action)
{
    if (action->kind == ACTION_RECORD)
        return world->verbose || action->notice.kind != NOTICE_NONE;
    return action->kind == ACTION_NOTICE || action->kind == ACTION_SEND;
}

void sim_trace_step(struct sim_world *world, const struct sim_node *node, enum state before)
{
    const struct rescue *rescue = &node->agent.core.rescue;
    const struct action_list *actions = &world->actions;
    char acts[256] = "";
    const struct action *last = NULL;

    if (!world->trace)
        return;
    describe_acts(actions, acts, sizeof(acts));
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->items[i];

        if (!is_notable(world, action))
            continue;
        if (last)
            fputc('\n', world->trace);
        last = action;
        print_notice(world, node, action);
    }
    /* The verification asks again and again: that is no news. */
    if (!last && before == rescue->state && !world->verbose)
        return;
    if (!last && before == rescue->state && !acts[0])
        return;
    if (!last) {
        print_time(world, node->name);
        fprintf(world->trace, "%s: %s", state_name(rescue->state), rescue->why);
    }
    fprintf(world->trace, "%s\n", acts);
}
