/* What becomes of a letter by what its target answers. */
#include "alerts/lane_parts.h"

#include "alerts/hide.h"
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

/* PARCEL NULL: what is told again. */
static void lane_try_again(struct lane *lane, struct parcel *parcel, uint64_t asked_ms, const char *reason)
{
    const struct letter *letter = parcel ? parcel->letter : lane->again;
    uint64_t pause_ms = pace_retry_ms(++lane->failures, asked_ms, random_number());
    char pause[32];
    char what[REASON_MAX + 64];

    lane->retries++;
    if (lane->stale) {
        lane->failures = 0;
        pause_ms = 0;
    }
    lane->next_try_ms = clock_boot_ms() + pause_ms;
    if (parcel)
        ledger_note(lane->ledger, parcel, LETTER_WAITING, reason);
    /* An outage of hours would fill the journal: the first failure is told, then ever fewer. */
    if (letter && (lane->failures & (lane->failures - 1)) == 0) {
        text_duration(pause, sizeof(pause), pause_ms);
        snprintf(what, sizeof(what), "not delivered yet: %s; next try in %s", reason, pause);
        lane_log(lane, LOG_WARNING, letter, what);
    }
    if (parcel)
        lane_pack(lane, parcel);
}

/* The head is done with; or what was told again, of which nothing was written down. */
static void end_flight(struct lane *lane, enum letter_state state, const char *result)
{
    lane->failures = 0;
    lane->next_try_ms = 0;
    if (lane->again)
        return;
    ledger_note(lane->ledger, queue_head(&lane->queue), state, result);
    queue_remove(&lane->queue, 0);
}

static void lane_sent(struct lane *lane, const struct letter *letter, bool direct, const char *reason)
{
    char what[96];

    lane->overflows = false;
    lane->refusing = false;
    lane->state.lost -= lane->telling;
    if (!direct)
        lane_told(lane, lane->turn, letter);
    if (lane->telling > 0 || digest_is_changed(lane->digest))
        lane_note_state(lane);
    if (lane->failures == 0)
        snprintf(what, sizeof(what), "delivered");
    else
        snprintf(what, sizeof(what), "delivered after %u failed %s", lane->failures,
            lane->failures == 1 ? "try" : "tries");
    if (lane->turn != DIGEST_REFRESH) {
        lane->sent++;
        lane_log(lane, LOG_INFO, letter, what);
    }
    end_flight(lane, LETTER_SENT, reason);
}

static void lane_refused(struct lane *lane, const struct letter *letter, const char *reason)
{
    char what[REASON_MAX + 64];

    lane->refused++;
    lane->refusing = true;
    text_copy(lane->refusal, sizeof(lane->refusal), reason);
    if (lane->again) {
        lane_told(lane, lane->turn, letter); /* it is not told again before its time, refused or not */
    } else {
        lane->state.lost++;
        lane->parked += lane->parked < STORE_PARKED_MAX;
    }
    lane_note_state(lane);
    snprintf(what, sizeof(what), "refused for good: %s", reason);
    lane_log(lane, LOG_ERR, letter, what);
    end_flight(lane, LETTER_PARKED, reason);
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

/* CONFIG: whose secrets the answer may repeat; NULL: they are not known any more, and nothing of it is shown.
 */
static void tell_result(const struct channel_config *config, struct parcel *parcel,
    const struct channel_reply *reply, const struct channel_verdict *verdict, const char *how)
{
    char answer[OUTBOX_ANSWER_MAX] = "";
    const struct outbox_result result = {.delivery = verdict->delivery,
        .answered = reply->answered,
        .status = reply->status,
        .code = verdict->code,
        .how = how,
        .answer = answer};

    if (config) {
        clean_text(answer, sizeof(answer), reply->body, reply->body_size, false);
        hide_secrets(config, answer);
    }
    parcel_tell(parcel, &result);
}

/* Nothing is in flight any more. */
static void land(struct lane *lane)
{
    letter_unref(lane->again);
    lane->again = NULL;
    lane->turn = DIGEST_NOTHING;
    lane->telling = 0;
    lane->stale = false;
}

void lane_on_reply(void *context, const struct channel_reply *reply, const char *how)
{
    struct lane *lane = context;
    const uint64_t since_ns = uv_hrtime();
    struct parcel *parcel = lane->again ? NULL : parcel_ref(queue_head(&lane->queue));
    const struct letter *letter = parcel ? parcel->letter : lane->again;
    struct channel_verdict verdict = lane->config->ops->classify(reply);
    const struct channel_config *asked = lane->stale ? NULL : lane->config;
    char reason[REASON_MAX];

    compose_reason(&verdict, how, reason);
    if (verdict.delivery == DELIVERY_REFUSED && lane->stale)
        verdict.delivery = DELIVERY_RETRY;
    if (parcel)
        parcel->tries++;
    if (verdict.delivery == DELIVERY_SENT)
        lane_sent(lane, letter, parcel && parcel->direct, reason);
    else if (verdict.delivery == DELIVERY_RETRY)
        lane_try_again(lane, parcel, verdict.retry_after_ms, reason);
    else
        lane_refused(lane, letter, reason);
    land(lane);
    if (parcel)
        tell_result(asked, parcel, reply, &verdict, reason);
    parcel_unref(parcel);
    lane->setup.changed(lane->setup.context);
    stopwatch_note(&lane->ledger->max_loop_us, since_ns);
}

void lane_cannot_start(struct lane *lane, struct parcel *parcel, int error)
{
    /* Only the configuration can make a request that makes no sense; a reload tries again at once. */
    const bool senseless = error == -EINVAL;
    const char *words = senseless ? "its configuration cannot work" : strerror(-error);
    const struct channel_verdict verdict = {.delivery = DELIVERY_RETRY};
    const struct channel_reply reply = {.body = ""};

    if (parcel)
        (void)parcel_ref(parcel)->tries++;
    lane_try_again(lane, parcel, senseless ? PACE_SETUP_MS : 0, words);
    land(lane);
    if (parcel)
        tell_result(lane->config, parcel, &reply, &verdict, words);
    parcel_unref(parcel);
}
