#include "sim/told.h"

#include "base/text.h"
#include "sim/broker.h"
#include "sim/fault.h"
#include "sim/voice.h"

#include <string.h>

enum {
    NOTICES_PER_FAULT = 14, /* of all agents together */
    RESTARTS_IN_THAT = 5,   /* each of which may be told; who allows more is told of more */
};

#define FAULT(name) (UINT32_C(1) << FAULT_##name)
#define ANYTHING (~UINT32_C(0))

/* The broker of this very node is gone, or does not serve. */
#define OF_THE_BROKER                                                                                        \
    (FAULT(CRASH) | FAULT(CRASH_ALL) | FAULT(HANG) | FAULT(FREEZE) | FAULT(BUSY) | FAULT(STOP_APP) |         \
        FAULT(DRAIN) | FAULT(LISTENER) | FAULT(CURSE) | FAULT(HOST_DOWN))
#define OF_PEOPLE (FAULT(OPERATOR_STOP) | FAULT(OPERATOR_RESTART) | FAULT(CLEAN_EXIT) | FAULT(MASK))
#define OF_THE_NETWORK (FAULT(PARTITION) | FAULT(ONE_WAY) | FAULT(LOSS))
/* Others cannot reach it, or it cannot reach them. */
#define OF_DEATH                                                                                             \
    (FAULT(CRASH) | FAULT(CRASH_ALL) | FAULT(CURSE) | FAULT(HANG) | FAULT(FREEZE) | FAULT(HOST_DOWN) |       \
        FAULT(BUSY) | OF_PEOPLE)
#define OF_THE_AGENT (FAULT(AGENT_KILLED) | FAULT(AGENT_FROZEN) | FAULT(HOST_DOWN))
#define OF_SILENCE (FAULT(HANG) | FAULT(FREEZE) | FAULT(BUSY))

/* What can have led to a notice: faults of the node that it is about, of the agent that tells it, and
 * faults anywhere. All zero: nothing is asked. */
static const struct cause {
    uint32_t subject, observer, anywhere;
} causes[NOTICE_KIND_COUNT] = {
    [NOTICE_CRASHED] = {.subject = OF_DEATH},
    [NOTICE_HUNG] = {.subject = OF_SILENCE},
    [NOTICE_RESTARTING] = {.subject = OF_THE_BROKER},
    [NOTICE_RETRYING] = {.subject = OF_DEATH},
    [NOTICE_GAVE_UP] = {.subject = OF_DEATH},
    [NOTICE_HELD] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_WOULD_ACT] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_UNVERIFIED] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_RECOVERED] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_STOPPED] = {.subject = OF_PEOPLE | FAULT(HOST_DOWN)},
    [NOTICE_SLOW_BOOT] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_ALARM] = {.subject = FAULT(ALARM)},
    [NOTICE_PEER_DOWN] = {.subject = OF_THE_AGENT, .anywhere = OF_THE_NETWORK},
    [NOTICE_ALL_DOWN] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_CHECK_MISCONFIGURED] = {.observer = FAULT(PASSWORD)},
    [NOTICE_AGENT_STALLED] = {.observer = FAULT(AGENT_FROZEN)},
    [NOTICE_BUSY] = {.subject = FAULT(BUSY)},
    [NOTICE_APP_STOPPED] = {.subject = FAULT(STOP_APP) | FAULT(DRAIN)},
    [NOTICE_PAUSED] = {.anywhere = OF_THE_NETWORK | OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_DRAINED] = {.subject = FAULT(DRAIN)},
    [NOTICE_LISTENER_LOST] = {.subject = FAULT(LISTENER) | FAULT(DRAIN)},
    [NOTICE_NOT_SERVING] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_PARTITION] = {.anywhere = OF_THE_NETWORK | OF_SILENCE},
    [NOTICE_STALE_VIEW] = {.anywhere = OF_THE_NETWORK | OF_DEATH | FAULT(STALE_VIEW)},
    [NOTICE_ISOLATED] = {.anywhere = OF_THE_NETWORK | FAULT(HOST_DOWN)},
    [NOTICE_QUORUM_LOST] = {.anywhere = OF_THE_NETWORK | OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_FLAPPING] = {.subject = OF_THE_BROKER | OF_PEOPLE},
    [NOTICE_HOLD_SET] = {.observer = FAULT(HOLD)},
    [NOTICE_AGENT_DEGRADED] = {.observer = FAULT(STORE)},
    [NOTICE_LEASE_LOST] = {.subject = OF_THE_BROKER},
    [NOTICE_AGENT_MISSING] = {.subject = OF_THE_AGENT, .anywhere = OF_THE_NETWORK},
};

enum { RESUME_MS = 5000 };

#define FORMAT "%s of %s by %s at %.1f s: %s"
#define FORMATTED(world, node, notice)                                                                       \
    notice_info((notice)->kind)->event, (notice)->node, (node)->name, (double)(world)->now_ms / 1000,        \
        (notice)->why

static uint32_t touches(const struct sim_world *world, const char *name)
{
    uint32_t all = 0;

    for (size_t i = 0; i < world->count; i++)
        if (!name || !strcmp(world->nodes[i].name, name))
            all |= world->nodes[i].touched;
    return all;
}

static void check_truth(struct sim_world *world, const struct sim_node *node, const struct notice *notice)
{
    const struct cause *cause = &causes[notice->kind];

    if (touches(world, NULL) == 0) {
        sim_fail(world, "quiet", "as long as nothing has gone wrong, nothing is told", FORMAT,
            FORMATTED(world, node, notice));
        return;
    }
    if ((cause->subject | cause->observer | cause->anywhere) == 0)
        return;
    /* A node that pauses and resumes at every turn opens one port before the other. */
    if (notice->kind == NOTICE_LISTENER_LOST &&
        (node->broker.paused || world->now_ms - node->broker.phase_ms < 2 * world->policy.interval_ms))
        return;
    /* One that is paused serves nobody, even where nobody can tell the agent why; nor while it resumes. */
    if (notice->kind == NOTICE_NOT_SERVING &&
        (node->broker.paused ||
            (node->broker.opened_ms != 0 && world->now_ms - node->broker.opened_ms < RESUME_MS)))
        return;
    /* An agent that has lost what it knew takes its own stop for an operator's. */
    if (notice->kind == NOTICE_STOPPED && node->agent.forgot_ms != 0)
        return;
    if (!(touches(world, notice->node) & cause->subject) && !(node->touched & cause->observer) &&
        !(touches(world, NULL) & cause->anywhere))
        sim_fail(world, "false alarm", "nothing is told of a node that has nothing to do with any fault",
            FORMAT, FORMATTED(world, node, notice));
}

enum { NEWS_MS = 10000 };

/* Of what the model knows for certain: whether its broker answers, or did so a moment ago. */
static void check_word(struct sim_world *world, const struct sim_node *node, const struct notice *notice)
{
    const struct sim_broker *broker = &node->broker;
    uint64_t since_ms = broker->hung_ms > broker->busy_ms ? broker->hung_ms : broker->busy_ms;
    uint64_t until_ms =
        broker->hung_until_ms > broker->busy_until_ms ? broker->hung_until_ms : broker->busy_until_ms;
    bool silent = sim_broker_is_hung(world, node) || sim_broker_is_busy(world, node);

    if (notice->kind == NOTICE_RECOVERED && silent && world->now_ms - since_ms > NEWS_MS)
        sim_fail(world, "false recovery", "no node that is silent is told to have recovered", FORMAT,
            FORMATTED(world, node, notice));
    /* One that has just died was silent until then. */
    if (notice->kind == NOTICE_HUNG && !silent && world->now_ms - until_ms > NEWS_MS &&
        (broker->phase == BROKER_RUNNING || world->now_ms - broker->phase_ms > NEWS_MS))
        sim_fail(world, "false hang", "no node that answers is told to hang", FORMAT,
            FORMATTED(world, node, notice));
}

/* FNV-1a. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

static void check_once(struct sim_world *world, struct sim_node *node, const struct notice *notice)
{
    struct sim_agent *agent = &node->agent;
    uint64_t hash = hash_text(UINT64_C(14695981039346656037) + (uint64_t)notice->kind, notice->incident);

    uint32_t done = agent->done;

    /* To give up again it takes a try of its own, or the time after which it would try; anything else may be
     * told of a new process, too. */
    if (notice->kind != NOTICE_GAVE_UP)
        done += (uint32_t)hash_text(0, agent->unit.invocation_id);
    hash = hash_text(hash_text(hash, notice->why), notice->node);
    for (size_t i = 0; i < SIM_WORDS_MAX; i++)
        if (agent->words[i].hash == hash && agent->words[i].done == done &&
            (notice->kind != NOTICE_GAVE_UP ||
                world->now_ms - agent->words[i].at_ms < world->policy.give_up_retry_ms))
            sim_fail(world, "once", "nothing is told twice, unless something was done in between", FORMAT,
                FORMATTED(world, node, notice));
    agent->words[agent->word_count++ % SIM_WORDS_MAX] = (struct sim_word){hash, done, world->now_ms};
}

static bool raises(enum notice_kind kind, bool *ret_clears)
{
    *ret_clears = false;
    for (int watch = 0; watch < WATCH_KIND_COUNT; watch++) {
        if (watch_infos[watch].raise == kind)
            return true;
        *ret_clears = *ret_clears || watch_infos[watch].clear == kind;
    }
    return false;
}

static void note_problem(struct sim_world *world, struct sim_node *node, const struct notice *notice)
{
    struct sim_agent *agent = &node->agent;
    bool clears, raised = raises(notice->kind, &clears);

    if (!raised && !clears)
        return;
    for (size_t i = 0; i < agent->problem_count; i++)
        if (!strcmp(agent->problems[i].incident, notice->incident)) {
            agent->problems[i] = agent->problems[--agent->problem_count];
            if (clears)
                return;
        }
    if (clears) {
        if (agent->forgot_ms == 0)
            sim_fail(world, "end of nothing", "no end is told of what was never told to have begun", FORMAT,
                FORMATTED(world, node, notice));
        return;
    }
    if (agent->problem_count == SIM_PROBLEMS_MAX)
        return;
    agent->problems[agent->problem_count] = (struct sim_problem){.kind = notice->kind};
    text_copy(agent->problems[agent->problem_count++].incident, RMQ_INCIDENT_ID_MAX, notice->incident);
}

static uint32_t notices_per_fault(const struct sim_world *world)
{
    uint32_t restarts = world->policy.max_restarts;

    return NOTICES_PER_FAULT + (restarts > RESTARTS_IN_THAT ? restarts - RESTARTS_IN_THAT : 0);
}

void sim_told_action(struct sim_world *world, struct sim_node *node, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START_UNIT:
    case ACTION_RESTART_UNIT:
    case ACTION_KILL_UNIT:
    case ACTION_DUMP_UNIT:
        node->agent.done++;
        break;
    case ACTION_RECORD:
        if (action->notice.kind == NOTICE_NONE) /* else the channels hear of it a moment later */
            break;
        /* fall through */
    case ACTION_NOTICE:
        world->notices++;
        check_truth(world, node, &action->notice);
        check_word(world, node, &action->notice);
        check_once(world, node, &action->notice);
        sim_voice_check(world, node, &action->notice);
        note_problem(world, node, &action->notice);
        if (world->notices > notices_per_fault(world) * (world->faults_begun + 1))
            sim_fail(world, "flood", "a fault leads to a bounded number of notices",
                "%u of %u faults at %.1f s", world->notices, world->faults_begun,
                (double)world->now_ms / 1000);
        break;
    default:
        break;
    }
}

void sim_told_forget(struct sim_node *node)
{
    node->agent.problem_count = 0;
    memset(node->agent.words, 0, sizeof(node->agent.words));
}

/* It goes on: nothing is calm but for a member that an operator stopped. */
static bool is_known(const struct core *core, const char *incident)
{
    for (int kind = 0; kind < WATCH_PEER; kind++)
        if (core->watches[kind].raised && !strcmp(core->watches[kind].incident, incident))
            return true;
    for (size_t i = 1; i < core->member_count; i++)
        for (int kind = 0; kind < PEER_WATCHES; kind++)
            if (core->peer_watches[i][kind].raised && !strcmp(core->peer_watches[i][kind].incident, incident))
                return true;
    return false;
}

void sim_told_end(struct sim_world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_node *node = &world->nodes[i];

        for (size_t j = 0; j < node->agent.problem_count; j++)
            if (!is_known(&node->agent.core, node->agent.problems[j].incident))
                sim_fail(world, "problem's end", "the end of everything that was told is told", "%s: %s, %s",
                    node->name, notice_info(node->agent.problems[j].kind)->event,
                    node->agent.problems[j].incident);
    }
}
