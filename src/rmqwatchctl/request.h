/* One question to the daemon, and its answer. */
#ifndef RMQWATCH_RMQWATCHCTL_REQUEST_H
#define RMQWATCH_RMQWATCHCTL_REQUEST_H

#include "rmqwatchctl/tool.h"

#include <cjson/cJSON.h>

/* Asks, or with BODY (which is deleted) tells, the daemon at PATH ("/v1/status"). Returns -1 and the answer,
 * to be deleted; or the exit code, and one line on standard error has said what went wrong. Texts of the
 * answer are fit for a terminal. */
int request_get(const struct tool *tool, const char *path, cJSON **ret_answer);
int request_post(const struct tool *tool, const char *path, cJSON *body, cJSON **ret_answer);

/* "/v1/why" with "?node=NAME", escaped; without PARAMETER (NULL), PATH as it is. NULL when out of memory,
 * which request_get() takes for what it is. To be freed with free(). */
char *request_path(const char *path, const char *parameter, const char *value);

#endif
