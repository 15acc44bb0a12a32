/* A command of the operator's, for the local node: no shell, no inherited secrets, a process group of its own
 * that is killed as a whole when its time is over. */
#include "base/command.h"
#include "base/log.h"
#include "base/text.h"
#include "probes/context.h"
#include "probes/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    COMMANDS_MAX = 2,
    LAST_OUTPUT_MAX = 160,
    SHELL_NOT_EXECUTABLE = 126, /* what sh, env and the like say of the command that they should run */
    SHELL_NOT_FOUND = 127,
};

/* Exit codes as rabbitmqctl and rabbitmq-diagnostics give them, which follow sysexits.h. */
static enum probe_result result_from_exit(int exit_code)
{
    switch (exit_code) {
    case EX_OK:
        return PROBE_RESULT_OK;
    case EX_TEMPFAIL: /* the broker's tools: no answer within their own timeout */
        return PROBE_RESULT_TIMED_OUT;
    case EX_USAGE:
    case EX_DATAERR:
    case EX_NOPERM:
    case EX_CONFIG:
    case SHELL_NOT_EXECUTABLE:
    case SHELL_NOT_FOUND:
        return PROBE_RESULT_NOT_RUNNABLE;
    default:
        return PROBE_RESULT_SERVER_ERROR;
    }
}

static bool is_our_trouble(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EAGAIN;
}

static enum probe_result result_of(const struct command_result *result)
{
    if (result->error == -ETIMEDOUT)
        return PROBE_RESULT_TIMED_OUT;
    if (result->error < 0)
        return is_our_trouble(result->error) ? PROBE_RESULT_OWN_TROUBLE : PROBE_RESULT_NOT_RUNNABLE;
    /* Killed, but not by us, says nothing of the node. */
    return result->signal != 0 ? PROBE_RESULT_OWN_TROUBLE : result_from_exit(result->exit_code);
}

/* The last line that is not empty. */
static void log_last_line(const char *node, char *output, size_t size)
{
    char *line;

    while (size > 0 && output[size - 1] == '\n')
        size--;
    line = memrchr(output, '\n', size);
    line = line ? line + 1 : output;
    size -= (size_t)(line - output);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    if (size > 0)
        log_line(LOG_DEBUG, "probe exec of %s: the command's last words: %.*s", node, (int)size, line);
}

static void on_done(void *context, struct command_result *result)
{
    struct probe *probe = context;
    enum probe_result verdict = result_of(result);

    if (verdict != PROBE_RESULT_OK && result->size > 0)
        log_last_line(probe->target->node, result->output, result->size);
    free(result->output);
    probe->run = NULL;
    probe->done(probe, verdict, NULL);
}

/* "%n" becomes the node's name, wherever it stands. */
static int expand_word(char *word, size_t word_size, const char *text, const char *node)
{
    const char *mark;

    word[0] = '\0';
    while ((mark = strstr(text, "%n"))) {
        if (strlen(word) + (size_t)(mark - text) + strlen(node) + 1 > word_size)
            return -E2BIG;
        text_append(word, word_size, "%.*s%s", (int)(mark - text), text, node);
        text = mark + 2;
    }
    if (strlen(word) + strlen(text) + 1 > word_size)
        return -E2BIG;
    text_append(word, word_size, "%s", text);
    return 0;
}

static bool exec_applies(const struct config *config, const struct probe_target *target)
{
    return config->exec.enabled && config->exec.command[0] && target->local;
}

static int exec_start(struct probe *probe)
{
    static struct command_places places = {.max = COMMANDS_MAX};
    const char *const *command = (const char *const *)probe->context->config->exec.command;
    char words[RMQ_COMMAND_WORDS_MAX][RMQ_NODE_NAME_MAX * 2];
    char *argv[RMQ_COMMAND_WORDS_MAX + 1] = {NULL};
    char home[RMQ_NODE_NAME_MAX] = "HOME=/", name[RMQ_NODE_NAME_MAX + 16] = "RMQ_NODE=";
    char *environment[] = {home, name, NULL};
    const struct command_options options = {.argv = argv,
        .environment = environment,
        .timeout_ms = probe->timeout_ms,
        .output_max = LAST_OUTPUT_MAX,
        .keep_end = true};
    struct command *started;
    int r;

    for (size_t i = 0; i < RMQ_COMMAND_WORDS_MAX && command[i]; i++) {
        r = expand_word(words[i], sizeof(words[i]), command[i], probe->target->node);
        if (r < 0)
            return r;
        argv[i] = words[i];
    }
    if (!argv[0])
        return -EINVAL;
    /* There the broker's tools look for the Erlang cookie. */
    if (getenv("HOME"))
        text_copy(home + 5, sizeof home - 5, getenv("HOME"));
    text_append(name, sizeof name, "%s", probe->target->node);
    r = command_start(probe->context->loop, &places, &options, on_done, probe, &started);
    if (r == 0)
        probe->run = started;
    return r;
}

static void exec_cancel(struct probe *probe)
{
    command_cancel(probe->run);
    probe->run = NULL;
}

const struct probe_ops probe_exec_ops = {
    .name = "exec",
    .kind = PROBE_EXEC,
    .applies = exec_applies,
    .start = exec_start,
    .cancel = exec_cancel,
};
