/* A badly behaved server on 127.0.0.1, on the test's own loop: it closes, resets, drips, floods or says
 * nothing, as the test wants, and counts how it was treated. */
#ifndef RMQWATCH_TESTS_LOOPBACK_SERVER_H
#define RMQWATCH_TESTS_LOOPBACK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum manner {
    MANNER_REPLY,      /* sends the reply; the connection stays open */
    MANNER_REPLY_ONCE, /* sends the reply and closes */
    MANNER_SILENT,     /* reads and says nothing */
    MANNER_CLOSE,      /* closes without a word */
    MANNER_RESET,      /* resets the connection */
    MANNER_DRIP,       /* the reply, and then one byte every 20 ms */
    MANNER_FLOOD,      /* the reply, and then 50 MB */
};

/* What to do when a request's first line holds PART ("" for all), after DELAY_MS. The first that fits is
 * taken. */
struct manners {
    const char *part;
    enum manner manner;
    const char *reply; /* NUL-terminated unless reply_size is set */
    size_t reply_size;
    uint64_t delay_ms;
};

struct loopback_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    const struct manners *manners;
    size_t manners_count;
    uint16_t port;
    size_t open;
    struct visitor *visitors;
    /* how it was treated */
    size_t connections;
    size_t requests;
    size_t clean_ends; /* FIN */
    size_t resets;
    uint64_t sent; /* bytes */
    char last_request[4096];
};

/* MANNERS must outlive it. */
void loopback_open(
    struct loopback_server *server, uv_loop_t *loop, const struct manners *manners, size_t manners_count);
/* Hangs up on everybody; the loop must still run for the handles to be closed. */
void loopback_close(struct loopback_server *server);

/* A port where the kernel accepts connections for a program that never will: a hung broker. */
int silent_port_open(uint16_t *ret_port);
/* A port that nothing listens on. */
uint16_t loopback_free_port(void);

#endif
