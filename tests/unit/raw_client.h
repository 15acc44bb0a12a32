/* A client of a unix socket that sends raw bytes, on the thread of the loop that it talks to. */
#ifndef RMQWATCH_TESTS_RAW_CLIENT_H
#define RMQWATCH_TESTS_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct raw_client {
    uv_loop_t *loop;
    int fd;
    bool ended; /* the other side has closed */
    size_t size;
    char received[128 * 1024];
};

void raw_client_open(struct raw_client *client, uv_loop_t *loop, const char *path);
void raw_client_close(struct raw_client *client); /* accepts a closed one */
/* Sends all of it while the loop runs; false when the other side would not take it. */
bool raw_client_send(struct raw_client *client, const char *bytes, size_t size);
bool raw_client_say(struct raw_client *client, const char *text);
/* Runs the loop until TEXT was received, or for a few seconds. */
bool raw_client_hears(struct raw_client *client, const char *text);
/* Runs the loop until the other side closes. */
bool raw_client_ends(struct raw_client *client);
/* Runs the loop for a while, and takes in what comes. */
void raw_client_wait(struct raw_client *client, unsigned ms);
/* Forgets what was received. */
void raw_client_forget(struct raw_client *client);

#endif
