/* The parts of the outbox that need no loop: letters, pace, queue. */
#include "alert_samples.h"
#include "alerts/pace.h"
#include "alerts/queue.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

static struct notice notice_of(enum notice_kind kind, enum severity severity, const char *incident)
{
    struct notice notice = sample_gave_up();

    notice.kind = kind;
    notice.severity = severity;
    snprintf(notice.incident, sizeof(notice.incident), "%s", incident);
    return notice;
}

static void test_pace(void **state)
{
    static const uint64_t middle[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

    (void)state;
    for (unsigned i = 0; i < sizeof(middle) / sizeof(middle[0]); i++) {
        assert_int_equal(pace_retry_ms(i + 1, 0, 200), middle[i]);
        assert_int_equal(pace_retry_ms(i + 1, 0, 0), middle[i] * 8 / 10);
        assert_int_equal(pace_retry_ms(i + 1, 0, 400), middle[i] * 12 / 10);
        assert_int_equal(pace_retry_ms(i + 1, 0, 401), middle[i] * 8 / 10);
        assert_in_range(pace_retry_ms(i + 1, 0, UINT32_MAX), middle[i] * 8 / 10, middle[i] * 12 / 10);
    }
    assert_int_equal(pace_retry_ms(4000000000U, 0, 200), 60000);
    assert_int_equal(pace_retry_ms(1, 30000, 200), 30000);
    assert_int_equal(pace_retry_ms(7, 30000, 200), 60000);
    assert_int_equal(pace_retry_ms(1, UINT64_MAX, 200), PACE_ASKED_MAX_MS);
}

/* Sends as often as the bucket lets it, in steps of STEP_MS, and checks that no period has more than the
 * limit, wherever it begins. */
static void assert_limit_is_kept(struct channel_limit limit, uint64_t step_ms)
{
    static uint64_t sent_ms[4096];
    struct pace_bucket bucket = {0};
    size_t count = 0;

    for (uint64_t now_ms = 1000000; now_ms < 1000000 + 5 * (uint64_t)limit.period_ms; now_ms += step_ms) {
        while (pace_free_ms(&bucket, &limit) <= now_ms && count < sizeof(sent_ms) / sizeof(sent_ms[0])) {
            pace_take(&bucket, &limit, now_ms);
            sent_ms[count++] = now_ms;
        }
    }
    for (size_t i = limit.count; i < count; i++)
        assert_true(sent_ms[i] - sent_ms[i - limit.count] >= limit.period_ms);
    /* And it is not much slower than need be: half of the limit at once, half of it over the period. */
    assert_true(count >= 2 * limit.count);
}

static void test_limits(void **state)
{
    static const struct channel_limit none;
    struct pace_bucket bucket = {0};
    struct channel_limit one = {1, 1000};

    (void)state;
    for (size_t i = 0; channel_at(i); i++) {
        for (size_t j = 0; j < CHANNEL_LIMITS_MAX; j++) {
            const struct channel_limit *limit = &channel_at(i)->limits[j];

            if (limit->count == 0)
                continue;
            assert_limit_is_kept(*limit, 1);
            assert_limit_is_kept(*limit, 37);
        }
    }
    /* One, and the next a period later. */
    assert_int_equal(pace_free_ms(&bucket, &one), 0);
    pace_take(&bucket, &one, 5000);
    assert_int_equal(pace_free_ms(&bucket, &one), 6000);
    pace_take(&bucket, &one, 5100); /* a taker that does not ask pays for it */
    assert_int_equal(pace_free_ms(&bucket, &one), 7000);
    pace_take(&bucket, &none, 5100);
    assert_int_equal(pace_free_ms(&bucket, &none), 0);
}

static struct parcel *push(
    struct letter_queue *queue, enum notice_kind kind, uint64_t number, bool head_busy, size_t dropped)
{
    struct notice notice = notice_of(kind, notice_info(kind)->severity, "i");
    struct letter *letter = letter_new(&(struct letter_source){0xabc, number - 1}, &notice);
    struct channel_key *key = channel_key_new("slack", "ops");
    struct parcel *parcel, *gone;

    assert_non_null(letter);
    assert_non_null(key);
    parcel = parcel_new(letter, key);
    assert_non_null(parcel);
    gone = queue_push(queue, parcel, SIZE_MAX, head_busy);
    assert_int_equal(gone != NULL, dropped);
    parcel_unref(gone);
    parcel_unref(parcel); /* the queue has its own reference, or dropped it */
    channel_key_unref(key);
    letter_unref(letter);
    return parcel;
}

static void test_letters(void **state)
{
    struct notice notice = sample_hostile(), unpacked;
    struct letter *letter = letter_new(&(struct letter_source){0xabc, 6}, &notice);
    struct channel_key *key = channel_key_new("slack", "ops");
    struct parcel *one = parcel_new(letter, key), *other = parcel_new(letter, key);
    struct letter_queue first = {0}, second = {0};

    (void)state;
    assert_string_equal(letter->id, "a'b $(x)-gave-up-0000000000000abc-7");
    assert_int_equal(letter_unpack(letter, &unpacked), 0);
    assert_string_equal(unpacked.node, "rabbit@rmq2  Bcc: x@y.example");
    assert_true(channel_key_is(key, "slack", "ops"));
    assert_false(channel_key_is(key, "slack", "op"));
    assert_false(channel_key_is(key, "mail", "ops"));
    assert_null(queue_push(&first, one, 0, false));
    assert_null(queue_push(&second, other, 0, false));
    parcel_unref(one);
    parcel_unref(other);
    letter_unref(letter);
    queue_remove(&first, 0);
    assert_null(queue_head(&first));
    assert_ptr_equal(queue_head(&second), other); /* alive by the reference of the second queue */
    assert_int_equal(other->letter->refs, 1);
    assert_int_equal(queue_find(&second, letter->id), 0);
    assert_int_equal(queue_find(&second, "another"), 1);
    queue_clear(&second);
    letter_unref(NULL);
    parcel_unref(NULL);
    channel_key_unref(key);
}

static void test_queue_keeps_order_and_bound(void **state)
{
    struct letter_queue queue = {0};
    struct parcel *letters[QUEUE_MAX];

    (void)state;
    for (size_t i = 0; i < QUEUE_MAX; i++)
        letters[i] = push(&queue, NOTICE_CRASHED, i, false, 0);
    push(&queue, NOTICE_CRASHED, 2000, true, 1); /* the head is in flight: the second goes */
    assert_ptr_equal(queue_head(&queue), letters[0]);
    push(&queue, NOTICE_CRASHED, 1001, false, 1);
    for (size_t i = 2; i < QUEUE_MAX; i++) {
        assert_ptr_equal(queue_head(&queue), letters[i]);
        queue_remove(&queue, 0);
    }
    assert_int_equal(queue.count, 2);
    queue_clear(&queue);
}

static void test_queue_moves(void **state)
{
    static const uint64_t moves[][2] = {{2, 0}, {0, 2}, {3, 3}, {3, 1}, {0, 3}};
    static const char order[][5] = {"2013", "0123", "0123", "0312", "3120"};
    struct letter_queue queue = {0};
    struct parcel *items[4];

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        items[i] = push(&queue, NOTICE_CRASHED, i + 1, false, 0);
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        queue_move(&queue, moves[i][0], moves[i][1]);
        for (size_t j = 0; j < 4; j++)
            assert_ptr_equal(queue.items[j], items[order[i][j] - '0']);
    }
    queue_clear(&queue);
}

/* Least important first, the oldest of those first. */
static void test_queue_drops_by_importance(void **state)
{
    static const enum notice_kind kinds[] = {
        NOTICE_GAVE_UP, NOTICE_RECOVERED, NOTICE_CRASHED, NOTICE_NONE, NOTICE_CRASHED, NOTICE_NONE};
    static const enum notice_kind left[][6] = {
        {NOTICE_GAVE_UP, NOTICE_RECOVERED, NOTICE_CRASHED, NOTICE_CRASHED, NOTICE_NONE},
        {NOTICE_GAVE_UP, NOTICE_RECOVERED, NOTICE_CRASHED, NOTICE_CRASHED},
        {NOTICE_GAVE_UP, NOTICE_CRASHED, NOTICE_CRASHED},
        {NOTICE_GAVE_UP, NOTICE_CRASHED},
        {NOTICE_GAVE_UP},
    };
    struct letter_queue queue = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        push(&queue, kinds[i], i, false, 0);
    while (queue.count < QUEUE_MAX)
        push(&queue, NOTICE_UNVERIFIED, 100, false, 0);
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        push(&queue, NOTICE_UNVERIFIED, 200 + i, false, 1);
        for (size_t j = 0; j < 5 - i; j++)
            assert_int_equal(queue.items[j]->letter->kind, left[i][j]);
        assert_int_equal(queue.items[5 - i]->letter->kind, NOTICE_UNVERIFIED);
    }
    queue_clear(&queue);
}

/* What matters more than the newcomer is not given up for it. */
static void test_queue_drops_the_newcomer(void **state)
{
    struct letter_queue queue = {0};

    (void)state;
    for (size_t i = 0; i < QUEUE_MAX; i++)
        push(&queue, NOTICE_GAVE_UP, i, false, 0);
    push(&queue, NOTICE_CRASHED, 2000, false, 1);
    push(&queue, NOTICE_HOLD_SET, 1001, true, 1);
    for (size_t i = 0; i < QUEUE_MAX; i++)
        assert_int_equal(queue.items[i]->letter->kind, NOTICE_GAVE_UP);
    push(&queue, NOTICE_RECOVERED, 1002, true, 1);
    assert_int_equal(queue.items[QUEUE_MAX - 1]->letter->kind, NOTICE_RECOVERED);
    queue_clear(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_queue_keeps_order_and_bound),
        cmocka_unit_test(test_queue_moves),
        cmocka_unit_test(test_queue_drops_by_importance),
        cmocka_unit_test(test_queue_drops_the_newcomer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
