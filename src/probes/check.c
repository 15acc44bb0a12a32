#include "probes/check.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum {
    FIRST_WITHIN_MS = 200,
    JITTER_PERCENT = 10,
    ASKED_RUNS_MAX = 2,
    ACTIVITY_MARGIN_MS = 10000,
};

struct check_run {
    struct probe probe;
    struct check *check;
    struct check_run *previous, *next;
    bool told_slow;
};

struct check {
    const struct check_owner *owner;
    const struct probe_target *target;
    const struct probe_ops *ops;
    uv_timer_t timer; /* until the next run */
    uv_timer_t slow;  /* until the oldest run that nobody was told of counts as slow */
    unsigned open_handles;
    struct check_run *oldest, *newest;
    size_t run_count;
    bool fast;
    int activity;
};

static const struct policy *policy_of(const struct check *check)
{
    return &check->owner->context->config->policy;
}

static bool is_exec(const struct check *check)
{
    return check->ops->kind == PROBE_EXEC;
}

static uint64_t normal_interval(const struct check *check)
{
    return is_exec(check) ? check->owner->context->config->exec.interval_ms : policy_of(check)->interval_ms;
}

/* A command costs too much processor time to be hurried: its interval is always the operator's. Of another
 * agent nothing urgent is learned. */
static bool can_be_hurried(const struct check *check)
{
    return check->ops->kind != PROBE_EXEC && check->ops->kind != PROBE_AGENT;
}

static uint64_t interval(const struct check *check)
{
    return check->fast && can_be_hurried(check) ? policy_of(check)->fast_interval_ms : normal_interval(check);
}

static uint64_t timeout(const struct check *check)
{
    return is_exec(check) ? check->owner->context->config->exec.timeout_ms : policy_of(check)->timeout_ms;
}

/* Runs may overlap: three timeouts in a row shall be proven within one timeout and two intervals. */
static size_t runs_max(const struct check *check)
{
    uint64_t every = interval(check) > 0 ? interval(check) : 1, count;

    if (is_exec(check))
        return 1;
    count = (timeout(check) + every - 1) / every + 1;
    return count < CHECK_RUNS_MAX ? (size_t)count : CHECK_RUNS_MAX;
}

/* 0 .. below; without randomness the spread is lost and nothing else. */
static uint64_t random_below(uint64_t below)
{
    uint32_t value = 0;

    (void)uv_random(NULL, NULL, &value, sizeof value, 0, NULL);
    return below > 0 ? value % below : 0;
}

/* Agents that were started together shall not ask together for ever; a suspicion wants exact intervals. */
static uint64_t next_delay(const struct check *check)
{
    uint64_t delay = interval(check), spread = delay * JITTER_PERCENT / 100;

    if (!check->fast)
        delay = delay - spread + random_below(2 * spread + 1);
    return delay > 0 ? delay : 1;
}

static void run_free(struct check_run *run)
{
    struct check *check = run->check;

    if (run->previous)
        run->previous->next = run->next;
    else
        check->oldest = run->next;
    if (run->next)
        run->next->previous = run->previous;
    else
        check->newest = run->previous;
    check->run_count--;
    free(run);
}

static void check_completed(struct check *check)
{
    if (check->activity >= 0)
        activity_completed(check->owner->activities, check->activity, clock_boot_ms());
}

static void fill_event(
    struct event *event, enum event_kind kind, const struct check *check, const struct probe *probe)
{
    event->kind = kind;
    text_copy(event->probe.node, sizeof event->probe.node, check->target->node);
    event->probe.kind = check->ops->kind;
    event->probe.deep = probe->deep;
    event->probe.started_ms = probe->started_ms;
}

static void on_probe_done(struct probe *probe, enum probe_result result, const struct node_view *view)
{
    struct check_run *run = probe->owner;
    struct check *check = run->check;
    struct event event = {0};

    fill_event(&event, EVENT_PROBE_DONE, check, probe);
    event.probe.result = result;
    if (view) {
        event.probe.has_view = true;
        event.probe.view = *view;
        check->owner->on_view(check->owner->data, check->target, view);
    }
    run_free(run);
    check_completed(check);
    sink_post(&check->owner->sink, &event);
}

static void post_own_trouble(struct check *check, bool deep)
{
    const struct probe probe = {.deep = deep, .started_ms = clock_boot_ms()};
    struct event event = {0};

    fill_event(&event, EVENT_PROBE_DONE, check, &probe);
    event.probe.result = PROBE_RESULT_OWN_TROUBLE;
    check_completed(check);
    sink_post(&check->owner->sink, &event);
}

static void arm_slow(struct check *check);

/* A healthy node answers within milliseconds; suspecting it early costs a few deep probes, and seconds
 * otherwise. */
static uint64_t slow_threshold_ms(const struct check *check)
{
    return policy_of(check)->fast_interval_ms / 2;
}

static void on_slow(uv_timer_t *timer)
{
    struct check *check = timer->data;
    uint64_t now_ms = clock_boot_ms(), threshold = slow_threshold_ms(check);
    struct check_run *run;

    for (run = check->oldest; run; run = run->next) {
        struct event event = {0};

        if (run->told_slow || now_ms - run->probe.started_ms < threshold)
            continue;
        run->told_slow = true;
        if (run->probe.answered)
            continue;
        fill_event(&event, EVENT_PROBE_SLOW, check, &run->probe);
        sink_post(&check->owner->sink, &event);
    }
    arm_slow(check);
}

static void arm_slow(struct check *check)
{
    uint64_t threshold = slow_threshold_ms(check), age;
    struct check_run *run = check->oldest;

    while (run && run->told_slow)
        run = run->next;
    if (!run || !can_be_hurried(check)) {
        (void)uv_timer_stop(&check->slow);
        return;
    }
    age = clock_boot_ms() - run->probe.started_ms;
    (void)uv_timer_start(&check->slow, on_slow, age < threshold ? threshold - age : 1, 0);
}

static void check_start(struct check *check, uint64_t timeout_ms, bool asked)
{
    struct check_run *run = calloc(1, sizeof *run);

    if (!run) {
        post_own_trouble(check, check->fast);
        return;
    }
    run->check = check;
    run->probe = (struct probe){
        .ops = check->ops,
        .context = check->owner->context,
        .target = check->target,
        .deep = check->fast,
        .asked = asked,
        .timeout_ms = timeout_ms,
        .started_ms = clock_boot_ms(),
        .done = on_probe_done,
        .owner = run,
    };
    run->previous = check->newest;
    if (check->newest)
        check->newest->next = run;
    else
        check->oldest = run;
    check->newest = run;
    check->run_count++;
    if (check->ops->start(&run->probe) < 0) {
        run_free(run);
        post_own_trouble(check, check->fast);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&check->slow))
        arm_slow(check);
}

static void on_timer(uv_timer_t *timer)
{
    struct check *check = timer->data;

    (void)uv_timer_start(timer, on_timer, next_delay(check), 0);
    if (check->run_count < runs_max(check))
        check_start(check, timeout(check), false);
}

static uint64_t max_silence(const struct check *check)
{
    uint64_t spread = normal_interval(check) * JITTER_PERCENT / 100;

    return normal_interval(check) + spread + timeout(check) + ACTIVITY_MARGIN_MS;
}

static int add_activity(const struct check *check)
{
    struct activity_list *list = check->owner->activities;
    char name[sizeof list->items[0].name] = "probe ";

    if (!list)
        return -ENOENT;
    text_append(name, sizeof name, "%s %s", check->ops->name, check->target->node);
    return activity_add(list, name, max_silence(check), clock_boot_ms());
}

struct check *check_new(
    const struct check_owner *owner, const struct probe_target *target, const struct probe_ops *ops)
{
    struct check *check = calloc(1, sizeof *check);

    if (!check)
        return NULL;
    check->owner = owner;
    check->target = target;
    check->ops = ops;
    check->activity = add_activity(check);
    (void)uv_timer_init(owner->context->loop, &check->timer);
    (void)uv_timer_init(owner->context->loop, &check->slow);
    check->timer.data = check->slow.data = check;
    check->open_handles = 2;
    uv_update_time(owner->context->loop);
    (void)uv_timer_start(&check->timer, on_timer, 1 + random_below(FIRST_WITHIN_MS), 0);
    return check;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct check *check = handle->data;
    const struct check_owner *owner = check->owner;

    if (--check->open_handles > 0)
        return;
    free(check);
    owner->on_closed(owner->data);
}

void check_free(struct check *check)
{
    if (!check)
        return;
    while (check->oldest) {
        check->ops->cancel(&check->oldest->probe);
        run_free(check->oldest);
    }
    if (check->activity >= 0)
        activity_remove(check->owner->activities, check->activity);
    uv_close((uv_handle_t *)&check->timer, on_handle_closed);
    uv_close((uv_handle_t *)&check->slow, on_handle_closed);
}

void check_set_pace(struct check *check, bool fast)
{
    if (check->fast == fast)
        return;
    check->fast = fast;
    uv_update_time(check->owner->context->loop);
    (void)uv_timer_start(&check->timer, on_timer, fast ? 1 : next_delay(check), 0);
}

void check_retime(struct check *check)
{
    uint64_t delay = next_delay(check);

    if (check->activity >= 0)
        activity_set_max_silence(check->owner->activities, check->activity, max_silence(check));
    uv_update_time(check->owner->context->loop);
    if (uv_timer_get_due_in(&check->timer) > delay)
        (void)uv_timer_start(&check->timer, on_timer, delay, 0);
    arm_slow(check);
}

void check_ask(struct check *check, uint64_t timeout_ms)
{
    if (check->run_count < CHECK_RUNS_MAX + ASKED_RUNS_MAX)
        check_start(check, timeout_ms, true);
    else
        post_own_trouble(check, check->fast);
}
