/* A directory with a configuration file and secrets, for the tests of src/config. */
#ifndef RMQWATCH_TESTS_CONFIG_FILES_H
#define RMQWATCH_TESTS_CONFIG_FILES_H

#include "rmqwatch/config.h"

#include "cmocka_all.h"

#include <sys/types.h>

extern char config_files_directory[64];

/* Group fixtures. The directory holds the secrets "api", "slack" and "hub" and the file "ca". */
int config_files_setup(void **state);
int config_files_teardown(void **state);

void config_files_write(const char *name, const char *content, size_t size, mode_t mode);
void config_files_link(const char *target, const char *name);

/* config_load() of "rmqwatchd.conf" with TEXT in it; "@" before a slash becomes the directory. */
int config_files_load(const char *text, struct config **ret_config, char *error, size_t error_size);
/* The same with bytes as they are. */
int config_files_load_bytes(
    const char *bytes, size_t size, struct config **ret_config, char *error, size_t error_size);

/* A text, and the error that it must give, from behind the path on. */
struct config_files_bad {
    const char *text;
    const char *error;
};

/* Loads each and checks that nothing but that one line comes of it, and no secret with it. */
void config_files_assert_all_refused(const struct config_files_bad *bad, size_t count);
void config_files_assert_refused(int r, const struct config *config, const char *error, const char *wanted);

#define CONFIG_FILES_ASSERT_REFUSED(bad) config_files_assert_all_refused(bad, sizeof(bad) / sizeof((bad)[0]))

#endif
