#include "alert_samples.h"
#include "alerts/clean.h"
#include "alerts/message.h"
#include "alerts/trouble.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd"

static const char *clean(const char *text)
{
    static char cleaned[256];

    clean_text(cleaned, sizeof(cleaned), text, strlen(text), false);
    return cleaned;
}

static void test_clean_keeps_what_is_good(void **state)
{
    (void)state;
    assert_string_equal(clean(""), "");
    assert_string_equal(clean("plain ~!"), "plain ~!");
    assert_string_equal(
        clean("\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80"), "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80");
    /* the ends of what UTF-8 can say */
    assert_string_equal(clean("\xf4\x8f\xbf\xbf|\xed\x9f\xbf|\xee\x80\x80|\xc2\xa0"),
        "\xf4\x8f\xbf\xbf|\xed\x9f\xbf|\xee\x80\x80|\xc2\xa0");
}

static void test_clean_replaces_broken_utf8(void **state)
{
    (void)state;
    assert_string_equal(clean("a\xff"
                              "b"),
        "a" REPLACED "b");
    assert_string_equal(clean("\x80"), REPLACED);
    assert_string_equal(clean("\xc3"), REPLACED);
    assert_string_equal(clean("\xc3("), REPLACED "(");
    assert_string_equal(clean("\xf0\x9f\x98"), REPLACED); /* cut short: one piece */
    assert_string_equal(clean("\xf0\x9f\x98|"), REPLACED "|");
    assert_string_equal(clean("\xc0\xaf"), REPLACED REPLACED); /* overlong */
    assert_string_equal(clean("\xe0\x80\xaf"), REPLACED REPLACED REPLACED);
    assert_string_equal(clean("\xed\xa0\x80"), REPLACED REPLACED REPLACED); /* surrogate */
    assert_string_equal(clean("\xf4\x90\x80\x80"), REPLACED REPLACED REPLACED REPLACED);
    assert_string_equal(clean("\xf5"), REPLACED);
}

static void test_clean_replaces_controls(void **state)
{
    char lines[32];

    (void)state;
    assert_string_equal(clean("a\r\nb\tc\x1b[31m\x7f"), "a  b c [31m ");
    assert_string_equal(clean("\xc2\x85|\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xae|\xe2\x81\xa6"), " | | | | ");
    clean_text(lines, sizeof(lines), "a\r\nb\n\tc", 7, true);
    assert_string_equal(lines, "a \nb\n c");
}

static void test_clean_has_bounds(void **state)
{
    char small[4];
    const char source[3] = {'a', 'b', 'c'};

    (void)state;
    clean_text(small, sizeof(small), "ab\xc3\xa4", 4, false);
    assert_string_equal(small, "ab"); /* no half of a character */
    clean_text(small, sizeof(small), "\xff\xff", 2, false);
    assert_string_equal(small, REPLACED);
    clean_text(small, sizeof(small), source, sizeof(source), false); /* not terminated */
    assert_string_equal(small, "abc");
    clean_text(small, 1, "abc", 3, false);
    assert_string_equal(small, "");
}

static void assert_printed(const struct notice *notice, const char *expected)
{
    struct message message;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    message_compose(&message, notice);
    message_print(&message, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_recovered(void **state)
{
    struct notice notice = sample_recovered();

    (void)state;
    assert_printed(&notice, "OK rabbit@rmq2: recovered\n"
                            "\n"
                            "every proof of the recovery has held\n"
                            "listed as running by rabbit@rmq1, rabbit@rmq3\n"
                            "\n"
                            "Node      rabbit@rmq2\n"
                            "Cluster   orders\n"
                            "Observer  rabbit@rmq2\n"
                            "Time      2026-02-01T00:00:18Z\n"
                            "Began     2026-02-01T00:00:00Z, 18 s earlier\n"
                            "Took      detect 0.4 s, boot 7.9 s, verify 10 s, total 18 s\n"
                            "Incident  rmq2-1769904000-7\n"
                            "\n"
                            "Look further, on the host of rabbit@rmq2:\n"
                            "  journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\n");
}

static void test_what_happened(void **state)
{
    struct notice notice = sample_flapped();
    struct message message;

    (void)state;
    notice.phase_count = 0;
    assert_printed(&notice, "OK rabbit@rmq2: recovered (came back 2x)\n"
                            "\n"
                            "every proof of the recovery has held\n"
                            "listed as running by rabbit@rmq1, rabbit@rmq3\n"
                            "\n"
                            "Node           rabbit@rmq2\n"
                            "Cluster        orders\n"
                            "Observer       rabbit@rmq2\n"
                            "Time           2026-02-01T00:00:18Z\n"
                            "Began          2026-02-01T00:00:00Z, 18 s earlier\n"
                            "Count          8 notices since 2026-01-31T23:59:58Z; came back 2x; "
                            "over since 2026-02-01T00:00:18Z\n"
                            "What happened  2026-01-31T23:59:58Z Crashed: exit code 1\n"
                            "               (5 more)\n"
                            "               00:00:11 Retrying\n"
                            "               00:00:18 Recovered\n"
                            "Incident       rmq2-1769904000-7\n"
                            "\n"
                            "Look further, on the host of rabbit@rmq2:\n"
                            "  journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\n");
    notice.kind = NOTICE_RETRYING;
    message_compose(&message, &notice);
    assert_string_equal(message.facts[5].text, "8 notices since 2026-01-31T23:59:58Z; came back 2x; "
                                               "goes on since 2026-02-01T00:00:00Z");
    notice.repeated = true;
    message_compose(&message, &notice);
    assert_string_equal(message.title, "INFO rabbit@rmq2: still: retrying");
    assert_string_equal(message.facts[5].text, "told 8 times; goes on since 2026-02-01T00:00:00Z");
    notice.repeated = false;
    notice.flaps = 0;
    message_compose(&message, &notice);
    assert_string_equal(message.facts[5].text, "8");
}

/* Lines of another make are shown as they are, and never taken apart beyond their end. */
static void test_odd_courses(void **state)
{
    static const char *const courses[][2] = {{"x", "x"}, {"+", "(0 more)"}, {"\n\nx", "x"}, {"a b", "a b"},
        {"2026-02-01T00:00:11Z", "2026-02-01T00:00:11Z"}, {"2026-02-01T00:00:11Z ", "2026-02-01T00:00:11Z "},
        {"2026-02-01T00:00:11Z nonsense: a", "2026-02-01T00:00:11Z nonsense: a"},
        {"2026-02-01T00:00:11Z alarm:\nalarm", "00:00:11 Alarm:\nalarm"}};
    struct notice notice = sample_recovered();
    struct message message;

    (void)state;
    for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
        strcpy(notice.course, courses[i][0]);
        message_compose(&message, &notice);
        assert_string_equal(message.facts[6].label, "What happened");
        assert_string_equal(message.facts[6].text, courses[i][1]);
    }
}

/* Unknown is left out; without an observer the node's own host is the place to look. */
static void test_little_is_known(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    notice.cluster[0] = notice.observer[0] = notice.why[0] = notice.detail[0] = '\0';
    notice.wall_ms = notice.since_wall_ms - 5000; /* the wall clock was set back */
    assert_printed(&notice, "CRITICAL rabbit@rmq2: gave up\n"
                            "\n"
                            "Node      rabbit@rmq2\n"
                            "Time      2026-01-31T23:59:55Z\n"
                            "Began     2026-02-01T00:00:00Z\n"
                            "Incident  rmq2-1769904000-7\n"
                            "\n"
                            "To do: find and mend the cause, then start it there: rmqwatchctl resume\n"
                            "Look further, on the host of rabbit@rmq2:\n"
                            "  journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\n");
}

static void test_hostile_fields_stay_in_their_lines(void **state)
{
    struct notice notice = sample_hostile();

    (void)state;
    assert_printed(&notice, "CRITICAL rabbit@rmq2  Bcc: x@y.example: gave up\n"
                            "\n"
                            "\"quoted\" \\ /          end  .  QUIT\n"
                            "\xf0\x9f\x98\x80 <!channel> & *b*\n" REPLACED REPLACED
                            "(" REPLACED REPLACED REPLACED "| x\n.\n..two \n"
                            "\n"
                            "Node      rabbit@rmq2  Bcc: x@y.example\n"
                            "Cluster   m\xc3\xbcnchen-\xe6\x97\xa5\xe6\x9c\xac\n"
                            "Observer  rabbit@<rmq1>\n"
                            "Time      2026-02-01T00:30:05Z\n"
                            "Began     2026-02-01T00:00:00Z, 30 min 5 s earlier\n"
                            "Incident  a'b $(x)\n"
                            "\n"
                            "To do: find and mend the cause, then start it there: rmqwatchctl resume\n"
                            "Look further, on the host of rabbit@<rmq1>:\n"
                            "  journalctl -u rmqwatchd 'RMQ_INCIDENT=a'\\''b $(x)'\n");
}

/* Every kind has a title of its own, and a tone that fits what it says. */
static void test_titles_and_tones(void **state)
{
    static const struct {
        enum notice_kind kind;
        enum message_tone tone;
        const char *title;
    } cases[] = {
        {NOTICE_CRASHED, MESSAGE_WARNING, "WARNING rabbit@rmq2: crashed"},
        {NOTICE_HUNG, MESSAGE_CRITICAL, "CRITICAL rabbit@rmq2: hung"},
        {NOTICE_UNVERIFIED, MESSAGE_CRITICAL, "CRITICAL rabbit@rmq2: recovery not verified"},
        {NOTICE_STOPPED, MESSAGE_INFO, "INFO rabbit@rmq2: stopped by an operator"},
        {NOTICE_ALARM_CLEARED, MESSAGE_GOOD, "OK rabbit@rmq2: alarm cleared"},
        {NOTICE_ALL_DOWN_OVER, MESSAGE_GOOD, "OK rabbit@rmq2: no longer all down"},
    };
    struct notice notice = sample_gave_up();
    struct message message, other;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        notice.kind = cases[i].kind;
        notice.severity = notice_info(cases[i].kind)->severity;
        message_compose(&message, &notice);
        assert_int_equal(message.tone, cases[i].tone);
        assert_string_equal(message.title, cases[i].title);
    }
    notice.kind = NOTICE_APP_STOPPED;
    notice.severity = notice_info(NOTICE_APP_STOPPED)->severity;
    notice.language = LANGUAGE_CHINESE; /* a name there keeps its capital */
    message_compose(&message, &notice);
    assert_string_equal(message.title, "警告 rabbit@rmq2：RabbitMQ 应用已停止");
    notice.language = LANGUAGE_ENGLISH;
    for (int kind = NOTICE_CRASHED; kind < NOTICE_KIND_COUNT; kind++) {
        notice.kind = (enum notice_kind)kind;
        message_compose(&message, &notice);
        for (int before = NOTICE_CRASHED; before < kind; before++) {
            notice.kind = (enum notice_kind)before;
            message_compose(&other, &notice);
            assert_string_not_equal(strchr(message.title, ':'), strchr(other.title, ':'));
        }
    }
}

/* The columns of a plain text fit one another: a Chinese character is as wide as two others. */
static void test_chinese(void **state)
{
    struct notice notice = sample_chinese();

    (void)state;
    notice.phase_count = 2;
    notice.phases[0] = (struct phase){"detect", 400};
    notice.phases[1] = (struct phase){"total", 65000};
    assert_printed(&notice, "严重 rabbit@rmq2：已放弃\n"
                            "\n"
                            "节点反复停止：本时间窗内的重启次数已用完\n"
                            "主进程已退出，退出码 1；30 min 内的重启次数已用 5/5\n"
                            "\n"
                            "节点      rabbit@rmq2\n"
                            "集群      orders\n"
                            "观察节点  rabbit@rmq1\n"
                            "时间      2026-02-01T00:30:05Z\n"
                            "开始      2026-02-01T00:00:00Z，即 30 min 5 s 前\n"
                            "用时      检测 0.4 s、合计 1 min 5 s\n"
                            "故障编号  rmq2-1769904000-7\n"
                            "\n"
                            "待办：找出并排除原因，然后在该节点上启动它：rmqwatchctl resume\n"
                            "请在 rabbit@rmq1 的主机上进一步查看：\n"
                            "  journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\n");
}

/* The longest fields fit: nothing of ours is cut off behind them. */
static void test_longest_fields(void **state)
{
    struct notice notice = sample_gave_up();
    struct message message;

    (void)state;
    memset(notice.node, 'n', sizeof(notice.node) - 1);
    memset(notice.observer, 'o', sizeof(notice.observer) - 1);
    memset(notice.incident, '\'', sizeof(notice.incident) - 1);
    memset(notice.evidence, 'e', sizeof(notice.evidence) - 1);
    notice.count = notice.flaps = UINT32_MAX;
    memset(notice.course, 'c', sizeof(notice.course) - 1);
    notice.phase_count = RMQ_PHASES_MAX + 1; /* a bound that somebody forgot */
    for (size_t i = 0; i < RMQ_PHASES_MAX; i++)
        notice.phases[i] = (struct phase){"detect", UINT64_MAX / 2};
    message_compose(&message, &notice);
    assert_int_equal(message.notice.phase_count, RMQ_PHASES_MAX);
    assert_int_equal(message.fact_count, MESSAGE_FACTS_MAX);
    assert_non_null(strstr(message.title, "n: gave up (came back 4294967295x)"));
    assert_non_null(strstr(message.look, "o:"));
    notice.language = LANGUAGE_CHINESE;
    message_compose(&message, &notice);
    assert_non_null(strstr(message.title, "n：已放弃"));
    assert_non_null(strstr(message.look, "o 的主机上进一步查看："));
    assert_string_equal(message.command + strlen(message.command) - 9, "'\\'''\\'''");
}

/* What is not over says what is left to do, in each language, and there is room for it. */
static void test_what_is_left_to_do(void **state)
{
    static const char *const begins[] = {"To do: ", "待办："};
    static const char *const ends[] = {":", "："};
    struct notice notice = sample_gave_up();
    struct message message;

    (void)state;
    memset(notice.observer, 'o', sizeof(notice.observer) - 1);
    for (int kind = NOTICE_CRASHED; kind < 2 * NOTICE_KIND_COUNT; kind++) {
        const int language = kind / NOTICE_KIND_COUNT;
        bool wanted, found;

        notice.kind = (enum notice_kind)(kind % NOTICE_KIND_COUNT);
        notice.language = language ? LANGUAGE_CHINESE : LANGUAGE_ENGLISH;
        message_compose(&message, &notice);
        wanted = notice.kind != NOTICE_NONE && notice.kind != NOTICE_TEST && !trouble_ends_well(notice.kind);
        found = strncmp(message.look, begins[language], strlen(begins[language])) == 0;
        assert_int_equal(found, wanted);
        assert_string_equal(message.look + strlen(message.look) - strlen(ends[language]), ends[language]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_keeps_what_is_good),
        cmocka_unit_test(test_clean_replaces_broken_utf8),
        cmocka_unit_test(test_clean_replaces_controls),
        cmocka_unit_test(test_clean_has_bounds),
        cmocka_unit_test(test_recovered),
        cmocka_unit_test(test_what_happened),
        cmocka_unit_test(test_odd_courses),
        cmocka_unit_test(test_little_is_known),
        cmocka_unit_test(test_hostile_fields_stay_in_their_lines),
        cmocka_unit_test(test_titles_and_tones),
        cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_longest_fields),
        cmocka_unit_test(test_what_is_left_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
