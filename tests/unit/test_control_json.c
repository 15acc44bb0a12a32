/* What the agent answers to "status" and "why", word for word. */
#include "cmocka_all.h"
#include "control/json.h"
#include "core_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct story story;

static int setup(void **state)
{
    (void)state;
    story_begin(&story);
    return 0;
}

static struct control_view view(void)
{
    return (struct control_view){
        .core = &story.core,
        .lease = "rabbitmq",
        .now_ms = story.now_ms,
        .wall_ms = 1700000000000 + (int64_t)story.now_ms,
    };
}

static cJSON *status(void)
{
    struct control_view now = view();
    cJSON *json = status_json(&now);

    assert_non_null(json);
    return json;
}

static cJSON *why(size_t member)
{
    struct control_view now = view();
    cJSON *json = why_json(&now, member);

    assert_non_null(json);
    return json;
}

static void assert_json(cJSON *json, const char *golden)
{
    char *text = cJSON_PrintUnformatted(json);

    assert_string_equal(text, golden);
    free(text);
    cJSON_Delete(json);
}

static const char *text_at(const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(json, name));

    return text ? text : "";
}

static double number_at(const cJSON *json, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(json, name));
}

static bool true_at(const cJSON *json, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(json, name));
}

static bool null_at(const cJSON *json, const char *name)
{
    return cJSON_IsNull(cJSON_GetObjectItem(json, name));
}

#define WELL(kind)                                                                                           \
    "{\"kind\":\"" kind "\",\"result\":\"ok\",\"says\":\"answers\",\"health\":\"up\",\"failures\":0,"        \
    "\"slow\":false,\"started\":\"2023-11-14T22:30:00Z\",\"age_ms\":1000}"
#define MEMBER(name, local, agent)                                                                           \
    "{\"node\":\"" name "\",\"local\":" local ",\"condition\":\"healthy\",\"since\":"                        \
    "\"2023-11-14T22:30:00Z\",\"agent\":\"" agent "\",\"probes\":[" WELL("amqp") "," WELL("management") "]}"

static void test_status_when_all_is_well(void **state)
{
    (void)state;
    assert_json(status(),
        "{\"version\":\"" RMQWATCH_VERSION "\",\"time\":\"2023-11-14T22:30:01Z\",\"mode\":\"act\","
        "\"cluster\":\"prod\",\"node\":\"rabbit@a\",\"condition\":\"healthy\","
        "\"condition_since\":\"2023-11-14T22:30:00Z\",\"state\":\"watching\","
        "\"state_since\":\"2023-11-14T22:30:00Z\",\"why\":\"this agent has just started\","
        "\"incident\":null,\"since\":null,\"hold\":null,\"package_manager\":null,"
        "\"lease\":{\"provider\":\"rabbitmq\",\"state\":\"free\",\"usable\":null,\"detail\":null},"
        "\"budget\":{\"used\":0,\"left\":5,\"max\":5,\"window_ms\":600000},"
        "\"store\":{\"ok\":true,\"problem\":null},\"alerts\":null,"
        "\"members\":[" MEMBER("rabbit@a", "true", "present") "," MEMBER("rabbit@b", "false",
            "unknown") "," MEMBER("rabbit@c", "false", "unknown") "],\"problems\":[],\"ok\":true}");
}

static void test_why_when_all_is_well(void **state)
{
    cJSON *json = why(0);

    (void)state;
    /* Facts come and go with the table; their names are its own. */
    assert_true(true_at(cJSON_GetObjectItem(json, "facts"), "act"));
    assert_true(true_at(cJSON_GetObjectItem(json, "facts"), "quorum"));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "facts"), "dead")));
    cJSON_DeleteItemFromObject(json, "facts");
    assert_json(json,
        "{\"time\":\"2023-11-14T22:30:01Z\",\"node\":\"rabbit@a\",\"local\":true,"
        "\"condition\":\"healthy\",\"condition_since\":\"2023-11-14T22:30:00Z\",\"probes\":[" WELL(
            "amqp") "," WELL("management") "],"
                                           "\"evidence\":\"AMQP: answers; management API: answers\","
                                           "\"state\":\"watching\",\"why\":\"this agent has just started\","
                                           "\"state_since\":\"2023-11-14T22:30:00Z\",\"next\":null,"
                                           "\"incident\":null,\"since\":null,"
                                           "\"refusal\":null,\"hold\":null,\"package_manager\":null,"
                                           "\"quorum\":\"rabbit@b stands; rabbit@c stands\","
                                           "\"proof\":null,\"cause\":null,\"evidence_path\":null,"
                                           "\"unit\":{\"known\":true,\"active\":\"active\",\"sub\":"
                                           "\"running\",\"result\":\"success\",\"load\":\"loaded\",\"job\":0,"
                                           "\"main_pid\":0,\"exit_code\":0,\"exit_status\":0,"
                                           "\"status\":null}}");
}

/* What people read is Chinese then; names, and the words that programs compare, are not. */
static void test_why_in_chinese(void **state)
{
    struct policy policy = story_policy();
    cJSON *json, *probe;

    (void)state;
    policy.language = LANGUAGE_CHINESE;
    story_configure(&story, policy);
    story_crash(&story);
    story_refuse(&story, "systemd refuses to start rabbitmq-server.service: no reason given");
    json = why(0);
    assert_string_equal(text_at(json, "state"), "backing-off");
    assert_string_equal(text_at(json, "condition"), "crashed");
    assert_string_equal(text_at(json, "why"), "systemd 拒绝启动它");
    assert_string_equal(text_at(json, "refusal"), "systemd 拒绝启动 rabbitmq-server.service：未说明原因");
    assert_non_null(strstr(text_at(json, "quorum"), "rabbit@b 正常在位；rabbit@c 正常在位"));
    cJSON_Delete(json);
    json = status();
    assert_string_equal(text_at(json, "why"), "systemd 拒绝启动它");
    cJSON_Delete(json);
    json = why(1);
    probe = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "probes"), 0);
    assert_string_equal(text_at(json, "why"), "由该节点自己的 rmqwatchd 处理；本机只观察");
    assert_string_equal(text_at(json, "evidence"), "AMQP：有应答；管理 API：有应答");
    assert_string_equal(text_at(probe, "result"), "ok");
    assert_string_equal(text_at(probe, "says"), "有应答");
    cJSON_Delete(json);
}

static void test_why_of_another_member(void **state)
{
    (void)state;
    assert_json(why(1),
        "{\"time\":\"2023-11-14T22:30:01Z\",\"node\":\"rabbit@b\",\"local\":false,"
        "\"condition\":\"healthy\",\"condition_since\":\"2023-11-14T22:30:00Z\",\"probes\":[" WELL(
            "amqp") "," WELL("management") "],"
                                           "\"evidence\":\"AMQP: answers; management API: answers\","
                                           "\"state\":\"watching\",\"why\":\"its own agent acts on it; "
                                           "this one only watches\",\"incident\":null,\"since\":null}");
}

static void test_a_member_without_an_agent(void **state)
{
    const cJSON *member, *problem;
    cJSON *json;

    (void)state;
    story_probe(&story, "rabbit@b", PROBE_AGENT, PROBE_RESULT_OK);
    for (int second = 0; second < 40; second++) {
        story_serve_all(&story, 1000);
        if (second % 5 == 0)
            story_probe(&story, "rabbit@b", PROBE_AGENT, PROBE_RESULT_REFUSED);
    }
    json = status();
    member = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "members"), 1);
    assert_string_equal(text_at(member, "agent"), "missing");
    problem = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "problems"), 0);
    assert_string_equal(text_at(problem, "name"), "agent-missing");
    assert_string_equal(text_at(problem, "node"), "rabbit@b");
    assert_false(true_at(json, "ok"));
    cJSON_Delete(json);
    json = why(1);
    assert_string_equal(
        text_at(json, "why"), "its own agent does not answer, so nobody acts on it; this one only watches");
    cJSON_Delete(json);
}

static void test_a_hung_node_that_is_held(void **state)
{
    cJSON *json;

    (void)state;
    story_hang(&story, 4);
    json = status();
    assert_string_equal(text_at(json, "condition"), "hung");
    assert_string_equal(text_at(json, "state"), "held");
    assert_string_equal(text_at(json, "incident"), story.core.rescue.incident.id);
    assert_string_equal(text_at(json, "since"), "2023-11-14T22:30:01Z");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(json, "ok")));
    cJSON_Delete(json);
    json = why(0);
    assert_string_equal(text_at(json, "why"), story.core.rescue.why);
    assert_string_equal(text_at(json, "next"), "2023-11-14T22:30:15Z");
    assert_string_equal(text_at(json, "quorum"), "rabbit@b did not answer; rabbit@c did not answer");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "facts"), "quorum")));
    assert_true(true_at(cJSON_GetObjectItem(json, "facts"), "proof"));
    cJSON_Delete(json);
}

static void test_a_crashed_node(void **state)
{
    cJSON *json;

    (void)state;
    story_crash(&story);
    json = status();
    assert_string_equal(text_at(json, "condition"), "crashed");
    assert_int_equal(number_at(cJSON_GetObjectItem(json, "budget"), "used"), 1);
    assert_int_equal(number_at(cJSON_GetObjectItem(json, "budget"), "left"), 4);
    cJSON_Delete(json);
    story_boot(&story);
    json = why(0);
    assert_non_null(strstr(text_at(json, "proof"), "missing proof: "));
    cJSON_Delete(json);
}

static void test_a_refusal(void **state)
{
    cJSON *json;

    (void)state;
    story_crash(&story);
    story_refuse(&story, "no polkit rule\x1b[31m \xff");
    json = why(0);
    /* It may come from anywhere, and is shown on terminals. */
    assert_string_equal(text_at(json, "refusal"), "no polkit rule [31m \xef\xbf\xbd");
    cJSON_Delete(json);
}

static void test_a_hold(void **state)
{
    cJSON *json, *hold;

    (void)state;
    story_operator(&story, OPERATOR_HOLD, 3600000);
    json = status();
    hold = cJSON_GetObjectItem(json, "hold");
    assert_string_equal(text_at(hold, "owner"), "ann");
    assert_string_equal(text_at(hold, "reason"), "new disks");
    assert_string_equal(text_at(hold, "until"), "2023-11-14T23:30:01Z");
    cJSON_Delete(json);
    story_operator(&story, OPERATOR_RESUME, 0);
    json = why(0);
    assert_true(null_at(json, "hold"));
    cJSON_Delete(json);
}

static void test_an_alarm_is_a_problem(void **state)
{
    const cJSON *problem;
    cJSON *json;

    (void)state;
    story_alarm(&story, true);
    json = status();
    problem = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "problems"), 0);
    assert_string_equal(text_at(problem, "name"), watch_infos[WATCH_MEMORY_ALARM].name);
    assert_string_equal(text_at(problem, "node"), "rabbit@a");
    assert_false(null_at(problem, "incident"));
    assert_false(true_at(json, "ok"));
    cJSON_Delete(json);
}

static void test_an_agent_that_knows_nothing_yet(void **state)
{
    cJSON *json;

    (void)state;
    story_begin_blank(&story);
    json = status();
    assert_true(null_at(json, "cluster"));
    assert_string_equal(text_at(json, "condition"), "unknown");
    assert_false(true_at(json, "ok"));
    cJSON_Delete(json);
    json = why(0);
    assert_true(null_at(json, "evidence"));
    assert_true(null_at(json, "quorum") || text_at(json, "quorum")[0]);
    assert_false(true_at(cJSON_GetObjectItem(json, "unit"), "known"));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_status_when_all_is_well, setup),
        cmocka_unit_test_setup(test_why_when_all_is_well, setup),
        cmocka_unit_test_setup(test_why_in_chinese, setup),
        cmocka_unit_test_setup(test_why_of_another_member, setup),
        cmocka_unit_test_setup(test_a_member_without_an_agent, setup),
        cmocka_unit_test_setup(test_a_hung_node_that_is_held, setup),
        cmocka_unit_test_setup(test_a_crashed_node, setup),
        cmocka_unit_test_setup(test_a_refusal, setup),
        cmocka_unit_test_setup(test_a_hold, setup),
        cmocka_unit_test_setup(test_an_alarm_is_a_problem, setup),
        cmocka_unit_test_setup(test_an_agent_that_knows_nothing_yet, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
