/* What survives the agent's death: written, read back, and refused when damaged. */
#include "cmocka_all.h"
#include "store/incident_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/rmqwatch-test-XXXXXX";

static int setup(void **context)
{
    (void)context;
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **context)
{
    char path[128];

    (void)context;
    snprintf(path, sizeof(path), "%s/incident.json", directory);
    unlink(path);
    strcat(path, ".new");
    rmdir(path);
    unlink(path);
    return rmdir(directory);
}

static struct core_snapshot sample(void)
{
    struct core_snapshot snapshot = {.state = STATE_GAVE_UP,
        .since_wall_ms = 1700000000123,
        .phase_ms = {1, 2, 3, 4, 5},
        .give_ups = 2,
        .restart_count = 2,
        .restarts_wall_ms = {1700000000001, 1700000000002},
        .seen_running = true,
        .member_count = 2};

    strcpy(snapshot.incident, "rmq1-2026-01-31-120000-1a2");
    strcpy(snapshot.members[0], "rabbit@rmq1");
    strcpy(snapshot.members[1], "rabbit@\"quoted\\name\"");
    return snapshot;
}

static void write_file(const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/incident.json", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_what_was_saved_is_loaded(void **context)
{
    const struct core_snapshot saved = sample();
    struct core_snapshot loaded;

    (void)context;
    memset(&loaded, 0xaa, sizeof(loaded));
    assert_int_equal(incident_file_save(directory, &saved), 0);
    assert_int_equal(incident_file_load(directory, &loaded), 0);
    assert_memory_equal(&loaded, &saved, sizeof(saved));
}

static void test_no_file_is_no_incident(void **context)
{
    struct core_snapshot loaded;

    (void)context;
    assert_int_equal(incident_file_load(directory, &loaded), -ENOENT);
}

static void test_damaged_files_are_refused(void **context)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"version\":2}",
        "{\"version\":1,\"state\":\"nowhere\",\"incident\":\"\",\"since_wall_ms\":0,\"give_ups\":0,"
        "\"restarts_wall_ms\":[],\"members\":[]}",
        "{\"version\":1,\"state\":\"watching\",\"incident\":5}",
    };
    const struct core_snapshot untouched = sample();
    struct core_snapshot loaded = untouched;

    (void)context;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        write_file(damaged[i]);
        assert_int_equal(incident_file_load(directory, &loaded), -EBADMSG);
        assert_memory_equal(&loaded, &untouched, sizeof(loaded));
    }
}

/* A write that was cut off anywhere is found out: every beginning of a good file is refused. */
static void test_every_beginning_is_refused(void **context)
{
    const struct core_snapshot saved = sample();
    struct core_snapshot loaded;
    char path[128], text[4096] = "";
    size_t size;
    FILE *file;

    (void)context;
    assert_int_equal(incident_file_save(directory, &saved), 0);
    snprintf(path, sizeof(path), "%s/incident.json", directory);
    file = fopen(path, "r");
    assert_non_null(file);
    size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    while (size-- > 0) {
        text[size] = '\0';
        write_file(text);
        assert_int_equal(incident_file_load(directory, &loaded), -EBADMSG);
    }
}

static void test_a_failed_save_keeps_the_former_file(void **context)
{
    const struct core_snapshot saved = sample();
    struct core_snapshot other = saved, loaded;
    char blocked[128];

    (void)context;
    assert_int_equal(incident_file_save(directory, &saved), 0);
    snprintf(blocked, sizeof(blocked), "%s/incident.json.new", directory);
    assert_int_equal(mkdir(blocked, 0700), 0); /* root may write anywhere else */
    other.give_ups = 9;
    assert_int_equal(incident_file_save(directory, &other), -EISDIR);
    assert_int_equal(incident_file_load(directory, &loaded), 0);
    assert_int_equal(loaded.give_ups, saved.give_ups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_saved_is_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_file_is_no_incident, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_beginning_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_save_keeps_the_former_file, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
