#include "base/text.h"

#include "cmocka_all.h"

#include <errno.h>

#include <string.h>

#define EURO "\xE2\x82\xAC"
#define FACE "\xF0\x9F\x98\x80"

static void test_copies_what_fits(void **state)
{
    char dest[6];

    (void)state;
    text_copy(dest, sizeof dest, "abc");
    assert_string_equal(dest, "abc");
    text_copy(dest, sizeof dest, "abcde");
    assert_string_equal(dest, "abcde");
    text_copy(dest, sizeof dest, "abcdefgh");
    assert_string_equal(dest, "abcde");
    text_copy(dest, sizeof dest, NULL);
    assert_string_equal(dest, "");
    text_copy(dest, 1, "abc");
    assert_string_equal(dest, "");
    dest[0] = 'x';
    text_copy(dest, 0, "abc");
    assert_int_equal(dest[0], 'x');
}

static void test_character_size(void **state)
{
    (void)state;
    assert_int_equal(text_character_size("a\xc3\xa9"), 1);
    assert_int_equal(text_character_size("\xc3\xa9z"), 2);
    assert_int_equal(text_character_size("\xe2\x80\xa6"), 3);
    assert_int_equal(text_character_size("\xf0\x9f\x90\xb0\xf0\x9f\x90\xb0"), 4);
}

static void test_cuts_at_whole_characters(void **state)
{
    char dest[16];

    (void)state;
    text_copy(dest, 4, EURO "x");
    assert_string_equal(dest, EURO);
    text_copy(dest, 3, EURO "x");
    assert_string_equal(dest, "");
    text_copy(dest, 6, "a" FACE "b");
    assert_string_equal(dest, "a" FACE);
    for (size_t size = 2; size <= 5; size++) {
        text_copy(dest, size, "a" FACE "b");
        assert_string_equal(dest, "a");
    }
    text_copy(dest, 3, "a\xC3\xA9");
    assert_string_equal(dest, "a");
    /* Not UTF-8 at all: cut as bytes rather than lost. */
    text_copy(dest, 4, "\x80\x80\x80\x80\x80");
    assert_string_equal(dest, "\x80\x80\x80");
}

static void test_appends_what_fits(void **state)
{
    char dest[10] = "ab";

    (void)state;
    text_append(dest, sizeof dest, "-%d", 7);
    assert_string_equal(dest, "ab-7");
    text_append(dest, sizeof dest, "%s", "cd" EURO EURO);
    assert_string_equal(dest, "ab-7cd" EURO);
    text_append(dest, sizeof dest, "%s", "more");
    assert_string_equal(dest, "ab-7cd" EURO);
    text_append(dest, 0, "%s", "more");
    assert_string_equal(dest, "ab-7cd" EURO);

    strcpy(dest, "abcdefg");
    text_append(dest, sizeof dest, "%s", EURO);
    assert_string_equal(dest, "abcdefg");
}

static void test_says_durations(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {1, "1 ms"},
        {99, "99 ms"},
        {100, "0.1 s"},
        {400, "0.4 s"},
        {449, "0.4 s"},
        {450, "0.5 s"},
        {1000, "1 s"},
        {5000, "5 s"},
        {8600, "8.6 s"},
        {9949, "9.9 s"},
        {9950, "10 s"},
        {12000, "12 s"},
        {12499, "12 s"},
        {59499, "59 s"},
        {59500, "1 min"},
        {185000, "3 min 5 s"},
        {600000, "10 min"},
        {3599499, "59 min 59 s"},
        {3599500, "1 h"},
        {7800000, "2 h 10 min"},
        {86340000, "23 h 59 min"},
        {86370000, "1 d"},
        {90000000, "1 d 1 h"},
        {UINT64_MAX, "213503982334 d 14 h"},
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_duration(text, sizeof text, cases[i].ms);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_parses_durations(void **state)
{
    static const struct {
        const char *text;
        int result;
        uint64_t ms;
    } cases[] = {
        {"500ms", 0, 500},
        {"5s", 0, 5000},
        {"2min", 0, 120000},
        {"1h", 0, 3600000},
        {"1d", 0, 86400000},
        {"0s", 0, 0},
        {"007s", 0, 7000},
        {"18446744073709551615ms", 0, UINT64_MAX},
        {"18446744073709551616ms", -ERANGE, 0},
        {"99999999999999999999999s", -ERANGE, 0},
        {"18446744073709551615s", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"5", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"5 s", -EINVAL, 0},
        {" 5s", -EINVAL, 0},
        {"5s ", -EINVAL, 0},
        {"-5s", -EINVAL, 0},
        {"+5s", -EINVAL, 0},
        {"0.5s", -EINVAL, 0},
        {"5m", -EINVAL, 0},
        {"5S", -EINVAL, 0},
        {"0x5s", -EINVAL, 0},
        {"5s5ms", -EINVAL, 0},
        {"99999999999999999999999", -EINVAL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t ms = 42;

        assert_int_equal(text_parse_duration(cases[i].text, &ms), cases[i].result);
        assert_true(ms == (cases[i].result == 0 ? cases[i].ms : 42));
    }
}

static void test_says_timestamps(void **state)
{
    char text[32];

    (void)state;
    text_timestamp(text, sizeof text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    text_timestamp(text, sizeof text, 1769903999999);
    assert_string_equal(text, "2026-01-31T23:59:59Z");
    text_timestamp(text, sizeof text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    text_timestamp(text, sizeof text, -1000);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    text_timestamp(text, 5, 0);
    assert_string_equal(text, "");
    text_timestamp(text, sizeof text, INT64_MAX);
    assert_string_equal(text, "292278994-08-17T07:12:55Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_what_fits),
        cmocka_unit_test(test_character_size),
        cmocka_unit_test(test_cuts_at_whole_characters),
        cmocka_unit_test(test_appends_what_fits),
        cmocka_unit_test(test_says_durations),
        cmocka_unit_test(test_parses_durations),
        cmocka_unit_test(test_says_timestamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
