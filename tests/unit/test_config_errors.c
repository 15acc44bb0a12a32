/* config_load() on bad files: each gives one line that names the place, and nothing else. */
#include "config_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OFF "management { enabled = false }\n"
#define API "management { username = u password_file = \"@/api\" }\n"
#define MAIL OFF "mail m { server = \"smtp://h\" from = a@b to = {c@d} "
#define CLEAN "; the configuration must be plain text"
#define SHAPE                                                                                                \
    ":1: a word without '=' or '{' after it; write: name = value, with quotes around a value with spaces"
#define UNSET "is not set; mail needs server, from and to"
#define LOGIN "is not set; a login needs username and password_file, or neither of them"

static void test_refuses_bad_shapes(void **state)
{
    static const struct config_files_bad bad[] = {
        {"# one\n# two\n\nintervall = 5s", ":4: unknown option 'intervall'; 'interval' is meant perhaps"},
        {"password = hunter2", ":1: unknown option 'password'; the sample rmqwatchd.conf shows all of them"},
        {"amqp {\n prot = 5\n}", ":2: unknown option 'prot'; 'port' is meant perhaps"},
        {"\n\namqp # c\n{ # c\n # c\n\n nodelay = 1 }",
            ":7: unknown option 'nodelay'; the sample rmqwatchd.conf shows all of them"},
        {"a\xc2\x9b"
         "31m\xe2\x80\xae = 5",
            ":1: unknown option 'a 31m '; the sample rmqwatchd.conf shows all of them"},
        {"aaaaaaaaaaaaaaaaaaaaaa\xe4\xb8\xad = 5", ":1: unknown option 'aaaaaaaaaaaaaaaaaaaaaa\xef\xbf\xbd'; "
                                                   "the sample rmqwatchd.conf shows all of them"},
        {"ode = 1", ":1: unknown option 'ode'; 'mode' is meant perhaps"},
        {"mode = act\nopsgenie \"x\" {\n}",
            ":2: unknown option 'opsgenie'; the sample rmqwatchd.conf shows all of them"},
        {"mode act\nfall = 3", SHAPE},
        {"mode", SHAPE},
        {"slack hunter2", SHAPE},
        {"cluster = my hunter2 pass", SHAPE},
        {"\"mode\" = act", ":1: a quoted text stands where an option's name should be; write: name = value"},
        {"cluster = a \"hunter2\"",
            ":1: a quoted text stands where an option's name should be; write: name = value"},
        {"amqp = 5", ":1: a section's name without '{' after it; write: section { ... }"},
        {"amqp x { }", ":1: a section's name without '{' after it; write: section { ... }"},
        {"\nslack { }", ":2: this section needs a name of its own; write it in quotes before the '{'"},
        {"node { }", ":1: this section needs a name of its own; write it in quotes before the '{'"},
        {"interval { }", ":1: an option without '='; write: name = value"},
        {"\nmode = act\n}", ":3: a '}' too many; nothing is open here"},
        {"mode = ", ":1: the file ends in the middle of an option; complete its value"},
        {"exec { command = {a, b\n", ":2: the file ends in the middle of an option; complete its value"},
        {"mode = = act", ":1: this character or word is out of place; write: name = value, lists as {a, b}"},
        {"exec { command = {a hunter2} }",
            ":1: this character or word is out of place; write: name = value, lists as {a, b}"},
        {"fall = 1, 2", ":1: this character or word is out of place; write: name = value, lists as {a, b}"},
        {"mode = {act}", ":1: this character or word is out of place; write: name = value, lists as {a, b}"},
        {"\namqp {\n port = 1\n", ":2: the section that begins here never ends; close it with '}'"},
        {"amqp {\n port = 1\nmanagement {\n}\n",
            ":3: section 'management' begins inside another one; close that of line 1 with '}' first"},
        {"fall = 3\nrise = 2\nfall = 3", ":3: 'fall' is set twice; line 1 has it already, keep one of them"},
        {"amqp { port = 1\nport = 2 }", ":2: 'port' is set twice; line 1 has it already, keep one of them"},
        {"amqp { }\n\namqp { }", ":3: section 'amqp' is there twice; put its options into the one of line 1"},
        {"node \"a@b\" { }\nnode \"a@b\" { }",
            ":2: a section of this kind and name is there already; put both into one"},
        {"slack a { url_file = \"@/slack\" }\nslack a { url_file = \"@/slack\" }",
            ":2: a section of this kind and name is there already; put both into one"},
    };

    (void)state;
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_what_libconfuse_swallows(void **state)
{
    static const struct config_files_bad bad[] = {
        {"\ncluster = \"${HOME}\"", ":2: '${' in double quotes; variables are not expanded here, use single "
                                    "quotes if it is meant"},
        {"cluster = ${HOME}", ":1: '$' outside quotes; put the whole value in quotes"},
        {"interval = *5s", ":1: '*' outside quotes; put the whole value in quotes"},
        {"cluster = a+b", ":1: '+' outside quotes; put the whole value in quotes"},
        {"exec { command += x }", ":1: '+' outside quotes; put the whole value in quotes"},
        {"include(\"/etc/passwd\")", ":1: '(' outside quotes; put the whole value in quotes"},
        {"amqp|port = 5", ":1: '|' outside quotes; put the whole value in quotes"},
        {"cluster = a\\b", ":1: '\\' outside quotes; put the whole value in quotes"},
        {"mode = act\n// no", ":2: '//' is no comment here; comments begin with #"},
        {"/* no */", ":1: '/*' is no comment here; comments begin with #"},
        {"cluster = \"a\\x00b\"",
            ":1: a backslash in a quoted text stands before neither a backslash nor the "
            "quote; write \\\\"},
        {"cluster = 'a\\n'", ":1: a backslash in a quoted text stands before neither a backslash nor the "
                             "quote; write \\\\"},
        {"cluster = \"a\nmode = act\n", ":1: a quote is opened and not closed on this line; close it"},
        {"\ncluster = 'a", ":2: a quote is opened and not closed on this line; close it"},
        {"cluster = \"a\\", ":1: a backslash in a quoted text stands before neither a backslash nor the "
                            "quote; write \\\\"},
        {"mode = act\n\x01", ":2: a control character (0x01)" CLEAN},
        {"mode = \"act\r\"", ":1: a control character (0x0d)" CLEAN},
        {"cluster = \x7f", ":1: a control character (0x7f)" CLEAN},
        {"\x01ode \"a@b\" { }", ":1: a control character (0x01)" CLEAN},
        {"\ncluster = \"\xFF\"", ":2: not UTF-8; save the file in that encoding"},
        {"cluster = \"\xC0\x80\"", ":1: not UTF-8; save the file in that encoding"},
        {"cluster = \"\xED\xA0\x80\"", ":1: not UTF-8; save the file in that encoding"},
        {"cluster = \"\xE2\x82", ":1: not UTF-8; save the file in that encoding"},
    };
    struct config *config = NULL;
    char error[512];
    int r = config_files_load_bytes("mode = act\nmode\0 = a", 20, &config, error, sizeof error);

    (void)state;
    config_files_assert_refused(
        r, config, error, ":2: a NUL byte; the configuration must be plain text in UTF-8");
    assert_int_equal(r, -EINVAL);
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_bad_values(void **state)
{
#define DURATION "is not usable; it must be a whole number with its unit: 500ms, 5s, 2min, 1h or 1d"
#define NUMBER "must be a whole number of at most 9 digits; write it without quotes, sign or unit"
#define HTTP_URL                                                                                             \
    "is not usable; it must be http://host:port or https://host:port, without a user, a path or a final "    \
    "slash"
#define UNIT "unit is not usable; it must be the name of a systemd service, ending in .service"
    static const struct config_files_bad bad[] = {
        {"\nmode = acting", ":2: mode is not usable; it must be one of: observe act"},
        {"mode = \"\"", ":1: mode is not usable; it must be one of: observe act"},
        {"language = fr", ":1: language is not usable; it must be one of: en zh"},
        {"\nlanguage = \"zh_CN\"", ":2: language is not usable; it must be one of: en zh"},
        {"cluster = \"0123456789012345678901234567890123456789012345678901234567890123\"",
            ":1: cluster is not usable; it must be at most 63 bytes long, without control characters"},
        {"cluster = \"a\tb\"",
            ":1: cluster is not usable; it must be at most 63 bytes long, without control characters"},
        {"node = rabbit", ":1: node is not usable; it must look like rabbit@host"},
        {"node = \"rabbit@\"", ":1: node is not usable; it must look like rabbit@host"},
        {"node = \"@host\"", ":1: node is not usable; it must look like rabbit@host"},
        {"node = \"a@b@c\"", ":1: node is not usable; it must look like rabbit@host"},
        {"node = \"a b@c\"", ":1: node is not usable; it must look like rabbit@host"},
        {"unit = rabbitmq-server", ":1: " UNIT},
        {"unit = .service", ":1: " UNIT},
        {"unit = \"\"", ":1: " UNIT},
        {"unit = \"a/b.service\"", ":1: " UNIT},
        {"state_dir = var/lib", ":1: state_dir is not usable; it must be an absolute path"},
        {"control_socket = "
         "\"/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
         "0123456789abcdef0123456789abcdef\"",
            ":1: control_socket is not usable; it must be an absolute path of at most 107 bytes"},
        {"interval = 5", ":1: interval " DURATION},
        {"interval = 0.5s", ":1: interval " DURATION},
        {"interval = -5s", ":1: interval " DURATION},
        {"interval = \"\"", ":1: interval " DURATION},
        {"interval = 999ms", ":1: interval is not usable; it must be from 1 s to 10 min"},
        {"interval = 11min", ":1: interval is not usable; it must be from 1 s to 10 min"},
        {"interval = 99999999999999999999d", ":1: interval is not usable; it must be from 1 s to 10 min"},
        {"restart_window = 8d", ":1: restart_window is not usable; it must be from 10 s to 7 d"},
        {"fall = 0", ":1: fall is not usable; it must be from 1 to 100"},
        {"rise = 0", ":1: rise is not usable; it must be from 1 to 100"},
        {"max_restarts = 101", ":1: max_restarts is not usable; it must be from 1 to 100"},
        {"max_cluster_restarts = 201", ":1: max_cluster_restarts is not usable; it must be from 1 to 200"},
        {"fall = three", ":1: fall " NUMBER},
        {"fall = -1", ":1: fall " NUMBER},
        {"fall = 0x3", ":1: fall " NUMBER},
        {"fall = \"\"", ":1: fall " NUMBER},
        {"fall = 9999999999", ":1: fall " NUMBER},
        {"amqp {\n port = 65536 }", ":2: amqp.port is not usable; it must be from 1 to 65535"},
        {"amqp {\n tls = maybe }", ":2: tls is neither on nor off; it must be true or false"},
        {"amqp { ca_file = ca }", ":1: amqp.ca_file is not usable; it must be an absolute path"},
        {"amqp { ca_file = \"@/none\" }", ":1: amqp.ca_file names a file that the daemon cannot read; check "
                                          "the path and its permissions"},
        {"management { url = \"http://u:hunter2@h\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://h/\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://h:0\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://h:65536\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://h:\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://[::1\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://[h]:1\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"http://\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"ftp://h\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"h:15672\" }", ":1: management.url " HTTP_URL},
        {"management { url = \"\" }", ":1: management.url " HTTP_URL},
        {"management { username = \"a\tb\" }", ":1: management.username is not usable; it must be 1 to 255 "
                                               "bytes long, without control characters"},
        {"exec { command = {/bin/true, \"\"} }",
            ":1: exec.command is not usable; it must have no empty word and no control characters"},
        {"exec { command = {a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a} }",
            ":1: exec.command is not usable; it must have at most 31 entries"},
    };

    (void)state;
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_bad_sections(void **state)
{
#define CHANNEL_NAME                                                                                         \
    "the name of this channel is not usable; it must be 1 to 64 letters, digits, dots, underscores or "      \
    "hyphens"
#define LISTEN                                                                                               \
    "is not usable; it must be an address and a port: *:15693 for all of them, 10.0.0.1:15693 or "           \
    "[fd00::1]:15693; or \"\""
#define ADDRESS "is not usable; it must be a plain mail address like oncall@example.com"
    static const struct config_files_bad bad[] = {
        {API "node \"r2\" { }", ":2: the name of this node is not usable; it must look like rabbit@host"},
        {API "node \"a@b\" {\nhost = \"-x\" }",
            ":3: node \"a@b\": host is not usable; it must be a host name or an address"},
        {API "node \"a@b\" { }\nnode \"a@c\" {\n amqp_port = 70000 }",
            ":4: node \"a@c\": amqp_port is not usable; it must be from 0 to 65535"},
        {API "node \"a@b\" { management_url = \"http://h/api\" }",
            ":2: node \"a@b\": management_url " HTTP_URL},
        {API "slack \"\" { }", ":2: " CHANNEL_NAME},
        {API "slack \"a b\" { }", ":2: " CHANNEL_NAME},
        {API "\nslack ops {\n}", ":3: slack \"ops\": url_file is not set; slack needs url_file"},
        {API "slack ops { url_file = \"@/slack\"\n min_severity = loud }",
            ":3: slack \"ops\": min_severity is not usable; it must be one of: info warning critical"},
        {API "slack ops { url_file = \"@/slack\" }\nwebhook ops { url_file = \"@/hub\" }",
            ":3: webhook \"ops\" is the name of another channel too; each channel needs a name of its own"},
        {API "slack ops {\n url_file = \"https://hooks.example.com/hunter2\" }",
            ":3: slack \"ops\": url_file is neither an absolute path nor the name of a credential; write the "
            "secret into a file and its path here"},
        {API "slack ops {\n url_file = \"@/api\" }",
            ":3: slack \"ops\": url_file is not usable; it must hold a URL that begins with https://host or "
            "http://host, without a user or a fragment, and nothing else"},
        {API "slack ops {\n server = x }",
            ":3: unknown option 'server'; the sample rmqwatchd.conf shows all of them"},
        {API "mail m { }", ":2: mail \"m\": server " UNSET},
        {API "mail m { server = \"smtp://h\" }", ":2: mail \"m\": from " UNSET},
        {API "mail m { server = \"smtp://h\" from = a@b\n to = {} }", ":3: mail \"m\": to " UNSET},
        {MAIL "username = u }", ":2: mail \"m\": password_file " LOGIN},
        {MAIL "password_file = \"@/api\" }", ":2: mail \"m\": username " LOGIN},
        {MAIL "username = u password_file = \"@/api\"\nstarttls = false }",
            ":3: mail \"m\": starttls is false, so the password would go over the network in the clear; use "
            "true, or smtps://"},
        {OFF "mail m { server = \"http://h\" }",
            ":2: mail \"m\": server is not usable; it must be "
            "smtp://host:587 or smtps://host:465, without a user, a path "
            "or a final slash"},
        {OFF "mail m { from = oncall }", ":2: mail \"m\": from " ADDRESS},
        {OFF "mail m { from = \"a@b\tc\" }", ":2: mail \"m\": from " ADDRESS},
        {OFF "mail m { from = \"A <a@b>\" }", ":2: mail \"m\": from " ADDRESS},
        {OFF "mail m { from = \"a..b@c\" }", ":2: mail \"m\": from " ADDRESS},
        {OFF "agents { listen = \"15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"*:0\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"*:65536\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \":15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"rmq1:15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"::1:15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"[::1:15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { listen = \"[]:15693\" }", ":2: agents.listen " LISTEN},
        {OFF "agents { missing = 9s }", ":2: agents.missing is not usable; it must be from 10 s to 1 h"},
        {OFF "heartbeat { interval = 9s }",
            ":2: heartbeat.interval is not usable; it must be from 10 s to 1 d"},
        {OFF "heartbeat { url_file = \"@/api\" }",
            ":2: heartbeat.url_file is not usable; it must hold a URL that begins with https://host or "
            "http://host, without a user or a fragment, and nothing else"},
        {OFF "lease { provider = zookeeper }",
            ":2: lease.provider is not usable; it must be one of: rabbitmq etcd none"},
        {OFF "lease { vhost = \"\" }",
            ":2: lease.vhost is not usable; it must be a text of 1 to 255 bytes without control characters"},
        {OFF "lease { key = \"a\tb\" }",
            ":2: lease.key is not usable; it must be a text of 1 to 255 bytes without control characters"},
        {OFF "mail m {\n to = {a@b,\n \"c,d@e\"} }", ":3: mail \"m\": to " ADDRESS},
        {OFF "mail m { to = {a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b} }",
            ":2: mail \"m\": to is not usable; it must have at most 16 entries"},
    };

    (void)state;
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_bad_channels(void **state)
{
#define HEADER "is not usable; it must look like \"Name: value\", with at most 255 bytes"
#define TAKEN                                                                                                \
    "is not usable; it must not set a header that is made anyway; for Authorization there is "               \
    "authorization_file"
#define BASE                                                                                                 \
    "is not usable; it must be http://host:port or https://host:port, perhaps with a path, without a final " \
    "slash"
#define EVENTS                                                                                               \
    "is not usable; it must be a list of events, as in {\"gave-up\", \"held\"}; the sample rmqwatchd.conf "  \
    "names all of them"
#define HUB OFF "webhook w { url_file = \"@/hub\"\n "
    static const struct config_files_bad bad[] = {
        {OFF "pagerduty p { }",
            ":2: pagerduty \"p\": routing_key_file is not set; pagerduty needs routing_key_file"},
        {OFF "pagerduty p { routing_key_file = \"@/hub\" }",
            ":2: pagerduty \"p\": routing_key_file is not usable; it must hold 1 to 255 letters, digits, "
            "underscores or hyphens, and nothing else"},
        {OFF "pagerduty p { routing_key_file = \"@/api\" }",
            ":2: pagerduty \"p\" matches alerts and their ends by the cluster's name; set the option "
            "cluster"},
        {OFF "alertmanager a { }", ":2: alertmanager \"a\": server is not set; alertmanager needs server"},
        {OFF "alertmanager a { server = \"http://h:9093/\" }", ":2: alertmanager \"a\": server " BASE},
        {OFF "alertmanager a { server = \"http://u:hunter2@h\" }", ":2: alertmanager \"a\": server " BASE},
        {OFF "alertmanager a { server = \"http://h?x\" }", ":2: alertmanager \"a\": server " BASE},
        {OFF "alertmanager a { server = \"smtp://h\" }", ":2: alertmanager \"a\": server " BASE},
        {OFF "alertmanager a { server = \"http://h\"\n username = u }",
            ":2: alertmanager \"a\": password_file " LOGIN},
        {OFF "script s { }", ":2: script \"s\": command is not set; script needs command"},
        {OFF "script s { command = {cat} }",
            ":2: script \"s\": command does not begin with an absolute path; "
            "write {\"/path/to/program\", \"argument\"}"},
        {OFF "script s { timeout = 0s }",
            ":2: script \"s\": timeout is not usable; it must be from 1 s to 10 min"},
        {OFF "script s { url_file = x }",
            ":2: unknown option 'url_file'; the sample rmqwatchd.conf shows all of "
            "them"},
        {OFF "wecom w { }", ":2: wecom \"w\": url_file is not set; wecom needs url_file"},
        {OFF "dingtalk d { secret_file = \"@/none\" }", ":2: dingtalk \"d\": secret_file names a file that "
                                                        "is not there; create it, readable by the daemon's "
                                                        "group only"},
        {HUB "method = GET }", ":3: webhook \"w\": method is not usable; it must be one of: POST PUT PATCH"},
        {HUB "headers = {X-A} }", ":3: webhook \"w\": headers " HEADER},
        {HUB "headers = {\"X-A:1\"} }", ":3: webhook \"w\": headers " HEADER},
        {HUB "headers = {\"X A: 1\"} }", ":3: webhook \"w\": headers " HEADER},
        {HUB "headers = {\"authorization: hunter2\"} }", ":3: webhook \"w\": headers " TAKEN},
        {HUB "headers = {\"X-Rmqwatch-Signature: x\"} }", ":3: webhook \"w\": headers " TAKEN},
        {HUB "events = {gave-up, gaveup} }", ":3: webhook \"w\": events " EVENTS},
        {HUB "events = {decision} }", ":3: webhook \"w\": events " EVENTS},
    };

    (void)state;
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_what_does_not_fit_together(void **state)
{
    static const struct config_files_bad bad[] = {
        {OFF "interval = 1s\nfast_interval = 2s",
            ":3: fast_interval is longer than interval; it must be as long or shorter"},
        {OFF "fast_interval = 6s\ninterval = 5s",
            ":3: interval is shorter than fast_interval; it must be as long or longer"},
        {OFF "timeout = 500ms", ":2: timeout is shorter than fast_interval; it must be as long or longer"},
        {OFF "verify_stable = 2min",
            ":2: verify_stable is longer than verify_timeout; it must be as long or shorter"},
        {OFF "backoff_max = 4s", ":2: backoff_max is shorter than backoff; it must be as long or longer"},
        {OFF "give_up_retry = 3h",
            ":2: give_up_retry is longer than give_up_retry_max; it must be as long or shorter"},
        {OFF "exec { interval = 10s }",
            ":2: exec.interval is shorter than timeout; it must be as long or longer"},
        {OFF "exec { enabled = true\n command = {} }",
            ":3: exec.command does not begin with an absolute path; "
            "write {\"/path/to/program\", \"argument\"}"},
        {OFF "exec { enabled = true\n command = {\"true\"} }",
            ":3: exec.command does not begin with an absolute path; write {\"/path/to/program\", "
            "\"argument\"}"},
        {OFF "amqp { enabled = no }", ":2: amqp.enabled is false, as it is for management and exec; at least "
                                      "one kind of probe must be enabled"},
        {OFF "lease { provider = etcd }", ":2: lease.endpoints is not set; name where etcd answers, as in "
                                          "{\"http://etcd1:2379\", \"http://etcd2:2379\"}"},
        {OFF "alerts {\n repeat_interval = 59s }",
            ":3: alerts.repeat_interval is less than a minute; it must be 0s (never) or 1min or more"},
        {OFF "alerts {\n flap_pause = 31min }",
            ":3: alerts.flap_pause is not usable; it must be from 0 s to 30 min"},
        {OFF "lease { provider = etcd endpoints = \"http://e:2379\"\n ttl = 10s\n timeout = 11s }",
            ":4: lease.timeout is longer than ttl; it must be as long or shorter"},
        {OFF "lease {\n username = u }", ":2: lease.password_file is not set; a login needs username and "
                                         "password_file, or neither of them"},
        {OFF "lease {\n password_file = \"@/api\" }",
            ":2: lease.username is not set; a login needs username and password_file, or neither of them"},
        {"mode = act", ": management.username is not set; name a user with the tag 'monitoring', or set "
                       "enabled = false"},
        {"\nmanagement { username = u }",
            ":2: management.password_file is not set; name the file that holds the password"},
    };

    (void)state;
    CONFIG_FILES_ASSERT_REFUSED(bad);
}

static void test_refuses_too_much(void **state)
{
    static char text[300 * 1024];
    struct config *config = NULL;
    char error[512];
    int r;

    (void)state;
    strcpy(text, OFF);
    for (int i = 0; i <= RMQ_MEMBERS_MAX; i++)
        sprintf(text + strlen(text), "node rabbit@n%d { }\n", i);
    r = config_files_load(text, &config, error, sizeof error);
    config_files_assert_refused(r, config, error, ":18: too many nodes; a cluster can have 16 at most");

    strcpy(text, OFF);
    for (int i = 0; i <= RMQ_CHANNELS_MAX; i++)
        sprintf(text + strlen(text), "slack s%d { url_file = \"@/slack\" }\n", i);
    r = config_files_load(text, &config, error, sizeof error);
    config_files_assert_refused(r, config, error, ":18: too many channels; there can be 16 at most");

    text[0] = '\0';
    for (int i = 0; i < 64; i++)
        sprintf(text + strlen(text), "slack s%d { }\n", i);
    r = config_files_load(text, &config, error, sizeof error);
    config_files_assert_refused(
        r, config, error, ":64: more than 63 sections; this is no configuration of rmqwatchd");

    text[0] = '\0';
    for (int i = 0; i < 513; i++)
        sprintf(text + strlen(text), "option%d = 1\n", i);
    r = config_files_load(text, &config, error, sizeof error);
    config_files_assert_refused(
        r, config, error, ":513: more than 512 options; this is no configuration of rmqwatchd");

    memset(text, ' ', sizeof text);
    r = config_files_load_bytes(text, sizeof text, &config, error, sizeof error);
    config_files_assert_refused(
        r, config, error, ": is larger than 256 KiB; this is no configuration of rmqwatchd");
    assert_int_equal(r, -EFBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_bad_shapes),
        cmocka_unit_test(test_refuses_what_libconfuse_swallows),
        cmocka_unit_test(test_refuses_bad_values),
        cmocka_unit_test(test_refuses_bad_sections),
        cmocka_unit_test(test_refuses_bad_channels),
        cmocka_unit_test(test_refuses_what_does_not_fit_together),
        cmocka_unit_test(test_refuses_too_much),
    };

    return cmocka_run_group_tests(tests, config_files_setup, config_files_teardown);
}
