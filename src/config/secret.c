#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the daemon's own user cannot open, in words for the operator. */
static const char *secret_open_problem(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "names a file that is not there; create it, readable by the daemon's group only";
    case EACCES:
    case EPERM:
        return "names a file that the daemon may not read; chgrp it to the daemon's group and chmod 640";
    default:
        return "names a file that cannot be opened; check the path and the disk";
    }
}

/* Opens NAME. Symbolic links are followed: tools that rotate secrets use them, who can place one here can
 * also place a file, and what is checked below is what was opened. O_NONBLOCK: a FIFO must not stop us. */
static int secret_open(const char *name, const char **ret_problem)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    int directory_fd;
    int fd;

    if (name[0] == '/') {
        fd = open(name, flags);
    } else if (strchr(name, '/') != NULL || name[0] == '.') {
        *ret_problem =
            "is neither an absolute path nor the name of a credential; write the secret into a file "
            "and its path here";
        return -EINVAL;
    } else if (directory == NULL) {
        *ret_problem = "is no absolute path and there are no systemd credentials; give the full path, or "
                       "LoadCredential= in the unit";
        return -ENOENT;
    } else {
        directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        fd = directory_fd < 0 ? -1 : openat(directory_fd, name, flags);
        if (directory_fd >= 0) {
            int error = errno;

            close(directory_fd);
            errno = error;
        }
    }
    if (fd < 0) {
        int error = errno;

        *ret_problem = secret_open_problem(error);
        return -error;
    }
    return fd;
}

/* The group may read (root:rmqwatchd 0640; systemd's credentials show an ACL there), others may not. */
static int secret_check_file(int fd, const char **ret_problem)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *ret_problem = "does not name a regular file; write the secret into a plain file";
        return -EINVAL;
    }
    if ((st.st_mode & S_IRWXO) != 0) {
        *ret_problem =
            "names a file that every user of this machine can reach; chmod o= the file, and change "
            "the secret if others can have read it";
        return -EPERM;
    }
    return 0;
}

/* Everything of FD, at most SIZE bytes. Returns how many, or a negative errno. */
static ssize_t secret_read_all(int fd, char *buffer, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(fd, buffer + used, size - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* Turns SIZE bytes of a file into a secret. */
static int secret_take(char *buffer, size_t size, struct secret *ret_secret, const char **ret_problem)
{
    if (size > 0 && buffer[size - 1] == '\n')
        size--;
    if (size == 0) {
        *ret_problem = "names an empty file; write the secret into it";
        return -EINVAL;
    }
    if (size >= RMQ_SECRET_MAX) {
        *ret_problem = "names a file of more than 2047 bytes; it must hold the secret and nothing else";
        return -E2BIG;
    }
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)buffer[i] >= 0x20 && buffer[i] != 0x7f)
            continue;
        *ret_problem = "names a file with a NUL, a second line or another control character in it; it must "
                       "hold one line of plain text";
        return -EINVAL;
    }

    ret_secret->value = malloc(size + 1);
    if (ret_secret->value == NULL) {
        *ret_problem = "cannot be read; memory is short";
        return -ENOMEM;
    }
    memcpy(ret_secret->value, buffer, size);
    ret_secret->value[size] = '\0';
    return 0;
}

_Static_assert(RMQ_SECRET_MAX == 2048, "the sentence about too large files says so");

int secret_read(const char *name, struct secret *ret_secret, const char **ret_problem)
{
    char buffer[RMQ_SECRET_MAX + 1]; /* the longest secret, its newline, and one byte to see more */
    ssize_t size;
    int fd = secret_open(name, ret_problem);
    int r;

    if (fd < 0)
        return fd;
    r = secret_check_file(fd, ret_problem);
    if (r == 0) {
        size = secret_read_all(fd, buffer, sizeof buffer);
        if (size < 0) {
            *ret_problem = "names a file that cannot be read; check the disk";
            r = (int)size;
        } else {
            r = secret_take(buffer, (size_t)size, ret_secret, ret_problem);
        }
        explicit_bzero(buffer, sizeof buffer);
    }
    close(fd);
    return r;
}

void secret_done(struct secret *secret)
{
    if (secret->value == NULL)
        return;
    explicit_bzero(secret->value, strlen(secret->value));
    free(secret->value);
    secret->value = NULL;
}
