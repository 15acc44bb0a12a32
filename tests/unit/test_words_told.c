/* What a Chinese reader gets: every kind of notice, out of the core and of a simulated cluster, through every
 * kind of channel, holds no English sentence, is whole UTF-8, and decides nothing. */
#include "agent/record.h"
#include "alert_samples.h"
#include "alerts/message.h"
#include "base/clean.h"
#include "base/text.h"
#include "channel_fixture.h"
#include "core/core.h"
#include "core/describe.h"
#include "core/quorum.h"
#include "core/verify.h"
#include "sim/sim.h"
#include "words/words.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is English in Chinese, too, or was said by somebody else. */
static const char *const allowed[] = {"core dump", "feature flag", "u rmqwatchd", "rmqwatchctl resume",
    "rmqwatchctl history", "rmqwatchctl outbox retry", "systemctl status rmqwatchd",
    "rabbitmqctl cluster_status", "rabbitmqctl start_app"};

static void blank(char *text, const char *phrase)
{
    for (char *at = text; phrase[0] && (at = strstr(at, phrase)); at += strlen(phrase))
        memset(at, '#', strlen(phrase));
}

/* The next run of letters, digits and what stands within names; NULL: there is none. */
static const char *next_word(const char *text, size_t *ret_size)
{
    while (*text && (*text & 0x80 || !isalnum((unsigned char)*text)))
        text++;
    *ret_size = 0;
    while (text[*ret_size] && !(text[*ret_size] & 0x80) &&
           (isalnum((unsigned char)text[*ret_size]) || strchr("_-@./'", text[*ret_size])))
        ++*ret_size;
    return *text ? text : NULL;
}

static bool is_lower(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (word[i] < 'a' || word[i] > 'z')
            return false;
    return size > 0;
}

/* Two words of English in a row are a sentence's: where they stand in TEXT, or NULL. */
static const char *find_english(const char *text)
{
    char rest[4096];
    const char *before = NULL, *word;
    size_t before_size = 0, size;

    text_copy(rest, sizeof(rest), text);
    assert_string_equal(rest, text);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        blank(rest, allowed[i]);
    for (int condition = 0; condition < CONDITION_COUNT; condition++)
        if (strchr(condition_name((enum condition)condition), ' '))
            blank(rest, condition_name((enum condition)condition));
    for (const char *at = rest; (word = next_word(at, &size)); at = word + size) {
        if (before && is_lower(before, before_size) && is_lower(word, size) &&
            word == before + before_size + 1 && word[-1] == ' ')
            return text + (before - rest);
        before = word;
        before_size = size;
    }
    return NULL;
}

static void assert_no_english(const char *text)
{
    if (find_english(text))
        fail_msg("English in \"%s\": %.40s", text, find_english(text));
}

static void assert_whole(const char *text)
{
    char clean[4096];

    clean_text(clean, sizeof(clean), text, strlen(text), true);
    assert_string_equal(clean, text);
    assert_null(strstr(text, "\xef\xbf\xbd"));
}

/* Characters, or their punctuation. */
static bool has_chinese(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0xe3 && (unsigned char)*text <= 0xef)
            return true;
    return false;
}

static void assert_chinese(const char *text)
{
    assert_no_english(text);
    assert_whole(text);
    if (text[0] && strcmp(text, "AMQP") != 0 && !strstr(text, " -> ") && !has_chinese(text))
        fail_msg("no Chinese in \"%s\"", text);
}

static void assert_all_chinese(const struct notice *notice)
{
    struct message message;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(notice->language, LANGUAGE_CHINESE);
    assert_chinese(notice->why);
    assert_chinese(notice->detail);
    message_compose(&message, notice);
    assert_chinese(message.title);
    assert_chinese(message.look);
    for (size_t i = 0; i < message.fact_count; i++) {
        assert_chinese(message.facts[i].label);
        assert_no_english(message.facts[i].text);
        assert_whole(message.facts[i].text);
    }
    message_print(&message, out);
    fclose(out);
    assert_no_english(text);
    free(text);
}

static void test_english_is_noticed(void **state)
{
    static const char *const english[] = {
        "it is dead", "节点 is dead", "；was killed。", "2 of 3 members serve", "core dump it was made"};
    static const char *const none[] = {"", "rabbit@a 未应答", "hung -> healthy；AMQP：", "3 min 5 s",
        "state S", "请执行：rabbitmqctl start_app", "，并产生了 core dump", "dead，alive", "HTTP 状态码 503"};

    (void)state;
    for (size_t i = 0; i < sizeof(english) / sizeof(english[0]); i++)
        assert_non_null(find_english(english[i]));
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_no_english(none[i]);
    assert_true(has_chinese("节"));
    assert_false(has_chinese("é -> x"));
}

/* --- the core, kind by kind --- */

enum { MEMBERS = 3, NOW_MS = 1000000 };

static struct core *core_of(enum probe_result result, unsigned variant)
{
    static struct core core;
    struct policy policy = sim_default_policy();

    policy.language = LANGUAGE_CHINESE;
    core_init(&core, "rabbit@a", "prod", &policy, 1);
    core.members_known = variant % 2;
    core.member_count = variant % 5 == 4 ? 1 : MEMBERS;
    member_init(&core.members[1], "rabbit@b", false);
    member_init(&core.members[2], "rabbit@c", false);
    for (size_t i = 0; i < core.member_count; i++)
        for (int kind = 0; kind < PROBE_KIND_COUNT; kind++)
            core.members[i].probes[kind] = (struct probe_memory){.seen = true,
                .result = result,
                .failures = variant,
                .health = probe_result_info(result)->health,
                .misconfigured = variant % 3 ? variant : 0,
                .started_ms = NOW_MS};
    core.members[2].condition = CONDITION_PEER_DOWN;
    core.members[0].view = (struct node_view){.resources_known = true,
        .memory_used_bytes = 3ull << 30,
        .memory_limit_bytes = 2ull << 30,
        .disk_free_bytes = 1ull << 20,
        .disk_limit_bytes = 5ull << 20,
        .descriptors_known = true,
        .descriptors_used = 900,
        .descriptors_limit = 1000,
        .leaderless_queues = 2,
        .partitioned = variant % 2 == 1};
    core.unit.known = true;
    core.unit.state.exec_main_code = (int32_t)(variant % 4);
    core.unit.state.exec_main_status = variant % 2 ? 9 : 11;
    strcpy(core.unit.state.result, "exit-code");
    strcpy(core.unit.state.load_state, variant == 5 ? "masked" : variant == 6 ? "not-found" : "loaded");
    strcpy(core.unit.state.status_text, variant % 2 ? "" : "Standing by");
    core.process = (struct process){.pid = 1, .state = 'S', .count = 2, .run_delay_known = true};
    core.process.samples[0] = (struct process_sample){NOW_MS - 2000, 1, 1, 1, false};
    core.process.samples[1] = (struct process_sample){NOW_MS - 1000, 500, 900, 1, variant % 2};
    core.process.runnable_threads = variant % 2 ? 3 : 0;
    core.process.idle_since_ms = variant % 2 ? NOW_MS - 1000 : 0;
    core.views.mutual = (struct disagreement){.since_ms = variant % 3, .accuser = 0, .accused = 1};
    core.views.stale = (struct disagreement){.since_ms = variant % 2, .accuser = 1, .accused = 2};
    core.hold.active = variant % 3 == 1;
    strcpy(core.hold.reason, "2026-001");
    core.packages_changing = variant % 3 == 2;
    core.packages_ms = NOW_MS;
    strcpy(core.package_manager, "dpkg");
    strcpy(core.lease.detail, "rabbit@b holds it");
    strcpy(core.lease.problem, "etcd1:2379: no answer in time");
    core.lease.usable = variant % 2;
    core.store_failed = variant % 2;
    strcpy(core.store_problem,
        "/x: the disk does not answer; incidents and history wait in memory until it does");
    if (variant == 3)
        strcpy(core.rescue.refusal, "systemd did not answer the request to start x.service in time");
    core.rescue.verify.step = (enum verify_step)(variant % (VERIFY_DONE + 1));
    core.rescue.deadline_ms = NOW_MS + 5000;
    core.stall_ms = 4000;
    return &core;
}

static void assert_described(
    void (*describe)(const struct core *core, char *text, size_t size), struct core *core)
{
    char text[RMQ_DETAIL_MAX] = "";

    describe(core, text, sizeof(text));
    assert_chinese(text);
}

static void test_every_description(void **state)
{
    enum { VARIANTS = 12 };

    (void)state;
    for (int result = 0; result < PROBE_RESULT_COUNT; result++) {
        for (unsigned variant = 0; variant < VARIANTS; variant++) {
            struct core *core = core_of((enum probe_result)result, variant);

            for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
                char text[RMQ_DETAIL_MAX] = "";

                describe_rescue(core, (enum notice_kind)kind, NOW_MS, text, sizeof(text));
                assert_chinese(text);
            }
            for (int kind = 0; kind < WATCH_KIND_COUNT; kind++) {
                char text[RMQ_DETAIL_MAX] = "";

                core->watches[WATCH_PAUSED].raised = variant % 2;
                describe_watch(core, (enum watch_kind)kind, 0, NOW_MS, text, sizeof(text));
                assert_chinese(text);
            }
            assert_described(quorum_describe, core);
            assert_described(verify_describe, core);
        }
    }
}

/* What is too long ends with a whole character. */
static void test_descriptions_are_cut_at_a_character(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        struct core *core = core_of(PROBE_RESULT_SILENT, 0);
        char text[RMQ_DETAIL_MAX] = "";

        for (core->member_count = 0; core->member_count < RMQ_MEMBERS_MAX; core->member_count++) {
            char name[RMQ_NODE_NAME_MAX] = "rabbit@";

            memset(name + strlen(name), 'n', 40 + shift);
            member_init(&core->members[core->member_count], name, core->member_count == 0);
        }
        quorum_describe(core, text, sizeof(text));
        assert_chinese(text);
        assert_in_range(strlen(text), sizeof(text) - 3, sizeof(text) - 1);
    }
}

/* --- a simulated cluster --- */

struct told {
    uint64_t kinds; /* bit set */
    uint32_t count;
    uint64_t hash; /* of all that does not depend on the language */
    bool chinese;
};

static void hash_in(struct told *told, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++)
        told->hash = (told->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void hear_actions(void *context, const char *node, const struct event *event,
    const struct action_list *actions, const struct core *core)
{
    struct told *told = context;

    (void)event;
    (void)core;
    for (size_t i = 0; actions && i < actions->count; i++) {
        const struct action *action = &actions->items[i];
        const struct notice *notice = &action->notice;

        hash_in(told, &action->kind, sizeof(action->kind));
        if (action->kind != ACTION_NOTICE && action->kind != ACTION_RECORD && action->kind != ACTION_SEND)
            continue;
        hash_in(told, node, strlen(node));
        hash_in(told, &notice->kind, sizeof(notice->kind));
        hash_in(told, &notice->wall_ms, sizeof(notice->wall_ms));
        hash_in(told, notice->incident, strlen(notice->incident));
        told->kinds |= UINT64_C(1) << notice->kind;
        told->count++;
        if (told->chinese)
            assert_all_chinese(notice);
    }
}

static struct told play(const char *scenario, struct policy policy, enum language language, uint64_t dice)
{
    struct told told = {.hash = UINT64_C(0xcbf29ce484222325), .chinese = language == LANGUAGE_CHINESE};
    const struct sim_options options = {.tap = hear_actions, .tap_context = &told, .dice = dice};

    policy.language = language;
    assert_int_equal(sim_run_scenario(scenario, &policy, &options, NULL), 0);
    return told;
}

static void test_a_cluster_in_chinese(void **state)
{
    struct policy observing = sim_default_policy(), opted = sim_default_policy();
    uint64_t kinds = 0;

    (void)state;
    observing.act = false;
    opted.restart_stopped_app = opted.restart_lost_listener = true;
    for (size_t i = 0; sim_scenario_name(i); i++) {
        const struct policy policies[] = {sim_default_policy(), observing, opted};

        for (size_t j = 0; j < sizeof(policies) / sizeof(policies[0]); j++) {
            struct told english = play(sim_scenario_name(i), policies[j], LANGUAGE_ENGLISH, j);
            struct told chinese = play(sim_scenario_name(i), policies[j], LANGUAGE_CHINESE, j);

            assert_true(english.count > 0);
            assert_int_equal(english.count, chinese.count);
            assert_true(english.hash == chinese.hash); /* the language decides nothing */
            kinds |= chinese.kinds;
        }
    }
    assert_true(__builtin_popcountll(kinds) > 20);
}

/* --- every kind through every channel --- */

static struct notice chinese_notice(enum notice_kind kind)
{
    struct notice notice = kind == NOTICE_RECOVERED ? sample_recovered() : sample_gave_up();

    notice.kind = kind;
    notice.severity = notice_info(kind)->severity;
    notice.language = LANGUAGE_CHINESE;
    text_copy(notice.why, sizeof(notice.why),
        words(LANGUAGE_CHINESE, "it keeps dying: the restarts of this window are used up"));
    text_copy(notice.detail, sizeof(notice.detail), "主进程已退出，退出码 1；30 min 内的重启次数已用 5/5");
    return notice;
}

static void test_every_kind_through_every_channel(void **state)
{
    (void)state;
    for (size_t i = 0; channel_at(i); i++) {
        for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++) {
            struct notice notice = chinese_notice((enum notice_kind)kind);
            struct channel_config channel = channel_fixture_config(channel_at(i)->name);
            struct channel_request request = channel_fixture_format(&channel, &notice);

            if (channel.ops->transport != CHANNEL_MAIL) {
                cJSON *json = cJSON_ParseWithOpts(request.body, NULL, true);

                assert_non_null(json);
                assert_whole(request.body);
                /* The end of a trouble is a key there, and no text. */
                if (!strstr(request.body, "\"event_action\":\"resolve\""))
                    if (!has_chinese(request.body))
                        fail_msg("no Chinese in %s", request.body);
                cJSON_Delete(json);
            }
            channel_request_done(&request);
            assert_all_chinese(&notice);
        }
    }
}

/* The longest texts: whatever a channel cuts of them, it cuts at a character. */
static void test_the_longest_through_every_channel(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        struct notice notice = chinese_notice(NOTICE_GAVE_UP);
        char *const texts[] = {notice.why, notice.detail, notice.cluster, notice.node, notice.observer};
        const size_t sizes[] = {sizeof(notice.why), sizeof(notice.detail), sizeof(notice.cluster),
            sizeof(notice.node), sizeof(notice.observer)};

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            text_copy(texts[i], shift + 1, "xx");
            while (strlen(texts[i]) + 3 < sizes[i])
                text_append(texts[i], sizes[i], "节");
        }
        for (size_t i = 0; channel_at(i); i++) {
            struct channel_config channel = channel_fixture_config(channel_at(i)->name);
            struct channel_request request = channel_fixture_format(&channel, &notice);

            if (channel.ops->transport == CHANNEL_MAIL)
                assert_null(strstr(request.body, "=EF=BF=BD"));
            else
                assert_whole(request.body);
            channel_request_done(&request);
        }
    }
}

/* --- the journal --- */

static void record(const struct notice *notice, char *text, size_t size)
{
    int saved = dup(STDERR_FILENO), log = memfd_create("log", MFD_CLOEXEC);
    ssize_t got;

    assert_true(saved >= 0 && log >= 0);
    dup2(log, STDERR_FILENO);
    record_notice(notice);
    dup2(saved, STDERR_FILENO);
    close(saved);
    got = pread(log, text, size - 1, 0);
    close(log);
    assert_true(got > 0);
    text[got] = '\0';
}

static void test_the_journals_message(void **state)
{
    struct notice notice = chinese_notice(NOTICE_RECOVERED);
    char text[2048];

    (void)state;
    record(&notice, text, sizeof(text));
    assert_non_null(strstr(text,
        "rabbit@rmq2：已恢复：节点反复停止：本时间窗内的重启次数已用完 -- 主进程已退出，退出码 1；"
        "30 min 内的重启次数已用 5/5 [检测 0.4 s、启动 7.9 s、验证 10 s、合计 18 s]"));
    notice.kind = NOTICE_NONE;
    notice.phase_count = 0;
    record(&notice, text, sizeof(text));
    assert_non_null(strstr(text, "rabbit@rmq2：节点反复停止"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_english_is_noticed),
        cmocka_unit_test(test_every_description),
        cmocka_unit_test(test_descriptions_are_cut_at_a_character),
        cmocka_unit_test(test_a_cluster_in_chinese),
        cmocka_unit_test(test_every_kind_through_every_channel),
        cmocka_unit_test(test_the_longest_through_every_channel),
        cmocka_unit_test(test_the_journals_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
