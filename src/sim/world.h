/* A modelled cluster: hosts, systemd units, brokers, the network between them, one real core on each host. */
#ifndef RMQWATCH_SIM_WORLD_H
#define RMQWATCH_SIM_WORLD_H

#include "core/core.h"
#include "sim/agenda.h"
#include "sim/random.h"
#include "sim/sim.h"

#include <stdio.h>

enum {
    SIM_NODES_MAX = 5,
    SIM_BUS_MAX = 64,
    SIM_SAVES_MAX = 4,
    SIM_ACTS_MAX = 64,
    SIM_TOLD_MAX = 32,
    SIM_WORDS_MAX = 64,
    SIM_PROBLEMS_MAX = 32,
};

#define SIM_NEVER UINT64_MAX
#define SIM_WALL_MS INT64_C(1760000000000) /* wall time at the beginning */

/* --- the broker: one process, or none --- */

enum broker_phase {
    BROKER_GONE,
    BROKER_BOOTING,
    BROKER_WAITING, /* at boot, for its peers */
    BROKER_RUNNING,
};

struct sim_broker {
    enum broker_phase phase;
    uint64_t phase_ms; /* since when */
    uint32_t run;      /* counts processes */
    uint64_t api_ms;   /* when the API's port opens during the boot */

    uint64_t hung_until_ms; /* it gets no processor (SIGSTOP), or waits for a lock that nobody gives back */
    uint64_t hung_ms;       /* since when */
    char hung_state;        /* as in proc_pid_stat(5): T stopped, D in the kernel, S waits for a lock */
    uint64_t hung_cpu;      /* permille of a processor that it uses all the same */
    uint64_t busy_until_ms; /* it works, but does not answer */
    uint64_t busy_cpu; /* permille of a processor that it is given for that: none to one that is starved */
    uint64_t busy_ms;
    uint64_t silent_ms;      /* since when it does not answer for one of these reasons, or for both in turn */
    uint64_t stuck_until_ms; /* SIGKILL has to wait: in the kernel */
    bool kill_pending;
    uint64_t app_stopped_until_ms;
    uint64_t drained_until_ms;
    uint64_t drained_api_ms; /* until when a connection to its API from before that is kept alive */
    uint64_t listener_lost_until_ms;
    uint64_t alarm_until_ms;
    bool paused;
    uint64_t resume_ms;     /* paused, and a majority is back since then; 0: it is not */
    uint64_t restricted_ms; /* since when its client ports are shut on purpose, or it is paused; 0: open */
    uint64_t opened_ms;     /* when they were opened again */

    uint32_t peers_at_stop; /* bit set: who ran when it stopped */
    uint32_t partitioned;   /* bit set: whom it holds to have run apart from it */
    uint64_t cpu_ms;        /* used until cpu_at_ms */
    uint64_t cpu_at_ms;

    /* How this host's broker is, over its processes. */
    uint64_t boot_ms;
    uint64_t cursed_until_ms; /* dies at every boot */
    uint64_t slow_until_ms;   /* boots slowly */
    uint64_t standing_ms;     /* when it was a member that answers, last */
    uint64_t served_since_ms; /* since when it serves without a break; 0: it does not */
};

/* --- the unit, as systemd sees it --- */

enum unit_phase {
    UNIT_PHASE_INACTIVE,
    UNIT_PHASE_FAILED,
    UNIT_PHASE_AUTO_RESTART,
    UNIT_PHASE_STARTING,
    UNIT_PHASE_RUNNING,
    UNIT_PHASE_STOPPING,
};

enum unit_verb { VERB_NONE, VERB_START, VERB_STOP, VERB_RESTART, VERB_KILL, VERB_DUMP };

#define OWNER_SOMEBODY 0u          /* an operator, a package's script */
#define OWNER_SYSTEMD (UINT32_MAX) /* its own restart */

struct sim_job {
    uint32_t id; /* 0: none */
    enum unit_verb verb;
    uint32_t owner;   /* generation of the agent that asked for it */
    bool stop_done;   /* a restart: its first half */
    uint32_t seen_by; /* generation of the agent that was there when systemd queued its own restart */
};

struct sim_unit {
    enum unit_phase phase;
    struct sim_job job;
    uint32_t next_job;
    uint32_t timer;             /* generation of the timer that counts */
    uint64_t inactive_enter_ms; /* as systemd notes it */
    bool masked;
    bool timed_out; /* systemd has lost its patience: the death to come counts as a timeout */
    bool stopped;   /* an operator wants it so */
    uint64_t stopped_ms;
    uint32_t invocation;
    char result[24];
    int32_t exec_main_code, exec_main_status;
    uint32_t n_restarts;
    uint64_t restart_delay_ms, timeout_start_ms, timeout_stop_ms;
    uint32_t pid;
};

/* --- the agent: the core, and a model of the shell around it --- */

enum bus_kind { BUS_UNIT, BUS_UNIT_LOST, BUS_JOB_DONE, BUS_REQUEST_DONE, BUS_REQUEST_FAILED };

struct bus_message {
    enum bus_kind kind;
    struct unit_state unit;
    char text[32]; /* a job's result, or a refusal */
    bool ok;       /* of a job; permanent, of a refusal */
};

struct sim_check {
    bool fast;
    uint32_t timer; /* generation of the timer that counts */
    uint32_t runs;
    bool first;
};

struct sim_lease_user {
    bool held;
    bool acquiring;
    uint32_t request; /* the answer that counts */
    size_t peer_count;
    uint8_t peers[SIM_NODES_MAX]; /* whom to ask for it, best first */
    uint64_t granted_ms;
    uint64_t taken_ms; /* when it was another's last */
};

/* One start or kill that the agent did: what the budget is compared with. */
struct sim_act {
    uint64_t at_ms;
    uint32_t run; /* of the broker that was killed; 0: a start of a dead one */
};

struct sim_told {
    char incident[RMQ_INCIDENT_ID_MAX];
    bool opened, ended;
};

/* One notice, by a hash of all that makes it this one; and what had been done by then. */
struct sim_word {
    uint64_t hash;
    uint32_t done;
    uint64_t at_ms;
};

/* Something was told to be wrong, and not yet to be over. */
struct sim_problem {
    enum notice_kind kind;
    char incident[RMQ_INCIDENT_ID_MAX];
};

struct sim_agent {
    bool alive;
    uint32_t generation; /* counts starts; never 0 */
    uint64_t frozen_until_ms;
    uint64_t thawed_ms;
    uint64_t started_ms;
    int64_t clock_ms; /* its monotonic clock minus the world's */
    struct core core;
    uint32_t probed; /* bit set of nodes */
    bool members_posted;
    struct sim_check checks[SIM_NODES_MAX][PROBE_KIND_COUNT];
    size_t bus_head, bus_count;
    struct bus_message bus[SIM_BUS_MAX];
    uint64_t bus_at_ms; /* the last message comes then */
    bool bus_lost;
    uint64_t bus_found_ms;  /* when it was found again; 0: it was never lost */
    struct unit_state unit; /* as it was told last */
    bool unit_told;
    struct unit_state posted; /* the last that is on its way */
    bool unit_posted;
    uint32_t own_job; /* of systemd's, that it asked for and has not heard the end of; 0: none */
    struct sim_lease_user lease;
    size_t save_count; /* a ring, newest at save_count - 1 */
    struct core_snapshot saves[SIM_SAVES_MAX];
    bool store_fails;
    uint32_t sample; /* generation of the timer of its host samples */
    char collecting[RMQ_INCIDENT_ID_MAX];

    /* What it was told; for the invariants. */
    int64_t hold_until_wall_ms;
    bool packages_changing;
    uint32_t partition_run; /* of the broker that has told it of a partition; another one has heard of none */
    uint32_t drained_run;   /* of the broker that has told it of its maintenance mode */
    uint64_t host_told_ms;  /* the last sample of its process */
    uint64_t ask_ms;        /* when it asked the others last */
    uint64_t granted_ask_ms;
    uint32_t asks;         /* since the lease was granted: how often it asked again */
    uint64_t disturbed_ms; /* it killed its live broker then, and that is not over; 0: it did not */
    uint32_t disturbed_run;
    bool disturbed_lease_lost;
    size_t act_count;
    struct sim_act acts[SIM_ACTS_MAX];
    uint32_t killed_run;
    uint32_t paid_run; /* the same, also by an agent that this one remembers: its start is paid */
    size_t told_count;
    struct sim_told told[SIM_TOLD_MAX];
    uint32_t done;     /* starts and kills so far */
    size_t word_count; /* a ring */
    struct sim_word words[SIM_WORDS_MAX];
    size_t problem_count;
    struct sim_problem problems[SIM_PROBLEMS_MAX];
    uint64_t forgot_ms;   /* it was restarted with less than it had known then; 0: never */
    enum state acts_from; /* its state before the step */
};

struct sim_host {
    bool up;
    uint64_t changing_until_ms; /* a package manager works */
    uint64_t refuse_until_ms;   /* systemd refuses requests */
    bool refuse_for_good;
    uint64_t bus_lost_until_ms;
    uint64_t store_fails_until_ms;
    uint64_t wrong_password_until_ms;
    uint64_t operator_start_ms; /* when the operator who stopped it starts it again; SIM_NEVER: not at all */
};

/* Since when it is so; 0: it is not. What the agents' voices are judged by. */
struct sim_voice {
    uint64_t awake_ms, mute_ms; /* the agent */
    uint64_t cut_off_ms;        /* no majority of the hosts is in its reach */
    uint64_t sane_ms;           /* its password is right */
    uint64_t broker_silent_ms, broker_serves_ms;
    uint64_t meets_ms[SIM_NODES_MAX]; /* its agent and that one are there, and nothing is between them */
};

struct sim_node {
    char name[16];
    struct sim_host host;
    struct sim_broker broker;
    struct sim_unit unit;
    struct sim_agent agent;
    struct sim_voice voice;
    uint32_t touched; /* bit set of enum fault_kind: what has happened to it so far */
};

/* --- the cluster --- */

enum cluster_kind { CLUSTER_PAUSE_MINORITY, CLUSTER_IGNORE, CLUSTER_KHEPRI, CLUSTER_KIND_COUNT };

struct sim_link {
    bool up;            /* each hears the other's ticks */
    bool apart;         /* both ran when they lost each other */
    uint64_t silent_ms; /* since when one does not hear the other; 0: both hear */
    uint64_t hears_ms;  /* since when both could hear each other again; 0: not */
    uint32_t runs[2];   /* of the processes that it joined last */
};

struct sim_lease {
    bool taken;
    bool ghost; /* its holder is gone, but the member that keeps it does not know */
    uint8_t holder, peer;
    uint32_t holder_generation;
    uint32_t peer_run;
    uint64_t cut_ms; /* since when the two do not hear each other; 0: they do */
};

struct sim_fault {
    uint64_t at_ms;
    uint64_t until_ms;
    uint8_t kind; /* enum fault_kind (fault.h) */
    uint8_t node;
    uint32_t value;
};

enum { SIM_FAULTS_MAX = 24 };

struct sim_failure {
    bool failed;
    const char *invariant;
    const char *sentence;
    uint64_t at_ms;
    char detail[400];
};

struct sim_world {
    struct sim_random random;
    struct sim_random presence_random; /* of the agents' questions to each other */
    uint64_t now_ms;
    uint64_t story_ms; /* the story's times count from here */
    uint64_t steps;
    struct policy policy;
    enum cluster_kind kind;
    size_t count;
    struct sim_node nodes[SIM_NODES_MAX];
    bool cut[SIM_NODES_MAX][SIM_NODES_MAX]; /* from, to */
    uint64_t cut_ms;                        /* when any of that began last */
    uint64_t whole_ms; /* since when nothing is cut and nothing is lost; 0: something is */
    struct sim_link links[SIM_NODES_MAX][SIM_NODES_MAX];   /* first index smaller */
    uint64_t stale_until_ms[SIM_NODES_MAX][SIM_NODES_MAX]; /* who is wrong about whom */
    uint64_t loss_until_ms;
    unsigned loss_permille;
    struct sim_lease lease;
    uint64_t lease_broken_until_ms;
    uint64_t tick_ms; /* Erlang's net tick time */
    uint64_t boot_wait_ms;
    bool views_wait; /* while a member hangs, the others do not say who runs */
    struct agenda agenda;
    uint32_t notices; /* told so far, by all agents */
    uint32_t faults_begun;
    size_t fault_count;
    struct sim_fault faults[SIM_FAULTS_MAX];
    uint64_t healed_ms; /* no faults from then on */
    uint64_t end_ms;    /* everything must have ended by then */
    uint64_t revive_ms; /* so long after the last fault hung ones that nobody could cure are let go */
    uint64_t steps_max;
    uint64_t calm_ms;   /* since when everything is well; 0: it is not */
    struct event event; /* the one that is being delivered */
    struct action_list actions;
    struct sim_failure failure;
    struct sim_outcome *outcome; /* NULL: nobody asks for it */
    FILE *trace;                 /* NULL: nobody reads it */
    bool verbose;
    sim_tap_fn *tap;
    void *tap_context;
};

/* Notes the first violation; the run ends after the step. */
void sim_fail(struct sim_world *world, const char *invariant, const char *sentence, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static inline size_t sim_index(const struct sim_world *world, const struct sim_node *node)
{
    return (size_t)(node - world->nodes);
}

#endif
