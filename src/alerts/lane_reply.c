/* What becomes of a letter by what its target answers. */
#include "alerts/lane_parts.h"

#include "alerts/stopwatch.h"
#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { REASON_MAX = LETTER_RESULT_MAX };

/* A line about a delivery. It names the channel and never its URL, server or user; nor what the target said,
 * which may repeat them. */
void lane_log(const struct lane *lane, int priority, const struct letter *letter, const char *what)
{
    struct notice notice = {0};
    const struct log_field fields[] = {
        {"RMQ_CLUSTER", notice.cluster},
        {"RMQ_NODE", notice.node},
        {"RMQ_EVENT", "delivery"},
        {"RMQ_INCIDENT", notice.incident},
        {"RMQ_CHANNEL", lane->config->name},
        {"RMQ_NOTICE", letter->id},
    };

    (void)letter_unpack(letter, &notice);
    log_fields(priority, NULL, fields, sizeof(fields) / sizeof(fields[0]), "%s \"%.*s\": \"%s\" of %s %s",
        lane->config->ops->name, LANE_NAME_MAX, lane->config->name, notice_info(letter->kind)->title,
        notice.node, what);
}

static uint32_t random_number(void)
{
    uint32_t number = 0;

    /* Without entropy yet (early boot) there is no jitter, and nothing worse. */
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
        number = 200;
    return number;
}

static void lane_try_again(struct lane *lane, struct parcel *parcel, uint64_t asked_ms, const char *reason)
{
    uint64_t pause_ms = pace_retry_ms(++lane->failures, asked_ms, random_number());
    char pause[32];
    char what[REASON_MAX + 64];

    lane->retries++;
    if (lane->stale) {
        lane->failures = 0;
        pause_ms = 0;
    }
    lane->next_try_ms = clock_boot_ms() + pause_ms;
    ledger_note(lane->ledger, parcel, LETTER_WAITING, reason);
    /* An outage of hours would fill the journal: the first failure is told, then ever fewer. */
    if ((lane->failures & (lane->failures - 1)) != 0)
        return;
    text_duration(pause, sizeof(pause), pause_ms);
    snprintf(what, sizeof(what), "not delivered yet: %s; next try in %s", reason, pause);
    lane_log(lane, LOG_WARNING, parcel->letter, what);
}

/* The head is done with. */
static void end_head(struct lane *lane, enum letter_state state, const char *result)
{
    ledger_note(lane->ledger, queue_head(&lane->queue), state, result);
    lane->failures = 0;
    lane->next_try_ms = 0;
    queue_remove(&lane->queue, 0);
}

static void lane_sent(struct lane *lane, const struct parcel *parcel, const char *reason)
{
    char what[96];

    lane->sent++;
    lane->overflows = false;
    lane->refusing = false;
    if (lane->telling > 0) {
        lane->state.lost -= lane->telling;
        lane_note_state(lane);
    }
    if (lane->failures == 0)
        snprintf(what, sizeof(what), "delivered");
    else
        snprintf(what, sizeof(what), "delivered after %u failed %s", lane->failures,
            lane->failures == 1 ? "try" : "tries");
    lane_log(lane, LOG_INFO, parcel->letter, what);
    end_head(lane, LETTER_SENT, reason);
}

static void lane_refused(struct lane *lane, const struct parcel *parcel, const char *reason)
{
    char what[REASON_MAX + 64];

    lane->refused++;
    lane->state.lost++;
    lane->refusing = true;
    lane->parked += lane->parked < STORE_PARKED_MAX;
    text_copy(lane->refusal, sizeof(lane->refusal), reason);
    lane_note_state(lane);
    snprintf(what, sizeof(what), "refused for good: %s", reason);
    lane_log(lane, LOG_ERR, parcel->letter, what);
    end_head(lane, LETTER_PARKED, reason);
}

/* "HTTP 200, code 310000: the signature is wrong" */
static void compose_reason(const struct channel_verdict *verdict, const char *how, char *reason)
{
    snprintf(reason, REASON_MAX, "%s", how);
    if (verdict->code != 0)
        text_append(reason, REASON_MAX, ", code %ld", verdict->code);
    if (verdict->reason)
        text_append(reason, REASON_MAX, ": %s", verdict->reason);
}

static void tell_result(struct parcel *parcel, const struct channel_reply *reply,
    const struct channel_verdict *verdict, const char *how)
{
    char answer[OUTBOX_ANSWER_MAX];
    const struct outbox_result result = {.delivery = verdict->delivery,
        .answered = reply->answered,
        .status = reply->status,
        .code = verdict->code,
        .how = how,
        .answer = answer};

    clean_text(answer, sizeof(answer), reply->body, reply->body_size, false);
    parcel_tell(parcel, &result);
}

void lane_on_reply(void *context, const struct channel_reply *reply, const char *how)
{
    struct lane *lane = context;
    const uint64_t since_ns = uv_hrtime();
    struct parcel *parcel = parcel_ref(queue_head(&lane->queue));
    struct channel_verdict verdict = lane->config->ops->classify(reply);
    char reason[REASON_MAX];

    compose_reason(&verdict, how, reason);
    if (verdict.delivery == DELIVERY_REFUSED && lane->stale)
        verdict.delivery = DELIVERY_RETRY;
    parcel->tries++;
    if (verdict.delivery == DELIVERY_SENT)
        lane_sent(lane, parcel, reason);
    else if (verdict.delivery == DELIVERY_RETRY)
        lane_try_again(lane, parcel, verdict.retry_after_ms, reason);
    else
        lane_refused(lane, parcel, reason);
    lane->telling = 0;
    lane->stale = false;
    tell_result(parcel, reply, &verdict, reason);
    parcel_unref(parcel);
    lane->changed(lane->context);
    stopwatch_note(&lane->ledger->max_loop_us, since_ns);
}

void lane_cannot_start(struct lane *lane, struct parcel *parcel, int error)
{
    /* Only the configuration can make a request that makes no sense; a reload tries again at once. */
    const bool senseless = error == -EINVAL;
    const char *words = senseless ? "its configuration cannot work" : strerror(-error);
    const struct channel_verdict verdict = {.delivery = DELIVERY_RETRY};
    const struct channel_reply reply = {.body = ""};

    parcel->tries++;
    lane_try_again(lane, parcel, senseless ? PACE_SETUP_MS : 0, words);
    tell_result(parcel, &reply, &verdict, words);
}
