#include "config/options.h"

#define MS UINT64_C(1)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ROOT(field) offsetof(struct config, field)
#define POLICY(field) offsetof(struct config, policy.field)
#define AMQP(field) offsetof(struct amqp_config, field)
#define MANAGEMENT(field) offsetof(struct management_config, field)
#define EXEC(field) offsetof(struct exec_config, field)
#define LEASE(field) offsetof(struct lease_config, field)
#define EVIDENCE(field) offsetof(struct evidence_config, field)
#define AGENTS(field) offsetof(struct agents_config, field)
#define HEARTBEAT(field) offsetof(struct heartbeat_config, field)
#define ALERTS(field) offsetof(struct alerts_config, field)
#define NODE(field) offsetof(struct node_config, field)

/* clang-format off: a table is read by its columns */
static const struct option root_options[] = {
    {"mode", OPTION_MODE, POLICY(act), "act", 0, 0, NULL},
    {"language", OPTION_LANGUAGE, POLICY(language), "en", 0, 0, NULL},
    {"cluster", OPTION_TEXT, ROOT(cluster), NULL, 0, 0, value_check_cluster},
    {"node", OPTION_NODE, ROOT(node), NULL, 0, 0, value_check_node_name},
    {"unit", OPTION_TEXT, ROOT(unit), "rabbitmq-server.service", 0, 0, value_check_unit},
    {"control_socket", OPTION_TEXT, ROOT(control_socket), "/run/rmqwatchd/control.sock", 0, 0,
        value_check_socket},
    {"state_dir", OPTION_TEXT, ROOT(state_dir), "/var/lib/rmqwatchd", 0, 0, value_check_path},
    {"interval", OPTION_DURATION, POLICY(interval_ms), "5s", 1 * SECOND, 10 * MINUTE, NULL},
    {"fast_interval", OPTION_DURATION, POLICY(fast_interval_ms), "1s", 100 * MS, 1 * MINUTE, NULL},
    {"timeout", OPTION_DURATION, POLICY(timeout_ms), "3s", 100 * MS, 1 * MINUTE, NULL},
    {"fall", OPTION_COUNT, POLICY(fall), "3", 1, 100, NULL},
    {"rise", OPTION_COUNT, POLICY(rise), "2", 1, 100, NULL},
    {"views_settle", OPTION_DURATION, POLICY(views_settle_ms), "75s", 1 * SECOND, 1 * HOUR, NULL},
    {"busy_patience", OPTION_DURATION, POLICY(busy_patience_ms), "0s", 0, 7 * DAY, NULL},
    {"restart_stopped_app", OPTION_SWITCH, POLICY(restart_stopped_app), "false", 0, 0, NULL},
    {"restart_lost_listener", OPTION_SWITCH, POLICY(restart_lost_listener), "false", 0, 0, NULL},
    {"ask_timeout", OPTION_DURATION, POLICY(ask_timeout_ms), "2s", 100 * MS, 1 * MINUTE, NULL},
    {"held_retry", OPTION_DURATION, POLICY(held_retry_ms), "10s", 1 * SECOND, 1 * HOUR, NULL},
    {"kill_timeout", OPTION_DURATION, POLICY(kill_timeout_ms), "10s", 1 * SECOND, 10 * MINUTE, NULL},
    {"start_margin", OPTION_DURATION, POLICY(start_margin_ms), "10s", 1 * SECOND, 1 * HOUR, NULL},
    {"slow_boot", OPTION_DURATION, POLICY(slow_boot_ms), "2min", 1 * SECOND, 1 * DAY, NULL},
    {"verify_timeout", OPTION_DURATION, POLICY(verify_timeout_ms), "60s", 1 * SECOND, 1 * HOUR, NULL},
    {"verify_stable", OPTION_DURATION, POLICY(verify_stable_ms), "10s", 1 * SECOND, 1 * HOUR, NULL},
    {"max_restarts", OPTION_COUNT, POLICY(max_restarts), "5", 1, RMQ_RESTARTS_MAX, NULL},
    {"max_cluster_restarts", OPTION_COUNT, POLICY(max_cluster_restarts), "8", 1, RMQ_CLUSTER_RESTARTS_MAX,
        NULL},
    {"restart_window", OPTION_DURATION, POLICY(restart_window_ms), "10min", 10 * SECOND, 7 * DAY, NULL},
    {"backoff", OPTION_DURATION, POLICY(backoff_ms), "5s", 100 * MS, 1 * HOUR, NULL},
    {"backoff_max", OPTION_DURATION, POLICY(backoff_max_ms), "2min", 100 * MS, 1 * DAY, NULL},
    {"give_up_retry", OPTION_DURATION, POLICY(give_up_retry_ms), "10min", 10 * SECOND, 1 * DAY, NULL},
    {"give_up_retry_max", OPTION_DURATION, POLICY(give_up_retry_max_ms), "2h", 10 * SECOND, 7 * DAY, NULL},
};

static const struct option amqp_options[] = {
    {"enabled", OPTION_SWITCH, AMQP(enabled), "true", 0, 0, NULL},
    {"port", OPTION_PORT, AMQP(port), "5672", 1, 65535, NULL},
    {"tls", OPTION_SWITCH, AMQP(tls), "false", 0, 0, NULL},
    {"ca_file", OPTION_FILE, AMQP(ca_file), NULL, 0, 0, value_check_path},
};

static const struct option management_options[] = {
    {"enabled", OPTION_SWITCH, MANAGEMENT(enabled), "true", 0, 0, NULL},
    {"url", OPTION_TEXT, MANAGEMENT(url), "http://127.0.0.1:15672", 0, 0, value_check_http_url},
    {"username", OPTION_TEXT, MANAGEMENT(username), NULL, 0, 0, value_check_username},
    {"password_file", OPTION_SECRET, MANAGEMENT(password), NULL, 0, 0, NULL},
    {"ca_file", OPTION_FILE, MANAGEMENT(ca_file), NULL, 0, 0, value_check_path},
};

static const struct option exec_options[] = {
    {"enabled", OPTION_SWITCH, EXEC(enabled), "false", 0, 0, NULL},
    {"command", OPTION_LIST, EXEC(command),
        "{\"/usr/lib/rabbitmq/bin/rabbitmq-diagnostics\", \"--quiet\", \"--node\", \"%n\", "
        "\"check_running\"}",
        0, RMQ_COMMAND_WORDS_MAX - 1, value_check_word},
    {"interval", OPTION_DURATION, EXEC(interval_ms), "30s", 1 * SECOND, 1 * HOUR, NULL},
    {"timeout", OPTION_DURATION, EXEC(timeout_ms), "15s", 100 * MS, 10 * MINUTE, NULL},
};

static const struct option lease_options[] = {
    {"provider", OPTION_LEASE, LEASE(provider), "rabbitmq", 0, 0, NULL},
    {"timeout", OPTION_DURATION, LEASE(timeout_ms), "2s", 100 * MS, 1 * MINUTE, NULL},
    {"username", OPTION_TEXT, LEASE(username), NULL, 0, 0, value_check_username},
    {"password_file", OPTION_SECRET, LEASE(password), NULL, 0, 0, NULL},
    {"vhost", OPTION_TEXT, LEASE(vhost), "/", 0, 0, value_check_label},
    {"endpoints", OPTION_LIST, LEASE(endpoints), NULL, 0, RMQ_LEASE_ENDPOINTS_MAX, value_check_http_url},
    {"key", OPTION_TEXT, LEASE(key), "rmqwatchd/restart", 0, 0, value_check_label},
    {"ttl", OPTION_DURATION, LEASE(ttl_ms), "60s", 10 * SECOND, 1 * HOUR, NULL},
    {"ca_file", OPTION_FILE, LEASE(ca_file), NULL, 0, 0, value_check_path},
};

static const struct option evidence_options[] = {
    {"keep", OPTION_COUNT, EVIDENCE(keep), "50", 1, 10000, NULL},
    {"max_megabytes", OPTION_COUNT, EVIDENCE(max_megabytes), "100", 1, 100000, NULL},
    {"crash_dump", OPTION_DURATION, EVIDENCE(crash_dump_ms), "0s", 0, 10 * MINUTE, NULL},
};

static const struct option agents_options[] = {
    {"listen", OPTION_TEXT, AGENTS(listen), "*:15693", 0, 0, value_check_listen},
    {"missing", OPTION_DURATION, AGENTS(missing_ms), "30s", 10 * SECOND, 1 * HOUR, NULL},
};

static const struct option heartbeat_options[] = {
    {"url_file", OPTION_SECRET, HEARTBEAT(url), NULL, 0, 0, value_check_secret_url},
    {"interval", OPTION_DURATION, HEARTBEAT(interval_ms), "1min", 10 * SECOND, 1 * DAY, NULL},
    {"ca_file", OPTION_FILE, HEARTBEAT(ca_file), NULL, 0, 0, value_check_path},
};

static const struct option alerts_options[] = {
    {"group_delay", OPTION_DURATION, ALERTS(group_delay_ms), "20s", 0, 10 * MINUTE, NULL},
    {"flap_pause", OPTION_DURATION, ALERTS(flap_pause_ms), "1min", 0, 30 * MINUTE, NULL},
    {"repeat_interval", OPTION_DURATION, ALERTS(repeat_interval_ms), "4h", 0, 30 * DAY, NULL},
};

static const struct option node_options[] = {
    {"host", OPTION_TEXT, NODE(host), NULL, 0, 0, value_check_host},
    {"amqp_port", OPTION_PORT, NODE(amqp_port), "0", 0, 65535, NULL},
    {"management_url", OPTION_TEXT, NODE(management_url), NULL, 0, 0, value_check_http_url},
    {"agent_port", OPTION_PORT, NODE(agent_port), "0", 0, 65535, NULL},
};

const struct option_section option_sections[OPTION_SECTIONS] = {
    [SECTION_ROOT] = {NULL, root_options, COUNT_OF(root_options), 0},
    [SECTION_AMQP] = {"amqp", amqp_options, COUNT_OF(amqp_options), ROOT(amqp)},
    [SECTION_MANAGEMENT] = {"management", management_options, COUNT_OF(management_options), ROOT(management)},
    [SECTION_EXEC] = {"exec", exec_options, COUNT_OF(exec_options), ROOT(exec)},
    [SECTION_LEASE] = {"lease", lease_options, COUNT_OF(lease_options), ROOT(lease)},
    [SECTION_EVIDENCE] = {"evidence", evidence_options, COUNT_OF(evidence_options), ROOT(evidence)},
    [SECTION_AGENTS] = {"agents", agents_options, COUNT_OF(agents_options), ROOT(agents)},
    [SECTION_HEARTBEAT] = {"heartbeat", heartbeat_options, COUNT_OF(heartbeat_options), ROOT(heartbeat)},
    [SECTION_ALERTS] = {"alerts", alerts_options, COUNT_OF(alerts_options), ROOT(alerts)},
};
/* clang-format on */

const struct option_section option_node_section = {"node", node_options, COUNT_OF(node_options), ROOT(nodes)};
