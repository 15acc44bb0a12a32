#include "cmocka_all.h"

#include "base/clock.h"
#include "systemd/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
    uv_loop_t loop;
    uv_timer_t clock;
    int receiver;
    struct activity_list activities;
    struct notify *notify;
};

static void on_clock(uv_timer_t *timer)
{
    (void)timer;
}

/* An abstract socket of this process; its name is what $NOTIFY_SOCKET says after the @. */
static int listen_abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char name[64];
    int length = snprintf(name, sizeof(name), "@test-notify-%ld", (long)getpid());

    memcpy(address.sun_path, name, (size_t)length);
    address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
        0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_int_equal(uv_loop_init(&f->loop), 0);
    uv_timer_init(&f->loop, &f->clock);
    uv_timer_start(&f->clock, on_clock, 2, 2);
    f->receiver = listen_abstract();
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    notify_free(f->notify);
    uv_close((uv_handle_t *)&f->clock, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    close(f->receiver);
    unsetenv("NOTIFY_SOCKET");
    free(f);
    return 0;
}

static void turn(struct fixture *f, uint64_t ms)
{
    uint64_t end = clock_boot_ms() + ms;

    while (clock_boot_ms() < end)
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* The next message, or "". */
static const char *received(struct fixture *f)
{
    static char message[512];
    ssize_t count = recv(f->receiver, message, sizeof(message) - 1, 0);

    message[count > 0 ? count : 0] = '\0';
    return message;
}

/* However busy the machine is: soon on a quiet one. */
static void wait_for_ping(struct fixture *f)
{
    uint64_t end = clock_boot_ms() + 10000;
    const char *message = received(f);

    for (; !message[0]; message = received(f)) {
        assert_true(clock_boot_ms() < end);
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_string_equal(message, "WATCHDOG=1");
}

static void test_states(void **state)
{
    struct fixture *f = *state;
    uint64_t us;
    int end = 0;

    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    notify_ready(f->notify);
    assert_string_equal(received(f), "READY=1");
    notify_status(f->notify, "all well\nMAINPID=1");
    assert_string_equal(received(f), "STATUS=all well MAINPID=1");
    notify_reloading(f->notify);
    assert_int_equal(sscanf(received(f), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64 "%n", &us, &end), 1);
    assert_true(us > 0 && us / 1000 <= clock_boot_ms());
    notify_stopping(f->notify);
    assert_string_equal(received(f), "STOPPING=1");
    turn(f, 30);
    assert_string_equal(received(f), "");
}

static void test_pings_while_all_is_well(void **state)
{
    struct fixture *f = *state;
    uint64_t began;

    setenv("WATCHDOG_USEC", "90000", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    activity_add(&f->activities, "well", 60000, clock_boot_ms());
    began = clock_boot_ms();
    for (int pings = 0; pings < 4; pings++)
        wait_for_ping(f);
    assert_true(clock_boot_ms() - began >= 3 * 90 / 3 - 1); /* a third of the time allowed, no more often */
}

static void test_no_ping_while_an_activity_is_overdue(void **state)
{
    struct fixture *f = *state;
    int slot;

    /* So long that a busy machine does not keep it from two ticks: it would be forgiven, as after a suspend.
     */
    setenv("WATCHDOG_USEC", "1500000", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    slot = activity_add(&f->activities, "stuck", 1000, clock_boot_ms() - 60000);
    turn(f, 600);
    assert_string_equal(received(f), "");
    activity_completed(&f->activities, slot, clock_boot_ms());
    wait_for_ping(f);
}

static void test_no_ping_after_stopping(void **state)
{
    struct fixture *f = *state;

    setenv("WATCHDOG_USEC", "30000", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    notify_stopping(f->notify);
    assert_string_equal(received(f), "STOPPING=1");
    turn(f, 60);
    assert_string_equal(received(f), "");
}

static void test_suspended_time_is_nobodys_silence(void **state)
{
    struct fixture *f = *state;

    setenv("WATCHDOG_USEC", "60000", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    activity_add(&f->activities, "well", 100, clock_boot_ms());
    usleep(200 * 1000); /* the loop does not turn: ten intervals */
    uv_run(&f->loop, UV_RUN_ONCE);
    wait_for_ping(f);
}

static void test_no_pings_when_they_are_not_for_us(void **state)
{
    struct fixture *f = *state;

    setenv("WATCHDOG_USEC", "30000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    turn(f, 60);
    assert_string_equal(received(f), "");
}

static void test_state_is_sent_again_when_the_socket_was_full(void **state)
{
    struct fixture *f = *state;
    size_t filled = 0;
    const char *message;
    bool ready = false;

    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    for (; filled < 20000; filled++)
        notify_status(f->notify, "filling the queue");
    notify_ready(f->notify); /* must not block */
    for (message = received(f); message[0]; message = received(f))
        assert_string_not_equal(message, "READY=1");
    turn(f, 400);
    for (message = received(f); message[0]; message = received(f))
        ready = ready || strcmp(message, "READY=1") == 0;
    assert_true(ready);
}

static void test_without_systemd_nothing_happens(void **state)
{
    struct fixture *f = *state;

    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "30000", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), 0);
    notify_ready(f->notify);
    turn(f, 30);
    assert_string_equal(received(f), "");
    notify_free(NULL);
}

static void test_socket_name_is_checked(void **state)
{
    struct fixture *f = *state;

    setenv("NOTIFY_SOCKET", "relative/path", 1);
    assert_int_equal(notify_new(&f->loop, &f->activities, &f->notify), -EINVAL);
    assert_null(f->notify);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_states),
        TEST(test_pings_while_all_is_well),
        TEST(test_no_ping_while_an_activity_is_overdue),
        TEST(test_no_ping_after_stopping),
        TEST(test_suspended_time_is_nobodys_silence),
        TEST(test_no_pings_when_they_are_not_for_us),
        TEST(test_state_is_sent_again_when_the_socket_was_full),
        TEST(test_without_systemd_nothing_happens),
        TEST(test_socket_name_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
