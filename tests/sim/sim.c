/* Runs the simulator over many seeds, or tells one of its stories. */
#include "sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t current_seed;

struct arguments {
    uint64_t seed, seeds, failures_max;
    const char *scenario;
    bool list, verbose, trace;
};

/* A failed assertion still tells which seed it was. */
static void on_abort(int signal_number)
{
    char line[128];
    int length = snprintf(line, sizeof(line),
        "FAILED make sim SEED=%" PRIu64 " SEEDS=1: the core was ended by signal %d\n", current_seed,
        signal_number);

    if (length > 0 && write(STDOUT_FILENO, line, (size_t)length) < 0)
        _exit(2);
    _exit(1);
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int usage(const char *program)
{
    fprintf(stderr,
        "usage: %s [--seeds N] [--seed FIRST] [--failures N] [--trace] [--verbose]\n"
        "       %s --scenario NAME | --list\n",
        program, program);
    return 2;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"failures", required_argument, NULL, 'f'},
        {"scenario", required_argument, NULL, 'S'},
        {"list", no_argument, NULL, 'l'},
        {"verbose", no_argument, NULL, 'v'},
        {"trace", no_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            arguments->seeds = strtoull(optarg, NULL, 10);
            break;
        case 's':
            arguments->seed = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            arguments->failures_max = strtoull(optarg, NULL, 10);
            break;
        case 'S':
            arguments->scenario = optarg;
            break;
        case 'l':
            arguments->list = true;
            break;
        case 'v':
            arguments->verbose = true;
            break;
        case 't':
            arguments->trace = true;
            break;
        default:
            return -EINVAL;
        }
    }
    return optind == argc ? 0 : -EINVAL;
}

static int list(void)
{
    for (size_t i = 0; sim_scenario_name(i); i++)
        printf("%-14s %s\n", sim_scenario_name(i), sim_scenario_about(i));
    return 0;
}

static int tell(const char *scenario)
{
    const struct sim_options options = {.trace = stdout};
    int r = sim_run_scenario(scenario, NULL, &options, NULL);

    if (r == -ENOENT)
        fprintf(stderr, "%s: no such scenario; --list names them\n", scenario);
    return r < 0;
}

static int run_seeds(const struct arguments *arguments)
{
    const struct sim_options options = {
        .trace = arguments->trace ? stdout : NULL, .verbose = arguments->verbose};
    uint64_t failed = 0, steps = 0, run = 0;
    double begin = seconds_now();

    for (; run < arguments->seeds && failed < arguments->failures_max; run++) {
        struct sim_result result;

        current_seed = arguments->seed + run;
        sim_run_seed(current_seed, &options, &result);
        steps += result.steps;
        if (arguments->verbose)
            printf("seed %" PRIu64 ": %" PRIu64 " steps, %.1f s of the cluster's time\n", current_seed,
                result.steps, (double)result.virtual_ms / 1000);
        if (!result.failed)
            continue;
        failed++;
        printf("FAILED make sim SEED=%" PRIu64 " SEEDS=1: %s: %s (%s)\n", current_seed, result.invariant,
            result.sentence, result.moment);
        fflush(stdout);
    }
    printf("sim: %" PRIu64 " seeds, %" PRIu64 " steps, %" PRIu64 " failed in %.1f s\n", run, steps, failed,
        seconds_now() - begin);
    return failed > 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.seed = 1, .seeds = 1, .failures_max = 10};

    if (parse(argc, argv, &arguments) < 0)
        return usage(argv[0]);
    if (arguments.list)
        return list();
    if (arguments.scenario)
        return tell(arguments.scenario);
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    return run_seeds(&arguments);
}
