#include "rmqwatchctl/configuration.h"

#include <stdio.h>

struct config *configuration_load(const char *path)
{
    struct config *config = NULL;
    char error[512];

    if (config_load_without_secrets(path, &config, error, sizeof(error)) < 0)
        fprintf(stderr, "rmqwatchctl: %s\n", error);
    return config;
}
