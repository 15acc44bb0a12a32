/* The words for people: all that the tables say has its Chinese, and what other parts put together is
 * understood. */
#include "base/clean.h"
#include "cmocka_all.h"
#include "core/table.h"
#include "rmqwatch/evidence.h"
#include "words/words.h"
#include "words/words_zh.h"

#include <string.h>

static const struct word_list *const lists[] = {
    &words_zh_decisions, &words_zh_details, &words_zh_messages, &words_zh_heard};

/* In Chinese, not longer than SIZE with its NUL. */
static void assert_said(const char *english, size_t size)
{
    const char *chinese = words(LANGUAGE_CHINESE, english);

    if (chinese == english)
        fail_msg("\"%s\" has no Chinese", english);
    if (strlen(chinese) >= size)
        fail_msg("\"%s\" has %zu bytes", chinese, strlen(chinese));
}

static void test_every_row_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < rescue_row_count; i++)
        assert_said(rescue_rows[i].why, RMQ_WHY_MAX);
    for (size_t i = 0; i < watch_row_count; i++)
        assert_said(watch_rows[i].why, RMQ_WHY_MAX);
}

static void test_every_title_is_said(void **state)
{
    (void)state;
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        assert_said(notice_info((enum notice_kind)kind)->title, 64);
    /* Otherwise two kinds of trouble would look alike. */
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++)
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(words(LANGUAGE_CHINESE, notice_info((enum notice_kind)kind)->title),
                words(LANGUAGE_CHINESE, notice_info((enum notice_kind)other)->title));
}

static void test_every_result_is_said(void **state)
{
    (void)state;
    for (int result = 0; result < PROBE_RESULT_COUNT; result++)
        assert_said(probe_result_info((enum probe_result)result)->sentence, 96);
}

static void test_all_of_it_is_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        assert_true(lists[i]->count > 0);
        for (size_t j = 0; j < lists[i]->count; j++) {
            const char *text = lists[i]->words[j].translated;
            char clean[512];

            clean_text(clean, sizeof(clean), text, strlen(text), false);
            assert_string_equal(clean, text);
        }
    }
}

static void test_english_is_itself(void **state)
{
    const char *known = "Hung", *unknown = "never said";

    (void)state;
    assert_ptr_equal(words(LANGUAGE_ENGLISH, known), known);
    assert_ptr_equal(words(LANGUAGE_CHINESE, unknown), unknown);
    assert_ptr_equal(words((enum language)LANGUAGE_COUNT, known), known);
    assert_string_equal(words(LANGUAGE_CHINESE, known), "节点卡死");
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(language_name(LANGUAGE_ENGLISH), "en");
    assert_string_equal(language_name(LANGUAGE_CHINESE), "zh");
    assert_string_equal(language_name(LANGUAGE_COUNT), "en");
    assert_string_equal(language_name((enum language) - 1), "en");
}

static const char *heard(const char *text)
{
    static char said[512];

    words_heard(LANGUAGE_CHINESE, text, said, sizeof(said));
    return said;
}

static void test_what_is_heard(void **state)
{
    (void)state;
    assert_string_equal(heard(""), "");
    assert_string_equal(heard("another agent holds it"), "由另一个 rmqwatchd 持有");
    assert_string_equal(heard("rabbit@rmq2 holds it"), "由 rabbit@rmq2 持有");
    assert_string_equal(heard("rmq2.example: no answer in time"), "rmq2.example：应答超时");
    assert_string_equal(heard("etcd1:2379: HTTP status 503"), "etcd1:2379：HTTP 状态码 503");
    assert_string_equal(
        heard("systemd refuses to restart rabbitmq-server.service: Unit is masked: by somebody"),
        "systemd 拒绝重启 rabbitmq-server.service：Unit is masked: by somebody");
    assert_string_equal(heard("systemd refuses to kill x.service: no reason given"),
        "systemd 拒绝强制终止 x.service：未说明原因");
    assert_string_equal(
        heard("the system bus was lost (it has left) before systemd answered the request to stop"),
        "系统总线连接中断（it has left），systemd 尚未应答请求：停止");
    assert_string_equal(
        heard("/var/lib/rmqwatchd/rmqwatchd.db: No space left on device; incidents and history "
              "are kept in memory until it can be written"),
        "/var/lib/rmqwatchd/rmqwatchd.db：No space left on device；在能够写入之前，故障与历史暂存于内存");
    assert_string_equal(heard("port 5672 is in use by another process"), "端口 5672 已被其他进程占用");
    assert_string_equal(
        heard("no space left on the disk of /var/lib/rabbitmq"), "磁盘空间已满：/var/lib/rabbitmq");
}

/* What nobody here has said stays as it was said. */
static void test_what_is_not_known_stays(void **state)
{
    static const char *const texts[] = {"ACCESS_REFUSED - Login was refused: see the log", "%s%n", ": ", "：",
        "start it", "holds it", "a: b: c: d", "port 5672 is in use by another process, too",
        "the request to start x could not be"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(heard(texts[i]), texts[i]);
}

static void test_heard_has_bounds(void **state)
{
    char small[12], text[400];

    (void)state;
    words_heard(LANGUAGE_CHINESE, "out of memory", small, sizeof(small));
    assert_string_equal(small, "内存不"); /* no half of a character */
    words_heard(LANGUAGE_ENGLISH, "out of memory", small, sizeof(small));
    assert_string_equal(small, "out of memo");
    memset(text, 'x', sizeof(text) - 1);
    strcpy(text + sizeof(text) - sizeof(" holds it"), " holds it");
    assert_int_equal(strlen(heard(text)), strlen("由 ") + 191 + strlen(" 持有")); /* a hole has its bound */
    memset(text, ':', sizeof(text) - 1);
    for (size_t i = 1; i < sizeof(text) - 1; i += 2)
        text[i] = ' ';
    assert_string_equal(heard(text), text); /* nor does it go on for ever */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_said),
        cmocka_unit_test(test_every_title_is_said),
        cmocka_unit_test(test_every_result_is_said),
        cmocka_unit_test(test_all_of_it_is_utf8),
        cmocka_unit_test(test_english_is_itself),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_is_heard),
        cmocka_unit_test(test_what_is_not_known_stays),
        cmocka_unit_test(test_heard_has_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
