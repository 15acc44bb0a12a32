/* An outbox with the real client on a loop of its own, for tests. */
#ifndef RMQWATCH_TESTS_OUTBOX_FIXTURE_H
#define RMQWATCH_TESTS_OUTBOX_FIXTURE_H

#include "alerts/outbox.h"
#include "scripted_server.h"

/* In every URL and password of these tests; must never be seen in the log. */
#define FIXTURE_SECRET "s3cr3t-t0ken"

struct outbox_fixture {
    uv_loop_t loop;
    uv_timer_t poll;
    struct http_client *client;
    struct outbox *outbox;
    struct config *config;    /* the one that outbox_fixture_channel() fills */
    struct config *used;      /* the one that the outbox has, while another is being filled */
    atomic_size_t done;       /* calls of outbox_fixture_done() */
    int saved_stderr, log_fd; /* while lines of the log go there */
    char log[16384];
};

void outbox_fixture_open(struct outbox_fixture *fixture);
/* Closes outbox and client, and checks that the loop has nothing left and the log no secret. */
void outbox_fixture_close(struct outbox_fixture *fixture);
/* The same; CLOSED is called as soon as outbox_close() has returned. */
void outbox_fixture_close_then(struct outbox_fixture *fixture, void (*closed)(void *context), void *context);

/* Adds a channel to the configuration that POSTs (or mails) to PORT of 127.0.0.1. */
struct channel_config *outbox_fixture_channel(
    struct outbox_fixture *fixture, const char *kind, const char *name, int port);
/* Creates the outbox from the configuration. */
void outbox_fixture_start(struct outbox_fixture *fixture);
/* Starts another configuration, without channels, for outbox_fixture_reload(); the old one is then freed. */
void outbox_fixture_rewrite(struct outbox_fixture *fixture);
void outbox_fixture_reload(struct outbox_fixture *fixture);
/* The incident is the name of its trouble, too: what waits of one trouble folds, of two it does not. */
void outbox_fixture_put(struct outbox_fixture *fixture, enum notice_kind kind, const char *incident);
void outbox_fixture_put_of(
    struct outbox_fixture *fixture, enum notice_kind kind, const char *incident, const char *node);

/* Runs the loop until nothing is pending; fails the test after 10 s. Lines of the log, here and in all that
 * runs the loop or puts, go to fixture->log. */
void outbox_fixture_drain(struct outbox_fixture *fixture);
/* Runs the loop until *COUNT has reached WANTED. */
void outbox_fixture_wait(struct outbox_fixture *fixture, atomic_size_t *count, size_t wanted);
void outbox_fixture_run_ms(struct outbox_fixture *fixture, uint64_t ms);
void outbox_fixture_done(void *fixture);
struct outbox_counts outbox_fixture_counts(const struct outbox_fixture *fixture);

#endif
