#include "agent/parts.h"
#include "agent/record.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

static void save(struct agent *agent)
{
    struct core_snapshot snapshot;

    core_snapshot(&agent->core, &snapshot, clock_boot_ms(), clock_wall_ms());
    incident_writer_save(agent->writer, &snapshot);
}

void agent_on_saved(void *context, int result)
{
    struct agent *agent = context;

    if (result < 0 && !agent->save_failed)
        log_line(LOG_WARNING, "%s: the incident cannot be written down (%s); going on without",
            agent->config->state_dir, strerror(-result));
    else if (result == 0 && agent->save_failed)
        log_line(LOG_NOTICE, "%s: can be written again", agent->config->state_dir);
    agent->save_failed = result < 0;
}

static void execute(struct agent *agent, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START_UNIT:
        unit_control_start(agent->control);
        break;
    case ACTION_RESTART_UNIT:
        unit_control_restart(agent->control);
        break;
    case ACTION_KILL_UNIT:
        unit_control_kill(agent->control);
        break;
    case ACTION_STOP_UNIT:
        unit_control_stop(agent->control);
        break;
    case ACTION_PACE:
        scheduler_set_pace(agent->scheduler, action->pace.node, action->pace.fast);
        break;
    case ACTION_ASK:
        scheduler_ask(agent->scheduler, action->node, agent->config->policy.ask_timeout_ms);
        break;
    case ACTION_NOTICE:
        record_notice(&action->notice);
        outbox_put(agent->outbox, &action->notice);
        break;
    case ACTION_RECORD:
        record_notice(&action->notice);
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
    char status[sizeof(agent->status)] = "";
    size_t up = 0;

    for (size_t i = 0; i < core->member_count; i++)
        if (core->members[i].condition == CONDITION_HEALTHY || core->members[i].condition == CONDITION_ALARM)
            up++;
    text_append(status, sizeof(status), "%s; this node: %s; %s; %zu of %zu members serve; %s",
        core->policy.act ? "act" : "observe", condition_name(core->members[0].condition),
        state_name(core->rescue.state), up, core->member_count, core->rescue.why);
    if (!strcmp(status, agent->status))
        return;
    text_copy(agent->status, sizeof(agent->status), status);
    notify_status(agent->notify, status);
}
