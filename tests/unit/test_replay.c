/* What was recorded decides itself again with the policy of then; with another one it departs where it must.
 */
#include "cmocka_all.h"
#include "replay/replay.h"
#include "sim/sim.h"
#include "sim_recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replayed {
    int result;
    enum replay_verdict verdict;
    size_t same, entries, inputs;
    int64_t last_wall_ms;
    size_t then_count, now_count; /* of the last moment */
    char then[RMQ_WHY_MAX], now[RMQ_WHY_MAX], state[32];
};

static char directory[64];

/* Each in a store of its own: stories begin at the same moment, so their incidents have the same names. */
static void begin(void)
{
    snprintf(directory, sizeof(directory), "/tmp/rmqwatchd-replay-XXXXXX");
    assert_non_null(mkdtemp(directory));
}

static struct sim_recording record(const char *scenario, const char *node, const struct policy *policy)
{
    struct sim_recording recorded;

    begin();
    assert_int_equal(sim_record(directory, scenario, node, policy, &recorded), 0);
    return recorded;
}

static void forget(void)
{
    static const char *const files[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm"};
    char path[128];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
}

static void on_moment(void *context, const struct replay_moment *moment)
{
    struct replayed *replayed = context;

    replayed->same += moment->verdict == REPLAY_SAME ? moment->then_count : 0;
    replayed->last_wall_ms = moment->wall_ms;
    replayed->then_count = moment->then_count;
    replayed->now_count = moment->now_count;
    snprintf(replayed->state, sizeof(replayed->state), "%s", moment->state);
    snprintf(replayed->then, sizeof(replayed->then), "%s", moment->then_count ? moment->then[0].why : "");
    snprintf(replayed->now, sizeof(replayed->now), "%s", moment->now_count ? moment->now[0].why : "");
}

static struct store_recording *read_incident(const char *incident)
{
    struct store_recording *recording = NULL;

    assert_int_equal(store_read_incident(directory, incident, &recording), 0);
    return recording;
}

static struct replayed replay(const char *incident, const struct policy *policy)
{
    struct store_recording *recording = read_incident(incident);
    struct replayed replayed = {.entries = recording->entry_count, .inputs = recording->input_count};

    replayed.result = replay_run(recording, policy, on_moment, &replayed, &replayed.verdict);
    store_recording_free(recording);
    return replayed;
}

static void assert_as_it_was(const char *incident, const char *scenario)
{
    struct replayed replayed = replay(incident, NULL);

    if (replayed.result < 0 || replayed.verdict != REPLAY_SAME)
        print_error("%s: %d after %zu of %zu: then '%s', now '%s' in %s\n", scenario, replayed.result,
            replayed.same, replayed.entries, replayed.then, replayed.now, replayed.state);
    assert_int_equal(replayed.result, 0);
    assert_int_equal(replayed.verdict, REPLAY_SAME);
    assert_true(replayed.same > 0);
    if (replayed.inputs < STORE_INPUTS_MAX)
        assert_int_equal(replayed.same, replayed.entries);
}

/* The self-check: every incident of every scenario, on every node; agents that are restarted, too. */
static void test_with_the_policy_of_then_it_is_as_it_was(void **state)
{
    static const char *const nodes[] = {"rabbit@a", "rabbit@b", "rabbit@c"};
    size_t incidents = 0;

    (void)state;
    for (size_t i = 0; sim_scenario_name(i); i++)
        for (size_t j = 0; j < 3; j++) {
            struct sim_recording recorded = record(sim_scenario_name(i), nodes[j], NULL);

            incidents += recorded.count;
            for (size_t k = 0; k < recorded.count; k++)
                assert_as_it_was(recorded.incidents[k], sim_scenario_name(i));
            forget();
        }
    assert_true(incidents > 10);
}

/* The same under everything that the simulator can think of: reloads, holds, lost saves, stalls ... */
static void test_whatever_happens_it_is_as_it_was(void **state)
{
    size_t incidents = 0;
    char name[32];

    (void)state;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct sim_recording recorded;

        begin();
        assert_int_equal(sim_record_seed(directory, seed, "rabbit@a", &recorded), 0);
        incidents += recorded.count;
        snprintf(name, sizeof(name), "seed %u", (unsigned)seed);
        for (size_t i = 0; i < recorded.count; i++)
            assert_as_it_was(recorded.incidents[i], name);
        forget();
    }
    assert_true(incidents > 30);
}

/* Replays the first incident of SCENARIO on NODE, recorded with the policy THEN, with the policy NOW. */
static struct replayed with(
    const char *scenario, const char *node, const struct policy *then, const struct policy *now)
{
    struct sim_recording recorded = record(scenario, node, then);
    struct replayed replayed;

    assert_true(recorded.count > 0);
    replayed = replay(recorded.incidents[0], now);
    forget();
    assert_int_equal(replayed.result, 0);
    return replayed;
}

static void test_the_same_policy_today_is_no_departure(void **state)
{
    struct policy policy = sim_default_policy();
    struct replayed replayed = with("hang", "rabbit@b", NULL, &policy);

    (void)state;
    assert_int_equal(replayed.verdict, REPLAY_SAME);
    assert_int_equal(replayed.same, replayed.entries);
    /* Nor is one whose numbers were not needed. */
    policy.give_up_retry_ms *= 2;
    policy.interval_ms *= 3;
    policy.slow_boot_ms /= 2;
    replayed = with("hang", "rabbit@b", NULL, &policy);
    assert_int_equal(replayed.verdict, REPLAY_SAME);
    assert_int_equal(replayed.same, replayed.entries);
}

/* What was told in another language was decided all the same. */
static void test_another_language_is_no_departure(void **state)
{
    struct policy chinese = sim_default_policy();
    struct policy english = sim_default_policy();
    struct replayed replayed;

    (void)state;
    chinese.language = LANGUAGE_CHINESE;
    replayed = with("hang", "rabbit@b", &chinese, &english);
    assert_int_equal(replayed.verdict, REPLAY_SAME);
    assert_int_equal(replayed.same, replayed.entries);
    assert_non_null(strstr(replayed.then, "恢复"));
    assert_string_equal(replayed.then, replayed.now);
    replayed = with("hang", "rabbit@b", &english, &chinese);
    assert_int_equal(replayed.verdict, REPLAY_SAME);
    assert_non_null(strstr(replayed.then, "recovery"));
}

static void test_observe_departs_where_it_was_killed(void **state)
{
    struct policy policy = sim_default_policy();
    struct replayed replayed;

    (void)state;
    policy.act = false;
    replayed = with("hang", "rabbit@b", NULL, &policy);
    assert_int_equal(replayed.verdict, REPLAY_DEPARTS);
    assert_string_equal(replayed.then, "its restart would be safe: seek the restart lease");
    assert_string_equal(replayed.now, "it hangs and would be killed and started now; mode = observe");
    assert_string_equal(replayed.state, "observed");
    assert_true(replayed.same > 0);
}

static void test_act_departs_from_what_was_only_observed(void **state)
{
    struct policy policy = sim_default_policy(), observe = policy;
    struct replayed replayed;

    (void)state;
    observe.act = false;
    replayed = with("crash", "rabbit@a", &observe, &policy);
    assert_int_equal(replayed.verdict, REPLAY_DEPARTS);
    assert_string_equal(replayed.then, "it is dead and would be started now; mode = observe");
    assert_string_equal(replayed.now, "it is dead: starting it is always safe, so it is started at once");
    assert_int_equal(replayed.same, 0);
}

static void test_more_patience_stays_where_it_was(void **state)
{
    struct policy policy = sim_default_policy();
    struct replayed replayed;

    (void)state;
    policy.fall = 5;
    replayed = with("hang", "rabbit@b", NULL, &policy);
    assert_int_equal(replayed.verdict, REPLAY_DEPARTS);
    assert_int_equal(replayed.now_count, 0);
    assert_string_equal(replayed.state, "watching");
    assert_int_equal(replayed.same, 0);
}

/* Nobody asked it for a tick then: it has to come out of the gap between two events. */
static void test_a_deadline_of_its_own(void **state)
{
    struct policy policy = sim_default_policy();
    struct replayed replayed;

    (void)state;
    policy.held_retry_ms = 7350;
    replayed = with("hang-of-two", "rabbit@a", NULL, &policy);
    assert_int_equal(replayed.verdict, REPLAY_DEPARTS);
    assert_int_equal(replayed.then_count, 0);
    assert_string_equal(replayed.now, "it still should be restarted: ask the others again");
    policy.held_retry_ms = 13000;
    replayed = with("hang-of-two", "rabbit@a", NULL, &policy);
    assert_int_equal(replayed.verdict, REPLAY_DEPARTS);
    assert_int_equal(replayed.now_count, 0);
    assert_string_equal(replayed.then, "it still should be restarted: ask the others again");
}

static void test_what_was_not_decided_like_that_is_strange(void **state)
{
    struct sim_recording recorded = record("hang", "rabbit@b", NULL);
    struct store_recording *recording = read_incident(recorded.incidents[0]);
    struct replayed replayed = {0};
    size_t count = recording->entry_count;

    (void)state;
    recording->entries[1].why = "something else";
    assert_int_equal(replay_run(recording, NULL, on_moment, &replayed, &replayed.verdict), 0);
    assert_int_equal(replayed.verdict, REPLAY_STRANGE);
    assert_string_equal(replayed.then, "something else");
    /* Decided, but not recorded; recorded, but not decided. */
    recording->entry_count = 1;
    assert_int_equal(replay_run(recording, NULL, on_moment, &replayed, &replayed.verdict), 0);
    assert_int_equal(replayed.verdict, REPLAY_STRANGE);
    assert_int_equal(replayed.then_count, 0);
    recording->entry_count = count;
    recording->entries[1].why = recording->entries[0].why;
    recording->entries[1].wall_ms++;
    assert_int_equal(replay_run(recording, NULL, on_moment, &replayed, &replayed.verdict), 0);
    assert_int_equal(replayed.verdict, REPLAY_STRANGE);
    store_recording_free(recording);
    forget();
}

static void test_incomplete_recordings_are_refused(void **state)
{
    struct sim_recording recorded = record("crash", "rabbit@a", NULL);
    struct store_recording *recording = read_incident(recorded.incidents[0]);
    enum replay_verdict verdict;

    (void)state;
    recording->inputs[3].event = "{\"event\":\"tea\"}";
    assert_int_equal(replay_run(recording, NULL, on_moment, &(struct replayed){0}, &verdict), -EBADMSG);
    recording->inputs += 2; /* without its snapshot and its policy */
    assert_int_equal(replay_run(recording, NULL, on_moment, &(struct replayed){0}, &verdict), -ENODATA);
    recording->inputs += recording->input_count - 3; /* nothing but its end */
    recording->input_count = 1;
    assert_int_equal(replay_run(recording, NULL, on_moment, &(struct replayed){0}, &verdict), -ENODATA);
    recording->input_count = 0;
    assert_int_equal(replay_run(recording, NULL, on_moment, &(struct replayed){0}, &verdict), -ENODATA);
    store_recording_free(recording);
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_the_policy_of_then_it_is_as_it_was),
        cmocka_unit_test(test_whatever_happens_it_is_as_it_was),
        cmocka_unit_test(test_the_same_policy_today_is_no_departure),
        cmocka_unit_test(test_another_language_is_no_departure),
        cmocka_unit_test(test_observe_departs_where_it_was_killed),
        cmocka_unit_test(test_act_departs_from_what_was_only_observed),
        cmocka_unit_test(test_more_patience_stays_where_it_was),
        cmocka_unit_test(test_a_deadline_of_its_own),
        cmocka_unit_test(test_what_was_not_decided_like_that_is_strange),
        cmocka_unit_test(test_incomplete_recordings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
