/* The exec probe: exit codes, deadlines, and what a command leaves behind. */
#include "cmocka_all.h"
#include "probe_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { TIMEOUT_MS = 2000, BRIEF_MS = 300 };

static char pid_file[] = "/tmp/rmqwatch-exec-XXXXXX";

static int setup(void **state)
{
    int fd;

    assert_int_equal(probe_fixture_setup(state), 0);
    fixture.config.exec.enabled = true;
    fixture.target.local = true;
    strcpy(pid_file + strlen(pid_file) - 6, "XXXXXX");
    fd = mkstemp(pid_file);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)unlink(pid_file);
    return probe_fixture_teardown(state);
}

static void command(const char *const *words)
{
    size_t i;

    memset(fixture.config.exec.command, 0, sizeof fixture.config.exec.command);
    for (i = 0; words[i]; i++)
        fixture.config.exec.command[i] = (char *)(uintptr_t)words[i];
}

static void shell(const char *script)
{
    const char *words[] = {"/bin/sh", "-c", script, "sh", "%n", pid_file, NULL};

    command(words);
}

static void expect(enum probe_result result)
{
    probe_fixture_expect(&probe_exec_ops, false, TIMEOUT_MS, result);
    assert_false(fixture.has_view);
}

static void read_file(char *text, size_t size)
{
    FILE *file = fopen(pid_file, "r");
    size_t got;

    assert_non_null(file);
    got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    (void)fclose(file);
}

/* A zombie is dead: who has adopted it may take its time to reap it. */
static bool is_alive(long pid)
{
    char path[64], line[256] = "", *state;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    state = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    (void)fclose(file);
    return state && state[2] != 'Z' && state[2] != 'X';
}

/* The processes that a script wrote into the file are gone, soon. */
static void expect_all_dead(int count)
{
    char text[256], *at = text;
    int tries;
    long pid;

    read_file(text, sizeof text);
    for (; count > 0; count--) {
        pid = strtol(at, &at, 10);
        assert_true(pid > 1);
        for (tries = 0; tries < 100 && is_alive(pid); tries++)
            probe_fixture_run_for(10);
        assert_false(is_alive(pid));
    }
}

static void test_exit_codes(void **state)
{
    static const struct {
        const char *script;
        enum probe_result result;
    } cases[] = {
        {"exit 0", PROBE_RESULT_OK},
        {"exit 1", PROBE_RESULT_SERVER_ERROR},
        {"echo Error: node down >&2; exit 69", PROBE_RESULT_SERVER_ERROR},
        {"exit 70", PROBE_RESULT_SERVER_ERROR},
        {"exit 75", PROBE_RESULT_TIMED_OUT},
        {"exit 64", PROBE_RESULT_NOT_RUNNABLE},
        {"exit 65", PROBE_RESULT_NOT_RUNNABLE},
        {"exit 78", PROBE_RESULT_NOT_RUNNABLE},
        {"/nonexistent/command", PROBE_RESULT_NOT_RUNNABLE},
        {"kill -9 $$", PROBE_RESULT_OWN_TROUBLE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < LENGTH(cases); i++) {
        shell(cases[i].script);
        expect(cases[i].result);
    }
}

static void test_not_runnable(void **state)
{
    static const char *const absent[] = {"/nonexistent/check", NULL};
    static const char *const folder[] = {"/tmp", NULL};
    const char *const text[] = {pid_file, NULL};

    (void)state;
    command(absent);
    expect(PROBE_RESULT_NOT_RUNNABLE);
    command(folder);
    expect(PROBE_RESULT_NOT_RUNNABLE);
    assert_int_equal(chmod(pid_file, 0600), 0);
    command(text);
    expect(PROBE_RESULT_NOT_RUNNABLE);
}

static void test_words_and_environment(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(setenv("RMQ_TEST_SECRET", "hunter2", 1), 0);
    shell("{ echo \"node=$1\"; env; readlink /proc/self/fd/0; pwd; } > \"$2\"");
    expect(PROBE_RESULT_OK);
    assert_int_equal(unsetenv("RMQ_TEST_SECRET"), 0);
    read_file(text, sizeof text);
    assert_non_null(strstr(text, "node=rabbit@node a\n"));
    assert_non_null(strstr(text, "RMQ_NODE=rabbit@node a\n"));
    assert_non_null(strstr(text, "PATH=/"));
    assert_non_null(strstr(text, "HOME=/"));
    assert_non_null(strstr(text, "\n/dev/null\n/\n"));
    assert_null(strstr(text, "hunter2"));
}

static void test_descriptors_are_not_inherited(void **state)
{
    static const struct manners manners[] = {{"", MANNER_SILENT, NULL, 0, 0}};
    char text[2048];

    (void)state;
    probe_fixture_serve(manners, 1);
    shell("ls -l /proc/self/fd > \"$2\"");
    expect(PROBE_RESULT_OK);
    read_file(text, sizeof text);
    assert_non_null(strstr(text, "/dev/null"));
    assert_null(strstr(text, "epoll"));
    assert_null(strstr(text, "socket"));
}

static void test_hanging_command_is_killed_with_its_children(void **state)
{
    (void)state;
    shell("sleep 600 & echo $! > \"$2\"; echo $$ >> \"$2\"; sleep 600");
    probe_fixture_expect(&probe_exec_ops, false, BRIEF_MS, PROBE_RESULT_TIMED_OUT);
    assert_true(fixture.took_ms >= BRIEF_MS - 5);
    expect_all_dead(2);
}

static void test_command_that_ignores_signals(void **state)
{
    (void)state;
    shell("trap '' TERM INT HUP; echo $$ > \"$2\"; while :; do sleep 1; done");
    probe_fixture_expect(&probe_exec_ops, false, BRIEF_MS, PROBE_RESULT_TIMED_OUT);
    expect_all_dead(1);
}

static void test_child_left_behind_is_killed(void **state)
{
    (void)state;
    shell("sleep 600 & echo $! > \"$2\"; exit 0");
    expect(PROBE_RESULT_OK);
    assert_true(fixture.took_ms < 1000);
    expect_all_dead(1);
}

/* It has left the group, and keeps the output open: the verdict does not wait for it. */
static void test_child_that_ran_away(void **state)
{
    char text[64];

    (void)state;
    if (system("command -v setsid >/dev/null") != 0)
        skip();
    shell(
        "setsid sh -c 'echo $$ > \"$0\"; exec sleep 3' \"$2\" & while ! test -s \"$2\"; do sleep 0.01; done");
    expect(PROBE_RESULT_OK);
    assert_true(fixture.took_ms < 1000);
    read_file(text, sizeof text);
    assert_int_equal(kill((pid_t)strtol(text, NULL, 10), SIGKILL), 0);
}

static void test_endless_output_is_read_and_dropped(void **state)
{
    (void)state;
    shell("yes | head -c 3000000; yes error | head -c 100000 >&2; printf last; exit 3");
    expect(PROBE_RESULT_SERVER_ERROR);
}

static void test_cancel_kills(void **state)
{
    char text[64] = "";

    (void)state;
    shell("echo $$ > \"$2\"; exec sleep 600");
    assert_int_equal(probe_fixture_start(&probe_exec_ops, false, TIMEOUT_MS), 0);
    while (!strchr(text, '\n')) {
        probe_fixture_run_for(5);
        read_file(text, sizeof text);
    }
    probe_exec_ops.cancel(&fixture.probe);
    probe_exec_ops.cancel(&fixture.probe);
    expect_all_dead(1);
    assert_int_equal(fixture.calls, 0);
}

/* A place is taken until the process is reaped, also when nobody waits for it any more. */
static void test_unreaped_commands_are_limited(void **state)
{
    (void)state;
    shell("exec sleep 600");
    assert_int_equal(probe_fixture_start(&probe_exec_ops, false, TIMEOUT_MS), 0);
    probe_exec_ops.cancel(&fixture.probe);
    assert_int_equal(probe_fixture_start(&probe_exec_ops, false, TIMEOUT_MS), 0);
    probe_exec_ops.cancel(&fixture.probe);
    assert_int_equal(probe_fixture_start(&probe_exec_ops, false, TIMEOUT_MS), -EBUSY);
    probe_fixture_run_for(200);
    shell("exit 0");
    expect(PROBE_RESULT_OK);
}

static void test_word_that_grows_too_long(void **state)
{
    static char word[1000];
    const char *const words[] = {"/bin/true", word, NULL};

    (void)state;
    memset(word, 'a', sizeof word - 1);
    command(words);
    assert_int_equal(probe_fixture_start(&probe_exec_ops, false, TIMEOUT_MS), -E2BIG);
    memcpy(word, "%n%n%n", 6);
    word[6] = '\0';
    expect(PROBE_RESULT_OK);
}

static void test_applies_to_the_local_node_alone(void **state)
{
    (void)state;
    shell("exit 0");
    assert_true(probe_exec_ops.applies(&fixture.config, &fixture.target));
    fixture.target.local = false;
    assert_false(probe_exec_ops.applies(&fixture.config, &fixture.target));
    fixture.target.local = true;
    fixture.config.exec.enabled = false;
    assert_false(probe_exec_ops.applies(&fixture.config, &fixture.target));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_exit_codes),
        TEST(test_not_runnable),
        TEST(test_words_and_environment),
        TEST(test_descriptors_are_not_inherited),
        TEST(test_hanging_command_is_killed_with_its_children),
        TEST(test_command_that_ignores_signals),
        TEST(test_child_left_behind_is_killed),
        TEST(test_child_that_ran_away),
        TEST(test_endless_output_is_read_and_dropped),
        TEST(test_cancel_kills),
        TEST(test_unreaped_commands_are_limited),
        TEST(test_word_that_grows_too_long),
        TEST(test_applies_to_the_local_node_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
