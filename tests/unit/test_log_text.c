/* What a broker's log says of its end: causes by name, and the last lines for an alert. */
#include "cmocka_all.h"
#include "evidence/log_text.h"
#include "golden_logs.h"
#include "rmqwatch/limits.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define JOURNAL "2026-11-22T20:31:53.660037+0000 rmq1 "

static char cause[RMQ_CAUSE_MAX], tail[RMQ_LOG_TAIL_MAX];

/* In a block of exactly its size, so that reading one byte more is found out. */
static void look(const char *text, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    memcpy(copy, text, size);
    cause[0] = '\0';
    if (!log_cause(copy, size, cause, sizeof(cause)))
        assert_string_equal(cause, "");
    log_tail(copy, size, tail, sizeof(tail));
    assert_true(strlen(tail) < sizeof(tail));
    for (const char *at = tail; *at; at++)
        assert_true((unsigned char)*at >= 0x20 || *at == '\n');
    free(copy);
}

static void expect_cause(const char *text, const char *expected)
{
    look(text, strlen(text));
    assert_string_equal(cause, expected);
}

static void test_real_logs(void **state)
{
    static const struct {
        const char *text, *cause, *tail;
    } cases[] = {
        {golden_log_bad_value_310, "the configuration has a wrong value for listeners.tcp.default",
            "BOOT FAILED\nError during startup: {error,failed_to_prepare_configuration}"},
        {golden_log_bad_key_43, "the configuration sets what does not exist: no.such.key",
            "BOOT FAILED\nError during startup: {error,failed_to_prepare_configuration}"},
        {golden_log_bad_syntax_43,
            "the configuration cannot be read: syntax error in /etc/rabbitmq/rabbitmq.conf after line 9 "
            "column 1, "
            "parsing incomplete",
            "BOOT FAILED\nError during startup: {error,failed_to_parse_configuration_file}"},
        {golden_log_no_certificate_43,
            "the configuration names a certificate or key that is missing, unreadable or damaged: "
            "ssl_options.keyfile",
            "BOOT FAILED\nError during startup: {error,failed_to_prepare_configuration}"},
        {golden_log_port_in_use_310, "port 5672 is in use by another process", NULL},
        {golden_log_inter_node_port_43, "port 25672 between the nodes is in use already",
            "BOOT FAILED\nERROR: could not bind to distribution port 25672 on host rmq1. It could be in use "
            "by another "
            "process or cannot be bound to (e.g. due to a security policy)"},
        {golden_log_no_permission_310,
            "the broker has no permission to use "
            "/var/lib/rabbitmq/mnesia/rabbit@rmq1/nodes_running_at_shutdown",
            "BOOT FAILED\nError during startup: {error, {cannot_read_file, "
            "\"/var/lib/rabbitmq/mnesia/rabbit@rmq1/nodes_running_at_shutdown\", eacces}}"},
        {golden_log_no_permission_43,
            "the broker has no permission to use "
            "/var/lib/rabbitmq/mnesia/rabbit@rmq1/coordination/rabbit@rmq1",
            NULL},
        {golden_log_open_cookie_310,
            "the Erlang cookie /var/lib/rabbitmq/.erlang.cookie is readable for others than its owner", NULL},
        {golden_log_other_cookie_310, "the Erlang cookie is not that of the other nodes",
            "BOOT FAILED\nTimeout contacting cluster nodes: [rabbit@rmq2]."},
        {golden_log_other_cookie_40, "the Erlang cookie is not that of the other nodes", NULL},
        {golden_log_refused_cookie_40, "the Erlang cookie is not that of the other nodes", NULL},
        {golden_log_no_peers_310, "it waited in vain for other nodes: [rabbit@rmq2]",
            "BOOT FAILED\nTimeout contacting cluster nodes: [rabbit@rmq2]."},
        {golden_log_inconsistent_310,
            "inconsistent cluster: Node rabbit@rmq1 thinks it's clustered with node rabbit@rmq2, but "
            "rabbit@rmq2 "
            "disagrees",
            "BOOT FAILED\nError during startup: {error, {inconsistent_cluster, \"Node rabbit@rmq1 thinks "
            "it's "
            "clustered with node rabbit@rmq2, but rabbit@rmq2 disagrees\"}}"},
        {golden_log_disk_full_310, "no space left on the disk of /mnt/small/rabbit@rmq1/schema.TMP", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        expect_cause(cases[i].text, cases[i].cause);
        if (cases[i].tail)
            assert_string_equal(tail, cases[i].tail);
        /* Advice that loses messages does not go out with an alert, nor what only reads like a secret. */
        assert_null(strstr(tail, "force_boot"));
        assert_null(strstr(tail, "cookie hash"));
    }
}

static void test_every_piece_is_survived(void **state)
{
    const char *const texts[] = {golden_log_port_in_use_310, golden_log_open_cookie_310,
        golden_log_other_cookie_310, golden_log_disk_full_310};

    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        size_t size = strlen(texts[i]);

        for (size_t cut = 0; cut <= size; cut += 7) {
            look(texts[i], cut);
            look(texts[i] + cut, size - cut);
        }
    }
}

static void test_other_causes(void **state)
{
    static const struct {
        const char *text, *cause;
    } cases[] = {
        {JOURNAL "systemd[1]: rabbitmq-server.service: A process of this unit has been killed by the OOM "
                 "killer.\n",
            "out of memory: the kernel's OOM killer ended the broker"},
        {"eheap_alloc: Cannot allocate 1048576 bytes of memory (of type \"heap\").\n",
            "out of memory: the Erlang machine was refused more of it"},
        {"[error] <0.1.0> Feature flags: `quorum_queue`: required feature flag not enabled! It must be "
         "enabled\n",
            "a feature flag that this version requires was not enabled before the upgrade"},
        {"Error during startup: {error,\n   {incompatible_feature_flags,x}}\n",
            "its feature flags do not fit the other nodes'"},
        {"This RabbitMQ version cannot run on Erlang 20.2 (erts 9.2): minimum required version is 20.3\n",
            "this version of RabbitMQ cannot run on Erlang 20.2 (erts 9.2): minimum required version is "
            "20.3"},
        {"exited with reason: {timeout_waiting_for_leader,{rabbit,start,[normal,[]]}}\n",
            "it waited in vain for a majority to elect a leader"},
        {"epmd error for host rmq1: nxdomain (non-existing domain)\n",
            "this host's own name cannot be used: rmq1: nxdomain (non-existing domain)"},
        {"WARNING - plugins currently enabled but missing: rabbitmq_none\n",
            "plugins are enabled but not installed: rabbitmq_none"},
        {"listen_error, eaddrinuse", "a port is in use by another process"},
        {"all is well\n", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect_cause(cases[i].text, cases[i].cause);
}

/* What an earlier run failed for, or this one's boot has overcome, is not why it is dead now. */
static void test_only_the_last_run_counts(void **state)
{
    (void)state;
    expect_cause(JOURNAL "systemd[1]: Starting rabbitmq-server.service...\n" JOURNAL
                         "rabbitmq[30]: error: {listen_error, eaddrinuse}\n" JOURNAL
                         "systemd[1]: Starting rabbitmq-server.service...\n",
        "");
    expect_cause(
        "x [warning] timeout_waiting_for_tables\n"
        "2026-11-22 20:45:10.086113+00:00 [info] <0.9.0> Server startup complete; 3 plugins started.\n"
        "Certificate Expired\n",
        "");
    expect_cause(
        "2026-11-22 20:45:10.086113+00:00 [info] <0.9.0> Server startup complete; 3 plugins started.\n"
        "** {file_error,\"/var/lib/rabbitmq/x\",enospc}\n",
        "no space left on the disk of /var/lib/rabbitmq/x");
    expect_cause(
        "2026-11-22 20:45:10.086113+00:00 [error] <0.9.0> {listen_error, eaddrinuse}\n"
        "2026-11-22 20:45:11.086113+00:00 [notice] <0.9.0> Logging: configured log handlers are now ACTIVE\n",
        "");
}

/* The journal may already hold the beginning of the run that was started after the death. */
static void test_a_run_that_has_just_begun_is_left_out(void **state)
{
    static const char ended[] =
        JOURNAL "systemd[1]: Starting rabbitmq-server.service...\n" JOURNAL
                "systemd[1]: Started rabbitmq-server.service.\n" JOURNAL
                "systemd[1]: rabbitmq-server.service: A process of this unit has been killed by the OOM "
                "killer.\n" JOURNAL
                "systemd[1]: rabbitmq-server.service: Main process exited, code=killed, status=9/KILL\n";
    static const char begun[] = JOURNAL "systemd[1]: Starting rabbitmq-server.service...\n";
    char both[sizeof(ended) + sizeof(begun)];

    (void)state;
    strcpy(both, ended);
    assert_int_equal(log_ended_runs(both, strlen(both)), strlen(ended));
    strcat(both, begun);
    assert_int_equal(log_ended_runs(both, strlen(both)), strlen(ended));
    assert_int_equal(log_ended_runs(both, 0), 0);
    look(both, log_ended_runs(both, strlen(both)));
    assert_string_equal(cause, "out of memory: the kernel's OOM killer ended the broker");
    look(both, strlen(both));
    assert_string_equal(cause, "");
}

static void test_tail(void **state)
{
    static const char journal[] =
        JOURNAL "systemd[1]: Starting rabbitmq-server.service...\n" JOURNAL
                "rabbitmq[30]:   ##  ##      RabbitMQ 4.3.6\n" JOURNAL "rabbitmq[30]: \n" JOURNAL
                "rabbitmq[30]: the \x1b[31mlast\x1b[0m words\n" JOURNAL
                "systemd[1]: Main process exited, code=killed, status=9/KILL\n";
    static const char broker[] = "2026-11-22 20:45:10.086113+00:00 [info] <0.9.0> a client came\n"
                                 "2026-11-22 20:45:11.086113+00:00 [warning] <0.9.0> the first\n"
                                 "2026-11-22 20:45:12.086113+00:00 [error] <0.9.0> twice\n"
                                 "2026-11-22 20:45:12.086113+00:00 [error] <0.9.0> twice\n"
                                 "2026-11-22 20:45:12.086113+00:00 [error] <0.9.0>     inside of a report\n"
                                 "2026-11-22 20:45:13.086113+00:00 [info] <0.9.0> a client went\n";

    (void)state;
    look(journal, strlen(journal));
    assert_string_equal(tail, "the  [31mlast [0m words");
    look(broker, strlen(broker));
    assert_string_equal(tail, "[warning] the first\n[error] twice");
    look(broker, 64); /* nothing louder than info */
    assert_string_equal(tail, "[info] a client came");
    look(JOURNAL "systemd[1]: Started\n", strlen(JOURNAL "systemd[1]: Started\n"));
    assert_string_equal(tail, "");
}

static void test_passwords_are_hidden(void **state)
{
    static const char *const lines[][2] = {
        {"cannot reach amqps://shovel:s3cret@rmq9:5671/%2f",
            "cannot reach amqps://shovel:******@rmq9:5671/%2f"},
        {"[\"amqp://u:p:w@d@h\",\"http://h:80/x@y\"]", "[\"amqp://u:*****@h\",\"http://h:80/x@y\"]"},
        {"{password,<<\"s3cret\">>},{host,a}", "{password,<<\"******\">>},{host,a}"},
        {"default_pass = s3cret", "default_pass = ******"},
        {"{\"Password\": \"s3cret\"}", "{\"Password\": \"******\"}"},
        {"client_secret => s3cret, x", "client_secret => ******, x"},
        {"{ssl_passphrase,\"s3cret\"}", "{ssl_passphrase,\"******\"}"},
        {"{password, \"s3 c,ret\"}", "{password, \"********\"}"},
        {"{password,<<115,101>>}", "{password,<<*******>>}"},
        {"{password,<<\"s3c", "{password,<<\"***"},
        {"{passphrase,s3cret}", "{passphrase,******}"},
        {"wrong password, closing <0.1.0>; bypass", "wrong password, closing <0.1.0>; bypass"},
        {"password", "password"},
        {"a secret,", "a secret,"},
        {"ends in http://", "ends in http://"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++) {
        look(lines[i][0], strlen(lines[i][0]));
        assert_string_equal(tail, lines[i][1]);
    }
}

static void test_long_lines_are_cut_at_a_character(void **state)
{
    char text[2000];

    (void)state;
    for (size_t i = 0; i + 3 <= sizeof(text); i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    look(text, sizeof(text) - sizeof(text) % 3);
    assert_int_equal((strlen(tail) - 3) % 3, 0);
    assert_string_equal(tail + strlen(tail) - 3, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_logs),
        cmocka_unit_test(test_every_piece_is_survived),
        cmocka_unit_test(test_other_causes),
        cmocka_unit_test(test_only_the_last_run_counts),
        cmocka_unit_test(test_a_run_that_has_just_begun_is_left_out),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_passwords_are_hidden),
        cmocka_unit_test(test_long_lines_are_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
