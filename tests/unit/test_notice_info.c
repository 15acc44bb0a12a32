/* Every kind of notice has a name, an id of its own, and a text in the journal's catalog. */
#include "cmocka_all.h"

#include "rmqwatch/notice.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOG "packaging/rmqwatchd.catalog"

static char *read_catalog(void)
{
    FILE *file = fopen(CATALOG, "re");
    char *text = calloc(1, 1 << 17);
    size_t count;

    assert_non_null(file); /* tests are run from the top of the tree */
    count = fread(text, 1, (1 << 17) - 1, file);
    assert_true(count > 0 && count < (1 << 17) - 1);
    fclose(file);
    return text;
}

static void test_names_and_ids(void **state)
{
    (void)state;
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        const struct notice_info *info = notice_info((enum notice_kind)kind);

        assert_non_null(info->event);
        assert_true(info->title && info->title[0]);
        assert_true(
            info->event[0] && strspn(info->event, "abcdefghijklmnopqrstuvwxyz-") == strlen(info->event));
        assert_int_equal(strlen(info->message_id), 32);
        assert_int_equal(strspn(info->message_id, "0123456789abcdef"), 32);
        for (int other = 0; other < kind; other++) {
            assert_string_not_equal(info->message_id, notice_info((enum notice_kind)other)->message_id);
            assert_string_not_equal(info->event, notice_info((enum notice_kind)other)->event);
        }
    }
}

static void test_out_of_range(void **state)
{
    (void)state;
    assert_ptr_equal(notice_info(NOTICE_KIND_COUNT), notice_info(NOTICE_NONE));
    assert_ptr_equal(notice_info((enum notice_kind) - 1), notice_info(NOTICE_NONE));
    assert_string_equal(severity_name((enum severity)77), "info");
    assert_string_equal(condition_name(CONDITION_COUNT), "unknown");
    assert_string_equal(condition_name((enum condition) - 1), "unknown");
}

static void test_severities(void **state)
{
    static const enum notice_kind pages[] = {NOTICE_HUNG, NOTICE_HELD, NOTICE_WOULD_ACT, NOTICE_UNVERIFIED,
        NOTICE_GAVE_UP, NOTICE_PEER_DOWN, NOTICE_ALL_DOWN};
    static const enum notice_kind records[] = {NOTICE_STOPPED, NOTICE_RECOVERED, NOTICE_BOOT_ENDED,
        NOTICE_ALARM_CLEARED, NOTICE_PEER_BACK, NOTICE_ALL_DOWN_OVER, NOTICE_CHECK_OK, NOTICE_AGENT_OK};

    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        assert_int_equal(notice_info(pages[i])->severity, SEVERITY_CRITICAL);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        assert_int_equal(notice_info(records[i])->severity, SEVERITY_INFO);
    assert_int_equal(notice_info(NOTICE_CRASHED)->severity, SEVERITY_WARNING);
    assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
}

static void test_conditions_have_names(void **state)
{
    (void)state;
    for (int condition = 0; condition < CONDITION_COUNT; condition++)
        for (int other = 0; other < condition; other++)
            assert_string_not_equal(
                condition_name((enum condition)condition), condition_name((enum condition)other));
    assert_string_equal(condition_name(CONDITION_HEALTHY), "healthy");
}

static void test_every_kind_is_in_the_catalog(void **state)
{
    char *catalog = read_catalog();

    (void)state;
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        char header[64];

        snprintf(
            header, sizeof(header), "\n-- %s\nSubject: ", notice_info((enum notice_kind)kind)->message_id);
        assert_non_null(strstr(catalog, header));
    }
    free(catalog);
}

static void test_every_catalog_entry_is_of_a_kind(void **state)
{
    char *catalog = read_catalog();
    size_t entries = 0;

    (void)state;
    for (char *entry = catalog; (entry = strstr(entry, "\n-- ")); entry++) {
        bool known = false;

        for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
            if (strncmp(entry + 4, notice_info((enum notice_kind)kind)->message_id, 32) == 0)
                known = true;
        assert_true(known);
        entries++;
    }
    assert_int_equal(entries, NOTICE_KIND_COUNT);
    free(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_ids),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_severities),
        cmocka_unit_test(test_conditions_have_names),
        cmocka_unit_test(test_every_kind_is_in_the_catalog),
        cmocka_unit_test(test_every_catalog_entry_is_of_a_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
