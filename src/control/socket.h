/* The control socket's file: made, guarded, removed. */
#ifndef RMQWATCH_CONTROL_SOCKET_H
#define RMQWATCH_CONTROL_SOCKET_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>

struct control_socket {
    int fd;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    dev_t device; /* of the file, so that nobody else's is removed */
    ino_t inode;
};

/* Listens on PATH, mode 0660, non-blocking. What a dead daemon left there is replaced; on one that answers,
 * -EADDRINUSE. 0 or a negative errno, with a line for people in ERROR. */
int control_socket_open(const char *path, struct control_socket *ret_socket, char *error, size_t error_size);
/* Removes the file, if it still is the one that was made. Before the descriptor is closed, which is its
 * user's: until then no other file can have the same inode. */
void control_socket_remove(const struct control_socket *socket);

/* Who is at the other end of DESCRIPTOR: "uid 1234" or "somebody". No name: to look it up could wait for a
 * disk or a network. */
void control_socket_peer(int descriptor, char *name, size_t size);

#endif
