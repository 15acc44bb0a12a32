/* The queue between adapters and core: in order, bounded, and honest about what it drops. */
#include "agent/event_queue.h"
#include "cmocka_all.h"

#include <stdlib.h>

static struct event numbered(uint64_t number)
{
    return (struct event){.kind = EVENT_TICK, .now_ms = number};
}

static void test_events_leave_in_their_order(void **context)
{
    struct event_queue *queue = calloc(1, sizeof(*queue));
    struct event event;
    uint64_t in = 0, out = 0;

    (void)context;
    assert_non_null(queue);
    assert_false(event_queue_pop(queue, &event));
    for (unsigned round = 1; round < 200; round++) { /* ever other fill levels, often around the ring's end */
        for (unsigned i = 0; i < round % EVENT_QUEUE_SIZE; i++) {
            event = numbered(in++);
            assert_true(event_queue_push(queue, &event));
        }
        while (queue->count > round % 3) {
            assert_true(event_queue_pop(queue, &event));
            assert_int_equal(event.now_ms, out++);
        }
        while (queue->count > 0 && queue->count + round % EVENT_QUEUE_SIZE >= EVENT_QUEUE_SIZE) {
            assert_true(event_queue_pop(queue, &event));
            assert_int_equal(event.now_ms, out++);
        }
    }
    assert_int_equal(queue->dropped, 0);
    free(queue);
}

static void test_a_full_queue_drops_the_newest_and_counts_it(void **context)
{
    struct event_queue *queue = calloc(1, sizeof(*queue));
    struct event event;

    (void)context;
    assert_non_null(queue);
    for (uint64_t i = 0; i < EVENT_QUEUE_SIZE + 5; i++) {
        event = numbered(i);
        assert_int_equal(event_queue_push(queue, &event), i < EVENT_QUEUE_SIZE);
    }
    assert_int_equal(queue->dropped, 5);
    for (uint64_t i = 0; i < EVENT_QUEUE_SIZE; i++) {
        assert_true(event_queue_pop(queue, &event));
        assert_int_equal(event.now_ms, i);
    }
    assert_false(event_queue_pop(queue, &event));
    free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_leave_in_their_order),
        cmocka_unit_test(test_a_full_queue_drops_the_newest_and_counts_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
