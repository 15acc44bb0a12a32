/* What a test's code writes to the log, on standard error: that is the log's only between catch and release,
 * for a test's own complaints must be seen. */
#ifndef RMQWATCH_TESTS_LOG_CATCHER_H
#define RMQWATCH_TESTS_LOG_CATCHER_H

#include <stddef.h>

struct log_catcher {
    int saved, fd;
    char text[64 * 1024];
};

void log_catcher_open(struct log_catcher *catcher);
void log_catcher_close(struct log_catcher *catcher);
void log_catcher_catch(struct log_catcher *catcher);
void log_catcher_release(struct log_catcher *catcher);
/* How often PART was written so far. */
size_t log_catcher_count(struct log_catcher *catcher, const char *part);

#endif
