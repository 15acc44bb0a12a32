#include "alerts/transport.h"

#include "base/command.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HTTP_TIMEOUT_MS = 15000,
    MAIL_TIMEOUT_MS = 30000, /* some servers greet strangers slowly on purpose */
    REPLY_MAX_BYTES = 4096,
    OUTPUT_MAX_BYTES = 512, /* of a command */
};

uint64_t transport_timeout_ms(const struct channel_config *config)
{
    switch (config->ops->transport) {
    case CHANNEL_HTTP:
        break;
    case CHANNEL_MAIL:
        return MAIL_TIMEOUT_MS;
    case CHANNEL_EXEC:
        return config->timeout_ms;
    }
    return HTTP_TIMEOUT_MS;
}

bool transport_is_busy(const struct transport *transport)
{
    return transport->transfer || transport->command;
}

void transport_cancel(struct transport *transport)
{
    http_client_cancel(transport->transfer);
    command_cancel(transport->command);
    transport->transfer = NULL;
    transport->command = NULL;
}

static void on_http_reply(void *context, const struct http_reply *reply)
{
    struct transport *transport = context;
    bool mail = transport->kind == CHANNEL_MAIL;
    /* An HTTP status is the answer, even if the rest of it was cut short. An SMTP code is only the answer to
     * the last command: it counts when the dialogue came to its end. */
    const struct channel_reply told = {
        .answered = mail ? reply->result == HTTP_RESULT_OK : reply->status > 0,
        .status = reply->status,
        .body = reply->body,
        .body_size = reply->body_size,
        .retry_after_ms = reply->retry_after_ms,
    };
    char how[32];

    transport->transfer = NULL;
    if (told.answered)
        snprintf(how, sizeof(how), "%s %ld", mail ? "SMTP" : "HTTP", reply->status);
    else
        snprintf(how, sizeof(how), "%s", http_result_name(reply->result));
    transport->done(transport->context, &told, how);
}

/* What the command prints may be anything: nothing but a test shows it. */
static void on_command_done(void *context, struct command_result *result)
{
    struct transport *transport = context;
    struct channel_reply told = {.answered = true, .status = result->exit_code};
    char output[OUTPUT_MAX_BYTES + 1] = "";
    char how[48];

    told.body = output;
    told.body_size = result->output && result->size <= OUTPUT_MAX_BYTES ? result->size : 0;
    if (told.body_size > 0)
        memcpy(output, result->output, told.body_size);
    free(result->output);
    transport->command = NULL;
    if (result->error == -ENOENT || result->error == -ENOTDIR)
        told.status = CHANNEL_EXIT_NOT_FOUND;
    else if (result->error == -EACCES || result->error == -ENOEXEC)
        told.status = CHANNEL_EXIT_NOT_EXECUTABLE;
    else
        told.answered = result->error == 0 && result->signal == 0;

    if (result->error == -ETIMEDOUT)
        snprintf(how, sizeof(how), "timed out");
    else if (result->error < 0)
        snprintf(how, sizeof(how), "%s", strerror(-result->error));
    else if (result->signal != 0)
        snprintf(how, sizeof(how), "killed by signal %d", result->signal);
    else
        snprintf(how, sizeof(how), "exit code %d", result->exit_code);
    transport->done(transport->context, &told, how);
}

static int start_command(
    struct transport *transport, const struct channel_config *config, const struct channel_request *request)
{
    static struct command_places places = {.max = RMQ_CHANNELS_MAX}; /* one for each that can be */
    const struct command_options options = {
        .argv = config->command,
        .input = request->body,
        .input_size = request->body_size,
        .timeout_ms = config->timeout_ms,
        .output_max = OUTPUT_MAX_BYTES,
        .keep_end = true,
    };

    if (!config->command[0])
        return -EINVAL;
    return command_start(transport->loop, &places, &options, on_command_done, transport, &transport->command);
}

static int start_http(struct transport *transport, const struct channel_config *config,
    const struct channel_request *request, bool fresh)
{
    bool mail = config->ops->transport == CHANNEL_MAIL;
    const char *base = config->url.value ? config->url.value : config->server;
    char *url = NULL;
    int r;

    if (!base)
        return -EINVAL;
    if (request->url_suffix && asprintf(&url, "%s%s", base, request->url_suffix) < 0)
        return -ENOMEM;
    const struct http_request http = {
        .method = mail ? HTTP_MAIL : HTTP_POST,
        .method_name = request->method,
        .url = url ? url : base,
        .headers = (const char *const *)request->headers,
        .header_count = request->header_count,
        .body = request->body,
        .body_size = request->body_size,
        .content_type = request->content_type,
        .username = config->username,
        .password = config->password.value,
        .ca_file = config->ca_file,
        .timeout_ms = transport_timeout_ms(config),
        .max_reply_bytes = REPLY_MAX_BYTES,
        .fresh = mail || fresh,
        .mail_from = config->from,
        .recipients = (const char *const *)config->to,
        .recipient_count = config->to_count,
        .require_tls = config->starttls,
    };
    r = http_client_start(transport->client, &http, on_http_reply, transport, &transport->transfer);
    if (url)
        explicit_bzero(url, strlen(url));
    free(url);
    return r;
}

int transport_start(struct transport *transport, const struct channel_config *config,
    const struct channel_request *request, bool fresh, transport_done_fn *done, void *context)
{
    transport->kind = config->ops->transport;
    transport->done = done;
    transport->context = context;
    return transport->kind == CHANNEL_EXEC ? start_command(transport, config, request)
                                           : start_http(transport, config, request, fresh);
}
