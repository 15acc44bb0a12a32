/* config_load() on files that are no files, on bad secrets, and what it leaves behind when it fails. */
#include "config/values.h"
#include "config_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define API "management { username = u password_file = \"@/api\" }\n"

static void test_refuses_bad_files(void **state)
{
    struct config *config = NULL;
    char path[256], error[512], wanted[512];

    (void)state;
    snprintf(path, sizeof path, "%s/no\nsuch", config_files_directory);
    assert_int_equal(config_load(path, &config, error, sizeof error), -ENOENT);
    snprintf(wanted, sizeof wanted,
        "%s/no?such: cannot be opened: No such file or directory; give the path of a configuration file",
        config_files_directory);
    assert_string_equal(error, wanted);

    assert_int_equal(config_load(config_files_directory, &config, error, sizeof error), -EINVAL);
    snprintf(wanted, sizeof wanted, "%s: is not a regular file; give the path of a configuration file",
        config_files_directory);
    assert_string_equal(error, wanted);

    snprintf(path, sizeof path, "%s/fifo", config_files_directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(config_load(path, &config, error, sizeof error), -EINVAL);
    assert_null(config);
}

/* A password in the file FILE of CONTENT and MODE. */
static void assert_secret_refused(
    const char *file, const char *content, size_t size, mode_t mode, int code, const char *problem)
{
    struct config *config = NULL;
    char text[128], error[512], wanted[512];
    int r;

    config_files_write(file, content, size, mode);
    snprintf(text, sizeof text, "\nmanagement { username = u\npassword_file = \"@/%s\" }", file);
    snprintf(wanted, sizeof wanted, ":3: management.password_file %s", problem);
    r = config_files_load(text, &config, error, sizeof error);
    config_files_assert_refused(r, config, error, wanted);
    assert_int_equal(r, code);
    assert_null(strstr(error, "hunter2"));
}

static void test_refuses_bad_secret_files(void **state)
{
    static const char control[] =
        "names a file with a NUL, a second line or another control character in it; "
        "it must hold one line of plain text";
    static const char large[] =
        "names a file of more than 2047 bytes; it must hold the secret and nothing else";
    static const char empty[] = "names an empty file; write the secret into it";
    static const char open_to_all[] = "names a file that every user of this machine can reach; chmod o= the "
                                      "file, and change the secret if others can have read it";
    char too_long[4096];

    (void)state;
    memset(too_long, 'x', sizeof too_long);
    assert_secret_refused("p", "", 0, 0600, -EINVAL, empty);
    assert_secret_refused("p", "\n", 1, 0600, -EINVAL, empty);
    assert_secret_refused("p", "hunter2\n\n", 9, 0600, -EINVAL, control);
    assert_secret_refused("p", "hunter2\r\n", 9, 0600, -EINVAL, control);
    assert_secret_refused("p", "hunter2\0x", 9, 0600, -EINVAL, control);
    assert_secret_refused("p", "hunter2\x7f", 8, 0600, -EINVAL, control);
    assert_secret_refused("p", too_long, RMQ_SECRET_MAX, 0600, -E2BIG, large);
    assert_secret_refused("p", too_long, RMQ_SECRET_MAX + 1, 0600, -E2BIG, large);
    assert_secret_refused("p", too_long, sizeof too_long, 0600, -E2BIG, large);
    assert_secret_refused("p", "hunter2", 7, 0604, -EPERM, open_to_all);
    assert_secret_refused("p", "hunter2", 7, 0602, -EPERM, open_to_all);
    assert_secret_refused("p", "hunter2", 7, 0644, -EPERM, open_to_all);
}

static void test_refuses_bad_secret_names(void **state)
{
    static const struct config_files_bad without_credentials[] = {
        {"\nmanagement { username = u\npassword_file = \"@/none\" }",
            ":3: management.password_file names a file that is not there; create it, readable by the "
            "daemon's "
            "group only"},
        {"management { username = u password_file = hunter2 }",
            ":1: management.password_file is no absolute path and there are no systemd credentials; give the "
            "full path, or LoadCredential= in the unit"},
        {"management { username = u password_file = \"../hunter2\" }",
            ":1: management.password_file is neither an absolute path nor the name of a credential; write "
            "the "
            "secret into a file and its path here"},
        {"management { username = u password_file = \"@/\" }",
            ":1: management.password_file does not name a regular file; write the secret into a plain file"},
        {"management { username = u password_file = \"/dev/null\" }",
            ":1: management.password_file does not name a regular file; write the secret into a plain file"},
    };
    static const struct config_files_bad with_credentials[] = {
        {"management { username = u password_file = hunter2 }",
            ":1: management.password_file names a file that is not there; create it, readable by the "
            "daemon's "
            "group only"},
        {"management { username = u password_file = \"..\" }",
            ":1: management.password_file is neither an absolute path nor the name of a credential; write "
            "the "
            "secret into a file and its path here"},
    };

    (void)state;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    CONFIG_FILES_ASSERT_REFUSED(without_credentials);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", config_files_directory, 1), 0);
    CONFIG_FILES_ASSERT_REFUSED(with_credentials);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1), 0);
    CONFIG_FILES_ASSERT_REFUSED(with_credentials);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

/* What could never be sent to is said now, not by the first alert. */
static void test_refuses_bad_secret_urls(void **state)
{
    static const char *const urls[] = {
        "ftp://hooks.example.com/hunter2",
        "https:///hunter2",
        "https://ann:hunter2@hooks.example.com/",
        "https://hooks.example.com:99999/hunter2",
        "https://hooks.example.com:/hunter2",
        "https://hooks example.com/hunter2",
        "https://hooks.example.com/hunter2#top",
        "https://hooks.example.com/hunter2 ",
    };
    static const char *const good[] = {
        "https://hooks.example.com",
        "http://[::1]:8080/in?key=a@b:c",
        "https://hooks.example.com?key=hunter2",
    };
    static const struct config_files_bad bad[] = {{API "slack ops {\n url_file = \"@/url\" }",
        ":3: slack \"ops\": url_file "
        "is not usable; it must hold a URL that begins with https://host or http://host, without a user or a "
        "fragment, and nothing else"}};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        config_files_write("url", urls[i], strlen(urls[i]), 0600);
        CONFIG_FILES_ASSERT_REFUSED(bad);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(value_check_secret_url(good[i]));
}

static void test_leaves_the_old_configuration_alone(void **state)
{
    struct config *config = NULL;
    struct config *old;
    char error[512];
    char tiny[24] = "";

    (void)state;
    assert_int_equal(config_files_load(API "fall = 7", &config, error, sizeof error), 0);
    old = config;
    assert_true(config_files_load(API "fall = 0", &config, error, sizeof error) < 0);
    assert_true(config_files_load(API "cluster = \"x", &config, error, sizeof error) < 0);
    assert_true(config_files_load("slack x {", &config, error, sizeof error) < 0);
    assert_ptr_equal(config, old);
    assert_int_equal(config->policy.fall, 7);
    assert_string_equal(config->management.password.value, "api-secret");

    /* What went wrong before leaves no trace in the parser. */
    assert_int_equal(config_files_load(API "fall = 8", &config, error, sizeof error), 0);
    assert_string_equal(error, "");
    assert_int_equal(config->policy.fall, 8);
    config_free(old);
    config_free(config);

    assert_true(config_files_load("mode = x", &config, tiny, sizeof tiny) < 0);
    assert_int_equal(strlen(tiny), sizeof tiny - 1);
    assert_true(config_files_load("mode = x", &config, NULL, 0) < 0);
}

/* Who may not read the files that it names still hears of all that is wrong with the configuration itself. */
static void test_without_secrets_the_files_are_left_alone(void **state)
{
    static const char good[] = "fall = 7\nmanagement { username = u password_file = \"/nonexistent/api\" "
                               "ca_file = \"/nonexistent/ca\" }\n"
                               "slack ops { url_file = \"/nonexistent/slack\" }\n";
    static const char bad[] = "management { username = u }\n";
    struct config *config = NULL;
    char path[256], error[512];

    (void)state;
    snprintf(path, sizeof path, "%s/rmqwatchd.conf", config_files_directory);
    config_files_write("rmqwatchd.conf", good, strlen(good), 0644);
    assert_int_equal(config_load(path, &config, error, sizeof error), -ENOENT);
    assert_int_equal(config_load_without_secrets(path, &config, error, sizeof error), 0);
    assert_int_equal(config->policy.fall, 7);
    assert_string_equal(config->management.password.value, "");
    config_free(config);

    config = NULL;
    config_files_write("rmqwatchd.conf", bad, strlen(bad), 0644);
    assert_int_equal(config_load_without_secrets(path, &config, error, sizeof error), -EINVAL);
    config_files_assert_refused(-EINVAL, config, error,
        ":1: management.password_file is not set; name the file that holds the password");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_bad_files),
        cmocka_unit_test(test_refuses_bad_secret_files),
        cmocka_unit_test(test_refuses_bad_secret_names),
        cmocka_unit_test(test_refuses_bad_secret_urls),
        cmocka_unit_test(test_leaves_the_old_configuration_alone),
        cmocka_unit_test(test_without_secrets_the_files_are_left_alone),
    };

    return cmocka_run_group_tests(tests, config_files_setup, config_files_teardown);
}
