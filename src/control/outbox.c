/* GET /v1/outbox?state=STATE: {"durable", "max_loop_ms", "channels": [...], "letters": [...]}, where
 *   durable    false: the disk fails, what waits is in memory only
 *   channel    {channel, kind, waiting, parked, and since the start: sent, refused, dropped, retries}
 *   letter     {number, channel, kind, id, state, event, severity, node, incident, time, tries, result,
 *              changed}, in their order: those that are "waiting", "parked", or the last that were "sent";
 *              without STATE, the first two
 *
 * POST /v1/outbox/retry and /v1/outbox/drop {"number": N} or {"channel": NAME}: {"count"}, how many it was.
 * 404 where there is no such letter, or neither such a channel nor a letter for it that this can be done to.
 */
#include "base/text.h"
#include "control/body.h"
#include "control/control_parts.h"
#include "control/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BIT(state) (1u << (state))

enum { LISTED_MAX = 1000, CHOSEN_MAX = 1200 }; /* all that one channel can have waiting or parked */

/* What was asked for, on its way. */
struct errand {
    struct control *control;
    struct http_exchange *exchange;
    bool drop;
    char channel[RMQ_CHANNEL_NAME_MAX];
    size_t count, at; /* letters of a channel, and the next of them */
    size_t done;
    bool busy; /* one of them is being sent right now */
    int64_t numbers[CHOSEN_MAX];
};

static struct errand *begin(struct control *control, struct http_exchange *exchange)
{
    struct errand *errand =
        *control->options.store && *control->options.outbox ? calloc(1, sizeof(*errand)) : NULL;

    if (!errand) {
        http_answer_error(exchange, 503, "the outbox does not answer");
        return NULL;
    }
    errand->control = control;
    errand->exchange = exchange;
    control_query_begun(control);
    return errand;
}

static void end(struct errand *errand)
{
    struct control *control = errand->control;

    free(errand);
    control_query_done(control);
}

static bool put_channels(cJSON *json, const struct outbox *outbox)
{
    cJSON *array = cJSON_AddArrayToObject(json, "channels");
    struct outbox_channel_counts counts;
    bool ok = array != NULL;

    for (size_t i = 0; ok && outbox_channel_count(outbox, i, &counts); i++) {
        cJSON *channel = json_add_object(array);

        ok = channel && json_put_text(channel, "channel", counts.name) &&
             json_put_text(channel, "kind", counts.kind) &&
             json_put_number(channel, "waiting", (double)counts.waiting) &&
             json_put_number(channel, "parked", (double)counts.parked) &&
             json_put_number(channel, "sent", (double)counts.sent) &&
             json_put_number(channel, "refused", (double)counts.refused) &&
             json_put_number(channel, "dropped", (double)counts.dropped) &&
             json_put_number(channel, "retries", (double)counts.retries);
    }
    return ok;
}

static bool put_letter(cJSON *json, const struct store_letter *letter)
{
    return json && json_put_number(json, "number", (double)letter->number) &&
           json_put_text(json, "channel", letter->name) && json_put_text(json, "kind", letter->kind) &&
           json_put_text(json, "id", letter->id) &&
           json_put_text(json, "state", letter_state_name((int)letter->state)) &&
           json_put_text(json, "event", letter->event) && json_put_text(json, "severity", letter->severity) &&
           json_put_text(json, "node", letter->node) && json_put_text(json, "incident", letter->incident) &&
           json_put_time(json, "time", letter->wall_ms) && json_put_number(json, "tries", letter->tries) &&
           json_put_text(json, "result", letter->result) &&
           json_put_time(json, "changed", letter->changed_wall_ms);
}

static void on_letters(void *context, int result, const struct store_letter *letters, size_t count)
{
    struct errand *errand = context;
    const struct outbox *outbox = *errand->control->options.outbox;
    struct outbox_counts counts;
    cJSON *json, *array;
    bool ok;

    if (result < 0 || !outbox) {
        http_answer_error(errand->exchange, 503, "the outbox does not answer");
        end(errand);
        return;
    }
    outbox_count(outbox, &counts);
    json = cJSON_CreateObject();
    ok = json_put_bool(json, "durable", !errand->control->options.core->store_failed) &&
         json_put_number(json, "max_loop_ms", (double)counts.max_loop_us / 1000) &&
         put_channels(json, outbox);
    array = cJSON_AddArrayToObject(json, "letters");
    ok = ok && array;
    for (size_t i = 0; ok && i < count; i++)
        ok = put_letter(json_add_object(array), &letters[i]);
    control_answer(errand->exchange, json_whole(json, ok));
    end(errand);
}

/* A bit for the state of this name; 0: there is none that is listed. */
static unsigned find_state(const char *name)
{
    static const int listed[] = {LETTER_WAITING, LETTER_PARKED, LETTER_SENT};

    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
        if (!strcmp(letter_state_name(listed[i]), name))
            return BIT(listed[i]);
    return 0;
}

void control_on_outbox(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    const char *state = http_exchange_parameter(exchange, "state");
    const struct store_letter_filter filter = {
        .states = state ? find_state(state) : BIT(LETTER_WAITING) | BIT(LETTER_PARKED),
        .limit = LISTED_MAX,
        .newest = state && !strcmp(state, letter_state_name(LETTER_SENT)),
    };
    struct errand *errand;

    if (filter.states == 0) {
        http_answer_error(exchange, 400, "\"state\" must be waiting, parked or sent");
        return;
    }
    errand = begin(control, exchange);
    if (errand && store_letters(*control->options.store, &filter, on_letters, errand) < 0)
        on_letters(errand, -EBUSY, NULL, 0);
}

static bool is_configured(const struct errand *errand)
{
    const struct config *config = *errand->control->options.config;

    for (size_t i = 0; i < config->channel_count; i++)
        if (!strcmp(config->channels[i].name, errand->channel))
            return true;
    return false;
}

static void answer_count(struct errand *errand)
{
    cJSON *json = cJSON_CreateObject();

    control_answer(errand->exchange, json_whole(json, json_put_number(json, "count", (double)errand->done)));
    end(errand);
}

static void answer_failure(struct errand *errand, int result)
{
    switch (-result) {
    case ENOENT:
        http_answer_error(errand->exchange, 404,
            "nothing of this number waits or is parked for a channel that is configured");
        break;
    case EBUSY:
        http_answer_error(errand->exchange, 409, "it is being sent right now, or too many wait; try again");
        break;
    case EBADMSG:
        http_answer_error(errand->exchange, 409, "it is damaged and cannot be sent; it can be dropped");
        break;
    default:
        http_answer_error(errand->exchange, 503, "the outbox does not answer");
        break;
    }
    end(errand);
}

static void on_one(void *context, int result)
{
    if (result < 0) {
        answer_failure(context, result);
        return;
    }
    ((struct errand *)context)->done = 1;
    answer_count(context);
}

static int act(struct errand *errand, int64_t number, outbox_done_fn *fn)
{
    struct outbox *outbox = *errand->control->options.outbox;

    if (!outbox)
        return -ECANCELED;
    return errand->drop ? outbox_drop(outbox, number, fn, errand) : outbox_retry(outbox, number, fn, errand);
}

static void on_next(void *context, int result);

/* One letter after the other; one that was sent meanwhile does not count. */
static void go_on(struct errand *errand)
{
    while (errand->at < errand->count)
        if (act(errand, errand->numbers[errand->at++], on_next) == 0)
            return;
    if (errand->done == 0 && errand->busy) {
        answer_failure(errand, -EBUSY);
        return;
    }
    if (errand->done > 0 || is_configured(errand)) {
        answer_count(errand);
        return;
    }
    http_answer_error(errand->exchange, 404,
        errand->count > 0 ? "no channel of this name is configured: what is parked for it can be dropped only"
                          : "there is no channel of this name, and nothing is parked for one");
    end(errand);
}

static void on_next(void *context, int result)
{
    struct errand *errand = context;

    errand->done += result == 0;
    errand->busy = errand->busy || result == -EBUSY;
    go_on(errand);
}

static void on_chosen(void *context, int result, const struct store_letter *letters, size_t count)
{
    struct errand *errand = context;

    if (result < 0) {
        answer_failure(errand, result);
        return;
    }
    for (size_t i = 0; i < count && errand->count < CHOSEN_MAX; i++)
        if (!strcmp(letters[i].name, errand->channel))
            errand->numbers[errand->count++] = letters[i].number;
    go_on(errand);
}

static void do_errand(struct control *control, struct http_exchange *exchange, bool drop)
{
    const struct store_letter_filter filter = {.states = BIT(LETTER_WAITING) | BIT(LETTER_PARKED)};
    char channel[RMQ_CHANNEL_NAME_MAX] = "";
    double number = -1;
    const struct body_field fields[] = {
        {.name = "number", .number = &number, .optional = true},
        {.name = "channel", .text = channel, .size = sizeof(channel), .optional = true},
    };
    struct errand *errand;
    int r;

    if (!body_read(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    if (channel[0] ? number != -1 : !(number >= 1 && number <= 0x1p53 && floor(number) == number)) {
        http_answer_error(exchange, 400, "either \"number\", a whole one, or \"channel\" is needed");
        return;
    }
    errand = begin(control, exchange);
    if (!errand)
        return;
    errand->drop = drop;
    text_copy(errand->channel, sizeof(errand->channel), channel);
    r = channel[0] ? store_letters(*control->options.store, &filter, on_chosen, errand)
                   : act(errand, (int64_t)number, on_one);
    if (r < 0)
        answer_failure(errand, r);
}

void control_on_outbox_retry(void *context, struct http_exchange *exchange)
{
    do_errand(context, exchange, false);
}

void control_on_outbox_drop(void *context, struct http_exchange *exchange)
{
    do_errand(context, exchange, true);
}
