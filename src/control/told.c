/* What operators have told the core, and what they are answered. Of POST /v1/hold and /v1/resume:
 *
 *   {node, state, package_manager and hold: as in /v1/status, durable}
 *
 * which comes when it is kept: whoever was told that this node is left alone must be able to rely on it, even
 * if this daemon is killed right after. "durable" is false where the disk fails: then it is kept in memory
 * only, and a restart of the daemon forgets it.
 */
#include "base/clock.h"
#include "control/control_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A word that the core has taken in, on its way to the disk. */
struct keeping {
    struct control *control;
    struct http_exchange *exchange;
};

/* The core's word on it, read back: an event may have been dropped. */
static bool was_heard(const struct core *core, const struct operator_event *said)
{
    switch (said->kind) {
    case OPERATOR_HOLD:
        return core->hold.active && core->hold.until_wall_ms == said->until_wall_ms &&
               !strcmp(core->hold.owner, said->owner) && !strcmp(core->hold.reason, said->reason);
    case OPERATOR_RESUME:
        return !core->hold.active;
    case OPERATOR_ACK:
        break; /* leaves no trace in the core; the store has it */
    }
    return true;
}

static void answer_ack(const struct waiter *waiter)
{
    cJSON *json = cJSON_CreateObject();

    control_answer(
        waiter->exchange, json_whole(json, json_put_text(json, "incident", waiter->said.incident) &&
                                               json_put_text(json, "owner", waiter->said.owner)));
}

static void answer_kept(struct control *control, struct http_exchange *exchange, bool durable)
{
    struct control_view view = control_view(control);
    cJSON *json = cJSON_CreateObject();

    control_answer(exchange,
        json_whole(json, json_put_text(json, "node", view.core->members[0].name) &&
                             json_put_text(json, "state", state_name(view.core->rescue.state)) &&
                             json_put_text(json, "package_manager",
                                 view.core->packages_changing ? view.core->package_manager : "") &&
                             json_put_hold(json, &view) && json_put_bool(json, "durable", durable)));
}

/* The store's answer to a question proves that what was given to it before is kept. */
static void on_kept(void *context, int result, const struct store_incident *incidents, size_t count)
{
    struct keeping *keeping = context;
    struct control *control = keeping->control;

    (void)incidents;
    (void)count;
    if (control->closing)
        http_answer_error(keeping->exchange, 503, "this daemon is ending");
    else
        answer_kept(control, keeping->exchange, result == 0 && store_is_durable(*control->options.store));
    free(keeping);
    control_query_done(control);
}

static void answer_when_kept(struct control *control, struct http_exchange *exchange)
{
    struct store *store = *control->options.store;
    struct keeping *keeping = store ? calloc(1, sizeof(*keeping)) : NULL;

    if (!keeping) {
        answer_kept(control, exchange, false);
        return;
    }
    *keeping = (struct keeping){.control = control, .exchange = exchange};
    control_query_begun(control);
    if (store_history(store, 1, on_kept, keeping) < 0)
        on_kept(keeping, -EBUSY, NULL, 0);
}

void control_tell(struct control *control, struct http_exchange *exchange, const struct operator_event *said)
{
    struct event event = {.kind = EVENT_OPERATOR};
    struct operator_event *copy = &event.operator;
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    struct waiter **last = &control->waiters;

    if (!waiter) {
        http_answer_error(exchange, 503, "out of memory; nothing was done");
        return;
    }
    *copy = *said;
    waiter->exchange = exchange;
    waiter->said = *said;
    while (*last)
        last = &(*last)->next;
    *last = waiter;
    sink_post(&control->options.sink, &event);
}

/* What was said last, but for acknowledgements, is what the core shows. A queue that had room for it had room
 * for what came before it. */
static bool last_was_heard(const struct control *control)
{
    const struct waiter *last = NULL;

    for (const struct waiter *waiter = control->waiters; waiter; waiter = waiter->next)
        if (waiter->said.kind != OPERATOR_ACK)
            last = waiter;
    return last && was_heard(control->options.core, &last->said);
}

void control_on_step(struct control *control)
{
    bool heard = control && last_was_heard(control);

    while (control && control->waiters) {
        struct waiter *waiter = control->waiters;

        control->waiters = waiter->next;
        if (waiter->said.kind == OPERATOR_ACK)
            answer_ack(waiter);
        else if (was_heard(control->options.core, &waiter->said))
            answer_when_kept(control, waiter->exchange);
        else if (heard)
            http_answer_error(waiter->exchange, 409,
                "another hold or resume came right after this one and counts; see rmqwatchctl status");
        else
            http_answer_error(waiter->exchange, 503, "the agent was too busy to take that in; try again");
        free(waiter);
    }
}

void control_dismiss(struct control *control)
{
    while (control->waiters) {
        struct waiter *waiter = control->waiters;

        control->waiters = waiter->next;
        http_answer_error(waiter->exchange, 503, "this daemon is ending; nothing was done");
        free(waiter);
    }
}
