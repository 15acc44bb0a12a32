/* POST /v1/test-alert {"channel": NAME, "text": TEXT, "wait": BOOL, "owner": TEXT}, all of it optional: sends
 * a test to the channels of this name, or to all. The answer:
 *
 *   {"tests": [{channel, kind, result, status, code, how, answer}]}
 *
 * where result is one of
 *
 *   delivered, refused, failed: what became of the first try; "answer" is what the target itself said
 *   waiting: there was none yet, as others are before it or the target wants a pause; it stays in the outbox
 *   dropped: there will be none
 *   kept: only with "wait": false: the outbox has it
 */
#include "base/clock.h"
#include "base/text.h"
#include "control/body.h"
#include "control/control_parts.h"
#include "control/json.h"
#include "core/step.h"
#include "words/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 8000 }; /* less than the server gives a handler */

struct test {
    struct test_round *round;
    const char *result;
    char *channel, *kind;
    long status, code;
    char *how, *answer; /* NULL: none */
};

/* One request, for any number of channels. */
struct test_round {
    struct test_round *next; /* of the control's */
    struct control *control;
    struct http_exchange *exchange;
    uv_timer_t timer;
    size_t count, open; /* tests, and those whose outcome is awaited */
    struct test tests[RMQ_CHANNELS_MAX];
};

static void free_round(struct test_round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        struct test *test = &round->tests[i];

        free(test->channel);
        free(test->kind);
        free(test->how);
        free(test->answer);
    }
    free(round);
}

static void on_closed(uv_handle_t *handle)
{
    struct test_round *round = handle->data;
    struct control *control = round->control;

    free_round(round);
    control_query_done(control);
}

static bool put_test(cJSON *json, const struct test *test)
{
    return json && json_put_text(json, "channel", test->channel) && json_put_text(json, "kind", test->kind) &&
           json_put_text(json, "result", test->result) &&
           json_put_number(json, "status", (double)test->status) &&
           json_put_number(json, "code", (double)test->code) &&
           json_put_text(json, "how", test->how ? test->how : "") &&
           json_put_text(json, "answer", test->answer ? test->answer : "");
}

/* Answers, and ends the round; whoever has no outcome yet is not waited for any more. */
static void end_round(struct test_round *round)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(json, "tests");
    bool ok = array != NULL;

    struct test_round **link = &round->control->rounds;

    while (*link != round)
        link = &(*link)->next;
    *link = round->next;
    for (size_t i = 0; i < round->count; i++)
        outbox_forget(*round->control->options.outbox, &round->tests[i]);
    for (size_t i = 0; ok && i < round->count; i++)
        ok = put_test(json_add_object(array), &round->tests[i]);
    control_answer(round->exchange, json_whole(json, ok));
    uv_close((uv_handle_t *)&round->timer, on_closed);
}

void control_end_tests(struct control *control)
{
    while (control->rounds)
        end_round(control->rounds);
}

static void on_timer(uv_timer_t *timer)
{
    end_round(timer->data);
}

static const char *name_result(const struct outbox_result *result)
{
    if (result->kept)
        return "kept";
    if (result->error < 0)
        return "dropped";
    switch (result->delivery) {
    case DELIVERY_SENT:
        return "delivered";
    case DELIVERY_REFUSED:
        return "refused";
    case DELIVERY_RETRY:
        break;
    }
    return "failed";
}

static void on_result(void *context, const struct outbox_result *result)
{
    struct test *test = context;
    struct test_round *round = test->round;

    test->result = name_result(result);
    test->status = result->status;
    test->code = result->code;
    test->how = strdup(result->error < 0 ? "it will not be sent" : result->how);
    test->answer = strdup(result->answer ? result->answer : "");
    /* Not here: the outbox may be in the middle of its work. */
    if (--round->open == 0)
        uv_timer_start(&round->timer, on_timer, 1, 0);
}

static void compose(const struct control *control, const char *owner, const char *text, struct notice *notice)
{
    const struct core *core = control->options.core;
    const struct member *local = &core->members[0];
    const int64_t wall_ms = clock_wall_ms();
    const struct step step = {.now_ms = clock_boot_ms(), .wall_ms = wall_ms};

    *notice = (struct notice){
        .kind = NOTICE_TEST,
        .severity = notice_info(NOTICE_TEST)->severity,
        .condition = local->condition,
        .language = core->policy.language,
        .wall_ms = wall_ms,
        .since_wall_ms = wall_ms,
    };
    step_incident_id(&step, local->name, "", notice->incident, sizeof(notice->incident));
    text_copy(notice->cluster, sizeof(notice->cluster), core->cluster);
    text_copy(notice->node, sizeof(notice->node), local->name);
    text_copy(notice->observer, sizeof(notice->observer), local->name);
    text_append(notice->why, sizeof(notice->why),
        words(core->policy.language, "%s tries this channel: nothing has happened"), owner);
    text_copy(notice->detail, sizeof(notice->detail), text);
}

/* The channels of this name, or all. */
static size_t add_tests(struct test_round *round, const char *channel)
{
    const struct config *config = *round->control->options.config;

    for (size_t i = 0; i < config->channel_count && round->count < RMQ_CHANNELS_MAX; i++) {
        const struct channel_config *each = &config->channels[i];

        if (channel[0] && strcmp(channel, each->name) != 0)
            continue;
        round->tests[round->count++] = (struct test){
            .round = round,
            .result = "waiting",
            .channel = strdup(each->name),
            .kind = strdup(each->ops->name),
        };
    }
    return round->count;
}

static void start_round(struct test_round *round, const struct notice *notice, bool wait)
{
    struct outbox *outbox = *round->control->options.outbox;

    round->open = round->count;
    for (size_t i = 0; i < round->count; i++) {
        struct test *test = &round->tests[i];
        int r = test->kind && test->channel
                    ? outbox_put_to(outbox, test->kind, test->channel, notice, !wait, on_result, test)
                    : -ENOMEM;

        if (r < 0)
            on_result(test, &(struct outbox_result){.error = r, .how = "", .answer = ""});
    }
}

void control_on_test_alert(void *context, struct http_exchange *exchange)
{
    struct control *control = context;
    char channel[RMQ_CHANNEL_NAME_MAX] = "", text[256] = "", owner[RMQ_OWNER_MAX] = "";
    bool wait = true;
    const struct body_field fields[] = {
        {.name = "channel", .text = channel, .size = sizeof(channel), .optional = true},
        {.name = "text", .text = text, .size = sizeof(text), .optional = true},
        {.name = "wait", .flag = &wait, .optional = true},
        {.name = "owner", .text = owner, .size = sizeof(owner), .optional = true},
    };
    struct test_round *round;
    struct notice notice;

    if (!body_read(exchange, fields, sizeof(fields) / sizeof(fields[0])))
        return;
    round = *control->options.outbox ? calloc(1, sizeof(*round)) : NULL;
    if (!round) {
        http_answer_error(exchange, 503, "out of memory; nothing was sent");
        return;
    }
    *round = (struct test_round){.control = control, .exchange = exchange};
    if (add_tests(round, channel) == 0) {
        http_answer_error(exchange, 404,
            channel[0] ? "there is no channel of this name; rmqwatchctl outbox lists them"
                       : "no channel is configured");
        free_round(round);
        return;
    }
    control_name_owner(exchange, owner, sizeof(owner));
    compose(control, owner, text, &notice);
    control_query_begun(control);
    round->next = control->rounds;
    control->rounds = round;
    uv_timer_init(control->loop, &round->timer);
    round->timer.data = round;
    uv_timer_start(&round->timer, on_timer, WAIT_MS, 0);
    start_round(round, &notice, wait);
}
