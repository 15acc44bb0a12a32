/* Policy is data, so it can be walked whole: every state x trigger x fact combination has exactly one row. */
#include "core/core.h"

#include "cmocka_all.h"

#include <string.h>

/* What disturbing a live node takes, and what forbids it. */
static const uint32_t disturb_needs = FACT_ACT | FACT_SAFE | FACT_BUDGET | FACT_PROOF | FACT_LEASE;
static const uint32_t disturb_forbids = FACT_FOREIGN_JOB | FACT_HOLD | FACT_SPLIT | FACT_QUEUES | FACT_CROWD;

static size_t count_rows(enum state from, enum trigger on, uint32_t facts)
{
    size_t count = 0;

    for (size_t i = 0; i < rescue_row_count; i++) {
        const struct row *row = &rescue_rows[i];

        if ((row->from & (1u << from)) && (row->on & (UINT64_C(1) << on)) &&
            (facts & row->need) == row->need && !(facts & row->forbid))
            count++;
    }
    return count;
}

/* The facts that some row of this state and trigger asks for. The others cannot tell one row from another, so
 * all combinations of these are all combinations. */
static uint32_t facts_asked_for(enum state from, enum trigger on)
{
    uint32_t asked = 0;

    for (size_t i = 0; i < rescue_row_count; i++)
        if ((rescue_rows[i].from & (1u << from)) && (rescue_rows[i].on & (UINT64_C(1) << on)))
            asked |= rescue_rows[i].need | rescue_rows[i].forbid;
    return asked;
}

/* The next subset of MASK after FACTS; 0 after the last. */
static uint32_t next_facts(uint32_t facts, uint32_t mask)
{
    return (facts - mask) & mask;
}

static void test_every_combination_has_one_row(void **context)
{
    (void)context;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int on = 0; on < (int)TRIGGER_COUNT; on++) {
            uint32_t mask = facts_asked_for((enum state)from, (enum trigger)on), facts = 0;

            do {
                size_t count = count_rows((enum state)from, (enum trigger)on, facts);

                if (count != 1)
                    fail_msg("%s x %s x facts 0x%02x: %zu rows", state_name((enum state)from),
                        trigger_name((enum trigger)on), facts, count);
                facts = next_facts(facts, mask);
            } while (facts != 0);
        }
}

static void test_every_row_is_used_and_says_why(void **context)
{
    size_t held = 0;

    (void)context;
    for (size_t i = 0; i < rescue_row_count; i++) {
        const struct row *row = &rescue_rows[i];

        assert_non_null(row->why);
        assert_true(strlen(row->why) > 5);
        assert_true(strlen(row->why) < RMQ_WHY_MAX);
        assert_int_equal(row->need & row->forbid, 0);
        assert_true(row->from != 0 && row->from < (1u << STATE_COUNT));
        assert_true(row->on != 0 && row->on < (UINT64_C(1) << TRIGGER_COUNT));
        held += row->tell == NOTICE_HELD || row->tell == NOTICE_RESTARTING;
        if (row->to == STATE_COUNT) { /* staying does nothing */
            assert_int_equal(row->act, ACT_NOTHING);
            assert_true(row->tell == NOTICE_NONE || row->tell == NOTICE_LEASE_LOST);
        }
    }
    assert_in_range(held, 1, TOLD_ROWS_MAX);
}

static void test_every_state_is_reachable(void **context)
{
    unsigned reached = (1u << STATE_WATCHING) | (1u << STATE_RESUMED); /* where an agent begins */
    unsigned before;

    (void)context;
    do {
        before = reached;
        for (size_t i = 0; i < rescue_row_count; i++)
            if ((rescue_rows[i].from & reached) && rescue_rows[i].to < STATE_COUNT)
                reached |= 1u << rescue_rows[i].to;
    } while (reached != before);
    assert_int_equal(reached, (1u << STATE_COUNT) - 1);
}

static void test_every_state_leads_back_to_peace(void **context)
{
    unsigned peaceful = 1u << STATE_WATCHING;
    unsigned before;

    (void)context;
    do {
        before = peaceful;
        for (size_t i = 0; i < rescue_row_count; i++)
            if (rescue_rows[i].to < STATE_COUNT && (peaceful & (1u << rescue_rows[i].to)))
                peaceful |= rescue_rows[i].from;
    } while (peaceful != before);
    assert_int_equal(peaceful, (1u << STATE_COUNT) - 1);
}

/* The promises of the product, checked on every combination rather than on the rows' text. */
static void check_gates(enum state from, enum trigger on, uint32_t facts)
{
    const struct row *row = table_find(from, on, facts);
    bool disturbs = row->act == ACT_KILL || row->act == ACT_RESTART;

    if (disturbs &&
        ((facts & disturb_needs) != disturb_needs || (facts & disturb_forbids) || from != STATE_ASKING))
        fail_msg("%s x %s x facts 0x%04x disturbs a live node", state_name(from), trigger_name(on), facts);
    if (row->act == ACT_KILL)
        assert_false(facts & FACT_GENTLE);
    if (row->act == ACT_START) {
        assert_true((facts & FACT_ACT) || from == STATE_KILLING); /* half a restart helps nobody */
        assert_true(!(facts & FACT_HOLD) || from == STATE_KILLING);
        assert_false(facts & FACT_FOREIGN_JOB);
    }
    if (row->act == ACT_STOP && !(facts & FACT_DEAD))
        assert_true(on < (enum trigger)CONDITION_COUNT && condition_in((enum condition)on, CONDITIONS_DEAD));
    if (on < (enum trigger)CONDITION_COUNT && !condition_in((enum condition)on, CONDITIONS_DEAD))
        assert_true(row->act == ACT_NOTHING || row->act == ACT_ASK);
}

static void test_gates_hold_on_every_combination(void **context)
{
    (void)context;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int on = 0; on < (int)TRIGGER_COUNT; on++) {
            /* What a row forgot to ask for must be walked, too. */
            uint32_t mask =
                facts_asked_for((enum state)from, (enum trigger)on) | disturb_needs | disturb_forbids;
            uint32_t facts = 0;

            do {
                check_gates((enum state)from, (enum trigger)on, facts);
                facts = next_facts(facts, mask);
            } while (facts != 0);
        }
}

static void test_every_watch_combination_has_one_row(void **context)
{
    (void)context;
    for (int kind = 0; kind < WATCH_KIND_COUNT; kind++)
        for (int raised = 0; raised < 2; raised++)
            for (int on = 0; on < SIGN_COUNT; on++)
                for (unsigned facts = 0; facts < WATCH_FACTS_END; facts++) {
                    size_t count = 0;

                    for (size_t i = 0; i < watch_row_count; i++) {
                        const struct watch_row *row = &watch_rows[i];

                        if ((row->kinds & (1u << kind)) && row->raised == (raised == 1) &&
                            (row->on & (1u << on)) && (facts & row->need) == row->need &&
                            !(facts & row->forbid))
                            count++;
                    }
                    if (count != 1)
                        fail_msg("%s, %s, sign %d, facts 0x%x: %zu rows", watch_infos[kind].name,
                            raised ? "raised" : "quiet", on, facts, count);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_has_one_row),
        cmocka_unit_test(test_every_row_is_used_and_says_why),
        cmocka_unit_test(test_every_state_is_reachable),
        cmocka_unit_test(test_every_state_leads_back_to_peace),
        cmocka_unit_test(test_gates_hold_on_every_combination),
        cmocka_unit_test(test_every_watch_combination_has_one_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
