#include "evidence/read_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int read_text(int folder, const char *path, char *buffer, size_t size, size_t *ret_size)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    size_t got = 0;
    int r = 0;

    if (fd < 0)
        return -errno;
    while (got < size) {
        ssize_t part = read(fd, buffer + got, size - got);

        if (part == 0)
            break;
        if (part > 0)
            got += (size_t)part;
        else if (errno != EINTR) {
            r = -errno;
            break;
        }
    }
    close(fd);
    if (r == 0)
        *ret_size = got;
    return r;
}
