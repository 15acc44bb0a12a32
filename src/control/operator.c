/* What operators tell the agent: POSTs, checked to the last field before the core hears of them. */
#include "base/clock.h"
#include "base/text.h"
#include "control/body.h"
#include "control/control_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, HOLD_DAYS_MAX = 31 };

void control_on_hold(void *context, struct http_exchange *exchange)
{
    struct operator_event said = {.kind = OPERATOR_HOLD};
    double for_ms = 0;
    const struct body_field fields[] = {
        {.name = "for_ms", .number = &for_ms},
        {.name = "reason", .text = said.reason, .size = sizeof(said.reason)},
        {.name = "owner", .text = said.owner, .size = sizeof(said.owner), .optional = true},
    };

    if (!body_read(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    if (!(for_ms >= 1 && for_ms <= (double)HOLD_DAYS_MAX * DAY_MS)) {
        http_answer_error(exchange, 400, "\"for_ms\" must be from one millisecond to 31 days");
        return;
    }
    said.until_wall_ms = clock_wall_ms() + (int64_t)for_ms;
    control_name_owner(exchange, said.owner, sizeof(said.owner));
    control_tell(context, exchange, &said);
}

void control_on_resume(void *context, struct http_exchange *exchange)
{
    struct operator_event said = {.kind = OPERATOR_RESUME};
    const struct body_field fields[] = {
        {.name = "owner", .text = said.owner, .size = sizeof(said.owner), .optional = true},
    };

    if (!body_read(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    control_name_owner(exchange, said.owner, sizeof(said.owner));
    control_tell(context, exchange, &said);
}

/* An acknowledgement on its way through the store. */
struct ack {
    struct control *control;
    struct http_exchange *exchange;
    struct operator_event said;
};

static void on_acked(void *context, int result)
{
    struct ack *ack = context;
    struct control *control = ack->control;

    if (result == -ENOENT)
        http_answer_error(ack->exchange, 404, "there is no incident of this id");
    else if (result < 0 || control->closing)
        http_answer_error(ack->exchange, 503, "the incident store does not answer; nothing was noted");
    else
        control_tell(control, ack->exchange, &ack->said);
    free(ack);
    control_query_done(control);
}

void control_on_ack(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    struct store *store = *control->options.store;
    struct ack *ack = calloc(1, sizeof(*ack));
    struct operator_event *said;

    if (!ack || !store) {
        free(ack);
        http_answer_error(exchange, 503, store ? "out of memory" : "there is no incident store");
        return;
    }
    said = &ack->said;
    *ack = (struct ack){.control = control, .exchange = exchange, .said.kind = OPERATOR_ACK};
    const struct body_field fields[] = {
        {.name = "incident", .text = said->incident, .size = sizeof(said->incident)},
        {.name = "owner", .text = said->owner, .size = sizeof(said->owner), .optional = true},
    };
    if (!body_read(exchange, fields, sizeof(fields) / sizeof(fields[0]))) {
        free(ack);
        return;
    }
    control_name_owner(exchange, said->owner, sizeof(said->owner));
    control_query_begun(control);
    if (store_ack(store, said->incident, said->owner, clock_wall_ms(), on_acked, ack) < 0)
        on_acked(ack, -EBUSY);
}
