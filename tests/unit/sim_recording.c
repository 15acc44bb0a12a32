#include "sim_recording.h"

#include "alerts/trouble.h"
#include "base/text.h"
#include "core/core.h"
#include "sim/sim.h"
#include "store/recorder.h"

#include <errno.h>
#include <string.h>
#include <uv.h>

enum { SYNC_AFTER = 200 }; /* the store's queue has a bound */

struct tape {
    uv_loop_t loop;
    struct store *store;
    struct recorder *recorder;
    const char *node;
    struct sim_recording *recording;
    bool answered;
    size_t given;
};

static void on_status(void *context, int result, const char *problem)
{
    (void)context;
    (void)result;
    (void)problem;
}

static void on_answer(void *context, int result, const struct store_incident *incidents, size_t count)
{
    struct tape *tape = context;

    (void)result;
    (void)incidents;
    (void)count;
    tape->answered = true;
}

static void sync_tape(struct tape *tape)
{
    tape->answered = false;
    if (store_history(tape->store, 1, on_answer, tape) < 0)
        return;
    while (!tape->answered)
        uv_run(&tape->loop, UV_RUN_ONCE);
}

static void keep(struct tape *tape, const struct notice *notice)
{
    const bool decision = notice->kind == NOTICE_NONE;
    const struct store_entry entry = {
        .wall_ms = notice->wall_ms,
        .incident = notice->incident,
        .node = notice->node,
        .event = notice_info(notice->kind)->event,
        .severity = decision ? "" : severity_name(notice->severity),
        .condition = condition_name(notice->condition),
        .why = notice->why,
        .detail = notice->detail,
        .since_wall_ms = notice->since_wall_ms,
        .decision = decision,
        .ends = trouble_is_answered(notice->kind),
    };

    store_record(tape->store, &entry);
}

static void take_snapshot(struct tape *tape, const struct event *event, const struct core *core)
{
    struct core_snapshot snapshot;

    core_snapshot(core, &snapshot, event->now_ms, event->wall_ms);
    if (!core->unit.known) /* it was restored, and has heard nothing yet */
        text_copy(snapshot.invocation_id, sizeof(snapshot.invocation_id), core->stopped_invocation);
    recorder_take_snapshot(tape->recorder, &snapshot, event->now_ms, event->wall_ms);
}

static void execute(
    struct tape *tape, const struct action *action, const struct event *event, const struct core *core)
{
    if (action->kind == ACTION_NOTICE || action->kind == ACTION_RECORD) {
        keep(tape, &action->notice);
    } else if (action->kind == ACTION_SAVE) {
        take_snapshot(tape, event, core);
    }
}

static void note_incident(struct sim_recording *recording, const char *incident)
{
    if (!incident[0] || recording->count == SIM_RECORDING_INCIDENTS_MAX ||
        (recording->count > 0 && !strcmp(recording->incidents[recording->count - 1], incident)))
        return;
    text_copy(recording->incidents[recording->count++], RMQ_INCIDENT_ID_MAX, incident);
}

static void on_event(void *context, const char *node, const struct event *event,
    const struct action_list *actions, const struct core *core)
{
    struct tape *tape = context;

    if (strcmp(node, tape->node) != 0)
        return;
    if (!actions && event->kind == EVENT_POLICY) { /* a new agent has a new recorder */
        recorder_free(tape->recorder);
        tape->recorder = recorder_new(tape->store);
        take_snapshot(tape, event, core);
    }
    recorder_take(tape->recorder, event);
    if (!actions)
        return;
    for (size_t i = 0; i < actions->count; i++)
        execute(tape, &actions->items[i], event, core);
    recorder_follow(tape->recorder, core->rescue.incident.id);
    note_incident(tape->recording, core->rescue.incident.id);
    if (++tape->given % SYNC_AFTER == 0)
        sync_tape(tape);
}

/* SCENARIO NULL: what SEED makes of the cluster. */
static int play(const char *scenario, uint64_t seed, const struct policy *policy, struct tape *tape)
{
    const struct sim_options options = {.tap = on_event, .tap_context = tape};
    struct sim_result result;

    if (scenario)
        return sim_run_scenario(scenario, policy, &options, NULL);
    sim_run_seed(seed, &options, &result);
    return result.failed ? -EPROTO : 0;
}

static int tape_it(const char *directory, const char *scenario, uint64_t seed, const char *node,
    const struct policy *policy, struct sim_recording *ret_recording)
{
    struct tape tape = {.node = node, .recording = ret_recording};
    int r = uv_loop_init(&tape.loop);

    memset(ret_recording, 0, sizeof(*ret_recording));
    if (r < 0)
        return r;
    r = store_open(&tape.loop, directory, on_status, &tape, &tape.store);
    if (r == 0) {
        r = play(scenario, seed, policy, &tape);
        recorder_free(tape.recorder);
        sync_tape(&tape);
        store_close(tape.store);
        uv_run(&tape.loop, UV_RUN_DEFAULT);
    }
    (void)uv_loop_close(&tape.loop);
    return r;
}

int sim_record(const char *directory, const char *scenario, const char *node, const struct policy *policy,
    struct sim_recording *ret_recording)
{
    return tape_it(directory, scenario, 0, node, policy, ret_recording);
}

int sim_record_seed(
    const char *directory, uint64_t seed, const char *node, struct sim_recording *ret_recording)
{
    return tape_it(directory, NULL, seed, node, NULL, ret_recording);
}
