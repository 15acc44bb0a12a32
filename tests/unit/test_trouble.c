/* Troubles: every kind of notice belongs to one, and every one of them ends. */
#include "alert_samples.h"
#include "alerts/trouble.h"
#include "cmocka_all.h"
#include "core/table.h"

#include <stdio.h>
#include <string.h>

static void test_every_kind_has_a_family(void **state)
{
    (void)state;
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        const char *family = trouble_family((enum notice_kind)kind);

        assert_true(family[0] && strlen(family) < RMQ_TROUBLE_MAX);
        assert_int_equal(strspn(family, "abcdefghijklmnopqrstuvwxyz-"), strlen(family));
    }
    assert_string_equal(trouble_family(NOTICE_KIND_COUNT), trouble_family(NOTICE_NONE));
    assert_string_equal(trouble_family((enum notice_kind) - 1), trouble_family(NOTICE_NONE));
}

static bool has_kind(const char *family, bool ends)
{
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++)
        if (strcmp(trouble_family((enum notice_kind)kind), family) == 0 &&
            trouble_ends((enum notice_kind)kind) == ends)
            return true;
    return false;
}

static void test_every_family_begins_and_ends(void **state)
{
    (void)state;
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++) {
        const char *family = trouble_family((enum notice_kind)kind);

        if (kind == NOTICE_TEST)
            continue; /* told by itself, of nothing */
        assert_true(has_kind(family, true));
        assert_true(has_kind(family, false));
        /* What ends well ends; so does an operator's doing, of whom nothing more is heard. */
        assert_int_equal(trouble_ends((enum notice_kind)kind),
            trouble_ends_well((enum notice_kind)kind) || kind == NOTICE_STOPPED);
        /* All kinds of a family are about the same subject. */
        for (int other = NOTICE_NONE + 1; other < kind; other++)
            if (strcmp(trouble_family((enum notice_kind)other), family) == 0)
                assert_int_equal(trouble_is_of_cluster((enum notice_kind)other),
                    trouble_is_of_cluster((enum notice_kind)kind));
    }
}

/* Each end is known as one, so that nobody waits for it in vain: what is info and no end is on this list. */
static void test_every_kind_is_an_end_or_not(void **state)
{
    (void)state;
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++) {
        /* An operator's doing begins quietly: not every info is an end. */
        bool begins = kind == NOTICE_DRAINED || kind == NOTICE_HOLD_SET || kind == NOTICE_TEST;
        bool info = notice_info((enum notice_kind)kind)->severity == SEVERITY_INFO && !begins;

        assert_int_equal(trouble_is_answered((enum notice_kind)kind), info || kind == NOTICE_UNVERIFIED);
        assert_int_equal(trouble_ends_well((enum notice_kind)kind), info && kind != NOTICE_STOPPED);
    }
    assert_false(trouble_is_answered(NOTICE_NONE));
    assert_false(trouble_is_answered(NOTICE_KIND_COUNT));
    assert_false(trouble_ends_well(NOTICE_KIND_COUNT));
}

/* What waits for its end and what does not: each kind is on one of the lists. */
static void test_what_waits(void **state)
{
    static const enum notice_kind waiting[] = {NOTICE_CRASHED, NOTICE_HUNG, NOTICE_RESTARTING,
        NOTICE_RETRYING, NOTICE_SLOW_BOOT, NOTICE_ALARM, NOTICE_PEER_DOWN, NOTICE_CHECK_MISCONFIGURED,
        NOTICE_AGENT_STALLED, NOTICE_BUSY, NOTICE_APP_STOPPED, NOTICE_PAUSED, NOTICE_DRAINED,
        NOTICE_LISTENER_LOST, NOTICE_NOT_SERVING, NOTICE_LEADERLESS, NOTICE_HOLD_SET, NOTICE_LEASE_LOST,
        NOTICE_AGENT_MISSING};
    static const enum notice_kind urgent[] = {NOTICE_HELD, NOTICE_WOULD_ACT, NOTICE_UNVERIFIED,
        NOTICE_GAVE_UP, NOTICE_ALL_DOWN, NOTICE_PARTITION, NOTICE_STALE_VIEW, NOTICE_ISOLATED,
        NOTICE_QUORUM_LOST, NOTICE_FLAPPING, NOTICE_AGENT_DEGRADED, NOTICE_DELIVERY_REFUSED, NOTICE_TEST};

    (void)state;
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++) {
        int lists = trouble_ends((enum notice_kind)kind);

        for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
            lists += waiting[i] == (enum notice_kind)kind;
        for (size_t i = 0; i < sizeof(urgent) / sizeof(urgent[0]); i++)
            lists += urgent[i] == (enum notice_kind)kind;
        assert_int_equal(lists, 1);
    }
    for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
        assert_false(trouble_is_urgent(waiting[i]));
    for (size_t i = 0; i < sizeof(urgent) / sizeof(urgent[0]); i++)
        assert_true(trouble_is_urgent(urgent[i]));
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++)
        if (trouble_ends((enum notice_kind)kind))
            assert_true(trouble_is_urgent((enum notice_kind)kind));
}

static void test_watches_and_their_families_agree(void **state)
{
    (void)state;
    for (int i = 0; i < WATCH_KIND_COUNT; i++) {
        const struct watch_info *info = &watch_infos[i];

        assert_string_equal(trouble_family(info->raise), trouble_family(info->clear));
        assert_false(trouble_ends(info->raise));
        assert_true(trouble_ends(info->clear));
        assert_true(strlen(info->name) < RMQ_TROUBLE_MAX);
    }
}

static void test_severities(void **state)
{
    (void)state;
    assert_int_equal(trouble_severities(NOTICE_RECOVERED), 1u << SEVERITY_WARNING | 1u << SEVERITY_CRITICAL);
    assert_int_equal(trouble_severities(NOTICE_CRASHED), trouble_severities(NOTICE_RECOVERED));
    assert_int_equal(trouble_severities(NOTICE_HOLD_OVER), 1u << SEVERITY_INFO);
    assert_int_equal(trouble_severities(NOTICE_PARTITION), 1u << SEVERITY_CRITICAL);
    /* Told as either, whatever fails: its end ends both. */
    assert_int_equal(
        trouble_severities(NOTICE_SERVING_AGAIN), 1u << SEVERITY_WARNING | 1u << SEVERITY_CRITICAL);
}

static void assert_key(const struct notice *notice, const char *expected)
{
    char key[TROUBLE_KEY_MAX];

    trouble_key(notice, key);
    assert_string_equal(key, expected);
}

/* From the first notice of a rescue to its last, on any agent and in any incident, the key is one. */
static void test_keys(void **state)
{
    static const enum notice_kind rescue[] = {NOTICE_CRASHED, NOTICE_HUNG, NOTICE_RESTARTING, NOTICE_HELD,
        NOTICE_WOULD_ACT, NOTICE_RECOVERED, NOTICE_UNVERIFIED, NOTICE_RETRYING, NOTICE_GAVE_UP,
        NOTICE_STOPPED, NOTICE_LEASE_LOST};
    struct notice notice = sample_gave_up();

    (void)state;
    for (size_t i = 0; i < sizeof(rescue) / sizeof(rescue[0]); i++) {
        notice.kind = rescue[i];
        snprintf(notice.observer, sizeof(notice.observer), "rabbit@rmq%zu", i);
        snprintf(notice.incident, sizeof(notice.incident), "incident-%zu", i);
        notice.wall_ms += 1000;
        assert_key(&notice, "rmqwatchd:orders:rabbit@rmq2:broker");
    }
    notice.kind = NOTICE_ALARM;
    assert_key(&notice, "rmqwatchd:orders:rabbit@rmq2:alarm");
    strcpy(notice.trouble, "disk-alarm");
    assert_key(&notice, "rmqwatchd:orders:rabbit@rmq2:disk-alarm");
    notice.kind = NOTICE_PARTITION;
    strcpy(notice.trouble, "partition");
    assert_key(&notice, "rmqwatchd:orders:partition"); /* whichever node tells it */
}

static void test_long_keys_stay_apart(void **state)
{
    struct notice notice = sample_gave_up();
    char first[TROUBLE_KEY_MAX], second[TROUBLE_KEY_MAX];

    (void)state;
    memset(notice.node, 'n', sizeof(notice.node) - 1);
    memset(notice.cluster, 'c', sizeof(notice.cluster) - 1);
    trouble_key(&notice, first);
    assert_true(strlen(first) < TROUBLE_KEY_MAX);
    trouble_key(&notice, second);
    assert_string_equal(first, second);
    notice.node[sizeof(notice.node) - 2] = 'm';
    trouble_key(&notice, second);
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_has_a_family),
        cmocka_unit_test(test_every_family_begins_and_ends),
        cmocka_unit_test(test_every_kind_is_an_end_or_not),
        cmocka_unit_test(test_what_waits),
        cmocka_unit_test(test_watches_and_their_families_agree),
        cmocka_unit_test(test_severities),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_long_keys_stay_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
