/* What is done about the local node. Read the rows as sentences; their order does not matter, they exclude
 * each other. The gates on disturbing a live node stand in "it should be restarted", one row each. */
#include "core/table.h"

#define S(name) (1u << STATE_##name)
#define C(name) CONDITION_BIT(name)
#define T(name) (UINT64_C(1) << TRIGGER_##name)
#define F(name) FACT_##name

#define STAY STATE_COUNT
#define QUIET ACT_NOTHING, NOTICE_NONE

#define DEAD CONDITIONS_DEAD
#define SERVING CONDITIONS_SERVING
#define CURABLE CONDITIONS_CURABLE
#define OPTED CONDITIONS_OPTED
/* Conditions that give no reason to act. */
#define LIMBO (CONDITIONS_UNSURE | CONDITIONS_PATIENT)

/* States from which a dead node is started at once, as at the first crash. */
#define READY_TO_START                                                                                       \
    (S(WATCHING) | S(STANDBY) | S(ASKING) | S(LEASING) | S(HELD) | S(UNVERIFIED) | S(RESUMED))
#define CALM (S(WATCHING) | S(STANDBY) | S(RESUMED))
/* All the others have answered, or had their time. */
#define ASKED (T(ASKED) | T(DEADLINE))
/* Every gate but the last ones. */
#define GATES (F(FOREIGN_JOB) | F(HOLD) | F(SPLIT) | F(QUEUES) | F(CROWD))
#define LEASE_WORDS (T(GRANTED) | T(TAKEN) | T(UNAVAILABLE) | T(LOST))

const struct row rescue_rows[] = {
    /* -- a dead node: starting it is always safe -- */
    {READY_TO_START, DEAD, F(FOREIGN_JOB), 0, STAY, QUIET, "it is dead, but a job that is not ours is at it"},
    {READY_TO_START & ~S(HELD), DEAD, F(HOLD), F(FOREIGN_JOB), STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it is dead and would be started now, but it is on hold"},
    {S(HELD), DEAD, F(HOLD), F(FOREIGN_JOB), STAY, QUIET, "it is dead, and on hold"},
    {READY_TO_START, DEAD, 0, F(FOREIGN_JOB) | F(HOLD) | F(ACT), STATE_OBSERVED, ACT_NOTHING,
        NOTICE_WOULD_ACT, "it is dead and would be started now; mode = observe"},
    {READY_TO_START, DEAD, F(ACT) | F(BUDGET), F(FOREIGN_JOB) | F(HOLD), STATE_STARTING, ACT_START,
        NOTICE_CRASHED, "it is dead: starting it is always safe, so it is started at once"},
    {READY_TO_START, DEAD, F(ACT), F(FOREIGN_JOB) | F(HOLD) | F(BUDGET), STATE_GAVE_UP, ACT_STOP,
        NOTICE_GAVE_UP, "it keeps dying: the restarts of this window are used up"},
    {S(KILLING), DEAD, F(FOREIGN_JOB), 0, STAY, QUIET,
        "the hung broker is dead, but a job that is not ours is at it"},
    {S(KILLING), DEAD, 0, F(FOREIGN_JOB), STATE_STARTING, ACT_START, NOTICE_NONE,
        "the hung broker is dead: start it"},
    {S(STARTING), DEAD, 0, 0, STAY, QUIET, "the start is on its way"},
    {S(BACKING_OFF), DEAD, 0, 0, STAY, QUIET, "the pause before the next start runs"},
    {S(GAVE_UP), DEAD, 0, 0, STAY, QUIET, "given up: waiting for the next slow retry"},
    {S(OBSERVED), DEAD | CURABLE | OPTED, 0, F(ACT), STAY, QUIET, "mode = observe: said, not done"},
    {S(OBSERVED), DEAD | CURABLE | OPTED, F(ACT), 0, STATE_RESUMED, QUIET, "mode = act again: judged anew"},

    /* -- it died again -- */
    {S(STARTING), T(JOB_FAILED) | T(UNIT_DEAD), F(DEAD) | F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING,
        NOTICE_RETRYING, "it died again while starting: the next start waits"},
    {S(STARTING), T(JOB_FAILED) | T(UNIT_DEAD), 0, F(DEAD), STAY, QUIET,
        "its start failed: the unit tells what became of it"},
    {S(STARTING), T(JOB_FAILED) | T(UNIT_DEAD), F(DEAD), F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "it dies at every start: the restarts of this window are used up"},
    {S(VERIFYING), DEAD, F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_RETRYING,
        "it died again soon after its start: the next start waits"},
    {S(VERIFYING), DEAD, 0, F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "it dies soon after every start: the restarts of this window are used up"},
    {S(STARTING), T(REFUSED), 0, F(RUNNING), STATE_BACKING_OFF, ACT_NOTHING, NOTICE_HELD,
        "systemd refused to start it"},
    {S(STARTING), T(REFUSED), F(RUNNING), 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "systemd refused to restart it"},
    {S(STARTING), T(DEADLINE), F(DEAD) | F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_RETRYING,
        "the start came to nothing: the next one waits"},
    {S(STARTING), T(DEADLINE), F(DEAD), F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "the start came to nothing: the restarts of this window are used up"},
    {S(STARTING), T(DEADLINE), 0, F(DEAD), STATE_UNVERIFIED, ACT_NOTHING, NOTICE_UNVERIFIED,
        "the start has taken longer than the unit's own start timeout; it is left alone"},

    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(ACT) | F(BUDGET), F(FOREIGN_JOB) | F(HOLD), STATE_STARTING,
        ACT_START, NOTICE_NONE, "the pause is over: start it again"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(ACT), F(FOREIGN_JOB) | F(HOLD) | F(BUDGET), STATE_GAVE_UP,
        ACT_STOP, NOTICE_GAVE_UP, "it keeps dying: the restarts of this window are used up"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD), F(FOREIGN_JOB) | F(HOLD) | F(ACT), STATE_OBSERVED, ACT_NOTHING,
        NOTICE_WOULD_ACT, "it is dead and would be started again now; mode = observe"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(FOREIGN_JOB), 0, STATE_BACKING_OFF, QUIET,
        "a job that is not ours is at it"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(HOLD), F(FOREIGN_JOB), STATE_BACKING_OFF, QUIET,
        "it is dead, and on hold"},
    {S(BACKING_OFF), T(DEADLINE), 0, F(DEAD), STATE_BACKING_OFF, QUIET, "it is not dead any more"},

    {S(GAVE_UP), T(DEADLINE), F(ACT), F(FOREIGN_JOB) | F(HOLD), STATE_STARTING, ACT_START, NOTICE_NONE,
        "given up, but not forgotten: one slow retry"},
    {S(GAVE_UP), T(DEADLINE), F(ACT) | F(HOLD), F(FOREIGN_JOB), STATE_GAVE_UP, QUIET, "on hold: no retry"},
    {S(GAVE_UP), T(DEADLINE), 0, F(FOREIGN_JOB) | F(ACT), STATE_GAVE_UP, QUIET, "mode = observe: no retry"},
    {S(GAVE_UP), T(DEADLINE), F(FOREIGN_JOB), 0, STATE_GAVE_UP, QUIET, "a job that is not ours is at it"},
    {S(GAVE_UP), T(RESUME), F(ACT), F(FOREIGN_JOB) | F(HOLD) | F(RUNNING), STATE_STARTING, ACT_START,
        NOTICE_NONE, "given up, and an operator wants it tried again"},
    {S(GAVE_UP), T(RESUME), F(RUNNING), F(FOREIGN_JOB), STAY, QUIET, "it runs already"},
    {S(GAVE_UP), T(RESUME), F(ACT) | F(HOLD), F(FOREIGN_JOB) | F(RUNNING), STAY, QUIET,
        "it is still on hold: no retry"},
    {S(GAVE_UP), T(RESUME), 0, F(FOREIGN_JOB) | F(RUNNING) | F(ACT), STAY, QUIET, "mode = observe: no retry"},
    {S(GAVE_UP), T(RESUME), F(FOREIGN_JOB), 0, STAY, QUIET, "a job that is not ours is at it"},

    /* -- a live node: disturbing it needs proof, quorum of the others, budget, the lease, and no hold -- */
    {CALM, CURABLE, F(FOREIGN_JOB), 0, STAY, QUIET, "it hangs, but a job that is not ours is at it"},
    {CALM, CURABLE, 0, F(FOREIGN_JOB), STATE_ASKING, ACT_ASK, NOTICE_HUNG,
        "it is running, but AMQP and API do not answer: ask the others whether a restart is safe"},
    {CALM | S(VERIFYING) | S(UNVERIFIED), OPTED, F(PROOF), F(FOREIGN_JOB), STATE_ASKING, ACT_ASK, NOTICE_NONE,
        "it serves no clients, and the configuration wants it restarted then: ask the others whether it is "
        "safe"},
    {CALM | S(VERIFYING) | S(UNVERIFIED), OPTED, F(PROOF) | F(FOREIGN_JOB), 0, STAY, QUIET,
        "it serves no clients, but a job that is not ours is at it"},
    {S(VERIFYING) | S(UNVERIFIED), CURABLE, 0, 0, STATE_ASKING, ACT_ASK, NOTICE_HUNG,
        "it hangs again after its start: ask the others whether a restart is safe"},

    {S(ASKING), ASKED, F(FOREIGN_JOB), 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but systemd has a job for it that is not ours"},
    {S(ASKING), ASKED, 0, F(FOREIGN_JOB) | F(PROOF), STATE_HELD, QUIET, "the proof is gone: wait and see"},
    {S(ASKING), ASKED, F(PROOF) | F(HOLD), F(FOREIGN_JOB), STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but it is on hold"},
    {S(ASKING), ASKED, F(PROOF) | F(SPLIT), F(FOREIGN_JOB) | F(HOLD), STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but the members disagree on who runs: no side is chosen"},
    {S(ASKING), ASKED, F(PROOF), F(FOREIGN_JOB) | F(HOLD) | F(SPLIT) | F(SAFE), STATE_HELD, ACT_NOTHING,
        NOTICE_HELD,
        "it should be restarted, but by their own word the others are no majority without it: that could do "
        "harm"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(QUEUES), F(FOREIGN_JOB) | F(HOLD) | F(SPLIT), STATE_HELD,
        ACT_NOTHING, NOTICE_HELD, "it should be restarted, but a queue could lose its quorum with it"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(CROWD), GATES & ~F(CROWD), STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but the cluster has seen too many restarts lately"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE), GATES | F(BUDGET), STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but the restarts of this window are used up"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(BUDGET), GATES | F(ACT) | F(GENTLE), STATE_OBSERVED,
        ACT_NOTHING, NOTICE_WOULD_ACT, "it hangs and would be killed and started now; mode = observe"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(BUDGET) | F(GENTLE), GATES | F(ACT), STATE_OBSERVED,
        ACT_NOTHING, NOTICE_WOULD_ACT, "it would be restarted now; mode = observe"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(BUDGET) | F(ACT), GATES | F(LEASE), STATE_LEASING, ACT_LEASE,
        NOTICE_NONE, "its restart would be safe: seek the restart lease"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(QUORUM) | F(BUDGET) | F(ACT) | F(LEASE), GATES | F(GENTLE),
        STATE_KILLING, ACT_KILL, NOTICE_RESTARTING,
        "it hangs, the others are a majority without it, and the lease is ours: kill it and start it"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(BUDGET) | F(ACT) | F(LEASE), GATES | F(QUORUM) | F(GENTLE),
        STATE_KILLING, ACT_KILL, NOTICE_RESTARTING,
        "it takes no part any more, so its restart takes nothing away, and the lease is ours: kill it and "
        "start it"},
    {S(ASKING), ASKED, F(PROOF) | F(SAFE) | F(BUDGET) | F(ACT) | F(LEASE) | F(GENTLE), GATES, STATE_STARTING,
        ACT_RESTART, NOTICE_RESTARTING,
        "it serves no clients, its restart is safe for the others, and the lease is ours: restart it"},

    {S(LEASING), T(GRANTED), 0, 0, STATE_ASKING, ACT_ASK, NOTICE_NONE,
        "the lease is ours: ask the others once more, right before acting"},
    {S(LEASING), T(TAKEN), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but another agent holds the restart lease: one at a time"},
    {S(LEASING), T(UNAVAILABLE) | T(DEADLINE), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it should be restarted, but the restart lease cannot be had: no live node is disturbed without it"},
    {S(LEASING), CURABLE | OPTED, 0, 0, STAY, QUIET, "the restart lease is being sought"},
    {S(ASKING) | S(LEASING), LIMBO, 0, 0, STATE_HELD, QUIET, "the proof is gone: wait and see"},
    {S(ASKING), OPTED, F(PROOF), 0, STAY, QUIET, "the others are being asked"},
    {S(ASKING), OPTED, 0, F(PROOF), STATE_HELD, QUIET, "the proof is gone: wait and see"},
    {S(ASKING), CURABLE, 0, 0, STAY, QUIET, "the others are being asked"},
    {S(HELD), LIMBO | OPTED, 0, 0, STAY, QUIET, "wait and see"},
    {S(HELD), CURABLE, 0, 0, STAY, QUIET, "it hangs, and something forbids to act"},
    {S(HELD), T(DEADLINE), F(PROOF), 0, STATE_ASKING, ACT_ASK, NOTICE_NONE,
        "it still should be restarted: ask the others again"},
    {S(HELD), T(DEADLINE), F(DEAD) | F(HOLD), F(PROOF), STATE_HELD, QUIET, "it is dead, and on hold"},
    {S(HELD), T(DEADLINE), F(DEAD), F(PROOF) | F(HOLD), STATE_HELD, QUIET,
        "it is dead, but a job that is not ours is at it"},
    {S(HELD), T(DEADLINE), 0, F(PROOF) | F(DEAD), STATE_HELD, QUIET, "no proof: wait and see"},
    {S(KILLING), T(REFUSED), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD, "systemd refused to kill it"},
    {S(KILLING), T(DEADLINE), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it was killed, but does not die: a process waits in the kernel, for a disk perhaps"},
    {S(KILLING), LIMBO | SERVING | CURABLE | OPTED | T(ACCEPTED), 0, 0, STAY, QUIET, "it is dying"},
    {S(KILLING) | S(STARTING) | S(BACKING_OFF) | S(VERIFYING), T(LOST), 0, 0, STAY, ACT_NOTHING,
        NOTICE_LEASE_LOST,
        "the restart lease was lost while acting under it: what was begun is finished, nothing new is begun"},

    /* -- it answers again without us -- */
    {S(ASKING) | S(LEASING) | S(HELD) | S(OBSERVED), SERVING, 0, 0, STATE_WATCHING, ACT_NOTHING,
        NOTICE_RECOVERED, "it answers again, without our doing"},

    /* -- booting is left alone, whoever began it -- */
    {S(WATCHING), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(STANDBY), C(BOOTING), 0, 0, STATE_WATCHING, QUIET, "it is being started again"},
    {S(STARTING), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(OBSERVED) | S(UNVERIFIED), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(ASKING) | S(LEASING) | S(HELD) | S(KILLING) | S(VERIFYING) | S(BACKING_OFF) | S(GAVE_UP) | S(RESUMED),
        C(BOOTING), 0, 0, STATE_STARTING, QUIET, "it is being started: wait for its boot"},

    /* -- running again: prove it -- */
    {S(STARTING), T(JOB_DONE) | T(UNIT_ACTIVE) | SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "the unit is active: now the recovery is to be proven"},
    {S(KILLING), T(UNIT_ACTIVE), 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "it died and was started again: now the recovery is to be proven"},
    {S(BACKING_OFF) | S(GAVE_UP), T(UNIT_ACTIVE) | SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "somebody else started it: now the recovery is to be proven"},
    {S(RESUMED), SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "it came up while this agent was away: now the recovery is to be proven"},
    {S(STARTING) | S(BACKING_OFF) | S(GAVE_UP), CURABLE | LIMBO | OPTED, 0, 0, STAY, QUIET,
        "nothing is certain before it has started"},
    {S(VERIFYING), SERVING | LIMBO, 0, 0, STAY, QUIET, "the proofs are being collected"},
    {S(VERIFYING), OPTED, 0, F(PROOF), STAY, QUIET, "the proofs are being collected"},
    {S(VERIFYING) | S(UNVERIFIED), T(VERIFIED), 0, 0, STATE_WATCHING, ACT_NOTHING, NOTICE_RECOVERED,
        "every proof of recovery holds"},
    {S(VERIFYING), T(DEADLINE), 0, 0, STATE_UNVERIFIED, ACT_NOTHING, NOTICE_UNVERIFIED,
        "it runs again, but a proof of recovery is missing"},
    {S(UNVERIFIED), SERVING | LIMBO, 0, 0, STAY, QUIET, "a proof of recovery is still missing"},
    {S(UNVERIFIED), OPTED, 0, F(PROOF), STAY, QUIET, "a proof of recovery is still missing"},
    {S(UNVERIFIED), T(UNIT_ACTIVE) | T(JOB_DONE), 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "the unit is active: now the recovery is to be proven"},

    /* -- an operator stopped it: hands off -- */
    {S(WATCHING), C(STOPPED), F(SEEN), 0, STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped it on purpose: it is not started until somebody starts it"},
    {S(WATCHING), C(STOPPED), 0, F(SEEN), STATE_STANDBY, QUIET, "it was stopped before this agent started"},
    {S(OBSERVED) | S(ASKING) | S(LEASING) | S(HELD) | S(KILLING) | S(VERIFYING) | S(UNVERIFIED) | S(RESUMED),
        C(STOPPED), 0, 0, STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped it on purpose: it is not started until somebody starts it"},
    {S(STANDBY), C(STOPPED), 0, 0, STAY, QUIET, "it is stopped on purpose"},
    {S(STANDBY), SERVING, 0, 0, STATE_WATCHING, QUIET, "it was started again"},
    {S(STARTING) | S(BACKING_OFF), C(STOPPED), 0, F(OWN_STOP), STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped it on purpose: it is not started until somebody starts it"},
    {S(STARTING) | S(BACKING_OFF), C(STOPPED), F(OWN_STOP), 0, STATE_GAVE_UP, QUIET,
        "its restart loop was ended, and its retry came to nothing: wait for the next slow retry"},
    {S(GAVE_UP), C(STOPPED), F(OWN_STOP), 0, STAY, QUIET, "given up: its restart loop was ended"},
    {S(GAVE_UP), C(STOPPED), 0, F(OWN_STOP), STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped or masked it on purpose: there are no more retries"},

    /* -- nothing to do, written down -- */
    {S(WATCHING), SERVING, 0, 0, STAY, QUIET,
        "it serves; what else is wrong is told, not cured by a restart"},
    {CALM, OPTED, 0, F(PROOF), STAY, QUIET,
        "it serves no clients: that is told, a restart was not opted for"},
    {S(RESUMED), LIMBO, F(RUNNING), 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "it runs, and this agent does not know since when: now the recovery is to be proven"},
    {S(RESUMED), LIMBO, 0, F(RUNNING), STAY, QUIET, "nothing is certain: wait and see"},
    {S(WATCHING) | S(STANDBY), LIMBO, 0, 0, STAY, QUIET,
        "nothing is certain, or it is left alone: wait and see"},
    {S(OBSERVED), LIMBO, 0, 0, STAY, QUIET, "nothing is certain: wait and see"},
    {S(STARTING), T(ACCEPTED) | T(ASKED) | T(VERIFIED) | T(GRANTED) | T(TAKEN) | T(UNAVAILABLE) | T(RESUME),
        0, 0, STAY, QUIET, "not what a start waits for"},
    {S(BACKING_OFF) | S(GAVE_UP),
        T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) | T(VERIFIED) |
            T(GRANTED) | T(TAKEN) | T(UNAVAILABLE),
        0, 0, STAY, QUIET, "known already"},
    {S(GAVE_UP), T(LOST), 0, 0, STAY, QUIET, "it was given back when this node was given up"},
    {S(BACKING_OFF), T(RESUME), 0, 0, STAY, QUIET, "the pause before the next start runs"},
    {CALM | S(OBSERVED),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) |
            T(VERIFIED) | T(DEADLINE) | LEASE_WORDS | T(RESUME),
        0, 0, STAY, QUIET, "nobody waits for this here: the condition decides"},
    {S(ASKING) | S(LEASING) | S(HELD),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(VERIFIED) |
            T(LOST) | T(RESUME),
        0, 0, STAY, QUIET, "nobody waits for this here: the condition decides"},
    {S(ASKING) | S(HELD), T(GRANTED) | T(TAKEN) | T(UNAVAILABLE), 0, 0, STAY, QUIET,
        "the lease's answer came too late"},
    {S(LEASING) | S(HELD), T(ASKED), 0, 0, STAY, QUIET, "the answers came too late"},
    {S(KILLING),
        T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ASKED) | T(VERIFIED) | T(GRANTED) | T(TAKEN) |
            T(UNAVAILABLE) | T(RESUME),
        0, 0, STAY, QUIET, "the condition tells when it is dead"},
    {S(VERIFYING),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) |
            T(GRANTED) | T(TAKEN) | T(UNAVAILABLE) | T(RESUME),
        0, 0, STAY, QUIET, "the condition decides"},
    {S(UNVERIFIED),
        T(UNIT_DEAD) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) | T(DEADLINE) | LEASE_WORDS |
            T(RESUME),
        0, 0, STAY, QUIET, "the condition decides"},
};

const size_t rescue_row_count = sizeof(rescue_rows) / sizeof(rescue_rows[0]);
