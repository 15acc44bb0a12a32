/* As much of a broker as the lease over AMQP needs, on 127.0.0.1 and the test's own loop: it logs everybody
 * in, and has one queue. */
#ifndef RMQWATCH_TESTS_FAKE_BROKER_H
#define RMQWATCH_TESTS_FAKE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct fake_broker {
    uv_tcp_t listener;
    uint16_t port;
    struct fake_client *clients;
    bool no_queue;     /* until it is declared */
    bool old;          /* it does not know of leaders, but of masters */
    char placed[16];   /* "leader" or "master": how the queue was declared to be placed here */
    bool taken;        /* another agent is the queue's only consumer */
    uint64_t delay_ms; /* before it says yes to a consumer */
    size_t consumers;  /* of the queue, that it said yes to */
};

void fake_broker_open(struct fake_broker *broker, uv_loop_t *loop);
/* Hangs up on everybody; the loop must still run for the handles to be closed. */
void fake_broker_close(struct fake_broker *broker);
/* Its consumers are told if they wanted to be; the connections stay. */
void fake_broker_delete_queue(struct fake_broker *broker);

#endif
