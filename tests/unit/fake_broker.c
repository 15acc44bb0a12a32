#include "fake_broker.h"
#include "cmocka_all.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* AMQP 0-9-1: a frame is its type, channel and size, its bytes, and an end mark; a method's bytes begin with
 * its class and number. */
enum { FRAME_METHOD = 1, FRAME_END = 0xce, FRAME_HEADER = 7, PROTOCOL_HEADER = 8, INPUT_MAX = 8192 };

#define METHOD(class, number) ((class) << 16 | (number))

struct fake_client {
    struct fake_broker *broker;
    struct fake_client *next, **link;
    uv_tcp_t tcp;
    uv_timer_t delay;
    unsigned open_handles;
    bool greeted, wants_cancel, consumes;
    size_t size;
    unsigned char input[INPUT_MAX];
};

static void on_closed(uv_handle_t *handle)
{
    struct fake_client *client = handle->data;

    if (--client->open_handles == 0)
        free(client);
}

static void client_leave(struct fake_client *client)
{
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    client->broker->consumers -= client->consumes;
    uv_close((uv_handle_t *)&client->tcp, on_closed);
    uv_close((uv_handle_t *)&client->delay, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

/* ARGUMENTS of the method, as they go over the wire. */
static void say(
    struct fake_client *client, unsigned channel, unsigned method, const void *arguments, size_t size)
{
    size_t payload = size + 4;
    uv_write_t *write = malloc(sizeof(*write) + FRAME_HEADER + payload + 1);
    unsigned char *frame = (unsigned char *)(write + 1);
    uv_buf_t buffer = uv_buf_init((char *)frame, (unsigned)(FRAME_HEADER + payload + 1));
    const unsigned char head[] = {FRAME_METHOD, 0, (unsigned char)channel, 0, 0,
        (unsigned char)(payload >> 8), (unsigned char)payload, 0, (unsigned char)(method >> 16), 0,
        (unsigned char)method};

    assert_non_null(write);
    memcpy(frame, head, sizeof(head));
    memcpy(frame + sizeof(head), arguments, size);
    frame[FRAME_HEADER + payload] = FRAME_END;
    assert_int_equal(uv_write(write, (uv_stream_t *)&client->tcp, &buffer, 1, on_written), 0);
}

static void say_consumes(uv_timer_t *timer)
{
    struct fake_client *client = timer->data;

    client->consumes = true;
    client->broker->consumers++;
    say(client, 1, METHOD(60, 21), "\x09rmqwatchd", 10);
}

static void on_consume(struct fake_client *client)
{
    static const char refusal[] = "\x01\x93\x23queue 'q' in vhost '/' in exclusive use\x00\x3c\x00\x14";
    char text[sizeof(refusal)];

    if (client->broker->taken) {
        memcpy(text, refusal, sizeof(refusal));
        text[2] = (char)(sizeof(refusal) - 1 - 3 - 4);
        say(client, 1, METHOD(20, 40), text, sizeof(refusal) - 1);
    } else {
        (void)uv_timer_start(&client->delay, say_consumes, client->broker->delay_ms, 0);
    }
}

/* As "no queue" or as "no such argument". */
static void refuse_declare(struct fake_client *client, bool no_queue)
{
    say(client, 1, METHOD(20, 40), no_queue ? "\x01\x94\x00\x00\x32\x00\x0a" : "\x01\x96\x00\x00\x32\x00\x0a",
        7);
}

static void on_declare(struct fake_client *client, const unsigned char *bytes, size_t size)
{
    static const char leader[] = "x-queue-leader-locatorS\x00\x00\x00\x0c"
                                 "client-local";
    static const char master[] = "x-queue-master-locatorS\x00\x00\x00\x0c"
                                 "client-local";
    struct fake_broker *broker = client->broker;
    size_t name_size = bytes[6];
    bool passive = bytes[7 + name_size] & 1;
    bool by_leader = memmem(bytes, size, leader, sizeof(leader) - 1) != NULL;

    if (broker->no_queue && (passive || (by_leader && broker->old))) {
        refuse_declare(client, passive);
        return;
    }
    if (broker->no_queue && (by_leader || memmem(bytes, size, master, sizeof(master) - 1)))
        strcpy(broker->placed, by_leader ? "leader" : "master");
    broker->no_queue = false;
    say(client, 1, METHOD(50, 11), "\x01q\x00\x00\x00\x00\x00\x00\x00\x00", 10);
}

static void on_cancel(struct fake_client *client)
{
    client->broker->consumers -= client->consumes;
    client->consumes = false;
    say(client, 1, METHOD(60, 31), "\x09rmqwatchd", 10);
}

static void on_method(struct fake_client *client, unsigned method, const unsigned char *bytes, size_t size)
{
    static const char capability[] = "consumer_cancel_notifyt\x01";

    switch (method) {
    case METHOD(10, 11): /* start-ok: tune */
        client->wants_cancel = memmem(bytes, size, capability, sizeof(capability) - 1) != NULL;
        say(client, 0, METHOD(10, 30), "\x00\x10\x00\x02\x00\x00\x00\x3c", 8);
        break;
    case METHOD(10, 40): /* open */
        say(client, 0, METHOD(10, 41), "\x00", 1);
        break;
    case METHOD(10, 50): /* close */
        say(client, 0, METHOD(10, 51), "", 0);
        break;
    case METHOD(20, 10): /* the channel's open */
        say(client, 1, METHOD(20, 11), "\x00\x00\x00\x00", 4);
        break;
    case METHOD(50, 10): /* the queue's declare */
        on_declare(client, bytes, size);
        break;
    case METHOD(60, 20):
        on_consume(client);
        break;
    case METHOD(60, 30):
        on_cancel(client);
        break;
    default: /* what needs no answer */
        break;
    }
}

/* What came as a whole; returns how much of it that was. */
static size_t take_one(struct fake_client *client)
{
    const unsigned char *in = client->input;
    size_t payload;

    if (!client->greeted) {
        if (client->size < PROTOCOL_HEADER)
            return 0;
        client->greeted = true;
        say(client, 0, METHOD(10, 10),
            "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x05PLAIN\x00\x00\x00\x05"
            "en_US",
            24);
        return PROTOCOL_HEADER;
    }
    if (client->size < FRAME_HEADER)
        return 0;
    payload = (size_t)in[5] << 8 | in[6];
    if (client->size < FRAME_HEADER + payload + 1)
        return 0;
    if (in[0] == FRAME_METHOD)
        on_method(client, METHOD((unsigned)in[8], (unsigned)in[10]), in + FRAME_HEADER, payload);
    return FRAME_HEADER + payload + 1;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct fake_client *client = handle->data;

    (void)suggested;
    *buffer = uv_buf_init((char *)client->input + client->size, (unsigned)(INPUT_MAX - client->size));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct fake_client *client = stream->data;
    size_t taken;

    (void)buffer;
    if (got < 0) {
        client_leave(client);
        return;
    }
    client->size += (size_t)got;
    while ((taken = take_one(client)) > 0) {
        client->size -= taken;
        memmove(client->input, client->input + taken, client->size);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_broker *broker = listener->data;
    struct fake_client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    assert_int_equal(status, 0);
    client->broker = broker;
    client->open_handles = 2;
    client->tcp.data = client->delay.data = client;
    assert_int_equal(uv_tcp_init(listener->loop, &client->tcp), 0);
    assert_int_equal(uv_timer_init(listener->loop, &client->delay), 0);
    client->next = broker->clients;
    client->link = &broker->clients;
    if (client->next)
        client->next->link = &client->next;
    broker->clients = client;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&client->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read), 0);
}

void fake_broker_open(struct fake_broker *broker, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int size = sizeof(address);

    memset(broker, 0, sizeof(*broker));
    assert_int_equal(uv_tcp_init(loop, &broker->listener), 0);
    broker->listener.data = broker;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_bind(&broker->listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&broker->listener, 8, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&broker->listener, (struct sockaddr *)&address, &size), 0);
    broker->port = ntohs(address.sin_port);
}

void fake_broker_close(struct fake_broker *broker)
{
    uv_close((uv_handle_t *)&broker->listener, NULL);
    while (broker->clients)
        client_leave(broker->clients);
}

void fake_broker_delete_queue(struct fake_broker *broker)
{
    for (struct fake_client *client = broker->clients; client; client = client->next) {
        if (client->consumes && client->wants_cancel)
            say(client, 1, METHOD(60, 30), "\x09rmqwatchd\x01", 11);
        broker->consumers -= client->consumes;
        client->consumes = false;
    }
}
