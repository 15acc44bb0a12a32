#include "cmocka_all.h"

#include "base/log.h"
#include "base/log_format.h"
#include "base/log_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct log_field fields[] = {
    {"RMQ_NODE", "rabbit@a"},
    {"RMQ_EMPTY", ""},
    {"RMQ_NULL", NULL},
    {"RMQ_REASON", "first line\nsecond line"},
};

static struct log_record record_of(const char *message)
{
    return (struct log_record){.priority = LOG_WARNING,
        .identifier = "rmqwatchd",
        .message_id = "0123456789abcdef0123456789abcdef",
        .message = message,
        .fields = fields,
        .field_count = sizeof(fields) / sizeof(fields[0])};
}

/* --- journald --- */

static void test_journal_bytes(void **state)
{
    static const char expected[] = "PRIORITY=4\nSYSLOG_IDENTIFIER=rmqwatchd\nMESSAGE=the message\n"
                                   "MESSAGE_ID=0123456789abcdef0123456789abcdef\nRMQ_NODE=rabbit@a\n"
                                   "RMQ_REASON\n\x16\0\0\0\0\0\0\0first line\nsecond line\n";
    struct log_record record = record_of("the message");
    char bytes[LOG_JOURNAL_SIZE];

    (void)state;
    assert_int_equal(log_format_journal(&record, bytes, sizeof(bytes)), sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

static void test_journal_refuses_names_that_forge_fields(void **state)
{
    static const struct log_field forged[] = {
        {"_UID", "0"}, {"A=B\nPRIORITY", "0"}, {"lower", "x"}, {"", "x"}, {"1A", "x"}, {"RMQ_OK", "yes"}};
    struct log_record record = {
        .priority = LOG_INFO, .identifier = "i", .message = "m", .fields = forged, .field_count = 6};
    static const char expected[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=i\nMESSAGE=m\nRMQ_OK=yes\n";
    char bytes[LOG_JOURNAL_SIZE];

    (void)state;
    assert_int_equal(log_format_journal(&record, bytes, sizeof(bytes)), sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

static void test_journal_leaves_out_what_does_not_fit(void **state)
{
    static char huge[LOG_JOURNAL_SIZE];
    struct log_field many[] = {{"RMQ_HUGE", huge}, {"RMQ_SMALL", "here"}};
    struct log_record record = {
        .priority = LOG_INFO, .identifier = "i", .message = "m", .fields = many, .field_count = 2};
    char bytes[LOG_JOURNAL_SIZE + 1];
    size_t count;

    (void)state;
    memset(huge, 'h', sizeof(huge) - 1);
    count = log_format_journal(&record, bytes, LOG_JOURNAL_SIZE);
    bytes[count] = '\0';
    assert_null(strstr(bytes, "RMQ_HUGE"));
    assert_non_null(strstr(bytes, "\nRMQ_SMALL=here\n"));
}

struct socket_fixture {
    char folder[64];
    char path[80];
    int receiver;
    struct log_journal journal;
};

static int receiver_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int setup_socket(void **state)
{
    static struct socket_fixture fixture;

    strcpy(fixture.folder, "/tmp/test-log-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof(fixture.path), "%s/journal", fixture.folder);
    fixture.receiver = receiver_at(fixture.path);
    assert_int_equal(log_journal_open(fixture.path, &fixture.journal), 0);
    *state = &fixture;
    return 0;
}

static int teardown_socket(void **state)
{
    struct socket_fixture *fixture = *state;

    log_journal_close(&fixture->journal);
    log_journal_close(&fixture->journal);
    close(fixture->receiver);
    unlink(fixture->path);
    rmdir(fixture->folder);
    return 0;
}

static void test_full_socket_is_an_error_and_not_a_wait(void **state)
{
    struct socket_fixture *fixture = *state;
    int r = 0;

    for (int i = 0; r == 0 && i < 100000; i++)
        r = log_journal_send(&fixture->journal, "MESSAGE=x\n", 10);
    assert_int_equal(r, -EAGAIN);
}

static void test_new_journald_gets_the_next_line(void **state)
{
    struct socket_fixture *fixture = *state;
    char bytes[64];

    close(fixture->receiver);
    assert_int_equal(log_journal_send(&fixture->journal, "a", 1), -ECONNREFUSED);
    unlink(fixture->path);
    assert_int_equal(log_journal_send(&fixture->journal, "b", 1), -ENOENT);
    fixture->receiver = receiver_at(fixture->path);
    assert_int_equal(log_journal_send(&fixture->journal, "c", 1), 0);
    assert_int_equal(recv(fixture->receiver, bytes, sizeof(bytes), 0), 1);
    assert_int_equal(bytes[0], 'c');
}

static void test_journal_path_too_long(void **state)
{
    struct log_journal journal = {.fd = -7};
    char path[200];

    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(log_journal_open(path, &journal), -ENAMETOOLONG);
    assert_int_equal(journal.fd, -7);
}

/* --- text --- */

static const char *terminal(const struct log_record *record, bool colour)
{
    static char text[LOG_TEXT_SIZE + 1];
    size_t count = log_format_terminal(record, 1234567890123, colour, text, LOG_TEXT_SIZE);

    text[count] = '\0';
    return text;
}

static const char *plain(const char *message)
{
    static char text[LOG_TEXT_SIZE + 1];
    struct log_record record = {.priority = LOG_ERR, .identifier = "i", .message = message};

    text[log_format_plain(&record, text, LOG_TEXT_SIZE)] = '\0';
    return text;
}

static void test_terminal_line(void **state)
{
    struct log_record record = record_of("rabbit@a crashed");

    (void)state;
    setenv("TZ", "UTC", 1);
    assert_string_equal(terminal(&record, false),
        "23:31:30.123 WARN   rabbit@a crashed reason=\"first line\\nsecond line\"\n");
    assert_string_equal(terminal(&record, true),
        "\033[2m23:31:30.123 \033[0m\033[33mWARN  \033[0m rabbit@a crashed\033[2m"
        " reason=\"first line\\nsecond line\"\033[0m\n");
}

static void test_plain_line(void **state)
{
    (void)state;
    assert_string_equal(plain("simple"), "<3>simple\n");
}

static void test_text_is_made_safe(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"\033[31mred\033[0m", "\\x1b[31mred\\x1b[0m"},
        {"two\nlines\tand a tab\r", "two\\nlines and a tab\\x0d"},
        {"\x7f", "\\x7f"},
        {"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\xb0",
            "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\xb0"},
        {"\xc2\x9b", "\\xc2\\x9b"}, /* CSI as one character */
        {"\xe2\x80\xae"
         "abc",
            "\\xe2\\x80\\xaeabc"}, /* right-to-left override */
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* too long for what it says */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* past the last character */
        {"cut \xe4\xb8", "cut \\xe4\\xb8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[128];

        snprintf(expected, sizeof(expected), "<3>%s\n", cases[i].out);
        assert_string_equal(plain(cases[i].in), expected);
    }
}

static void test_cut_line_still_ends(void **state)
{
    static char huge[2 * LOG_TEXT_SIZE];
    struct log_record record = {.priority = LOG_DEBUG, .identifier = "i", .message = huge};
    const char *text;

    (void)state;
    memset(huge, 'h', sizeof(huge) - 1);
    text = plain(huge);
    assert_int_equal(strlen(text), LOG_TEXT_SIZE);
    assert_string_equal(text + strlen(text) - 2, "h\n");
    text = terminal(&record, true);
    assert_int_equal(strlen(text), LOG_TEXT_SIZE);
    assert_string_equal(text + strlen(text) - 6, "h\033[0m\n");
}

/* --- the whole --- */

struct stderr_fixture {
    int saved;
    int reader;
};

static int setup_stderr(void **state)
{
    static struct stderr_fixture fixture;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fixture.saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    fixture.reader = ends[0];
    unsetenv("JOURNAL_STREAM");
    log_open("test", LOG_INFO);
    *state = &fixture;
    return 0;
}

static int teardown_stderr(void **state)
{
    struct stderr_fixture *fixture = *state;

    log_close();
    dup2(fixture->saved, STDERR_FILENO);
    close(fixture->saved);
    close(fixture->reader);
    return 0;
}

static const char *written(struct stderr_fixture *fixture)
{
    static char text[1 << 17];
    ssize_t count = read(fixture->reader, text, sizeof(text) - 1);

    text[count > 0 ? count : 0] = '\0';
    return text;
}

static void test_pipe_gets_plain_lines(void **state)
{
    struct stderr_fixture *fixture = *state;

    log_line(LOG_DEBUG, "not wanted");
    log_fields(LOG_NOTICE, NULL, fields, 1, "number %d", 7);
    assert_string_equal(written(fixture), "<5>number 7 node=rabbit@a\n");
    log_set_max_priority(LOG_DEBUG);
    log_line(LOG_DEBUG, "wanted now");
    assert_string_equal(written(fixture), "<7>wanted now\n");
}

static void test_errno_survives(void **state)
{
    errno = E2BIG;
    log_line(LOG_INFO, "hello");
    assert_int_equal(errno, E2BIG);
    assert_string_equal(written(*state), "<6>hello\n");
}

static void test_long_message_is_cut_at_a_character(void **state)
{
    char message[LOG_MESSAGE_SIZE * 2];
    const char *line;

    for (size_t i = 0; i + 2 < sizeof(message); i += 2)
        memcpy(message + i, "\xc3\xbc", 3);
    log_line(LOG_INFO, "x%s", message);
    line = written(*state);
    assert_true(strlen(line) > LOG_MESSAGE_SIZE - 8 && strlen(line) < LOG_MESSAGE_SIZE + 8);
    assert_string_equal(line + strlen(line) - 6, "\xc3\xbc...\n");
    assert_null(strstr(line, "\\x"));
}

static void test_full_pipe_drops_counts_and_tells(void **state)
{
    struct stderr_fixture *fixture = *state;
    uint64_t before = log_dropped();
    uint64_t dropped;
    char expected[128];
    const char *line;

    for (int i = 0; i < 3000; i++)
        log_line(LOG_INFO, "line %d of many that nobody reads, so that the pipe is full in the end", i);
    dropped = log_dropped() - before;
    assert_true(dropped > 0 && dropped < 3000);
    while (strlen(written(fixture)) == (1 << 17) - 1)
        continue;
    log_line(LOG_INFO, "after");
    snprintf(expected, sizeof(expected),
        "<6>after\n<4>log lines lost because they were not taken in time: %d\n", (int)dropped);
    line = written(fixture);
    assert_string_equal(line, expected);
    log_line(LOG_INFO, "once only");
    assert_string_equal(written(fixture), "<6>once only\n");
}

static void test_journal_is_chosen_by_the_stream(void **state)
{
    struct stderr_fixture *fixture = *state;
    struct stat status;
    char stream[64];

    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open("test", LOG_INFO);
    log_line(LOG_INFO, "another stream");
    assert_string_equal(written(fixture), "<6>another stream\n");

    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open("test", LOG_INFO);
    log_line(LOG_INFO, "to journald, whether or not there is one here");
    log_close();
    log_line(LOG_INFO, "plain again");
    assert_int_equal(strncmp(written(fixture), "<6>plain again\n", 15), 0);
    unsetenv("JOURNAL_STREAM");
}

#define WITH_SOCKET(test) cmocka_unit_test_setup_teardown(test, setup_socket, teardown_socket)
#define WITH_STDERR(test) cmocka_unit_test_setup_teardown(test, setup_stderr, teardown_stderr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_bytes),
        cmocka_unit_test(test_journal_refuses_names_that_forge_fields),
        cmocka_unit_test(test_journal_leaves_out_what_does_not_fit),
        WITH_SOCKET(test_full_socket_is_an_error_and_not_a_wait),
        WITH_SOCKET(test_new_journald_gets_the_next_line),
        cmocka_unit_test(test_journal_path_too_long),
        cmocka_unit_test(test_terminal_line),
        cmocka_unit_test(test_plain_line),
        cmocka_unit_test(test_text_is_made_safe),
        cmocka_unit_test(test_cut_line_still_ends),
        WITH_STDERR(test_pipe_gets_plain_lines),
        WITH_STDERR(test_errno_survives),
        WITH_STDERR(test_long_message_is_cut_at_a_character),
        WITH_STDERR(test_full_pipe_drops_counts_and_tells),
        WITH_STDERR(test_journal_is_chosen_by_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
