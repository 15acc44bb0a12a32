#include "raw_client.h"
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

void raw_client_open(struct raw_client *client, uv_loop_t *loop, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memset(client, 0, sizeof(*client));
    client->loop = loop;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(client->fd >= 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(connect(client->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

void raw_client_close(struct raw_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void turn(struct raw_client *client)
{
    ssize_t r;

    (void)uv_run(client->loop, UV_RUN_NOWAIT);
    r = client->fd < 0 ? -1
                       : recv(client->fd, client->received + client->size,
                             sizeof(client->received) - 1 - client->size, MSG_DONTWAIT);
    if (r > 0) {
        client->size += (size_t)r;
        client->received[client->size] = '\0';
        return;
    }
    if (client->fd >= 0 && (r == 0 || errno != EAGAIN))
        client->ended = true;
    (void)usleep(500);
}

bool raw_client_send(struct raw_client *client, const char *bytes, size_t size)
{
    uint64_t end_ms = now_ms() + PATIENCE_MS;

    while (size > 0 && now_ms() < end_ms) {
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno != EAGAIN)
            return false;
        bytes += sent < 0 ? 0 : sent;
        size -= sent < 0 ? 0 : (size_t)sent;
        turn(client);
    }
    return size == 0;
}

bool raw_client_say(struct raw_client *client, const char *text)
{
    return raw_client_send(client, text, strlen(text));
}

bool raw_client_hears(struct raw_client *client, const char *text)
{
    uint64_t end_ms = now_ms() + PATIENCE_MS;

    while (!strstr(client->received, text) && now_ms() < end_ms)
        turn(client);
    return strstr(client->received, text) != NULL;
}

bool raw_client_ends(struct raw_client *client)
{
    uint64_t end_ms = now_ms() + PATIENCE_MS;

    while (!client->ended && now_ms() < end_ms)
        turn(client);
    return client->ended;
}

void raw_client_wait(struct raw_client *client, unsigned ms)
{
    uint64_t end_ms = now_ms() + ms;

    while (now_ms() < end_ms)
        turn(client);
}

void raw_client_forget(struct raw_client *client)
{
    client->size = 0;
    client->received[0] = '\0';
}
