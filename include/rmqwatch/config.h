/* The configuration as every part sees it: plain data, checked, immutable once loaded. Field names equal the
 * option names of etc/rmqwatchd.conf, with the unit added where there is one. src/config fills it. */
#ifndef RMQWATCH_CONFIG_H
#define RMQWATCH_CONFIG_H

#include "rmqwatch/limits.h"
#include "rmqwatch/notice.h"
#include "rmqwatch/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    RMQ_CHANNELS_MAX = 16,
    RMQ_RECIPIENTS_MAX = 16,
    RMQ_LEASE_ENDPOINTS_MAX = 8,
    RMQ_COMMAND_WORDS_MAX = 32,
    RMQ_CHANNEL_HEADERS_MAX = 8,
    RMQ_SECRET_MAX = 2048
};

/* A password, or a URL that is one. Read from a file or a systemd credential, never from the configuration
 * itself; wiped when the configuration is freed; never to be logged. NULL: not set. */
struct secret {
    char *value;
};

struct amqp_config {
    bool enabled;
    uint16_t port;
    bool tls;      /* the port speaks TLS: a handshake is the deep probe */
    char *ca_file; /* NULL: the system's trust store */
};

struct management_config {
    bool enabled;
    char
        *url; /* of the local node: "http://127.0.0.1:15672"; peers: same scheme and port at their own host */
    char *username;
    struct secret password;
    char *ca_file; /* NULL: the system's trust store */
};

struct exec_config {
    bool enabled;
    char *command[RMQ_COMMAND_WORDS_MAX]; /* argv, NULL-terminated, no shell; "%n" becomes the node's name */
    uint64_t interval_ms;
    uint64_t timeout_ms;
};

struct lease_config {
    const struct lease_ops *provider;
    char *username; /* rabbitmq, etcd; NULL: as management.username (rabbitmq), none (etcd) */
    struct secret password;
    char *vhost;                              /* rabbitmq */
    char *endpoints[RMQ_LEASE_ENDPOINTS_MAX]; /* etcd: "http://host:2379" */
    char *key;                                /* etcd */
    char *ca_file;                            /* etcd over https; NULL: the system's trust store */
    uint64_t timeout_ms;
    uint64_t ttl_ms; /* etcd */
};

struct evidence_config {
    uint32_t keep;          /* incidents */
    uint32_t max_megabytes; /* of all together */
    uint64_t crash_dump_ms; /* as in struct policy */
};

/* How the agents of one cluster know of each other. */
struct agents_config {
    char *listen;  /* "*:15693", "10.0.0.1:15693", "[fd00::1]:15693"; "": neither listens nor asks */
    uint16_t port; /* of that; 0: none */
    uint64_t missing_ms;
};

/* Tells somebody outside, again and again, that this daemon is well. */
struct heartbeat_config {
    struct secret url; /* NULL: nobody is told */
    uint64_t interval_ms;
    char *ca_file; /* NULL: the system's trust store */
};

/* How alerts are grouped and paced, in each channel. */
struct alerts_config {
    uint64_t group_delay_ms;     /* how long what may heal waits for its end; 0: it does not */
    uint64_t flap_pause_ms;      /* the first pause after a trouble's end; 0: there are none */
    uint64_t repeat_interval_ms; /* what is not over is told again; 0: never */
};

/* node "rabbit@host" { ... }: where that member really is, when its name does not say it. */
struct node_config {
    char name[RMQ_NODE_NAME_MAX];
    char *host;           /* NULL: the part of the name after the @ */
    uint16_t amqp_port;   /* 0: as amqp.port */
    char *management_url; /* NULL: derived as above */
    uint16_t agent_port;  /* 0: as agents.port */
};

/* Which of it a kind of channel has, and needs, its channel_ops say. */
struct channel_config {
    const struct channel_ops *ops; /* which kind: slack, webhook, mail ... */
    char *name;                    /* the section's title */
    enum severity min_severity;
    uint64_t events;             /* a bit for each kind of notice that is wanted; 0: all */
    struct secret url;           /* where to POST, for targets whose URL is the secret */
    char *server;                /* "smtp://host:587", "smtps://host:465", "http://host:9093" */
    struct secret secret;        /* signs what is sent; NULL: not signed */
    struct secret routing_key;   /* says whom it is for */
    struct secret authorization; /* the value of that header; NULL: none */
    char *headers[RMQ_CHANNEL_HEADERS_MAX + 1]; /* "Name: value", NULL-terminated */
    char *method;                               /* "POST" */
    char *ca_file;                              /* NULL: the system's trust store */
    bool starttls;                              /* mail: required unless smtps or switched off */
    char *username;                             /* NULL: no authentication */
    struct secret password;
    char *from;
    char *to[RMQ_RECIPIENTS_MAX];
    size_t to_count;
    char *command[RMQ_COMMAND_WORDS_MAX]; /* argv, NULL-terminated, no shell */
    uint64_t timeout_ms;                  /* of the command */
};

struct config {
    char *path;
    char *cluster;                /* shown in alerts; NULL: the name that the cluster gives itself */
    char node[RMQ_NODE_NAME_MAX]; /* the local node; default rabbit@SHORT-HOSTNAME */
    char *unit;                   /* "rabbitmq-server.service" */
    char *state_dir;              /* "/var/lib/rmqwatchd" */
    char *control_socket;         /* "/run/rmqwatchd/control.sock" */
    struct policy policy;
    struct amqp_config amqp;
    struct management_config management;
    struct exec_config exec;
    struct lease_config lease;
    struct evidence_config evidence;
    struct agents_config agents;
    struct heartbeat_config heartbeat;
    struct alerts_config alerts;
    size_t node_count;
    struct node_config nodes[RMQ_MEMBERS_MAX];
    size_t channel_count;
    struct channel_config channels[RMQ_CHANNELS_MAX];
};

/* Reads and checks PATH with all the secret files it names. On success *ret_config is the caller's, to be
 * freed with config_free(). On failure returns a negative errno, leaves *ret_config alone, and writes one
 * line for people into ERROR ("FILE:LINE: what is wrong; what would be right"); it never holds a secret. */
int config_load(const char *path, struct config **ret_config, char *error, size_t error_size);
/* The same for those who need no secret and may not read them: the files that PATH names are left alone, and
 * a secret that is set is an empty text. */
int config_load_without_secrets(const char *path, struct config **ret_config, char *error, size_t error_size);
void config_free(struct config *config); /* accepts NULL */

/* Whether each command that is in use can be run by who asks. Otherwise ERROR says which cannot; it is no
 * reason for the daemon not to start. */
bool config_commands_run(const struct config *config, char *error, size_t error_size);
/* A line for each channel: who gets what, and which secrets are set, but none of them. */
void config_print_channels(const struct config *config, FILE *out);

#endif
