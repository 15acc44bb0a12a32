#include "leases/amqp_session.h"

#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum {
    CHANNEL = 1,
    FRAME_BYTES = 8192, /* the least that every broker takes; a buffer of this size is kept */
    /* The broker says something every half of it, and gives up a client that said nothing for twice of it. We
     * give up a broker after once: so we know that the lease is lost before it can be another's. */
    HEARTBEAT_S = 5,
    GOODBYE_MS = 500,
};

#define CONSUMER "rmqwatchd"

void session_explain(struct session *session, const char *format, ...)
{
    char text[SESSION_DETAIL_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (char *at = text; *at; at++)
        if (*at < ' ' || *at == 0x7f)
            *at = '?';
    session->detail[0] = '\0';
    text_append(session->detail, sizeof(session->detail), "%s: %s", session->peer->host, text);
}

static struct timeval time_left(uint64_t deadline_ms)
{
    uint64_t now_ms = clock_boot_ms();
    uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 1;

    return (struct timeval){
        .tv_sec = (time_t)(left_ms / 1000), .tv_usec = (suseconds_t)(left_ms % 1000) * 1000};
}

static enum session_result explain_status(struct session *session, int status)
{
    const char *text = amqp_error_string2(status);

    session_explain(session, "%s", status == AMQP_STATUS_TIMEOUT ? "no answer in time" : text);
    return status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED || status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
                   status == AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED ||
                   status == AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD
               ? SESSION_REFUSED
               : SESSION_FAILED;
}

/* What a broker's "no" means. A lock that is taken has the code of a missing permission; a limit is called
 * "not allowed" like a virtual host that does not exist, but it passes. */
static enum session_result explain_refusal(struct session *session, uint16_t code, amqp_bytes_t reason)
{
    char text[SESSION_DETAIL_MAX];

    snprintf(text, sizeof(text), "%.*s", (int)(reason.len < sizeof(text) ? reason.len : sizeof(text)),
        (const char *)reason.bytes);
    session_explain(session, "%s", text);
    switch (code) {
    case AMQP_ACCESS_REFUSED:
        return strstr(text, "in exclusive use") ? SESSION_TAKEN : SESSION_REFUSED;
    case AMQP_INVALID_PATH:
        return SESSION_REFUSED;
    case AMQP_NOT_ALLOWED:
        return strstr(text, "limit") ? SESSION_FAILED : SESSION_REFUSED;
    default:
        return SESSION_FAILED;
    }
}

static enum session_result explain_method(struct session *session, const amqp_method_t *method)
{
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *closed = method->decoded;

        return explain_refusal(session, closed->reply_code, closed->reply_text);
    }
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *closed = method->decoded;

        return explain_refusal(session, closed->reply_code, closed->reply_text);
    }
    session_explain(session, "an answer that was not asked for");
    return SESSION_FAILED;
}

static enum session_result explain_reply(struct session *session, amqp_rpc_reply_t reply)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return SESSION_OK;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return explain_method(session, &reply.reply);
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return explain_status(session, reply.library_error);
    case AMQP_RESPONSE_NONE:
        break;
    }
    session_explain(session, "no answer");
    return SESSION_FAILED;
}

/* OpenSSL's own check of names, as it knows addresses too. */
static int set_trust(SSL_CTX *tls, const struct session_login *login, const char *host)
{
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(tls);
    struct in6_addr address;
    bool numeric = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    int r;

    if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1)
        return -EINVAL;
    r = login->ca_file ? SSL_CTX_load_verify_locations(tls, login->ca_file, NULL)
                       : SSL_CTX_set_default_verify_paths(tls);
    if (r != 1)
        return -EINVAL;
    r = numeric ? X509_VERIFY_PARAM_set1_ip_asc(parameters, host)
                : X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    return r == 1 ? 0 : -EINVAL;
}

/* The library connects by itself here, so that a stop has to wait for the handshake; the caller does not. */
static enum session_result open_tls(
    struct session *session, const struct session_login *login, uint64_t deadline_ms)
{
    amqp_socket_t *socket = amqp_ssl_socket_new(session->connection);
    struct timeval left = time_left(deadline_ms);
    int status;

    if (!socket) {
        session_explain(session, "out of memory");
        return SESSION_FAILED;
    }
    if (set_trust(amqp_ssl_socket_get_context(socket), login, session->peer->host) < 0) {
        session_explain(session, "the certificate authorities cannot be used");
        return SESSION_REFUSED;
    }
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 0);
    status = amqp_socket_open_noblock(socket, session->peer->host, session->peer->amqp_port, &left);
    return status == AMQP_STATUS_OK ? SESSION_OK : explain_status(session, status);
}

static enum session_result open_plain(struct session *session, uint64_t deadline_ms)
{
    amqp_socket_t *socket = amqp_tcp_socket_new(session->connection);
    enum session_result result = SESSION_FAILED;
    int fd;

    if (!socket) {
        session_explain(session, "out of memory");
        return SESSION_FAILED;
    }
    fd = session_connect(session, deadline_ms, &result);
    if (fd < 0)
        return result;
    amqp_tcp_socket_set_sockfd(socket, fd);
    return SESSION_OK;
}

static void limit(struct session *session, uint64_t deadline_ms)
{
    const struct timeval left = time_left(deadline_ms);

    (void)amqp_set_rpc_timeout(session->connection, &left);
}

static enum session_result log_in(
    struct session *session, const struct session_login *login, uint64_t deadline_ms)
{
    /* Else a queue that is deleted takes our lock with it, and nobody tells: the library does not ask. */
    amqp_table_entry_t capability = {
        amqp_cstring_bytes("consumer_cancel_notify"), {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
    amqp_table_entry_t entries[] = {
        {amqp_cstring_bytes("connection_name"), {.kind = AMQP_FIELD_KIND_UTF8}},
        {amqp_cstring_bytes("product"), {.kind = AMQP_FIELD_KIND_UTF8}},
        {amqp_cstring_bytes("capabilities"), {.kind = AMQP_FIELD_KIND_TABLE}},
    };
    amqp_table_t properties = {sizeof(entries) / sizeof(entries[0]), entries};
    struct timeval left = time_left(deadline_ms);
    enum session_result result;

    entries[0].value.value.bytes = amqp_cstring_bytes(login->name);
    entries[1].value.value.bytes = amqp_cstring_bytes("rmqwatchd");
    entries[2].value.value.table = (amqp_table_t){1, &capability};
    (void)amqp_set_handshake_timeout(session->connection, &left);
    result = explain_reply(
        session, amqp_login_with_properties(session->connection, login->vhost, CHANNEL, FRAME_BYTES,
                     HEARTBEAT_S, &properties, AMQP_SASL_METHOD_PLAIN, login->username, login->password));
    if (result != SESSION_OK)
        return result;
    limit(session, deadline_ms);
    (void)amqp_channel_open(session->connection, CHANNEL);
    return explain_reply(session, amqp_get_rpc_reply(session->connection));
}

/* A connection that is not known to be whole is cut: a goodbye would only wait. */
static void cut(struct session *session)
{
    if (session->connection)
        (void)amqp_destroy_connection(session->connection);
    session->connection = NULL;
}

/* As explain_reply(), on a connection that is no good after it failed. */
static enum session_result explain_answer(struct session *session, amqp_rpc_reply_t reply)
{
    enum session_result result = explain_reply(session, reply);

    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        cut(session);
    return result;
}

enum session_result session_open(struct session *session, const struct session_login *login,
    const struct lease_peer *peer, struct amqp_stop *stop, uint64_t deadline_ms)
{
    enum session_result result;

    *session = (struct session){.peer = peer, .stop = stop, .connection = amqp_new_connection()};
    if (!session->connection) {
        session_explain(session, "out of memory");
        return SESSION_FAILED;
    }
    result = login->tls ? open_tls(session, login, deadline_ms) : open_plain(session, deadline_ms);
    if (result == SESSION_OK) {
        session->fd = amqp_get_sockfd(session->connection);
        result =
            amqp_stop_guard(stop, session->fd) < 0 ? SESSION_FAILED : log_in(session, login, deadline_ms);
    }
    if (result != SESSION_OK)
        cut(session);
    return result;
}

/* A refusal closes the channel, and the next question needs one. */
static enum session_result reopen_channel(struct session *session)
{
    amqp_channel_close_ok_t ok = {0};

    (void)amqp_send_method(session->connection, CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    (void)amqp_channel_open(session->connection, CHANNEL);
    return explain_answer(session, amqp_get_rpc_reply(session->connection));
}

static bool is_refused(amqp_rpc_reply_t reply, uint16_t code)
{
    const amqp_channel_close_t *closed = reply.reply.decoded;

    return reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
           reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD && closed->reply_code == code;
}

/* A queue that is there already stays as it is: to ask for it costs nothing and needs nobody but its member.
 * A new one is placed at this member, whatever is usual in this cluster: at another one it would be away
 * together with that one, and it is one that hangs for which the lease is wanted. What this is called depends
 * on the broker; and the type is said, as a virtual host may have another default. */
enum session_result session_declare(struct session *session, const char *queue, uint64_t deadline_ms)
{
    static const char *const locators[] = {"x-queue-leader-locator", "x-queue-master-locator"};
    enum { PASSIVE, LOCATED, PLAIN = LOCATED + sizeof(locators) / sizeof(locators[0]) };
    amqp_table_entry_t entries[] = {
        {amqp_cstring_bytes("x-queue-type"), {.kind = AMQP_FIELD_KIND_UTF8}},
        {.value = {.kind = AMQP_FIELD_KIND_UTF8}},
    };
    amqp_table_t arguments = {1, entries};
    enum session_result result;
    amqp_rpc_reply_t reply;

    entries[0].value.value.bytes = amqp_cstring_bytes("classic");
    entries[1].value.value.bytes = amqp_cstring_bytes("client-local");
    for (size_t attempt = PASSIVE;; attempt++) {
        limit(session, deadline_ms); /* it is one for each call */
        arguments.num_entries = attempt >= LOCATED && attempt < PLAIN ? 2 : 1;
        if (arguments.num_entries == 2)
            entries[1].key = amqp_cstring_bytes(locators[attempt - LOCATED]);
        (void)amqp_queue_declare(
            session->connection, CHANNEL, amqp_cstring_bytes(queue), attempt == PASSIVE, 1, 0, 0, arguments);
        reply = amqp_get_rpc_reply(session->connection);
        result = explain_answer(session, reply);
        if (attempt == PLAIN ||
            !is_refused(reply, attempt == PASSIVE ? AMQP_NOT_FOUND : AMQP_PRECONDITION_FAILED))
            return result;
        result = reopen_channel(session);
        if (result != SESSION_OK)
            return result;
    }
}

enum session_result session_lock(struct session *session, const char *queue, uint64_t deadline_ms)
{
    enum session_result result;

    limit(session, deadline_ms);
    (void)amqp_basic_consume(session->connection, CHANNEL, amqp_cstring_bytes(queue),
        amqp_cstring_bytes(CONSUMER), 0, 1, 1, amqp_empty_table);
    result = explain_answer(session, amqp_get_rpc_reply(session->connection));
    session->locked = result == SESSION_OK;
    session->heard_ms = clock_boot_ms();
    return result;
}

enum session_result session_try(struct session *session, const char *queue, uint64_t deadline_ms)
{
    limit(session, deadline_ms);
    return explain_answer(
        session, amqp_basic_get(session->connection, CHANNEL, amqp_cstring_bytes(queue), 1));
}

/* What came while there was nothing to come. True: the lock is ours no more. */
static bool is_the_end(struct session *session, int status, const amqp_frame_t *frame)
{
    if (status == AMQP_STATUS_TIMEOUT)
        return false;
    if (status != AMQP_STATUS_OK) {
        (void)explain_status(session, status);
        return true;
    }
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return false;
    switch (frame->payload.method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD:
    case AMQP_CHANNEL_CLOSE_METHOD:
        (void)explain_method(session, &frame->payload.method);
        return true;
    case AMQP_BASIC_CANCEL_METHOD:
        session_explain(session, "its queue is gone");
        return true;
    default:
        return false;
    }
}

static bool is_silent(const struct session *session)
{
    uint64_t patience_ms = (uint64_t)amqp_get_heartbeat(session->connection) * 1000;

    return patience_ms > 0 && clock_boot_ms() - session->heard_ms > patience_ms;
}

bool session_keep(struct session *session, bool readable)
{
    struct timeval at_once = {0};
    amqp_frame_t frame;
    int status;

    /* First: what lies there to be read may have come before a suspend, or before a long wait for others. */
    if (is_silent(session)) {
        session_explain(session, "it fell silent");
        cut(session);
        return false;
    }
    if (readable)
        session->heard_ms = clock_boot_ms();
    status = amqp_simple_wait_frame_noblock(session->connection, &frame, &at_once);
    if (is_the_end(session, status, &frame)) {
        cut(session);
        return false;
    }
    amqp_maybe_release_buffers(session->connection);
    return true;
}

/* The queue learns of a connection's end a moment after the goodbye was answered, but of a cancel before. */
void session_close(struct session *session)
{
    if (!session->connection)
        return;
    limit(session, clock_boot_ms() + GOODBYE_MS);
    if (session->locked)
        (void)amqp_basic_cancel(session->connection, CHANNEL, amqp_cstring_bytes(CONSUMER));
    if (!session->locked ||
        amqp_get_rpc_reply(session->connection).reply_type != AMQP_RESPONSE_LIBRARY_EXCEPTION)
        (void)amqp_connection_close(session->connection, AMQP_REPLY_SUCCESS);
    cut(session);
}
