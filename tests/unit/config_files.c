#include "config_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char config_files_directory[64];

static void config_files_path(char *dest, size_t dest_size, const char *name)
{
    snprintf(dest, dest_size, "%s/%s", config_files_directory, name);
}

void config_files_write(const char *name, const char *content, size_t size, mode_t mode)
{
    char path[256];
    int fd;

    config_files_path(path, sizeof path, name);
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), size);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

void config_files_link(const char *target, const char *name)
{
    char path[256];

    config_files_path(path, sizeof path, name);
    assert_int_equal(symlink(target, path), 0);
}

int config_files_setup(void **state)
{
    static const char api[] = "api-secret\n";
    static const char slack[] = "https://hooks.example.com/T0/slack-secret\n";
    static const char *const robots[] = {"dingtalk", "feishu", "wecom", "teams", "discord"};
    static const char hub[] = "http://hub.example.com:8080/in?key=hub-secret";

    (void)state;
    strcpy(config_files_directory, "/tmp/rmqwatchd-config-XXXXXX");
    if (mkdtemp(config_files_directory) == NULL)
        return -1;
    config_files_write("api", api, strlen(api), 0640);
    config_files_write("slack", slack, strlen(slack), 0600);
    config_files_write("hub", hub, strlen(hub), 0400);
    /* What the sample names. */
    config_files_write("pagerduty", api, strlen(api), 0640);
    for (size_t i = 0; i < sizeof robots / sizeof robots[0]; i++)
        config_files_write(robots[i], hub, strlen(hub), 0640);
    config_files_write("ca", "", 0, 0644);
    return 0;
}

int config_files_teardown(void **state)
{
    DIR *directory = opendir(config_files_directory);
    struct dirent *entry;

    (void)state;
    if (directory == NULL)
        return -1;
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    return rmdir(config_files_directory);
}

int config_files_load_bytes(
    const char *bytes, size_t size, struct config **ret_config, char *error, size_t error_size)
{
    char path[256];

    config_files_write("rmqwatchd.conf", bytes, size, 0644);
    config_files_path(path, sizeof path, "rmqwatchd.conf");
    return config_load(path, ret_config, error, error_size);
}

int config_files_load(const char *text, struct config **ret_config, char *error, size_t error_size)
{
    char *whole = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&whole, &size);
    int r;

    assert_non_null(out);
    for (; *text != '\0'; text++)
        if (text[0] == '@' && text[1] == '/')
            fputs(config_files_directory, out);
        else
            fputc(*text, out);
    assert_int_equal(fclose(out), 0);
    r = config_files_load_bytes(whole, size, ret_config, error, error_size);
    free(whole);
    return r;
}

void config_files_assert_refused(int r, const struct config *config, const char *error, const char *wanted)
{
    /* What the secrets of these tests have in them, and what looks like one where it should not be. */
    static const char *const secret_words[] = {"-secret", "hunter2", "hooks.example", "hub.example"};
    char whole[512];

    snprintf(whole, sizeof whole, "%s/rmqwatchd.conf%s", config_files_directory, wanted);
    assert_string_equal(error, whole);
    assert_true(r < 0);
    assert_null(config);
    assert_null(strchr(error, '\n'));
    assert_non_null(strchr(error, ';'));
    for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++)
        assert_null(strstr(error, secret_words[i]));
}

void config_files_assert_all_refused(const struct config_files_bad *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct config *config = NULL;
        char error[512] = "";
        int r = config_files_load(bad[i].text, &config, error, sizeof error);

        config_files_assert_refused(r, config, error, bad[i].error);
    }
}
