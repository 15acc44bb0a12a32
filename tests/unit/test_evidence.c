/* Evidence on a real machine: this one. Folders, samples of processes, and whole collections. */
#include "base/clock.h"
#include "cmocka_all.h"
#include "evidence/collector.h"
#include "evidence/folder.h"
#include "evidence/host_sampler.h"
#include "evidence/package_locks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    uv_loop_t loop;
    char directory[32];
    struct config config;
    struct event_sink sink;
    unsigned events;
    struct event last;
} test;

static void post(void *context, struct event *event)
{
    (void)context;
    test.events++;
    test.last = *event;
}

static int setup(void **state)
{
    (void)state;
    memset(&test, 0, sizeof(test));
    strcpy(test.directory, "/tmp/rmqwatch-test-XXXXXX");
    assert_non_null(mkdtemp(test.directory));
    assert_int_equal(uv_loop_init(&test.loop), 0);
    test.sink = (struct event_sink){.post = post};
    test.config.state_dir = test.directory;
    test.config.unit = "rmqwatch-no-such.service";
    test.config.evidence = (struct evidence_config){.keep = 5, .max_megabytes = 1};
    test.config.policy.interval_ms = 10000;
    test.config.policy.fast_interval_ms = 20;
    return 0;
}

static int teardown(void **state)
{
    char command[64];

    (void)state;
    assert_int_equal(uv_run(&test.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&test.loop), 0);
    snprintf(command, sizeof(command), "rm -rf %s", test.directory);
    return system(command);
}

static void run_until(const unsigned *counter, unsigned count, uint64_t within_ms)
{
    uint64_t end_ms = clock_boot_ms() + within_ms;

    while (*counter < count && clock_boot_ms() < end_ms) {
        (void)uv_run(&test.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_true(*counter >= count);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

static size_t read_file(const char *folder, const char *name, char *text, size_t size)
{
    char path[512];
    FILE *file;
    size_t got;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "r");
    if (!file)
        return 0;
    assert_int_equal(mode_of(path), 0600);
    got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    fclose(file);
    return got;
}

/* --- folders --- */

static void make(const char *incident, size_t size, char *path)
{
    char *data = calloc(1, size + 1);
    int folder = folder_create(test.directory, incident, path, RMQ_PATH_MAX);

    assert_non_null(data);
    assert_true(folder >= 0);
    assert_int_equal(folder_write(folder, "file", data, size), 0);
    assert_int_equal(folder_write(folder, "file", data, size), -EEXIST);
    close(folder);
    free(data);
    usleep(5000); /* their age is told by the file system's clock */
}

static void test_folders(void **state)
{
    char path[RMQ_PATH_MAX], expected[RMQ_PATH_MAX], small[16] = "untouched";

    (void)state;
    make("a", 10, path);
    snprintf(expected, sizeof(expected), "%s/evidence/a", test.directory);
    assert_string_equal(path, expected);
    assert_int_equal(mode_of(path), 0700);
    make("a", 10, path);
    assert_string_equal(path + strlen(expected), ".2");
    assert_int_equal(folder_create(test.directory, "../a", path, sizeof(path)), -EINVAL);
    assert_int_equal(folder_create(test.directory, ".a", path, sizeof(path)), -EINVAL);
    assert_int_equal(folder_create(test.directory, "", path, sizeof(path)), -EINVAL);
    assert_int_equal(folder_create(test.directory, "b", small, sizeof(small)), -ENAMETOOLONG);
    assert_string_equal(small, "untouched");
    assert_int_equal(folder_create("/proc/none", "b", path, sizeof(path)), -ENOENT);
}

static unsigned folders(void)
{
    char path[64];
    unsigned count = 0;
    DIR *list;

    snprintf(path, sizeof(path), "%s/evidence", test.directory);
    list = opendir(path);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static void test_old_folders_go(void **state)
{
    char oldest[RMQ_PATH_MAX], path[RMQ_PATH_MAX], name[16];

    (void)state;
    make("oldest", 10, oldest);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof(name), "i%d", i);
        make(name, 100 * 1024, path);
    }
    assert_int_equal(folder_prune(path, 20, 1 << 30), 0);
    assert_int_equal(folders(), 7);
    assert_int_equal(folder_prune(path, 6, 1 << 30), 0);
    assert_int_equal(folders(), 6);
    assert_int_equal(access(oldest, F_OK), -1);
    assert_int_equal(folder_prune(path, 6, 250 * 1024), 0);
    assert_int_equal(folders(), 2);
    assert_int_equal(folder_prune(path, 0, 0), 0); /* its own stays */
    assert_int_equal(folders(), 1);
    assert_int_equal(access(path, F_OK), 0);
}

/* On another disk, say. */
static void test_old_folders_go_behind_a_link(void **state)
{
    char path[RMQ_PATH_MAX], link[64], elsewhere[64];

    (void)state;
    snprintf(link, sizeof(link), "%s/evidence", test.directory);
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", test.directory);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(elsewhere, link), 0);
    make("a", 10, path);
    make("b", 10, path);
    assert_int_equal(folder_prune(path, 1, 1 << 30), 0);
    assert_int_equal(folders(), 1);
}

/* --- samples --- */

static void test_sample_of_this_process(void **state)
{
    struct host_sample before, after;
    volatile unsigned work = 0;

    (void)state;
    host_sample_process((uint32_t)getpid(), &before);
    assert_true(before.process_known);
    assert_int_equal(before.process_state, 'R');
    assert_int_equal(before.runnable_threads, 1);
    for (uint64_t end_ms = clock_boot_ms() + 100; clock_boot_ms() < end_ms;)
        work++;
    host_sample_process((uint32_t)getpid(), &after);
    assert_true(after.cpu_ms > before.cpu_ms);
    assert_true(after.run_delay_ms >= before.run_delay_ms);
    host_sample_process(0, &after);
    assert_false(after.process_known);
    host_sample_process(UINT32_MAX, &after);
    assert_false(after.process_known || after.io_known || after.run_delay_known);
}

static void test_stopped_and_dead_processes(void **state)
{
    struct host_sample sample;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
    host_sample_process((uint32_t)child, &sample);
    assert_true(sample.process_known);
    assert_int_equal(sample.process_state, 'T');
    assert_int_equal(sample.runnable_threads, 0);
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT), 0);
    host_sample_process((uint32_t)child, &sample); /* dead, and its parent has not looked yet */
    assert_true(sample.process_known);
    assert_int_equal(sample.pid, 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    host_sample_process((uint32_t)child, &sample);
    assert_true(sample.process_known);
    assert_int_equal(sample.pid, 0);
}

static void test_package_lock(void **state)
{
    static char buffer[64 * 1024];
    struct host_sample sample = {0};
    struct package_locks locks = {0};
    const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[64];
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "%s/lock", test.directory);
    package_locks_add(&locks, path, "dpkg"); /* there is none yet */
    assert_int_equal(locks.count, 0);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    package_locks_add(&locks, path, "dpkg");
    assert_int_equal(locks.count, 1);
    package_locks_sample(&locks, buffer, sizeof(buffer), &sample);
    assert_true(sample.packages_known && !sample.packages_changing);
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    package_locks_sample(&locks, buffer, sizeof(buffer), &sample);
    assert_true(sample.packages_known && sample.packages_changing);
    assert_string_equal(sample.package_manager, "test_evidence");
    memset(&sample, 0, sizeof(sample));
    package_locks_sample(&locks, buffer, 10, &sample); /* more locks than there is room for */
    assert_false(sample.packages_known);
    package_locks_find(&locks);
    assert_true(locks.count <= PACKAGE_LOCKS_MAX);
    close(fd);
}

static void test_sampler(void **state)
{
    struct activity_list activities = {0};
    struct host_sampler *sampler = host_sampler_new(&test.loop, &test.config.policy, test.sink, &activities);
    uint64_t started_ms;

    (void)state;
    assert_non_null(sampler);
    host_sampler_set_process(sampler, (uint32_t)getpid());
    run_until(&test.events, 2, 1000); /* the first, and one more when the lock files are found */
    assert_int_equal(test.last.kind, EVENT_HOST);
    assert_true(test.last.host.process_known && test.last.host.packages_known);
    assert_int_equal(test.last.host.pid, getpid());
    started_ms = clock_boot_ms();
    host_sampler_set_pace(sampler, true);
    run_until(&test.events, 7, 1000);
    assert_true(clock_boot_ms() - started_ms >= 80);
    host_sampler_set_pace(sampler, false);
    host_sampler_reconfigure(sampler, &test.config.policy);
    assert_null(activity_overdue(&activities, clock_boot_ms() + 19000));
    assert_non_null(activity_overdue(&activities, clock_boot_ms() + 21000));
    host_sampler_free(sampler);
    host_sampler_free(NULL);
    assert_null(activity_overdue(&activities, clock_boot_ms() + 21000));
}

static void test_a_process_that_cannot_be_read_is_told_once(void **state)
{
    struct host_sampler *sampler;
    char text[4096];
    const char *told;
    int before, fd;

    (void)state;
    snprintf(text, sizeof(text), "%s/log", test.directory);
    fd = open(text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    before = dup(STDERR_FILENO);
    assert_true(fd >= 0 && before >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    sampler = host_sampler_new(&test.loop, &test.config.policy, test.sink, NULL);
    host_sampler_set_process(sampler, UINT32_MAX); /* no number of a process, so none that has ended */
    host_sampler_set_pace(sampler, true);
    run_until(&test.events, 8, 2000);
    host_sampler_free(sampler);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    text[pread(fd, text, sizeof(text) - 1, 0)] = '\0';
    close(fd);
    told = strstr(text, "/proc/4294967295 of the broker cannot be read");
    assert_non_null(told);
    assert_null(strstr(told + 1, "/proc/4294967295"));
}

/* --- collections --- */

static struct collect_request request;

static void fill_request(const char *incident)
{
    memset(&request, 0, sizeof(request));
    strcpy(request.incident, incident);
    strcpy(request.members, "rabbit@a: hung\n");
    request.live = true;
    request.unit.active = UNIT_FAILED;
    request.unit.main_pid = (uint32_t)getpid();
    strcpy(request.unit.sub_state, "auto-restart");
}

static void test_collection(void **state)
{
    struct collector *collector = collector_new(&test.loop, &test.config, test.sink);
    char text[32768];

    (void)state;
    fill_request("rmq1-1");
    collector_collect(collector, &request);
    run_until(&test.events, 1, COLLECT_TIMEOUT_MS + 500);
    assert_int_equal(test.last.kind, EVENT_EVIDENCE);
    assert_string_equal(test.last.evidence.incident, "rmq1-1");
    assert_string_equal(test.last.evidence.path + strlen(test.directory), "/evidence/rmq1-1");
    assert_true(read_file(test.last.evidence.path, "unit", text, sizeof(text)) > 0);
    assert_non_null(strstr(text, "ActiveState=failed\nSubState=auto-restart\n"));
    assert_true(read_file(test.last.evidence.path, "members", text, sizeof(text)) > 0);
    assert_string_equal(text, "rabbit@a: hung\n");
    assert_true(read_file(test.last.evidence.path, "process", text, sizeof(text)) > 0);
    assert_non_null(strstr(text, "Name:\ttest_evidence"));
    /* The commands ran, or the folder says why they could not. */
    assert_true(read_file(test.last.evidence.path, "systemctl-show", text, sizeof(text)) > 0 ||
                read_file(test.last.evidence.path, "problems", text, sizeof(text)) > 0);
    collector_free(collector);
    (void)uv_run(&test.loop, UV_RUN_DEFAULT);
    assert_int_equal(test.events, 1);
}

static void test_each_collection_ends_once(void **state)
{
    struct collector *collector = collector_new(&test.loop, &test.config, test.sink);

    (void)state;
    fill_request("same");
    request.live = false;
    for (int i = 0; i < 8; i++)
        collector_collect(collector, &request);
    assert_true(test.events > 0); /* more at once than a disk that answers ever needs: refused */
    run_until(&test.events, 8, COLLECT_TIMEOUT_MS + 500);
    for (int i = 0; i < 4; i++) {
        collector_collect(collector, &request);
        run_until(&test.events, 9 + (unsigned)i, COLLECT_TIMEOUT_MS + 500);
    }
    assert_true(folders() <= 5);
    collector_free(collector);
}

static void test_no_folder(void **state)
{
    struct collector *collector;

    (void)state;
    test.config.state_dir = "/proc/none";
    collector = collector_new(&test.loop, &test.config, test.sink);
    fill_request("rmq1-1");
    collector_collect(collector, &request);
    run_until(&test.events, 1, COLLECT_TIMEOUT_MS + 500);
    assert_string_equal(test.last.evidence.path, "");
    collector_free(collector);
}

static void test_freed_in_the_middle(void **state)
{
    struct collector *collector = collector_new(&test.loop, &test.config, test.sink);
    uint64_t started_ms = clock_boot_ms();

    (void)state;
    fill_request("rmq1-1");
    collector_collect(collector, &request);
    collector_free(collector);
    collector_free(NULL);
    (void)uv_run(&test.loop, UV_RUN_DEFAULT);
    assert_int_equal(test.events, 0);
    assert_true(clock_boot_ms() - started_ms < 900);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folders),
        TEST(test_old_folders_go),
        TEST(test_old_folders_go_behind_a_link),
        TEST(test_sample_of_this_process),
        TEST(test_stopped_and_dead_processes),
        TEST(test_package_lock),
        TEST(test_sampler),
        TEST(test_a_process_that_cannot_be_read_is_told_once),
        TEST(test_collection),
        TEST(test_each_collection_ends_once),
        TEST(test_no_folder),
        TEST(test_freed_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
