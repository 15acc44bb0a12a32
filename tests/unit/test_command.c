/* Commands: what they print, how they end, and that nobody waits for one longer than its time. */
#include "base/clock.h"
#include "base/command.h"
#include "cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    uv_loop_t loop;
    struct command_places places;
    unsigned ended;
    struct command_result result;
    char output[64];
} test;

static int setup(void **state)
{
    (void)state;
    memset(&test, 0, sizeof(test));
    test.places.max = 2;
    return uv_loop_init(&test.loop);
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(test.places.taken, 0);
    return uv_loop_close(&test.loop);
}

static void on_done(void *context, struct command_result *result)
{
    assert_ptr_equal(context, &test);
    test.ended++;
    test.result = *result;
    assert_true(result->size < sizeof(test.output));
    if (result->size > 0)
        memcpy(test.output, result->output, result->size);
    test.output[result->size] = '\0';
    free(result->output);
}

static int start(const struct command_options *options, struct command **ret_command)
{
    return command_start(&test.loop, &test.places, options, on_done, &test, ret_command);
}

static void run(const struct command_options *options)
{
    struct command *command;
    unsigned ended = test.ended;

    assert_int_equal(start(options, &command), 0);
    assert_int_equal(test.ended, ended); /* never from within the start */
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(test.ended, ended + 1);
}

static void run_script(const char *script, size_t output_max, bool keep_end)
{
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL};

    run(&(struct command_options){
        .argv = argv, .timeout_ms = 5000, .output_max = output_max, .keep_end = keep_end});
}

static void test_output_and_exit(void **state)
{
    (void)state;
    assert_int_equal(setenv("HOME", "ours", 1), 0);
    run_script("echo out; echo err >&2; echo $HOME", 60, false);
    assert_true(test.result.error == 0 && test.result.exit_code == 0 && test.result.signal == 0);
    assert_false(test.result.cut);
    assert_string_equal(test.output, "out\nerr\n\n");
    run_script("exit 7", 10, false);
    assert_int_equal(test.result.exit_code, 7);
    run_script("kill -TERM $$", 10, false);
    assert_int_equal(test.result.signal, SIGTERM);
}

static void test_too_much_output(void **state)
{
    (void)state;
    run_script("echo first; echo last", 7, false);
    assert_true(test.result.cut);
    assert_string_equal(test.output, "first\nl");
    run_script("echo first; sleep 0.05; echo last", 7, true);
    assert_true(test.result.cut);
    assert_string_equal(test.output, "t\nlast\n");
    run_script("yes | head -c 300000; printf 'the end'", 7, true);
    assert_string_equal(test.output, "the end");
    run_script("printf 1234567", 7, true);
    assert_false(test.result.cut);
    assert_string_equal(test.output, "1234567");
}

static void test_environment(void **state)
{
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"echo $ONE $TWO $LANG", NULL};
    char *const two[] = {(char *)"ONE=1", (char *)"TWO=2", NULL};
    char *const many[] = {(char *)"A=1", (char *)"B=1", (char *)"C=1", (char *)"D=1", (char *)"E=1",
        (char *)"F=1", (char *)"G=1", NULL};
    struct command_options options = {.argv = argv, .environment = two, .timeout_ms = 5000, .output_max = 60};

    (void)state;
    run(&options);
    assert_string_equal(test.output, "1 2 C.UTF-8\n");
    options.environment = many;
    assert_int_equal(start(&options, NULL), -E2BIG);
}

/* Also more than any pipe holds, and also when the command reads none of it. */
static void test_input(void **state)
{
    static char much[300000];
    char *const count[] = {(char *)"sh", (char *)"-c", (char *)"wc -c", NULL};
    char *const deaf[] = {(char *)"true", NULL};
    struct command_options options = {.argv = count, .timeout_ms = 5000, .output_max = 60};

    (void)state;
    run(&options);
    assert_string_equal(test.output, "0\n");
    memset(much, 'x', sizeof(much));
    options.input = much;
    options.input_size = sizeof(much);
    run(&options);
    assert_string_equal(test.output, "300000\n");
    options.input_size = 0;
    run(&options);
    assert_string_equal(test.output, "0\n");
    options.argv = deaf;
    options.input_size = sizeof(much);
    run(&options);
    assert_true(test.result.error == 0 && test.result.exit_code == 0);
}

static void test_deadline(void **state)
{
    char *const slow[] = {(char *)"sh", (char *)"-c", (char *)"echo first; sleep 60", NULL};
    uint64_t started_ms = clock_boot_ms();

    (void)state;
    run(&(struct command_options){.argv = slow, .timeout_ms = 300, .output_max = 60});
    assert_int_equal(test.result.error, -ETIMEDOUT);
    assert_string_equal(test.output, "first\n");
    assert_true(clock_boot_ms() - started_ms < 3000);
}

/* What it leaves behind ends with it; who has left its group is out of reach, but nobody waits for that. */
static void test_what_is_left_behind(void **state)
{
    char folder[] = "/tmp/rmqwatchd-command-XXXXXX", script[96], path[64];
    uint64_t started_ms = clock_boot_ms();

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/late", folder);
    snprintf(script, sizeof(script), "(sleep 0.3; touch %s) & echo done", path);
    run_script(script, 60, false);
    assert_string_equal(test.output, "done\n");
    run_script("setsid sleep 2 & sleep 0.5; echo done", 60, false);
    assert_true(test.result.error == 0 && test.result.exit_code == 0);
    assert_string_equal(test.output, "done\n");
    assert_true(clock_boot_ms() - started_ms < 1800);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(folder), 0);
}

static void test_no_such_command(void **state)
{
    char *const missing[] = {(char *)"rmqwatch-no-such-command", NULL};

    (void)state;
    run(&(struct command_options){.argv = missing, .timeout_ms = 5000, .output_max = 60});
    assert_int_equal(test.result.error, -ENOENT);
}

/* A place is taken until the process is reaped, also when nobody waits for it any more. */
static void test_places(void **state)
{
    char *const slow[] = {(char *)"sleep", (char *)"60", NULL};
    const struct command_options options = {.argv = slow, .timeout_ms = 60000, .output_max = 10};
    struct command *first, *second, *third;

    (void)state;
    assert_int_equal(start(&options, &first), 0);
    assert_int_equal(start(&options, &second), 0);
    assert_int_equal(start(&options, &third), -EBUSY);
    command_cancel(first);
    assert_int_equal(start(&options, &third), -EBUSY);
    command_cancel(second);
    command_cancel(NULL);
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(test.ended, 0);
    assert_int_equal(test.places.taken, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_output_and_exit),
        TEST(test_too_much_output),
        TEST(test_environment),
        TEST(test_input),
        TEST(test_deadline),
        TEST(test_what_is_left_behind),
        TEST(test_no_such_command),
        TEST(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
