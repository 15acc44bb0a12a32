#include "control/socket.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    UMASK = 0117,         /* leaves rw-rw---- */
    UID_OVERFLOW = 65534, /* a user whom the unit's user namespace does not know (PrivateUsers=) */
};

/* -EADDRINUSE: somebody lives there; 0: nobody; another negative errno: who knows. */
static int find_living(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r = 0;

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        r = -EADDRINUSE;
    else if (errno != ENOENT && errno != ECONNREFUSED)
        r = -errno;
    close(fd);
    return r;
}

/* Removes what a dead daemon left. */
static int make_room(const struct sockaddr_un *address)
{
    struct stat status;
    int r;

    if (lstat(address->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    r = find_living(address);
    if (r < 0)
        return r;
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, struct control_socket *socket)
{
    struct stat status;
    mode_t before;
    int r;

    /* Nobody may come in between: the file has its mode from its first moment on. */
    before = umask(UMASK);
    r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
    (void)umask(before);
    if (r < 0)
        return r;
    if (listen(fd, BACKLOG) < 0 || lstat(address->sun_path, &status) < 0) {
        r = -errno;
        (void)unlink(address->sun_path);
        return r;
    }
    socket->device = status.st_dev;
    socket->inode = status.st_ino;
    return 0;
}

/* Two daemons that start at once must not take each other's fresh socket for a dead one: one at a time. */
static int lock_folder(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    char *slash;
    int fd, r;

    text_copy(folder, sizeof(folder), path);
    slash = strrchr(folder, '/');
    if (!slash)
        return -EINVAL;
    slash[slash == folder] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
        close(fd);
        return r;
    }
    return fd;
}

static int open_locked(const struct sockaddr_un *address, struct control_socket *ret_socket)
{
    struct control_socket made = {.fd = -1};
    int r = make_room(address);

    if (r < 0)
        return r;
    made.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made.fd < 0)
        return -errno;
    r = bind_and_listen(made.fd, address, &made);
    if (r < 0) {
        close(made.fd);
        return r;
    }
    text_copy(made.path, sizeof(made.path), address->sun_path);
    *ret_socket = made;
    return 0;
}

static void explain(const char *path, int r, char *error, size_t size)
{
    if (r == -EADDRINUSE)
        (void)snprintf(
            error, size, "another rmqwatchd is listening on %s; stop it, or set control_socket", path);
    else if (r == -EEXIST)
        (void)snprintf(
            error, size, "%s is there already, and no socket; remove it, or set control_socket", path);
    else
        (void)snprintf(error, size, "%s: cannot listen there (%s)", path, strerror(-r));
}

int control_socket_open(const char *path, struct control_socket *ret_socket, char *error, size_t error_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int lock, r;

    if (strlen(path) >= sizeof(address.sun_path)) {
        explain(path, -ENAMETOOLONG, error, error_size);
        return -ENAMETOOLONG;
    }
    text_copy(address.sun_path, sizeof(address.sun_path), path);
    lock = lock_folder(path);
    r = lock;
    if (lock >= 0) {
        r = open_locked(&address, ret_socket);
        close(lock);
    }
    if (r < 0)
        explain(path, r, error, error_size);
    return r < 0 ? r : 0;
}

void control_socket_remove(const struct control_socket *socket)
{
    struct stat status;

    if (lstat(socket->path, &status) == 0 && status.st_dev == socket->device &&
        status.st_ino == socket->inode)
        (void)unlink(socket->path);
}

void control_socket_peer(int descriptor, char *name, size_t size)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid == UID_OVERFLOW ||
        peer.uid == (uid_t)-1)
        text_copy(name, size, "somebody");
    else
        (void)snprintf(name, size, "uid %u", (unsigned)peer.uid);
}
