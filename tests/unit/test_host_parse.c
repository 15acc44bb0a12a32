/* The kernel's words on processes, control groups and locks. */
#include "cmocka_all.h"
#include "evidence/host_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(text) text, strlen(text)

static const char stat_text[] =
    "30 (beam.smp) S 1 30 30 0 -1 4194560 66047 3 12 0 512 238 7 9 20 0 24 0 2517 2312478720 31208 "
    "18446744073709551615 1 1 0 0 0 0 0 4224 134365185 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

static void test_stat(void **state)
{
    struct process_stat stat = {0};

    (void)state;
    assert_int_equal(parse_process_stat(TEXT(stat_text), &stat), 0);
    assert_int_equal(stat.state, 'S');
    assert_int_equal(stat.cpu_ticks, 512 + 238);
    assert_int_equal(parse_process_stat(TEXT("7 (a) R 1 (b) T 1 2 3 4 5 6 7 8 9 10 11 12 13 14"), &stat), 0);
    assert_int_equal(stat.state, 'T');
    assert_int_equal(stat.cpu_ticks, 11 + 12);
    assert_int_equal(parse_process_stat(TEXT("7 (\n) ) D 1 2 3 4 5 6 7 8 9 10 1 2"), &stat), 0);
    assert_int_equal(stat.state, 'D');
}

static void test_stat_that_is_none(void **state)
{
    static const char *const bad[] = {"", "30", "30 (x", "30 (x)", "30 (x) ",
        "30 (x) SS 1 2 3 4 5 6 7 8 9 10 11 12", "30 (x) S 1 2 3 4 5 6 7 8 9 10 11",
        "30 (x) S 1 2 3 4 5 6 7 8 9 10 -1 12", "30 (x) S 1 2 3 4 5 6 7 8 9 10 18446744073709551615 1",
        "30 (x) S 1 2 3 4 5 6 7 8 9 10 99999999999999999999 1"};
    struct process_stat stat = {.state = 'x', .cpu_ticks = 5};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse_process_stat(TEXT(bad[i]), &stat), -EBADMSG);
        assert_true(stat.state == 'x' && stat.cpu_ticks == 5);
    }
    for (size_t size = 0; size < strlen("30 (beam.smp) S 1 30 30 0 -1 4194560 66047 3 12 0 512 "); size++)
        assert_int_equal(parse_process_stat(stat_text, size, &stat), -EBADMSG);
}

static void test_schedstat(void **state)
{
    struct thread_delay delay = {0};

    (void)state;
    assert_int_equal(parse_schedstat(TEXT("119374000 4926123 2\n"), &delay), 0);
    assert_int_equal(delay.waited_ns, 4926123);
    assert_int_equal(delay.turns, 2);
    assert_int_equal(parse_schedstat(TEXT("0 0 0\n"), &delay), 0);
    assert_int_equal(delay.turns, 0);
    assert_int_equal(parse_schedstat(TEXT(""), &delay), -EBADMSG);
    assert_int_equal(parse_schedstat(TEXT("1 2"), &delay), -EBADMSG);
    assert_int_equal(parse_schedstat(TEXT("1 x 2"), &delay), -EBADMSG);
}

static void test_cgroup(void **state)
{
    char path[64] = "", small[8];

    (void)state;
    assert_int_equal(
        parse_cgroup_path(TEXT("12:cpu:/x\n1:name=systemd:/y\n0::/system.slice/rabbitmq-server.service\n"),
            path, sizeof(path)),
        0);
    assert_string_equal(path, "/system.slice/rabbitmq-server.service");
    assert_int_equal(parse_cgroup_path(TEXT("12:cpu:/x\n"), path, sizeof(path)), -EBADMSG);
    assert_int_equal(parse_cgroup_path(TEXT("0::/../../other\n"), path, sizeof(path)), -EBADMSG);
    assert_int_equal(parse_cgroup_path(TEXT("0::\n"), path, sizeof(path)), -EBADMSG);
    assert_int_equal(parse_cgroup_path(TEXT("0::/1234567\n"), small, sizeof(small)), -EBADMSG);
}

static void test_io(void **state)
{
    uint64_t bytes = 1;

    (void)state;
    assert_int_equal(parse_io_stat(TEXT(""), &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(parse_io_stat(TEXT("254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=512 dios=0\n8:0 "
                                        "\n8:16 rbytes=1 wbytes=2\n"),
                         &bytes),
        0);
    assert_int_equal(bytes, 4096 + 8192 + 3);
    assert_int_equal(parse_io_stat(TEXT("8:0 rbytes=x"), &bytes), -EBADMSG);
    assert_int_equal(parse_io_stat(TEXT("8:0 rbytes=18446744073709551615 wbytes=1"), &bytes), -EBADMSG);
}

static void test_locks(void **state)
{
    static const char locks[] = "1: OFDLCK ADVISORY  WRITE -1 fe:00:131 0 EOF\n"
                                "2: FLOCK  ADVISORY  WRITE 12 fe:00:131 0 EOF\n"
                                "3: POSIX  ADVISORY  READ  13 fe:00:131 0 EOF\n"
                                "4: POSIX  ADVISORY  WRITE 14 fe:01:131 0 EOF\n"
                                "5: POSIX  ADVISORY  WRITE 4711 fe:00:132 0 EOF\n"
                                "5: -> POSIX  ADVISORY  WRITE 4712 fe:00:131 0 EOF\n";
    const struct lock_file files[] = {{0xfe, 0, 131}, {0xfe, 0, 132}};
    size_t file = 9;
    uint32_t pid = 0;

    (void)state;
    assert_int_equal(parse_locks(TEXT(locks), files, 2, &file, &pid), 0);
    assert_int_equal(file, 1);
    assert_int_equal(pid, 4711);
    assert_int_equal(parse_locks(TEXT(locks), files, 1, &file, &pid), -ENOENT);
    assert_int_equal(parse_locks(TEXT(locks), files, 0, &file, &pid), -ENOENT);
    assert_int_equal(parse_locks(TEXT(""), files, 2, &file, &pid), -ENOENT);
    for (size_t size = 0; size < strlen(locks); size++) {
        char *copy = malloc(size ? size : 1);

        assert_non_null(copy);
        memcpy(copy, locks, size);
        (void)parse_locks(copy, size, files, 2, &file, &pid);
        free(copy);
    }
}

static void test_mounts(void **state)
{
    static const char mounts[] = "21 1 0:65 / / rw,relatime shared:1 - overlay rqlab rw\n"
                                 "210 21 0:5 / /dev rw - devtmpfs dev rw\n"
                                 "22 21 8:x / /proc rw - proc proc rw\n";
    uint32_t major = 7, minor = 7;

    (void)state;
    assert_int_equal(parse_mount_device(TEXT(mounts), 21, &major, &minor), 0);
    assert_true(major == 0 && minor == 65);
    assert_int_equal(parse_mount_device(TEXT(mounts), 22, &major, &minor), -EBADMSG);
    assert_int_equal(parse_mount_device(TEXT(mounts), 2, &major, &minor), -ENOENT);
    assert_true(major == 0 && minor == 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_stat_that_is_none),
        cmocka_unit_test(test_schedstat),
        cmocka_unit_test(test_cgroup),
        cmocka_unit_test(test_io),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_mounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
