/* What is kept of a journal that is longer than there is room for, by a journalctl of our own. */
#include "cmocka_all.h"
#include "evidence/collector.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char script[] =
    "#!/bin/sh\n"
    "long=$(printf '%02000d' 0)\n"
    "for i in $(seq 199); do\n"
    "    echo \"2026-01-31T12:00:00.000000+0000 host broker[12]: $i $long\"\n"
    "done\n"
    "echo '2026-01-31T12:00:01.000000+0000 host broker[12]: no space left on device'\n";

#define JOURNALCTL "/usr/bin/journalctl"

static struct event told;
static unsigned events;

static void post(void *context, struct event *event)
{
    (void)context;
    events++;
    told = *event;
}

/* In a mount namespace, which takes root: only there may another journalctl be in the place of the real one.
 */
static bool replace_journalctl(const char *directory)
{
    char path[64];
    int fd;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    snprintf(path, sizeof(path), "%s/journalctl", directory);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd, script, strlen(script)), strlen(script));
    close(fd);
    return mount(path, JOURNALCTL, NULL, MS_BIND, NULL) == 0;
}

static void test_the_end_of_a_long_journal_is_kept(void **state)
{
    static struct collect_request request = {.incident = "rmq1-1"};
    char directory[] = "/tmp/rmqwatch-test-XXXXXX", command[64];
    struct config config = {.state_dir = directory, .unit = "broker.service"};
    struct collector *collector;
    uv_loop_t loop;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (!replace_journalctl(directory)) {
        assert_int_equal(system(command), 0);
        return; /* not root: not to be tested here */
    }
    config.evidence = (struct evidence_config){.keep = 5, .max_megabytes = 1};
    assert_int_equal(uv_loop_init(&loop), 0);
    collector = collector_new(&loop, &config, (struct event_sink){.post = post});
    collector_collect(collector, &request);
    while (events == 0)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(told.evidence.cause, "no space left on the disk");
    collector_free(collector);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(umount(JOURNALCTL), 0);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_end_of_a_long_journal_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
