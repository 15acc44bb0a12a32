/* The daemon's command line, signals and exit codes. */
#include "agent/agent.h"
#include "base/log.h"
#include "base/resident.h"
#include "rmqwatchd/print_fsm.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <uv.h>

#ifndef RMQWATCH_VERSION
#error "RMQWATCH_VERSION is set by the Makefile"
#endif

#define DEFAULT_CONFIG "/etc/rmqwatchd/rmqwatchd.conf"
/* Of these, a disk that hangs may keep six: two collections of evidence, the package managers' lock files,
 * the configuration, and two files of trusted certificates. The others look names up, without which nobody
 * can be probed. */
#define LIBUV_THREADS "8"

enum {
    LAST_RESORT_MS = 950, /* a name lookup that hangs in libc would keep the loop alive for minutes */
    SETTLED_MS = 20000,   /* after the start: every adapter has run by then */
    LARGE_BYTES = 65536,
};

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 /* EX_CONFIG of sysexits.h, which systemd knows by name */ };

enum mode { MODE_RUN, MODE_CHECK_CONFIG, MODE_PRINT_FSM, MODE_PRINT_DIAGRAM };

struct arguments {
    enum mode mode;
    const char *config;
    bool foreground;
    bool verbose;
};

struct daemon {
    struct arguments arguments;
    struct agent *agent;
    uv_signal_t terminate, interrupt, reload;
    uv_work_t reading; /* the configuration, anew: on a thread, as its disk may hang */
    bool is_reading, read_again, ending;
    struct config *config; /* what was read, or NULL and why */
    char error[512];
    uv_timer_t last_resort;
    uv_timer_t settled; /* all that only a start does has been done */
};

static void print_help(FILE *out)
{
    fputs("Usage: rmqwatchd [OPTION]...\n"
          "Watches a RabbitMQ cluster from one of its nodes, and restarts that node when this is the right "
          "cure.\n"
          "\n"
          "  -c, --config=FILE    read FILE instead of " DEFAULT_CONFIG "\n"
          "      --check-config   check the configuration and all files it names, then exit\n"
          "  -f, --foreground     write readable lines to standard error, not to the journal\n"
          "  -v, --verbose        also write debug lines\n"
          "      --print-fsm      print the incident table: what is done when, and why\n"
          "      --print-diagram  print the incident table as a Mermaid state diagram\n"
          "  -h, --help           print this help\n"
          "  -V, --version        print the version\n"
          "\n"
          "Signals: SIGHUP reads the configuration again; a bad one is refused and the old one stays.\n"
          "         SIGTERM and SIGINT end the daemon within a second; the broker is not touched.\n"
          "Exit codes: 0 done, 1 failure, 2 wrong usage, 78 bad configuration.\n",
        out);
}

/* Returns -1 to go on, or the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    enum { OPTION_CHECK = 256, OPTION_FSM, OPTION_DIAGRAM };
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, OPTION_CHECK},
        {"foreground", no_argument, NULL, 'f'},
        {"verbose", no_argument, NULL, 'v'},
        {"print-fsm", no_argument, NULL, OPTION_FSM},
        {"print-diagram", no_argument, NULL, OPTION_DIAGRAM},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "c:fvhV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case OPTION_CHECK:
            arguments->mode = MODE_CHECK_CONFIG;
            break;
        case 'f':
            arguments->foreground = true;
            break;
        case 'v':
            arguments->verbose = true;
            break;
        case OPTION_FSM:
            arguments->mode = MODE_PRINT_FSM;
            break;
        case OPTION_DIAGRAM:
            arguments->mode = MODE_PRINT_DIAGRAM;
            break;
        case 'h':
            print_help(stdout);
            return EXIT_SUCCESS;
        case 'V':
            puts("rmqwatchd " RMQWATCH_VERSION);
            return EXIT_SUCCESS;
        default:
            fputs("Try 'rmqwatchd --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "rmqwatchd: unexpected argument '%s'\nTry 'rmqwatchd --help'.\n", argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}

static void on_settled(uv_timer_t *timer)
{
    (void)timer;
    resident_drop_code();
}

static void on_last_resort(uv_timer_t *timer)
{
    (void)timer;
    log_line(LOG_WARNING, "something does not end in time; going without it");
    log_close();
    _exit(EXIT_SUCCESS);
}

static void on_signal_terminate(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    (void)number;
    daemon->ending = true;
    agent_stop(daemon->agent);
    uv_update_time(handle->loop);
    uv_timer_start(&daemon->last_resort, on_last_resort, LAST_RESORT_MS, 0);
    uv_unref((uv_handle_t *)&daemon->last_resort);
    uv_close((uv_handle_t *)&daemon->terminate, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->reload, NULL);
}

static void on_reading(uv_work_t *work)
{
    struct daemon *daemon = work->data;

    daemon->config = NULL;
    (void)config_load(daemon->arguments.config, &daemon->config, daemon->error, sizeof(daemon->error));
}

static void begin_reading(struct daemon *daemon);

static void on_read(uv_work_t *work, int status)
{
    struct daemon *daemon = work->data;

    (void)status; /* nobody cancels it */
    daemon->is_reading = false;
    if (daemon->ending || daemon->read_again) {
        config_free(daemon->config);
        if (!daemon->ending)
            begin_reading(daemon);
    } else if (daemon->config) {
        agent_reload(daemon->agent, daemon->config);
    } else {
        agent_reload_refused(daemon->agent, daemon->error);
    }
}

static void begin_reading(struct daemon *daemon)
{
    daemon->read_again = daemon->is_reading; /* it may have changed meanwhile */
    if (daemon->is_reading)
        return;
    daemon->is_reading = true;
    daemon->reading.data = daemon;
    (void)uv_queue_work(daemon->terminate.loop, &daemon->reading, on_reading, on_read); /* cannot fail */
}

static void on_signal_reload(uv_signal_t *handle, int number)
{
    (void)number;
    begin_reading(handle->data);
}

static int start_signal(
    uv_loop_t *loop, struct daemon *daemon, uv_signal_t *handle, uv_signal_cb callback, int number)
{
    int r = uv_signal_init(loop, handle);

    if (r < 0)
        return r;
    handle->data = daemon;
    return uv_signal_start(handle, callback, number);
}

static int run(const struct arguments *arguments, struct config *config)
{
    struct daemon daemon = {.arguments = *arguments};
    uv_loop_t *loop = uv_default_loop();
    int r;

    /* Name lookups and mail have threads: they share one heap, where each would keep one of its own. */
    mallopt(M_ARENA_MAX, 1);
    /* What is large and soon freed goes back at once, and what is large and mostly unused is never touched:
     * malloc would otherwise keep both in its heap after the first large block that was freed. */
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
    (void)setenv("UV_THREADPOOL_SIZE", LIBUV_THREADS, 1);
    /* Nothing is undone at the exit: a thread that a hung broker or resolver holds may still be at work. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon.agent = agent_new(loop, config);
    if (!daemon.agent)
        return EXIT_FAILURE;
    r = start_signal(loop, &daemon, &daemon.terminate, on_signal_terminate, SIGTERM);
    r = r < 0 ? r : start_signal(loop, &daemon, &daemon.interrupt, on_signal_terminate, SIGINT);
    r = r < 0 ? r : start_signal(loop, &daemon, &daemon.reload, on_signal_reload, SIGHUP);
    if (r < 0) {
        log_line(LOG_ERR, "cannot start: signals: %s", uv_strerror(r));
        return EXIT_FAILURE;
    }
    uv_timer_init(loop, &daemon.last_resort);
    uv_timer_init(loop, &daemon.settled);
    uv_timer_start(&daemon.settled, on_settled, SETTLED_MS, 0);
    uv_unref((uv_handle_t *)&daemon.settled);
    agent_start(daemon.agent);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&daemon.last_resort, NULL);
    uv_close((uv_handle_t *)&daemon.settled, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    agent_free(daemon.agent);
    r = uv_loop_close(loop);
    if (r < 0) {
        log_line(LOG_ERR, "ended with handles still open: %s", uv_strerror(r));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int check_config(const char *path)
{
    struct config *config = NULL;
    char error[512];

    if (config_load(path, &config, error, sizeof(error)) < 0 ||
        !config_commands_run(config, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        config_free(config);
        return EXIT_CONFIG;
    }
    printf("%s: good\n", path);
    config_print_channels(config, stdout);
    config_free(config);
    return EXIT_SUCCESS;
}

static int load_and_run(const struct arguments *arguments)
{
    struct config *config = NULL;
    char error[512];
    int code = EXIT_CONFIG;

    if (arguments->foreground)
        unsetenv("JOURNAL_STREAM");
    log_open("rmqwatchd", arguments->verbose ? LOG_DEBUG : LOG_INFO);
    if (config_load(arguments->config, &config, error, sizeof(error)) < 0) {
        log_line(LOG_ERR, "%s", error);
    } else {
        /* The broker is guarded without it, too. */
        if (!config_commands_run(config, error, sizeof(error)))
            log_line(LOG_WARNING, "%s", error);
        code = run(arguments, config);
    }
    log_close();
    return code;
}

static int do_as_told(const struct arguments *arguments)
{
    switch (arguments->mode) {
    case MODE_CHECK_CONFIG:
        return check_config(arguments->config);
    case MODE_PRINT_FSM:
        print_fsm_table(stdout);
        return EXIT_SUCCESS;
    case MODE_PRINT_DIAGRAM:
        print_fsm_diagram(stdout);
        return EXIT_SUCCESS;
    case MODE_RUN:
        break;
    }
    return load_and_run(arguments);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config = DEFAULT_CONFIG};
    int code = parse_arguments(argc, argv, &arguments);

    /* No core file and no ptrace by others: whoever reads the configuration has secrets in memory. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (code < 0)
        code = do_as_told(&arguments);
    /* What was asked for has come to nobody. */
    if (code == EXIT_SUCCESS && (fflush(stdout) != 0 || ferror(stdout))) {
        fputs("rmqwatchd: standard output cannot be written\n", stderr);
        return EXIT_FAILURE;
    }
    return code;
}
