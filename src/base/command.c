#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LAST_OUTPUT_MS = 50 }; /* for the output of a command that has ended already */

struct command {
    command_done_fn *done; /* NULL: over, only handles are still open */
    void *context;
    struct command_places *places;
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t deadline;
    unsigned open_handles;
    bool exited, output_ended, keep_end;
    size_t output_max;
    struct command_result result;
    char buffer[4096];
};

static void on_handle_closed(uv_handle_t *handle)
{
    struct command *command = handle->data;

    if (--command->open_handles > 0)
        return;
    free(command->result.output);
    free(command);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

/* Nothing of it matters any more but the end of the process, which closes the rest. */
static void command_detach(struct command *command)
{
    command->done = NULL;
    close_handle((uv_handle_t *)&command->deadline);
    close_handle((uv_handle_t *)&command->pipe);
}

static void command_finish(struct command *command, int error)
{
    command_done_fn *done = command->done;
    struct command_result result = command->result;

    result.error = error;
    command->result.output = NULL;
    command_detach(command);
    done(command->context, &result);
}

static void kill_group(const struct command *command)
{
    (void)kill(-command->process.pid, SIGKILL);
}

static void on_deadline(uv_timer_t *timer)
{
    struct command *command = timer->data;

    if (command->result.error < 0) {
        command_finish(command, command->result.error); /* it never started */
    } else if (command->exited) {
        command_finish(command, 0); /* its output has not ended: somebody else holds it, out of our reach */
    } else {
        kill_group(command);
        command_finish(command, -ETIMEDOUT);
    }
}

static void on_exit_of_command(uv_process_t *process, int64_t status, int signal)
{
    struct command *command = process->data;

    command->places->taken--;
    command->exited = true;
    command->result.exit_code = (int)status;
    command->result.signal = signal;
    kill_group(command); /* what it left behind */
    close_handle((uv_handle_t *)process);
    if (!command->done)
        return;
    if (command->output_ended)
        command_finish(command, 0);
    else
        (void)uv_timer_start(&command->deadline, on_deadline, LAST_OUTPUT_MS, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct command *command = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(command->buffer, sizeof(command->buffer));
}

/* Makes room for SIZE bytes at the end, as far as the beginning may go. */
static void drop_beginning(struct command *command, size_t size)
{
    struct command_result *result = &command->result;
    size_t room = command->output_max - result->size, dropped = size > room ? size - room : 0;

    dropped = dropped < result->size ? dropped : result->size;
    memmove(result->output, result->output + dropped, result->size - dropped);
    result->size -= dropped;
    result->cut = result->cut || dropped > 0;
}

static void keep_output(struct command *command, const char *data, size_t size)
{
    struct command_result *result = &command->result;
    size_t room;

    if (command->keep_end)
        drop_beginning(command, size);
    room = command->output_max - result->size;
    if (size > room) {
        result->cut = true;
        data += command->keep_end ? size - room : 0;
        size = room;
    }
    memcpy(result->output + result->size, data, size);
    result->size += size;
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct command *command = stream->data;

    if (size >= 0) {
        keep_output(command, buffer->base, (size_t)size);
        return;
    }
    command->output_ended = true;
    (void)uv_read_stop(stream);
    if (command->done && command->exited)
        command_finish(command, 0);
}

/* A file in memory that holds the input: nobody has to feed a pipe for it. */
static int open_input(const struct command_options *options)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t written = 0;

    if (fd < 0)
        return -errno;
    while (written < options->input_size) {
        ssize_t size = write(fd, (const char *)options->input + written, options->input_size - written);

        if (size < 0 && errno != EINTR) {
            int error = errno;

            (void)close(fd);
            return -error;
        }
        written += size > 0 ? (size_t)size : 0;
    }
    (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

static int command_spawn(struct command *command, uv_loop_t *loop, const struct command_options *options,
    uv_file input, uv_file output)
{
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         lang[] = "LANG=C.UTF-8";
    char *environment[2 + COMMAND_ENVIRONMENT_MAX + 1] = {path, lang};
    uv_stdio_container_t stdio[3] = {
        {.flags = input < 0 ? UV_IGNORE : UV_INHERIT_FD, .data.fd = input},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        {.flags = UV_INHERIT_FD, .data.fd = output},
    };
    const uv_process_options_t process = {
        .exit_cb = on_exit_of_command,
        .file = options->argv[0],
        .args = (char **)options->argv,
        .env = environment,
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED, /* leads a process group of its own */
        .stdio_count = 3,
        .stdio = stdio,
    };

    for (size_t i = 0; options->environment && options->environment[i]; i++)
        environment[i + 2] = options->environment[i];
    /* libcurl makes descriptors that would be inherited. What a kernel before 5.11 lets through does no harm.
     */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    return uv_spawn(loop, &command->process, &process);
}

static int command_begin(struct command *command, uv_loop_t *loop, const struct command_options *options)
{
    uv_file ends[2];
    int input = options->input ? open_input(options) : -1;
    int r = options->input && input < 0 ? input : uv_pipe(ends, UV_NONBLOCK_PIPE, 0);

    if (r < 0) {
        if (input >= 0)
            (void)close(input);
        return r;
    }
    r = uv_pipe_open(&command->pipe, ends[0]);
    if (r < 0) {
        (void)close(ends[0]);
    } else {
        /* libuv initialises the handle in any case, so it is to be closed in any case. */
        command->process.data = command;
        command->open_handles++;
        r = command_spawn(command, loop, options, input, ends[1]);
        if (r < 0)
            close_handle((uv_handle_t *)&command->process);
    }
    (void)close(ends[1]);
    if (input >= 0)
        (void)close(input);
    return r;
}

static struct command *command_new(uv_loop_t *loop, const struct command_options *options)
{
    struct command *command = calloc(1, sizeof(*command));

    if (!command)
        return NULL;
    command->result.output = malloc(options->output_max);
    if (!command->result.output) {
        free(command);
        return NULL;
    }
    command->output_max = options->output_max;
    command->keep_end = options->keep_end;
    (void)uv_timer_init(loop, &command->deadline);
    (void)uv_pipe_init(loop, &command->pipe, 0);
    command->deadline.data = command->pipe.data = command;
    command->open_handles = 2;
    return command;
}

int command_start(uv_loop_t *loop, struct command_places *places, const struct command_options *options,
    command_done_fn *done, void *context, struct command **ret_command)
{
    struct command *command;

    for (size_t i = 0; options->environment && options->environment[i]; i++)
        if (i >= COMMAND_ENVIRONMENT_MAX)
            return -E2BIG;
    if (places->taken >= places->max)
        return -EBUSY;
    command = command_new(loop, options);
    if (!command)
        return -ENOMEM;
    command->places = places;
    command->done = done;
    command->context = context;
    command->result.error = command_begin(command, loop, options);
    if (command->result.error == 0) {
        places->taken++;
        (void)uv_read_start((uv_stream_t *)&command->pipe, on_alloc, on_output);
    }
    uv_update_time(loop);
    (void)uv_timer_start(
        &command->deadline, on_deadline, command->result.error < 0 ? 0 : options->timeout_ms, 0);
    *ret_command = command;
    return 0;
}

void command_cancel(struct command *command)
{
    if (!command)
        return;
    if (command->result.error == 0 && !command->exited)
        kill_group(command);
    command_detach(command);
}
