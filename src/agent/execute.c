#include "agent/parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "words/words.h"

#include <string.h>

static void save(struct agent *agent)
{
    const uint64_t now_ms = clock_boot_ms();
    const int64_t wall_ms = clock_wall_ms();
    struct core_snapshot snapshot;

    core_snapshot(&agent->core, &snapshot, now_ms, wall_ms);
    store_save(agent->store, &snapshot);
    recorder_take_snapshot(agent->recorder, &snapshot, now_ms, wall_ms);
}

static void execute(struct agent *agent, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START_UNIT:
        if (!strcmp(agent->core.unit.state.result, "start-limit-hit"))
            unit_control_start_over_limit(agent->control);
        else
            unit_control_start(agent->control);
        break;
    case ACTION_RESTART_UNIT:
        unit_control_restart(agent->control);
        break;
    case ACTION_KILL_UNIT:
        unit_control_kill(agent->control);
        break;
    case ACTION_DUMP_UNIT:
        unit_control_dump(agent->control);
        break;
    case ACTION_STOP_UNIT:
        unit_control_stop(agent->control);
        break;
    case ACTION_PACE:
        scheduler_set_pace(agent->scheduler, action->pace.node, action->pace.fast);
        if (!strcmp(action->pace.node, agent->core.members[0].name))
            host_sampler_set_pace(agent->sampler, action->pace.fast);
        break;
    case ACTION_ASK:
        scheduler_ask(agent->scheduler, action->node, agent->config->policy.ask_timeout_ms);
        break;
    case ACTION_NOTICE:
        agent_record(agent, &action->notice);
        outbox_put(agent->outbox, &action->notice);
        break;
    case ACTION_RECORD:
        agent_record(agent, &action->notice);
        break;
    case ACTION_SEND:
        outbox_put(agent->outbox, &action->notice);
        break;
    case ACTION_COLLECT:
        agent_collect(agent, &action->collect);
        break;
    case ACTION_LEASE_ACQUIRE:
        agent_acquire_lease(agent, &action->lease);
        break;
    case ACTION_LEASE_RELEASE:
        agent_release_lease(agent);
        break;
    case ACTION_LEASE_CHECK:
        agent_check_lease(agent, &action->lease);
        break;
    case ACTION_SAVE:
        save(agent);
        break;
    }
}

void agent_execute(struct agent *agent, const struct action_list *actions)
{
    for (size_t i = 0; i < actions->count; i++)
        execute(agent, &actions->items[i]);
}

void agent_show_status(struct agent *agent)
{
    const struct core *core = &agent->core;
    const enum language language = core->policy.language;
    char status[sizeof(agent->status)] = "";
    size_t up = 0;

    for (size_t i = 0; i < core->member_count; i++)
        if (core->members[i].condition == CONDITION_HEALTHY || core->members[i].condition == CONDITION_ALARM)
            up++;
    text_append(status, sizeof(status),
        words(language, "%s; this node: %s; %s; %zu of %zu members serve; %s"),
        core->policy.act ? "act" : "observe", condition_name(core->members[0].condition),
        state_name(core->rescue.state), up, core->member_count, words(language, core->rescue.why));
    if (!strcmp(status, agent->status))
        return;
    text_copy(agent->status, sizeof(agent->status), status);
    notify_status(agent->notify, status);
}
