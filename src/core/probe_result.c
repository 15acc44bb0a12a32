/* One table from a probe's result to its meaning: short tag, sentence, and what it says of node, host and
 * check. */
#include "rmqwatch/evidence.h"

enum { FINE = 0, MISCONFIGURED = 1, TIMED_OUT = 2, HOST_ANSWERS = 4 };

#define INFO(tag, sentence, health, flags)                                                                   \
    {                                                                                                        \
        tag, sentence, HEALTH_##health, ((flags)&MISCONFIGURED) != 0, ((flags)&TIMED_OUT) != 0,              \
            ((flags)&HOST_ANSWERS) != 0                                                                      \
    }

static const struct probe_result_info infos[PROBE_RESULT_COUNT] = {
    [PROBE_RESULT_OK] = INFO("ok", "answers", UP, HOST_ANSWERS),
    [PROBE_RESULT_TIMED_OUT] = INFO("timed-out", "no connection within the timeout", DOWN, TIMED_OUT),
    /* The kernel accepts on behalf of a hung broker, so the host is there. */
    [PROBE_RESULT_SILENT] =
        INFO("silent", "connected, but not a byte within the timeout", DOWN, TIMED_OUT | HOST_ANSWERS),
    [PROBE_RESULT_REFUSED] = INFO("refused", "connection refused: nothing listens there", DOWN, HOST_ANSWERS),
    [PROBE_RESULT_UNREACHABLE] = INFO("unreachable", "no route, or host or network down", DOWN, FINE),
    [PROBE_RESULT_CLOSED] = INFO("closed", "connection closed without a proper answer", DOWN, HOST_ANSWERS),
    [PROBE_RESULT_SERVER_ERROR] = INFO("server-error", "answers that it is not well", DOWN, HOST_ANSWERS),
    [PROBE_RESULT_UNAUTHORIZED] =
        INFO("unauthorized", "our user or password is refused (401)", UNKNOWN, MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_FORBIDDEN] = INFO(
        "forbidden", "our user lacks the tag \"monitoring\" (403)", UNKNOWN, MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_NOT_FOUND] =
        INFO("not-found", "no such page (404): not RabbitMQ's management API, or too old", UNKNOWN,
            MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_TLS_TRUST] =
        INFO("tls-trust", "its certificate is not trusted", UNKNOWN, MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_UNKNOWN_HOST] =
        INFO("unknown-host", "our resolver does not know the host's name", UNKNOWN, MISCONFIGURED),
    [PROBE_RESULT_BAD_REPLY] = INFO(
        "bad-reply", "something else than RabbitMQ answers there", UNKNOWN, MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_TOO_LARGE] = INFO(
        "too-large", "the answer is larger than RabbitMQ's ever is", UNKNOWN, MISCONFIGURED | HOST_ANSWERS),
    [PROBE_RESULT_NOT_RUNNABLE] =
        INFO("not-runnable", "the command cannot be run, or is used wrongly", UNKNOWN, MISCONFIGURED),
    [PROBE_RESULT_OWN_TROUBLE] = INFO("own-trouble", "the check itself failed on our side", UNKNOWN, FINE),
};

const struct probe_result_info *probe_result_info(enum probe_result result)
{
    return &infos[(unsigned)result < PROBE_RESULT_COUNT ? result : PROBE_RESULT_OWN_TROUBLE];
}

const char *probe_kind_name(enum probe_kind kind)
{
    static const char *const names[PROBE_ALL_KINDS] = {
        [PROBE_AMQP] = "amqp",
        [PROBE_MANAGEMENT] = "management",
        [PROBE_EXEC] = "exec",
        [PROBE_AGENT] = "agent",
    };

    return (unsigned)kind < PROBE_ALL_KINDS ? names[kind] : "unknown";
}
