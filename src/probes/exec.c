/* A command of the operator's, for the local node: no shell, no inherited secrets, a process group of its own
 * that is killed as a whole when its time is over. */
#include "base/log.h"
#include "base/text.h"
#include "probes/context.h"
#include "probes/registry.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    COMMANDS_MAX = 2, /* a killed command that does not die (state D) holds one of these places */
    LAST_LINE_MAX = 160,
    LAST_OUTPUT_MS = 50,        /* for the output of a command that has ended already */
    SHELL_NOT_EXECUTABLE = 126, /* what sh, env and the like say of the command that they should run */
    SHELL_NOT_FOUND = 127,
};

/* Processes of this program that are not reaped yet. They outlive their probes, and even their scheduler. */
static unsigned commands;

/* One process. It outlives its probe when it does not die at once. */
struct exec_run {
    struct probe *probe; /* NULL: the probe is over, only the process is not */
    struct probe_context *context;
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t deadline;
    unsigned open_handles;
    int spawn_error;
    int64_t exit_status;
    int signal;
    bool exited, output_ended, line_over;
    char last_line[LAST_LINE_MAX]; /* of what it printed, for a debug log */
    size_t last_size;
    char buffer[1024];
    char words[RMQ_COMMAND_WORDS_MAX][RMQ_NODE_NAME_MAX * 2];
    char *argv[RMQ_COMMAND_WORDS_MAX + 1];
};

static void on_handle_closed(uv_handle_t *handle)
{
    struct exec_run *run = handle->data;

    if (--run->open_handles == 0)
        free(run);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

/* The probe is over; the process is left to on_exit(), which closes what is still open. */
static void run_detach(struct exec_run *run)
{
    run->probe->run = NULL;
    run->probe = NULL;
    close_handle((uv_handle_t *)&run->deadline);
    close_handle((uv_handle_t *)&run->output);
}

static void kill_group(const struct exec_run *run)
{
    (void)kill(-run->process.pid, SIGKILL);
}

static void run_finish(struct exec_run *run, enum probe_result result)
{
    struct probe *probe = run->probe;

    if (result != PROBE_RESULT_OK && run->last_size > 0)
        log_line(
            LOG_DEBUG, "probe exec of %s: the command's last words: %s", probe->target->node, run->last_line);
    run_detach(run);
    probe->done(probe, result, NULL);
}

/* Exit codes as rabbitmqctl and rabbitmq-diagnostics give them, which follow sysexits.h. */
static enum probe_result result_from_exit(int64_t status, int signal)
{
    if (signal != 0)
        return PROBE_RESULT_OWN_TROUBLE; /* killed, but not by us: it says nothing of the node */
    switch (status) {
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

static void run_finish_if_over(struct exec_run *run)
{
    if (run->probe && run->exited && run->output_ended)
        run_finish(run, result_from_exit(run->exit_status, run->signal));
}

static void on_deadline(uv_timer_t *timer)
{
    struct exec_run *run = timer->data;

    if (run->spawn_error < 0) {
        run_finish(run, PROBE_RESULT_NOT_RUNNABLE);
    } else if (run->exited) {
        /* Its output has not ended: somebody else holds it, out of our reach. */
        run_finish(run, result_from_exit(run->exit_status, run->signal));
    } else {
        kill_group(run);
        run_finish(run, PROBE_RESULT_TIMED_OUT);
    }
}

static void on_exit_of_command(uv_process_t *process, int64_t status, int signal)
{
    struct exec_run *run = process->data;

    run->exited = true;
    run->exit_status = status;
    run->signal = signal;
    commands--;
    kill_group(run); /* what it left behind: a check starts no services */
    close_handle((uv_handle_t *)process);
    if (run->probe && !run->output_ended)
        (void)uv_timer_start(&run->deadline, on_deadline, LAST_OUTPUT_MS, 0);
    run_finish_if_over(run);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct exec_run *run = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(run->buffer, sizeof run->buffer);
}

/* Keeps the last line that is not empty; a long one loses its end. */
static void keep_last_line(struct exec_run *run, const char *data, size_t size)
{
    static const size_t room = LAST_LINE_MAX - 1;
    size_t i;

    for (i = 0; i < size; i++) {
        if (data[i] == '\n') {
            run->line_over = true;
            continue;
        }
        if (run->line_over) {
            run->last_size = 0;
            run->line_over = false;
        }
        if (run->last_size < room) {
            run->last_line[run->last_size++] = (unsigned char)data[i] >= 0x20 ? data[i] : ' ';
            run->last_line[run->last_size] = '\0';
        }
    }
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct exec_run *run = stream->data;

    if (size >= 0) {
        keep_last_line(run, buffer->base, (size_t)size);
        return;
    }
    run->output_ended = true;
    (void)uv_read_stop(stream);
    run_finish_if_over(run);
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

static int expand_command(struct exec_run *run, const struct exec_config *config, const char *node)
{
    size_t i;
    int r;

    for (i = 0; i < RMQ_COMMAND_WORDS_MAX && config->command[i]; i++) {
        r = expand_word(run->words[i], sizeof run->words[i], config->command[i], node);
        if (r < 0)
            return r;
        run->argv[i] = run->words[i];
    }
    return i > 0 ? 0 : -EINVAL;
}

/* Nothing of our own environment but HOME, where the broker's tools look for the Erlang cookie. */
static int run_spawn(struct exec_run *run, const char *node, uv_file output)
{
    char home[RMQ_NODE_NAME_MAX] = "HOME=/", name[RMQ_NODE_NAME_MAX + 16] = "RMQ_NODE=";
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         lang[] = "LANG=C.UTF-8";
    char *environment[] = {path, lang, home, name, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        {.flags = UV_INHERIT_FD, .data.fd = output},
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit_of_command,
        .file = run->argv[0],
        .args = run->argv,
        .env = environment,
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED, /* leads a process group of its own */
        .stdio_count = 3,
        .stdio = stdio,
    };

    if (getenv("HOME"))
        text_copy(home + 5, sizeof home - 5, getenv("HOME"));
    text_append(name, sizeof name, "%s", node);
    /* libcurl makes descriptors that would be inherited. What a kernel before 5.11 lets through does no harm.
     */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    return uv_spawn(run->context->loop, &run->process, &options);
}

static bool is_our_trouble(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EAGAIN;
}

static int run_start_command(struct exec_run *run, const char *node)
{
    uv_file ends[2];
    int r = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);

    if (r < 0)
        return r;
    r = uv_pipe_open(&run->output, ends[0]);
    if (r < 0) {
        (void)close(ends[0]);
    } else {
        /* libuv initialises the handle in any case, so it is to be closed in any case. */
        run->process.data = run;
        run->open_handles++;
        r = run->spawn_error = run_spawn(run, node, ends[1]);
        if (r < 0)
            close_handle((uv_handle_t *)&run->process);
    }
    (void)close(ends[1]);
    if (r == 0) {
        commands++;
        (void)uv_read_start((uv_stream_t *)&run->output, on_alloc, on_output);
    }
    return r;
}

static bool exec_applies(const struct config *config, const struct probe_target *target)
{
    return config->exec.enabled && config->exec.command[0] && target->local;
}

static int exec_start(struct probe *probe)
{
    struct probe_context *context = probe->context;
    struct exec_run *run;
    int r;

    if (commands >= COMMANDS_MAX)
        return -EBUSY;
    run = calloc(1, sizeof *run);
    if (!run)
        return -ENOMEM;
    run->context = context;
    r = expand_command(run, &context->config->exec, probe->target->node);
    if (r < 0) {
        free(run);
        return r;
    }
    run->probe = probe;
    probe->run = run;
    (void)uv_timer_init(context->loop, &run->deadline);
    (void)uv_pipe_init(context->loop, &run->output, 0);
    run->output.data = run->deadline.data = run;
    run->open_handles = 2;
    r = run_start_command(run, probe->target->node);
    if (r < 0 && is_our_trouble(r)) {
        run_detach(run);
        return r;
    }
    uv_update_time(context->loop);
    (void)uv_timer_start(&run->deadline, on_deadline, r < 0 ? 0 : probe->timeout_ms, 0);
    return 0;
}

static void exec_cancel(struct probe *probe)
{
    struct exec_run *run = probe->run;

    if (!run)
        return;
    if (run->spawn_error == 0 && !run->exited)
        kill_group(run);
    run_detach(run);
}

const struct probe_ops probe_exec_ops = {
    .name = "exec",
    .kind = PROBE_EXEC,
    .applies = exec_applies,
    .start = exec_start,
    .cancel = exec_cancel,
};
