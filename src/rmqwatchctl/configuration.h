/* An operator's configuration file, for the commands that try it out. */
#ifndef RMQWATCH_RMQWATCHCTL_CONFIGURATION_H
#define RMQWATCH_RMQWATCHCTL_CONFIGURATION_H

#include "rmqwatch/config.h"

#define DEFAULT_CONFIGURATION "/etc/rmqwatchd/rmqwatchd.conf"

/* Reads PATH as the daemon does, but no secret that it names. NULL, and one line on standard error has said
 * what is wrong. */
struct config *configuration_load(const char *path);

#endif
