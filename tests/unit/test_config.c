/* config_load() on good files: the sample, every option, secrets. Bad ones: test_config_errors.c. */
#include "config_files.h"

#include "config/options.h"
#include "rmqwatch/channel.h"
#include "rmqwatch/lease.h"
#include "sim/sim.h"
#include "store/event_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char minimal[] = "management { username = u password_file = \"@/api\" }\n";

static struct config *load(const char *text)
{
    struct config *config = NULL;
    char error[512] = "untouched";
    int r = config_files_load(text, &config, error, sizeof error);

    if (r != 0)
        print_error("%s\n", error);
    assert_int_equal(r, 0);
    assert_string_equal(error, "");
    return config;
}

/* The sample as an operator would make it who uncomments everything: "#key", "#    key", not "# prose". */
static char *sample_uncommented(void)
{
    FILE *file = fopen("etc/rmqwatchd.conf", "r");
    char *text = NULL, *line = NULL;
    size_t text_size = 0, line_size = 0;
    FILE *out = open_memstream(&text, &text_size);

    assert_non_null(file);
    while (getline(&line, &line_size, file) > 0) {
        bool option = line[0] == '#' && strchr(" \n", line[1]) == NULL;
        bool inner = strncmp(line, "#    ", 5) == 0;
        bool cluster = strncmp(line, "#cluster = ", 11) == 0;
        char *secrets = strstr(line, "/etc/rmqwatchd/secrets/");

        if (secrets != NULL)
            *secrets = '\0';
        /* Some channels cannot do without it. */
        if (cluster)
            strcpy(line, "#cluster = x\n");
        fputs(option || inner ? line + 1 : line, out);
        if (secrets != NULL)
            fprintf(out, "@/%s", secrets + strlen("/etc/rmqwatchd/secrets/"));
    }
    free(line);
    fclose(file);
    fclose(out);
    return text;
}

static void assert_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void assert_same_lease(const struct lease_config *a, const struct lease_config *b)
{
    assert_ptr_equal(a->provider, b->provider);
    assert_same_text(a->username, b->username);
    assert_same_text(a->password.value, b->password.value);
    assert_same_text(a->vhost, b->vhost);
    assert_same_text(a->endpoints[0], b->endpoints[0]);
    assert_same_text(a->key, b->key);
    assert_same_text(a->ca_file, b->ca_file);
    assert_true(a->timeout_ms == b->timeout_ms && a->ttl_ms == b->ttl_ms);
}

/* But for what has no default. */
static void assert_same_channel(const struct channel_config *a, const struct channel_config *b)
{
    assert_ptr_equal(a->ops, b->ops);
    assert_int_equal(a->min_severity, b->min_severity);
    assert_true(a->events == 0 && b->events == 0);
    assert_int_equal(a->starttls, b->starttls);
    assert_true(a->timeout_ms == b->timeout_ms);
    assert_same_text(a->ca_file, b->ca_file);
    assert_same_text(a->method, b->method);
    assert_same_text(a->username, b->username);
    assert_same_text(a->password.value, b->password.value);
    assert_same_text(a->secret.value, b->secret.value);
    assert_same_text(a->authorization.value, b->authorization.value);
    assert_null(a->headers[0]);
    assert_null(b->headers[0]);
    if (strcmp(a->ops->name, "mail") != 0)
        assert_same_text(a->server, b->server);
}

static void test_sample_shows_the_defaults(void **state)
{
    char *text = sample_uncommented();
    struct config *sample = load(text);
    struct config *plain = load(minimal);

    (void)state;
    assert_memory_equal(&sample->policy, &plain->policy, sizeof plain->policy);
    assert_same_text(sample->cluster, "x");
    assert_null(plain->cluster);
    assert_string_equal(sample->node, plain->node);
    assert_string_equal(sample->unit, plain->unit);
    assert_string_equal(sample->state_dir, plain->state_dir);
    assert_memory_equal(&sample->amqp, &plain->amqp, sizeof plain->amqp);
    assert_int_equal(sample->management.enabled, plain->management.enabled);
    assert_string_equal(sample->management.url, plain->management.url);
    assert_same_text(sample->management.ca_file, plain->management.ca_file);
    assert_int_equal(sample->exec.enabled, plain->exec.enabled);
    assert_true(sample->exec.interval_ms == plain->exec.interval_ms);
    assert_true(sample->exec.timeout_ms == plain->exec.timeout_ms);
    for (size_t i = 0; i < RMQ_COMMAND_WORDS_MAX; i++)
        assert_same_text(sample->exec.command[i], plain->exec.command[i]);
    assert_string_equal(sample->control_socket, plain->control_socket);
    assert_memory_equal(&sample->evidence, &plain->evidence, sizeof plain->evidence);
    assert_memory_equal(&sample->alerts, &plain->alerts, sizeof plain->alerts);
    assert_same_lease(&sample->lease, &plain->lease);
    assert_string_equal(sample->agents.listen, plain->agents.listen);
    assert_int_equal(sample->agents.port, plain->agents.port);
    assert_null(sample->heartbeat.url.value);
    assert_null(sample->heartbeat.ca_file);
    assert_true(sample->heartbeat.interval_ms == plain->heartbeat.interval_ms);
    config_free(plain);

    plain = load("amqp { enabled = true } cluster = x\n"
                 "management { enabled = false }\n"
                 "slack \"a\" { url_file = \"@/slack\" }\n"
                 "dingtalk d { url_file = \"@/slack\" } feishu e { url_file = \"@/slack\" }\n"
                 "wecom f { url_file = \"@/slack\" } teams g { url_file = \"@/slack\" }\n"
                 "discord h { url_file = \"@/slack\" }\n"
                 "pagerduty i { routing_key_file = \"@/api\" }\n"
                 "alertmanager j { server = \"http://alertmanager.example.com:9093\" }\n"
                 "webhook b { url_file = \"@/hub\" }\n"
                 "mail c { server = \"smtp://h\" from = a@b to = d@e }\n"
                 "script k { command = {\"/bin/true\"} }\n");
    assert_null(channel_at(plain->channel_count));
    assert_int_equal(sample->channel_count, plain->channel_count);
    for (size_t i = 0; i < plain->channel_count; i++)
        assert_same_channel(&sample->channels[i], &plain->channels[i]);
    config_free(plain);
    config_free(sample);
    free(text);
}

/* Whether TEXT sets OPTION in the first section NAME (NULL: outside of all). */
static bool sample_sets(const char *text, const char *name, const char *option)
{
    const char *end;
    char wanted[64];

    if (name != NULL) {
        const char *begin;

        snprintf(wanted, sizeof wanted, "\n%s {", name);
        begin = strstr(text, wanted);
        snprintf(wanted, sizeof wanted, "\n%s \"", name);
        text = begin != NULL ? begin : strstr(text, wanted);
        assert_non_null(text);
        end = strstr(text, "\n}");
        snprintf(wanted, sizeof wanted, "\n    %s = ", option);
    } else {
        end = text + strlen(text);
        snprintf(wanted, sizeof wanted, "\n%s = ", option);
    }
    text = strstr(text, wanted);
    return text != NULL && text < end;
}

static void test_sample_shows_every_option(void **state)
{
    char *text = sample_uncommented();
    struct option_section sections[OPTION_SECTIONS + 17];
    struct option_channel channels[16];
    size_t count = 0, options = 0;

    (void)state;
    for (size_t i = 0; i < OPTION_SECTIONS; i++)
        sections[count++] = option_sections[i];
    sections[count++] = option_node_section;
    for (size_t i = 0; channel_at(i) != NULL; i++) {
        option_channel_init(&channels[i], channel_at(i));
        sections[count++] = channels[i].section;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sections[i].option_count; j++, options++)
            if (!sample_sets(text, sections[i].name, sections[i].options[j].name))
                fail_msg("%s.%s is missing", sections[i].name, sections[i].options[j].name);
    assert_true(options > 50);
    free(text);
}

static void test_sample_names_every_event(void **state)
{
    char *text = sample_uncommented();
    char *list = strstr(text, "# All of them"), *end;

    (void)state;
    assert_non_null(list);
    list = strchr(list, '\n');
    end = strstr(list, "events = ");
    assert_non_null(end);
    *end = '\0';
    for (int kind = NOTICE_NONE + 1; kind < NOTICE_KIND_COUNT; kind++) {
        const char *event = notice_info((enum notice_kind)kind)->event;
        const char *at = list;

        while (
            (at = strstr(at, event)) != NULL && (at[-1] != ' ' || strchr(" \n", at[strlen(event)]) == NULL))
            at++;
        if (at == NULL)
            fail_msg("%s is missing", event);
    }
    free(text);
}

static void test_sample_loads_as_it_is(void **state)
{
    FILE *file = fopen("etc/rmqwatchd.conf", "r");
    char text[20480], local[20480] = "";
    size_t size;
    char *at = text, *found;

    (void)state;
    assert_non_null(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    while ((found = strstr(at, "/etc/rmqwatchd/secrets/")) != NULL) {
        *found = '\0';
        strcat(strcat(local, at), "@/");
        at = found + strlen("/etc/rmqwatchd/secrets/");
    }
    strcat(local, at);
    struct config *config = load(local);
    assert_true(config->policy.act);
    assert_string_equal(config->management.password.value, "api-secret");
    assert_int_equal(config->channel_count, 1);
    assert_string_equal(config->channels[0].url.value, "https://hooks.example.com/T0/slack-secret");
    config_free(config);
}

static void test_defaults_are_these(void **state)
{
    struct config *config = load(minimal);
    const struct policy *policy = &config->policy;
    char host[256] = "", node[300];

    (void)state;
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    snprintf(node, sizeof node, "rabbit@%s", host);
    assert_string_equal(config->node, node);
    assert_null(config->cluster);
    assert_string_equal(config->unit, "rabbitmq-server.service");
    assert_string_equal(config->state_dir, "/var/lib/rmqwatchd");
    assert_true(policy->act);
    assert_int_equal(policy->language, LANGUAGE_ENGLISH);
    assert_true(policy->interval_ms == 5000 && policy->fast_interval_ms == 1000);
    assert_true(policy->timeout_ms == 3000 && policy->fall == 3 && policy->rise == 2);
    assert_true(policy->ask_timeout_ms == 2000 && policy->held_retry_ms == 10000);
    assert_true(policy->kill_timeout_ms == 10000 && policy->start_margin_ms == 10000);
    assert_true(policy->slow_boot_ms == 120000);
    assert_true(policy->verify_timeout_ms == 60000 && policy->verify_stable_ms == 10000);
    assert_true(policy->max_restarts == 5 && policy->restart_window_ms == 600000);
    assert_true(policy->backoff_ms == 5000 && policy->backoff_max_ms == 120000);
    assert_true(policy->give_up_retry_ms == 600000 && policy->give_up_retry_max_ms == 7200000);
    assert_true(config->amqp.enabled && config->amqp.port == 5672 && !config->amqp.tls);
    assert_true(config->management.enabled && !config->exec.enabled);
    assert_string_equal(config->management.url, "http://127.0.0.1:15672");
    assert_string_equal(config->exec.command[4], "check_running");
    assert_null(config->exec.command[5]);
    assert_true(config->exec.interval_ms == 30000 && config->exec.timeout_ms == 15000);
    assert_int_equal(config->node_count, 0);
    assert_int_equal(config->channel_count, 0);
    config_free(config);
}

/* Stories and simulations are told of the product as it is. */
static void test_the_simulators_defaults_are_these(void **state)
{
    struct event plain = {.kind = EVENT_POLICY}, simulated = {.kind = EVENT_POLICY};
    struct config *config = load(minimal);
    char *texts[2];

    (void)state;
    plain.policy = config->policy;
    simulated.policy = sim_default_policy();
    texts[0] = event_to_json(&plain);
    texts[1] = event_to_json(&simulated);
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    config_free(config);
}

static void test_defaults_of_newer_sections(void **state)
{
    struct config *config = load(minimal);
    const struct policy *policy = &config->policy;

    (void)state;
    assert_string_equal(config->control_socket, "/run/rmqwatchd/control.sock");
    assert_true(policy->views_settle_ms == 75000 && policy->busy_patience_ms == 0);
    assert_true(!policy->restart_stopped_app && !policy->restart_lost_listener);
    assert_true(policy->max_cluster_restarts == 8);
    assert_string_equal(config->lease.provider->name, "rabbitmq");
    assert_true(policy->lease_exclusive && policy->lease_timeout_ms == 2000);
    assert_null(config->lease.username);
    assert_null(config->lease.password.value);
    assert_string_equal(config->lease.vhost, "/");
    assert_null(config->lease.endpoints[0]);
    assert_string_equal(config->lease.key, "rmqwatchd/restart");
    assert_true(config->lease.ttl_ms == 60000);
    assert_true(config->evidence.keep == 50 && config->evidence.max_megabytes == 100);
    assert_true(policy->crash_dump_ms == 0);
    assert_true(config->alerts.group_delay_ms == 20000 && config->alerts.flap_pause_ms == 60000);
    assert_true(config->alerts.repeat_interval_ms == 4 * 3600000);
    assert_string_equal(config->agents.listen, "*:15693");
    assert_int_equal(config->agents.port, 15693);
    assert_true(policy->agent_missing_ms == 30000);
    assert_null(config->heartbeat.url.value);
    assert_true(config->heartbeat.interval_ms == 60000);
    config_free(config);
}

static void test_reads_how_agents_meet(void **state)
{
    static const char *const places[] = {"10.0.0.1:1", "[fd00::1]:65535", "*:80"};
    static const uint16_t ports[] = {1, 65535, 80};
    struct config *config;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(text, sizeof text,
            "management { enabled = false }\nagents { listen = \"%s\" missing = 1min }\n"
            "node \"rabbit@b\" { agent_port = 7 }\n",
            places[i]);
        config = load(text);
        assert_string_equal(config->agents.listen, places[i]);
        assert_int_equal(config->agents.port, ports[i]);
        assert_true(config->policy.agent_missing_ms == 60000);
        assert_int_equal(config->nodes[0].agent_port, 7);
        config_free(config);
    }
    config = load("management { enabled = false }\nagents { listen = \"\" missing = 1min }\n"
                  "heartbeat { url_file = \"@/hub\" interval = 10s ca_file = \"@/ca\" }\n");
    assert_string_equal(config->agents.listen, "");
    assert_int_equal(config->agents.port, 0);
    assert_true(config->policy.agent_missing_ms == 0);
    assert_string_equal(config->heartbeat.url.value, "http://hub.example.com:8080/in?key=hub-secret");
    assert_true(config->heartbeat.interval_ms == 10000 && config->heartbeat.ca_file != NULL);
    config_free(config);
}

static void test_reads_leases(void **state)
{
    struct config *config =
        load("management { username = u password_file = \"@/api\" }\n"
             "lease { provider = etcd endpoints = {\"https://e1:2379\", \"http://[::1]:2379\"} ttl = 10s\n"
             "timeout = 10s key = 'a/b' username = root password_file = \"@/api\" ca_file = \"@/ca\" }\n");

    (void)state;
    assert_string_equal(config->lease.provider->name, "etcd");
    assert_true(config->policy.lease_exclusive && config->policy.lease_timeout_ms == 10000);
    assert_string_equal(config->lease.endpoints[1], "http://[::1]:2379");
    assert_null(config->lease.endpoints[2]);
    assert_string_equal(config->lease.key, "a/b");
    assert_string_equal(config->lease.password.value, "api-secret");
    config_free(config);

    config = load("management { username = u password_file = \"@/api\" }\nlease { provider = none }\n");
    assert_false(config->policy.lease_exclusive);
    config_free(config);
}

static void test_reads_every_value(void **state)
{
    struct config *config = load(
        "mode = observe language = zh cluster = 'pr\xC3\xB6"
        "d ${x}' node = \"rabbit@r.example\" # a comment\r\n"
        "unit = \"rabbitmq@1.service\"\nstate_dir = /srv/state\ninterval = 10s\nfast_interval = 500ms\n"
        "timeout = 1min\nfall = 1\nrise = 100\nbackoff = 1h\nbackoff_max = 1h\n"
        "amqp { port = 5671 tls = yes ca_file = \"@/ca\" }\n"
        "management { url = \"https://[::1]:15671\" username = \"u \\\"x\\\"\" password_file = \"@/api\" }\n"
        "exec { enabled = on command = {/bin/true, \"%n\", 'a b',} interval = 1min timeout = 1min }\n"
        "node \"rabbit@r2\" { host = \"fd00::2\" amqp_port = 5673 management_url = \"http://r2.example\" }\n"
        "node rabbit@r.example { }\n"
        "mail m1 { server = \"smtps://mx:465\" from = \"a.b+c@d.example\" to = {a@b, \"c@d\"} min_severity = "
        "critical\n starttls = false username = u password_file = \"@/api\" }\n"
        "slack s1 { url_file = \"@/slack\" min_severity = warning ca_file = \"@/ca\" }\n");
    char ca[300];

    (void)state;
    snprintf(ca, sizeof ca, "%s/ca", config_files_directory);
    assert_false(config->policy.act);
    assert_int_equal(config->policy.language, LANGUAGE_CHINESE);
    assert_string_equal(config->cluster, "pr\xC3\xB6"
                                         "d ${x}");
    assert_string_equal(config->node, "rabbit@r.example");
    assert_string_equal(config->unit, "rabbitmq@1.service");
    assert_string_equal(config->state_dir, "/srv/state");
    assert_true(config->policy.timeout_ms == 60000 && config->policy.rise == 100);
    assert_true(config->amqp.port == 5671 && config->amqp.tls);
    assert_string_equal(config->amqp.ca_file, ca);
    assert_string_equal(config->management.url, "https://[::1]:15671");
    assert_string_equal(config->management.username, "u \"x\"");
    assert_string_equal(config->management.password.value, "api-secret");
    assert_true(config->exec.enabled);
    assert_string_equal(config->exec.command[0], "/bin/true");
    assert_string_equal(config->exec.command[2], "a b");
    assert_null(config->exec.command[3]);
    assert_int_equal(config->node_count, 2);
    assert_string_equal(config->nodes[0].name, "rabbit@r2");
    assert_string_equal(config->nodes[0].host, "fd00::2");
    assert_int_equal(config->nodes[0].amqp_port, 5673);
    assert_string_equal(config->nodes[0].management_url, "http://r2.example");
    assert_string_equal(config->nodes[1].name, "rabbit@r.example");
    assert_null(config->nodes[1].host);
    assert_int_equal(config->nodes[1].amqp_port, 0);
    assert_int_equal(config->channel_count, 2);
    assert_ptr_equal(config->channels[0].ops, channel_find("slack"));
    assert_string_equal(config->channels[0].name, "s1");
    assert_int_equal(config->channels[0].min_severity, SEVERITY_WARNING);
    assert_string_equal(config->channels[0].ca_file, ca);
    assert_ptr_equal(config->channels[1].ops, channel_find("mail"));
    assert_int_equal(config->channels[1].min_severity, SEVERITY_CRITICAL);
    assert_int_equal(config->channels[1].to_count, 2);
    assert_string_equal(config->channels[1].to[1], "c@d");
    assert_string_equal(config->channels[1].from, "a.b+c@d.example");
    assert_string_equal(config->channels[1].password.value, "api-secret");
    assert_false(config->channels[1].starttls);
    config_free(config);
}

static void test_reads_every_kind_of_channel(void **state)
{
    struct config *config = load(
        "management { enabled = false } amqp { enabled = true } cluster = c\n"
        "webhook w { url_file = \"@/hub\" method = PUT headers = {\"X-A: 1\", 'X-B: \"2\"'}\n"
        " authorization_file = \"@/api\" secret_file = \"@/slack\" events = {gave-up, held} }\n"
        "alertmanager a { server = \"https://[::1]:9093/alerts\" username = u password_file = \"@/api\" }\n"
        "pagerduty p { routing_key_file = \"@/api\" server = \"http://127.0.0.1:1\" }\n"
        "script s { command = {\"/bin/sh\", '-c', 'cat'} timeout = 10min min_severity = critical }\n"
        "dingtalk d { url_file = \"@/hub\" secret_file = \"@/api\" }\n");
    const struct channel_config *channel = config->channels;

    (void)state;
    assert_int_equal(config->channel_count, 5);
    assert_string_equal(channel->secret.value, "api-secret");
    channel++;
    assert_string_equal(channel->routing_key.value, "api-secret");
    assert_string_equal(channel->server, "http://127.0.0.1:1");
    assert_int_equal(channel->min_severity, SEVERITY_WARNING);
    channel++;
    assert_string_equal(channel->server, "https://[::1]:9093/alerts");
    assert_string_equal(channel->password.value, "api-secret");
    channel++;
    assert_string_equal(channel->method, "PUT");
    assert_string_equal(channel->headers[1], "X-B: \"2\"");
    assert_null(channel->headers[2]);
    assert_string_equal(channel->authorization.value, "api-secret");
    assert_true(channel->events == (UINT64_C(1) << NOTICE_GAVE_UP | UINT64_C(1) << NOTICE_HELD));
    channel++;
    assert_string_equal(channel->command[2], "cat");
    assert_null(channel->command[3]);
    assert_true(channel->timeout_ms == 600000);
    config_free(config);
}

static void test_reads_credentials(void **state)
{
    struct config *config;

    (void)state;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", config_files_directory, 1), 0);
    config = load("management { username = u password_file = api }");
    assert_string_equal(config->management.password.value, "api-secret");
    config_free(config);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void test_reads_odd_secret_files(void **state)
{
    char longest[RMQ_SECRET_MAX + 1];
    struct config *config;

    (void)state;
    memset(longest, 'x', RMQ_SECRET_MAX - 1);
    strcpy(longest + RMQ_SECRET_MAX - 1, "\n");
    config_files_write("longest", longest, strlen(longest), 0640);
    config = load("management { username = u password_file = \"@/longest\" }");
    assert_int_equal(strlen(config->management.password.value), RMQ_SECRET_MAX - 1);
    config_free(config);

    /* Spaces belong to it, and there need be no newline. */
    config_files_write("spaces", " a b ", 5, 0400);
    config = load("management { username = u password_file = \"@/spaces\" }");
    assert_string_equal(config->management.password.value, " a b ");
    config_free(config);

    /* A symbolic link is what tools that rotate secrets leave behind. */
    config_files_link("spaces", "link");
    config = load("management { username = u password_file = \"@/link\" }");
    assert_string_equal(config->management.password.value, " a b ");
    config_free(config);
}

static void test_reads_a_byte_order_mark_and_many_sections(void **state)
{
    char text[8192] = "\xEF\xBB\xBF"
                      "mode = act\namqp { }\nmanagement { enabled = false }\n";
    struct config *config;

    (void)state;
    for (int i = 0; i < RMQ_MEMBERS_MAX; i++)
        sprintf(text + strlen(text), "node rabbit@n%d { }\n", i);
    for (int i = 0; i < RMQ_CHANNELS_MAX; i++)
        sprintf(text + strlen(text), "slack s%d { url_file = \"@/slack\" }\n", i);
    config = load(text);
    assert_int_equal(config->node_count, RMQ_MEMBERS_MAX);
    assert_string_equal(config->nodes[15].name, "rabbit@n15");
    assert_int_equal(config->channel_count, RMQ_CHANNELS_MAX);
    assert_string_equal(config->channels[15].name, "s15");
    config_free(config);
    config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_shows_the_defaults),
        cmocka_unit_test(test_sample_shows_every_option),
        cmocka_unit_test(test_sample_names_every_event),
        cmocka_unit_test(test_sample_loads_as_it_is),
        cmocka_unit_test(test_defaults_are_these),
        cmocka_unit_test(test_defaults_of_newer_sections),
        cmocka_unit_test(test_the_simulators_defaults_are_these),
        cmocka_unit_test(test_reads_how_agents_meet),
        cmocka_unit_test(test_reads_leases),
        cmocka_unit_test(test_reads_every_value),
        cmocka_unit_test(test_reads_every_kind_of_channel),
        cmocka_unit_test(test_reads_credentials),
        cmocka_unit_test(test_reads_odd_secret_files),
        cmocka_unit_test(test_reads_a_byte_order_mark_and_many_sections),
    };

    return cmocka_run_group_tests(tests, config_files_setup, config_files_teardown);
}
