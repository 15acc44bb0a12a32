/* Every kind of channel with texts that try to break out of it: each body stays what it should be, keeps its
 * target's limits, and calls nobody who is not meant. */
#include "base/clean.h"
#include "channel_fixture.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each fills every field of a notice. */
static const char *const poisons[] = {"*", "_", "[", "]", "(", ")", "<", ">", "#", "`", "|", "~", "@", "!",
    "-", "+", "=", "&", "\"", "'", "\\", "/", "{", "}", "$", "%", " ", "\n", "\r\n", "\t", "\b", "\x01",
    "\x1b[2J", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80\xa8", "\xe2\x80\xae",
    "\xf0\x9f\x98\x80", "\xe6\x97\xa5", "\xc3\xbc", "@everyone ", "@here ", "<!channel> ", "<!here|x> ",
    "<@U1> ", "<@all>", "<at id=all></at>", "<at>all</at>", "<at user_id=\"all\">x</at>",
    "[x](http://evil.example)", "![x](http://evil.example)", "<font color=\"info\">", "<script>", "\r\n.\r\n",
    "\r\nBcc: x@y.example\r\n\r\n", "--=_rmqwatchd--\r\n", "||x||", "```\n", "\n# ", "\n> ", "\n- ",
    "\n---\n", "\\u0000", "\\n", "${HOME}", "%s%n"};

static void fill(char *field, size_t size, const char *poison)
{
    /* To the last byte, so that there is no NUL. */
    for (size_t i = 0, step = strlen(poison); i < size; i++)
        field[i] = poison[i % step];
}

static struct notice poisoned(const char *poison, bool ends)
{
    struct notice notice = ends ? sample_recovered() : sample_gave_up();

    fill(notice.incident, sizeof(notice.incident), poison);
    fill(notice.cluster, sizeof(notice.cluster), poison);
    fill(notice.node, sizeof(notice.node), poison);
    fill(notice.observer, sizeof(notice.observer), poison);
    fill(notice.why, sizeof(notice.why), poison);
    fill(notice.detail, sizeof(notice.detail), poison);
    fill(notice.evidence, sizeof(notice.evidence), poison);
    fill(notice.trouble, sizeof(notice.trouble), poison);
    notice.phase_count = 99;
    for (size_t i = 0; i < RMQ_PHASES_MAX; i++)
        notice.phases[i] = (struct phase){"verify", UINT64_MAX};
    return notice;
}

/* UTF-8 without control characters, as whoever cleans it again would leave it. */
static void assert_clean(const char *text)
{
    size_t size = strlen(text) + 1;
    char *clean = malloc(size * 3);

    assert_non_null(clean);
    clean_text(clean, size * 3, text, size, false);
    assert_string_equal(clean, text);
    free(clean);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    assert_non_null(text);
    return text;
}

static void check_slack(const struct channel_request *request, const cJSON *json)
{
    (void)json;
    assert_null(strpbrk(request->body, "<>"));
}

static void check_dingtalk(const struct channel_request *request, const cJSON *json)
{
    const cJSON *at = cJSON_GetObjectItem(json, "at");

    assert_true(request->body_size <= 20000);
    assert_int_equal(cJSON_GetArraySize(at), 1);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(at, "isAtAll")));
}

static void check_feishu(const struct channel_request *request, const cJSON *json)
{
    (void)json;
    assert_true(request->body_size <= 20 * 1024);
    assert_null(strstr(request->body, "lark_md"));
}

static void check_wecom(const struct channel_request *request, const cJSON *json)
{
    const char *content = text_of(cJSON_GetObjectItem(json, "markdown"), "content");
    size_t tags = 0;

    (void)request;
    assert_true(strlen(content) <= 4096);
    for (const char *at = content; (at = strchr(at, '<')); at++)
        tags++;
    assert_int_equal(tags, 2); /* our own colour, and its end */
}

static void check_teams(const struct channel_request *request, const cJSON *json)
{
    (void)json;
    assert_true(request->body_size <= 28 * 1024);
    assert_null(strstr(request->body, "\"entities\""));
}

static void check_discord(const struct channel_request *request, const cJSON *json)
{
    const cJSON *embed = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "embeds"), 0);
    const cJSON *mentions = cJSON_GetObjectItem(json, "allowed_mentions"), *field;
    size_t total = strlen(text_of(embed, "description"));

    (void)request;
    assert_true(strlen(text_of(json, "content")) <= 2000);
    assert_true(total <= 4096);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(embed, "fields")) <= 25);
    cJSON_ArrayForEach(field, cJSON_GetObjectItem(embed, "fields"))
    {
        size_t size = strlen(text_of(field, "value"));

        assert_true(size > 0 && size <= 1024);
        total += size + strlen(text_of(field, "name"));
    }
    assert_true(total <= 6000);
    assert_int_equal(cJSON_GetArraySize(mentions), 1);
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(mentions, "parse")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(mentions, "parse")), 0);
}

static void check_pagerduty(const struct channel_request *request, const cJSON *json)
{
    const cJSON *payload = cJSON_GetObjectItem(json, "payload");

    assert_true(request->body_size <= 512 * 1024);
    assert_true(strlen(text_of(json, "dedup_key")) <= 255);
    if (!payload)
        return;
    assert_true(strlen(text_of(payload, "summary")) <= 1024);
    assert_true(text_of(payload, "source")[0]);
}

static void check_alertmanager(const struct channel_request *request, const cJSON *json)
{
    const cJSON *alert, *label;

    (void)request;
    assert_true(cJSON_GetArraySize(json) > 0);
    cJSON_ArrayForEach(alert, json)
    {
        cJSON_ArrayForEach(label, cJSON_GetObjectItem(alert, "labels"))
        {
            assert_true(cJSON_IsString(label) && label->valuestring[0]);
        }
    }
}

static void check_nothing_more(const struct channel_request *request, const cJSON *json)
{
    (void)request;
    assert_true(cJSON_IsObject(json));
}

/* Our own headers in our own order, lines of ASCII that are not too long, and as many parts as we make. */
static void check_mail(const struct channel_request *request, const cJSON *json)
{
    static const char *const names[] = {"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To",
        "References", "Auto-Submitted", "Importance", "MIME-Version", "Content-Type"};
    bool headers = true;
    size_t name = 0, marks = 0;

    (void)json;
    for (const char *line = request->body, *end; *line; line = end + 2) {
        end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= (headers ? 998 : 78)); /* a word that is longer cannot be folded */
        for (const char *at = line; at < end; at++)
            assert_in_range(*at, ' ', '~');
        assert_true(line[0] != '.');
        headers = headers && end > line;
        marks += !headers && strncmp(line, "--=_rmqwatchd", 13) == 0;
        if (!headers || line[0] == ' ')
            continue;
        if (name < 11 && strcmp(names[name], "Importance") == 0 && strncmp(line, "Importance", 10) != 0)
            name++; /* only where it is critical */
        assert_true(name < sizeof(names) / sizeof(names[0]));
        assert_memory_equal(line, names[name], strlen(names[name]));
        assert_int_equal(line[strlen(names[name++])], ':');
    }
    assert_int_equal(name, sizeof(names) / sizeof(names[0]));
    assert_int_equal(marks, 3);
}

static const struct {
    const char *kind;
    void (*check)(const struct channel_request *request, const cJSON *json);
} checks[] = {
    {"slack", check_slack},
    {"dingtalk", check_dingtalk},
    {"feishu", check_feishu},
    {"wecom", check_wecom},
    {"teams", check_teams},
    {"discord", check_discord},
    {"pagerduty", check_pagerduty},
    {"alertmanager", check_alertmanager},
    {"webhook", check_nothing_more},
    {"mail", check_mail},
    {"script", check_nothing_more},
};

enum { CHECK_COUNT = sizeof(checks) / sizeof(checks[0]) };

static void check_one(size_t i, const struct notice *notice)
{
    struct channel_config channel = channel_fixture_config(checks[i].kind);
    struct channel_request request = channel_fixture_format(&channel, notice);
    bool mail = channel.ops->transport == CHANNEL_MAIL;
    cJSON *json = mail ? NULL : cJSON_ParseWithOpts(request.body, NULL, true);

    if (!mail) {
        assert_non_null(json);
        assert_clean(request.body);
    }
    checks[i].check(&request, json);
    for (size_t j = 0; j < request.header_count; j++)
        assert_clean(request.headers[j]);
    cJSON_Delete(json);
    channel_request_done(&request);
}

static void test_poisons(void **state)
{
    (void)state;
    assert_null(channel_at(CHECK_COUNT));
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        assert_string_equal(channel_at(i)->name, checks[i].kind);
        for (size_t j = 0; j < sizeof(poisons) / sizeof(poisons[0]); j++) {
            for (int ends = 0; ends < 2; ends++) {
                struct notice notice = poisoned(poisons[j], ends);

                check_one(i, &notice);
            }
        }
    }
}

static void test_sample(void **state)
{
    struct notice notice = sample_hostile();

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT; i++)
        check_one(i, &notice);
}

/* Nothing is known, and nothing is longer than it. */
static void test_nothing(void **state)
{
    struct notice notice = {.kind = NOTICE_GAVE_UP, .severity = SEVERITY_CRITICAL};

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT; i++)
        check_one(i, &notice);
}

/* Whatever is cut, who, what and how to look further stay. */
static void test_what_matters_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        struct channel_config channel = channel_fixture_config(checks[i].kind);
        struct notice notice = poisoned("<", false);
        struct channel_request request;

        strcpy(notice.node, "rabbit@rmq2");
        strcpy(notice.incident, "rmq2-7");
        request = channel_fixture_format(&channel, &notice);
        assert_non_null(strstr(request.body, "rabbit@rmq2"));
        assert_non_null(strcasestr(request.body, "gave up"));
        if (strcmp(checks[i].kind, "webhook") == 0 || strcmp(checks[i].kind, "script") == 0)
            assert_non_null(strstr(request.body, "\"incident\":\"rmq2-7\""));
        else
            assert_non_null(strstr(request.body,
                channel.ops->transport == CHANNEL_MAIL ? "RMQ_INCIDENT=3Drmq2-7" : "RMQ_INCIDENT=rmq2-7"));
        channel_request_done(&request);
    }
}

/* Secrets go where they belong and nowhere else. */
static void test_secrets_stay_out_of_bodies(void **state)
{
    struct notice notice = sample_gave_up();

    (void)state;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        struct channel_config channel = channel_fixture_config(checks[i].kind);
        struct channel_request request = channel_fixture_format(&channel, &notice);
        bool keyed = channel.ops->options & CHANNEL_ROUTING_KEY;

        assert_int_equal(strstr(request.body, CHANNEL_FIXTURE_SECRET) != NULL, keyed);
        assert_true(!request.url_suffix || !strstr(request.url_suffix, CHANNEL_FIXTURE_SECRET));
        channel_request_done(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poisons),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_what_matters_stays),
        cmocka_unit_test(test_secrets_stay_out_of_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
