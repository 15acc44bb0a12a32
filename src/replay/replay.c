#include "replay/replay.h"

#include "base/text.h"
#include "core/core.h"
#include "store/event_json.h"
#include "store/snapshot_json.h"
#include "words/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A core, what it wants done, and what it has decided about its incident in this step. */
struct mind {
    struct core core;
    struct action_list actions;
    size_t count;
    struct store_entry decisions[ACTIONS_MAX];
};

struct replay {
    const struct store_recording *recording;
    const struct policy *policy; /* of NOW; NULL: that of THEN */
    struct core_snapshot saved;  /* the last of the recording */
    bool begun;
    struct mind then, now;
    size_t next_entry; /* the first that was not decided again yet */
    size_t met_count;  /* entries that were, in this step */
    replay_moment_fn *on_moment;
    void *context;
    enum replay_verdict verdict;
};

static void note_decision(struct mind *mind, const struct notice *notice)
{
    mind->decisions[mind->count++] = (struct store_entry){
        .wall_ms = notice->wall_ms,
        .incident = notice->incident,
        .node = notice->node,
        .event = notice_info(notice->kind)->event,
        .severity = notice->kind == NOTICE_NONE ? "" : severity_name(notice->severity),
        .condition = condition_name(notice->condition),
        .why = notice->why,
        .detail = notice->detail,
        .evidence = "",
        .decision = notice->kind == NOTICE_NONE,
    };
}

/* What the watches tell belongs to stories of their own; but one that began in the same moment as INCIDENT
 * has the same name. */
static void step(struct mind *mind, const char *incident, const struct event *event)
{
    const char *after = mind->core.rescue.incident.id;
    char before[RMQ_INCIDENT_ID_MAX];

    text_copy(before, sizeof(before), after);
    core_step(&mind->core, event, &mind->actions);
    mind->count = 0;
    for (size_t i = 0; i < mind->actions.count; i++) {
        const struct action *action = &mind->actions.items[i];
        const char *of = action->notice.incident;

        if ((action->kind == ACTION_NOTICE || action->kind == ACTION_RECORD) && of[0] &&
            (!strcmp(of, incident) || !strcmp(of, before) || !strcmp(of, after)))
            note_decision(mind, &action->notice);
    }
}

static bool same_decision(const struct store_entry *a, const struct store_entry *b)
{
    return a->wall_ms == b->wall_ms && !strcmp(a->event, b->event) && !strcmp(a->condition, b->condition) &&
           !strcmp(a->why, b->why);
}

static bool same_decisions(const struct mind *a, const struct mind *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_decision(&a->decisions[i], &b->decisions[i]))
            return false;
    return true;
}

static void tell(struct replay *replay, enum replay_verdict verdict, const struct mind *now, int64_t wall_ms,
    const struct store_entry *then, size_t then_count)
{
    const struct core *core = &now->core;
    const struct replay_moment moment = {
        .verdict = verdict,
        .wall_ms = wall_ms,
        .then_count = then_count,
        .then = then,
        .now_count = now->count,
        .now = now->decisions,
        .state = state_name(core->rescue.state),
        .why = words(core->policy.language, core->rescue.why),
        .condition = condition_name(core->members[0].condition),
    };

    replay->verdict = verdict;
    replay->on_moment(replay->context, &moment);
}

/* How many entries from the next on were written at this moment. */
static size_t count_entries(const struct replay *replay, int64_t wall_ms)
{
    const struct store_recording *recording = replay->recording;
    size_t at = replay->next_entry;

    while (at < recording->entry_count && recording->entries[at].wall_ms == wall_ms)
        at++;
    return at - replay->next_entry;
}

/* Whether the core of THEN has decided again what was recorded. LAST: no more inputs of this moment. */
static bool meets_entries(struct replay *replay, int64_t wall_ms, bool last)
{
    const struct store_recording *recording = replay->recording;
    const struct mind *then = &replay->then;
    size_t left = count_entries(replay, wall_ms);

    replay->met_count = 0;
    for (size_t i = 0; i < then->count; i++) {
        const struct store_entry *decision = &then->decisions[i];

        /* One that ended shortly before is in the recording, too. */
        if (strcmp(decision->incident, recording->incident.id) != 0)
            continue;
        if (replay->met_count == left ||
            !same_decision(decision, &recording->entries[replay->next_entry + replay->met_count]))
            return false;
        replay->met_count++;
    }
    return !last || replay->met_count == left;
}

/* True to go on. */
static bool compare(struct replay *replay, int64_t wall_ms, bool last)
{
    const struct store_entry *entries = replay->recording->entries + replay->next_entry;

    if (!meets_entries(replay, wall_ms, last)) {
        tell(replay, REPLAY_STRANGE, &replay->then, wall_ms, entries, count_entries(replay, wall_ms));
        return false;
    }
    if (!same_decisions(&replay->then, &replay->now)) {
        tell(replay, REPLAY_DEPARTS, &replay->now, wall_ms, replay->then.decisions, replay->then.count);
        return false;
    }
    if (replay->met_count > 0)
        tell(replay, REPLAY_SAME, &replay->now, wall_ms, entries, replay->met_count);
    replay->next_entry += replay->met_count;
    return true;
}

/* Another policy wants ticks of its own: those that the agent of then, who slept until its own deadline,
 * could have had. What it was late for it would have been late for with any policy. True to go on. */
static bool tick(struct replay *replay, const struct event *event)
{
    uint64_t then_ms = core_deadline_ms(&replay->then.core);
    uint64_t until_ms = event->now_ms < then_ms ? event->now_ms : then_ms;
    const char *incident = replay->recording->incident.id;
    uint64_t at_ms;

    while ((at_ms = core_deadline_ms(&replay->now.core)) < until_ms) {
        const struct event own = {.kind = EVENT_TICK,
            .now_ms = at_ms,
            .wall_ms = event->wall_ms - (int64_t)(event->now_ms - at_ms)};

        step(&replay->now, incident, &own);
        if (replay->now.count == 0)
            continue;
        tell(replay, REPLAY_DEPARTS, &replay->now, own.wall_ms, NULL, 0);
        return false;
    }
    return true;
}

/* In the words of then: another language is no other decision. */
static struct policy policy_of_now(const struct replay *replay, const struct event *event)
{
    struct policy policy = replay->policy ? *replay->policy : event->policy;

    policy.language = event->policy.language;
    return policy;
}

static bool take(struct replay *replay, const struct event *event, bool last)
{
    const char *incident = replay->recording->incident.id;
    struct event own = *event;

    if (!tick(replay, event))
        return false;
    if (event->kind == EVENT_POLICY)
        own.policy = policy_of_now(replay, event);
    step(&replay->then, incident, event);
    step(&replay->now, incident, &own);
    return compare(replay, event->wall_ms, last);
}

static int decode(const struct store_recording *recording, size_t at, struct event *ret_event)
{
    const struct store_input *input = &recording->inputs[at];
    int r = event_from_json(input->event, ret_event);

    ret_event->now_ms = input->now_ms;
    ret_event->wall_ms = input->wall_ms;
    return r;
}

/* An agent that starts notes its policy and its members in the same moment; a reload only the policy. */
static bool is_start(
    const struct store_recording *recording, size_t at, const struct event *event, struct event *ret_members)
{
    return event->kind == EVENT_POLICY && at + 1 < recording->input_count &&
           decode(recording, at + 1, ret_members) == 0 && ret_members->kind == EVENT_MEMBERS &&
           ret_members->now_ms == event->now_ms && ret_members->wall_ms == event->wall_ms;
}

static void start(
    struct mind *mind, const struct replay *replay, const struct policy *policy, const struct event *event)
{
    core_init(&mind->core, replay->recording->incident.node, "", policy, event->now_ms);
    core_restore(&mind->core, &replay->saved, event->now_ms, event->wall_ms);
}

/* Goes on from what was saved last. The members are part of that; but the recording may begin in the midst of
 * an agent's life, that had heard of them: an agent itself knows at its first start only its own name. */
static void begin(struct replay *replay, const struct event *event, const struct event *members)
{
    const char *incident = replay->recording->incident.id;
    const struct policy policy = policy_of_now(replay, event);
    bool heard = members->members.count > 1 || members->members.cluster[0];

    start(&replay->then, replay, &event->policy, event);
    start(&replay->now, replay, &policy, event);
    if (!replay->begun && heard) {
        step(&replay->then, incident, members);
        step(&replay->now, incident, members);
    }
    replay->begun = true;
}

/* Whether no more inputs of the moment of this one come. */
static bool is_last(const struct store_recording *recording, size_t at)
{
    return at + 1 == recording->input_count ||
           recording->inputs[at + 1].wall_ms != recording->inputs[at].wall_ms;
}

static int run(struct replay *replay)
{
    const struct store_recording *recording = replay->recording;
    struct event event = {0}, members;

    for (size_t at = 0; at < recording->input_count; at++) {
        int r;

        if (snapshot_from_json(recording->inputs[at].event, &replay->saved) == 0)
            continue;
        r = decode(recording, at, &event);
        if (r < 0)
            return r;
        if (is_start(recording, at, &event, &members)) {
            begin(replay, &event, &members);
            at++;
        } else if (!replay->begun) {
            return -ENODATA;
        } else if (!take(replay, &event, is_last(recording, at))) {
            return 0;
        }
    }
    /* One that no input led to. */
    if (replay->next_entry < recording->entry_count &&
        recording->entries[replay->next_entry].wall_ms <= event.wall_ms) {
        int64_t wall_ms = recording->entries[replay->next_entry].wall_ms;

        replay->then.count = 0;
        tell(replay, REPLAY_STRANGE, &replay->then, wall_ms, recording->entries + replay->next_entry,
            count_entries(replay, wall_ms));
    }
    return 0;
}

int replay_run(const struct store_recording *recording, const struct policy *policy,
    replay_moment_fn *on_moment, void *context, enum replay_verdict *ret_verdict)
{
    struct replay *replay;
    int r;

    if (recording->input_count == 0 ||
        (recording->entry_count > 0 && recording->entries[0].wall_ms < recording->inputs[0].wall_ms))
        return -ENODATA;
    replay = calloc(1, sizeof(*replay)); /* too large for a stack */
    if (!replay)
        return -ENOMEM;
    replay->recording = recording;
    replay->policy = policy;
    replay->on_moment = on_moment;
    replay->context = context;
    r = run(replay);
    *ret_verdict = replay->verdict;
    free(replay);
    return r;
}
