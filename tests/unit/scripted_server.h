/* A server on 127.0.0.1 that answers by a script and keeps what it was sent: for tests of what talks to the
 * world. Runs on a thread and a loop of its own, so that it answers also while the tested side waits for it.
 */
#ifndef RMQWATCH_TESTS_SCRIPTED_SERVER_H
#define RMQWATCH_TESTS_SCRIPTED_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { SERVER_REQUESTS_MAX = 16 };

struct scripted_server {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    uv_tcp_t listener;
    bool smtp;
    /* One entry per connection, the last one for all further ones. HTTP: the whole response, "" to close
     * without one, "hang" to say nothing. SMTP: "" for a server that takes everything, or a verb ("GREET",
     * "MAIL", "RCPT", ".") and the reply line that it gets instead. */
    const char *const *script;
    size_t script_count;
    int port;
    atomic_size_t connections;
    /* HTTP: bodies. SMTP: the commands and the mail as they came. Freed by server_close(). */
    atomic_size_t request_count; /* all of them; only the first ones are kept */
    char *requests[SERVER_REQUESTS_MAX];
    char *heads[SERVER_REQUESTS_MAX];         /* HTTP: the request line and headers that came before */
    uint64_t request_ms[SERVER_REQUESTS_MAX]; /* uv_hrtime() / 1e6 */
};

/* PORT 0 chooses one. */
void server_open(
    struct scripted_server *server, bool smtp, int port, const char *const *script, size_t script_count);
/* Hangs up on everybody. */
void server_close(struct scripted_server *server);
/* A port that nothing listens on. */
int server_free_port(void);

#endif
