#include "log_catcher.h"
#include "cmocka_all.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void log_catcher_open(struct log_catcher *catcher)
{
    catcher->saved = dup(STDERR_FILENO);
    catcher->fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(catcher->saved >= 0 && catcher->fd >= 0);
}

void log_catcher_close(struct log_catcher *catcher)
{
    close(catcher->saved);
    close(catcher->fd);
}

void log_catcher_catch(struct log_catcher *catcher)
{
    dup2(catcher->fd, STDERR_FILENO);
}

void log_catcher_release(struct log_catcher *catcher)
{
    dup2(catcher->saved, STDERR_FILENO);
}

size_t log_catcher_count(struct log_catcher *catcher, const char *part)
{
    ssize_t size = pread(catcher->fd, catcher->text, sizeof(catcher->text) - 1, 0);
    size_t count = 0;

    assert_true(size >= 0 && (size_t)size < sizeof(catcher->text) - 1);
    catcher->text[size] = '\0';
    for (const char *at = catcher->text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}
