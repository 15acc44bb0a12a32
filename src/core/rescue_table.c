/* What is done about the local node. Read the rows as sentences; their order does not matter, they exclude
 * each other. Conditions to come find their relatives by the headings: reasons to act, reasons to wait,
 * proofs. */
#include "core/table.h"

#define S(name) (1u << STATE_##name)
#define C(name) (1u << CONDITION_##name)
#define T(name) (1u << TRIGGER_##name)
#define F(name) FACT_##name

#define STAY STATE_COUNT
#define QUIET ACT_NOTHING, NOTICE_NONE

/* Conditions that say nothing certain about the node. */
#define UNSURE (C(UNKNOWN) | C(MISCONFIGURED) | C(STALLED) | C(PEER_DOWN))
#define SERVING (C(HEALTHY) | C(ALARM))
#define DEAD (C(CRASHED) | C(ALL_DOWN))

/* States from which a dead node is started at once, as at the first crash. */
#define READY_TO_START (S(WATCHING) | S(STANDBY) | S(ASKING) | S(HELD) | S(UNVERIFIED) | S(RESUMED))
/* States in which a start has been tried already: the next one waits. */
#define TRIED (S(STARTING) | S(VERIFYING))

const struct row rescue_rows[] = {
    /* -- a dead node: starting it is always safe -- */
    {READY_TO_START, DEAD, F(FOREIGN_JOB), 0, STAY, QUIET, "it is dead, but a job that is not ours is at it"},
    {READY_TO_START, DEAD, 0, F(FOREIGN_JOB) | F(ACT), STATE_OBSERVED, ACT_NOTHING, NOTICE_WOULD_ACT,
        "it is dead and would be started now; mode = observe"},
    {READY_TO_START, DEAD, F(ACT) | F(BUDGET), F(FOREIGN_JOB), STATE_STARTING, ACT_START, NOTICE_CRASHED,
        "it is dead: starting it is always safe, so it is started at once"},
    {READY_TO_START, DEAD, F(ACT), F(FOREIGN_JOB) | F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "it keeps dying: the restarts of this window are used up"},
    {S(KILLING), DEAD, F(FOREIGN_JOB), 0, STAY, QUIET,
        "the hung broker is dead, but a job that is not ours is at it"},
    {S(KILLING), DEAD, 0, F(FOREIGN_JOB), STATE_STARTING, ACT_START, NOTICE_NONE,
        "the hung broker is dead: start it"},
    {S(STARTING), DEAD, 0, 0, STAY, QUIET, "the start is on its way"},
    {S(BACKING_OFF), DEAD, 0, 0, STAY, QUIET, "the pause before the next start runs"},
    {S(GAVE_UP), DEAD, 0, 0, STAY, QUIET, "given up: waiting for the next slow retry"},
    {S(OBSERVED), DEAD | C(HUNG), 0, F(ACT), STAY, QUIET, "mode = observe: said, not done"},
    {S(OBSERVED), DEAD | C(HUNG), F(ACT), 0, STATE_WATCHING, QUIET, "mode = act again: judged anew"},

    /* -- it died again -- */
    {S(STARTING), T(JOB_FAILED) | T(UNIT_DEAD), F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_RETRYING,
        "it died again while starting: the next start waits"},
    {S(STARTING), T(JOB_FAILED) | T(UNIT_DEAD), 0, F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "it dies at every start: the restarts of this window are used up"},
    {S(VERIFYING), DEAD, F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_RETRYING,
        "it died again soon after its start: the next start waits"},
    {S(VERIFYING), DEAD, 0, F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "it dies soon after every start: the restarts of this window are used up"},
    {S(STARTING), T(REFUSED), 0, 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_HELD,
        "systemd refused to start it"},
    {S(STARTING), T(DEADLINE), F(DEAD) | F(BUDGET), 0, STATE_BACKING_OFF, ACT_NOTHING, NOTICE_RETRYING,
        "the start came to nothing: the next one waits"},
    {S(STARTING), T(DEADLINE), F(DEAD), F(BUDGET), STATE_GAVE_UP, ACT_STOP, NOTICE_GAVE_UP,
        "the start came to nothing: the restarts of this window are used up"},
    {S(STARTING), T(DEADLINE), 0, F(DEAD), STATE_UNVERIFIED, ACT_NOTHING, NOTICE_UNVERIFIED,
        "the start has taken longer than the unit's own start timeout; it is left alone"},

    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(ACT) | F(BUDGET), F(FOREIGN_JOB), STATE_STARTING, ACT_START,
        NOTICE_NONE, "the pause is over: start it again"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(ACT), F(FOREIGN_JOB) | F(BUDGET), STATE_GAVE_UP, ACT_STOP,
        NOTICE_GAVE_UP, "it keeps dying: the restarts of this window are used up"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD), F(FOREIGN_JOB) | F(ACT), STATE_OBSERVED, ACT_NOTHING,
        NOTICE_WOULD_ACT, "it is dead and would be started again now; mode = observe"},
    {S(BACKING_OFF), T(DEADLINE), F(DEAD) | F(FOREIGN_JOB), 0, STATE_BACKING_OFF, QUIET,
        "a job that is not ours is at it"},
    {S(BACKING_OFF), T(DEADLINE), 0, F(DEAD), STATE_BACKING_OFF, QUIET, "it is not dead any more"},

    {S(GAVE_UP), T(DEADLINE), F(ACT), F(FOREIGN_JOB), STATE_STARTING, ACT_START, NOTICE_NONE,
        "given up, but not forgotten: one slow retry"},
    {S(GAVE_UP), T(DEADLINE), 0, F(FOREIGN_JOB) | F(ACT), STATE_GAVE_UP, QUIET, "mode = observe: no retry"},
    {S(GAVE_UP), T(DEADLINE), F(FOREIGN_JOB), 0, STATE_GAVE_UP, QUIET, "a job that is not ours is at it"},

    /* -- a hung node: disturbing it needs proof, quorum of the others, budget; lease and hold belong here --
     */
    {S(WATCHING) | S(STANDBY) | S(RESUMED), C(HUNG), F(FOREIGN_JOB), 0, STAY, QUIET,
        "it hangs, but a job that is not ours is at it"},
    {S(WATCHING) | S(STANDBY) | S(RESUMED), C(HUNG), 0, F(FOREIGN_JOB), STATE_ASKING, ACT_ASK, NOTICE_HUNG,
        "it is running, but AMQP and API do not answer: ask the others whether a restart is safe"},
    {S(VERIFYING) | S(UNVERIFIED), C(HUNG), 0, 0, STATE_ASKING, ACT_ASK, NOTICE_HUNG,
        "it hangs again after its start: ask the others whether a restart is safe"},
    {S(ASKING), T(ASKED) | T(DEADLINE), F(FOREIGN_JOB), 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it hangs, but systemd has a job for it that is not ours"},
    {S(ASKING), T(ASKED) | T(DEADLINE), 0, F(FOREIGN_JOB) | F(HUNG), STATE_HELD, QUIET,
        "the proof of the hang is gone: wait and see"},
    {S(ASKING), T(ASKED) | T(DEADLINE), F(HUNG), F(FOREIGN_JOB) | F(QUORUM), STATE_HELD, ACT_NOTHING,
        NOTICE_HELD,
        "it hangs, but by their own word the others are no majority without it: a restart could do harm"},
    {S(ASKING), T(ASKED) | T(DEADLINE), F(HUNG) | F(QUORUM), F(FOREIGN_JOB) | F(BUDGET), STATE_HELD,
        ACT_NOTHING, NOTICE_HELD, "it hangs, but the restarts of this window are used up"},
    {S(ASKING), T(ASKED) | T(DEADLINE), F(HUNG) | F(QUORUM) | F(BUDGET), F(FOREIGN_JOB) | F(ACT),
        STATE_OBSERVED, ACT_NOTHING, NOTICE_WOULD_ACT,
        "it hangs and would be killed and started now; mode = observe"},
    {S(ASKING), T(ASKED) | T(DEADLINE), F(HUNG) | F(QUORUM) | F(BUDGET) | F(ACT), F(FOREIGN_JOB),
        STATE_KILLING, ACT_KILL, NOTICE_RESTARTING,
        "it hangs, the others are a majority without it: kill it and start it"},
    {S(ASKING), UNSURE, 0, 0, STATE_HELD, QUIET, "the proof of the hang is gone: wait and see"},
    {S(HELD), UNSURE, 0, 0, STAY, QUIET, "nothing is certain: wait and see"},
    {S(HELD), T(DEADLINE), F(HUNG), 0, STATE_ASKING, ACT_ASK, NOTICE_NONE,
        "it still hangs: ask the others again"},
    {S(HELD), T(DEADLINE), 0, F(HUNG), STATE_HELD, QUIET, "no proof of a hang: wait and see"},
    {S(KILLING), T(REFUSED), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD, "systemd refused to kill it"},
    {S(KILLING), T(DEADLINE), 0, 0, STATE_HELD, ACT_NOTHING, NOTICE_HELD,
        "it was killed, but does not die: a process waits in the kernel, for a disk perhaps"},
    {S(KILLING), UNSURE | SERVING | C(HUNG) | T(ACCEPTED), 0, 0, STAY, QUIET, "it is dying"},
    {S(ASKING), C(HUNG), 0, 0, STAY, QUIET, "the others are being asked"},
    {S(HELD), C(HUNG), 0, 0, STAY, QUIET, "it hangs, and something forbids to act"},

    /* -- it answers again without us -- */
    {S(ASKING) | S(HELD) | S(OBSERVED), SERVING, 0, 0, STATE_WATCHING, ACT_NOTHING, NOTICE_RECOVERED,
        "it answers again, without our doing"},

    /* -- booting is left alone, whoever began it -- */
    {S(WATCHING), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(STANDBY), C(BOOTING), 0, 0, STATE_WATCHING, QUIET, "it is being started again"},
    {S(STARTING), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(OBSERVED) | S(UNVERIFIED), C(BOOTING), 0, 0, STAY, QUIET, "it is booting: a boot is never disturbed"},
    {S(ASKING) | S(HELD) | S(KILLING) | S(VERIFYING) | S(BACKING_OFF) | S(GAVE_UP) | S(RESUMED), C(BOOTING),
        0, 0, STATE_STARTING, QUIET, "it is being started: wait for its boot"},

    /* -- running again: prove it -- */
    {S(STARTING), T(JOB_DONE) | T(UNIT_ACTIVE) | SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "the unit is active: now the recovery is to be proven"},
    {S(BACKING_OFF) | S(GAVE_UP), T(UNIT_ACTIVE) | SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "somebody else started it: now the recovery is to be proven"},
    {S(RESUMED), SERVING, 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "it came up while this agent was away: now the recovery is to be proven"},
    {S(STARTING) | S(BACKING_OFF) | S(GAVE_UP), C(HUNG) | UNSURE, 0, 0, STAY, QUIET,
        "nothing is certain before it has started"},
    {S(VERIFYING), SERVING | UNSURE, 0, 0, STAY, QUIET, "the proofs are being collected"},
    {S(VERIFYING) | S(UNVERIFIED), T(VERIFIED), 0, 0, STATE_WATCHING, ACT_NOTHING, NOTICE_RECOVERED,
        "every proof of recovery holds"},
    {S(VERIFYING), T(DEADLINE), 0, 0, STATE_UNVERIFIED, ACT_NOTHING, NOTICE_UNVERIFIED,
        "it runs again, but a proof of recovery is missing"},
    {S(UNVERIFIED), SERVING | UNSURE, 0, 0, STAY, QUIET, "a proof of recovery is still missing"},
    {S(UNVERIFIED), T(UNIT_ACTIVE) | T(JOB_DONE), 0, 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "the unit is active: now the recovery is to be proven"},

    /* -- an operator stopped it: hands off -- */
    {S(WATCHING), C(STOPPED), F(SEEN), 0, STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped it on purpose: it is not started until somebody starts it"},
    {S(WATCHING), C(STOPPED), 0, F(SEEN), STATE_STANDBY, QUIET, "it was stopped before this agent started"},
    {S(OBSERVED) | S(ASKING) | S(HELD) | S(KILLING) | S(STARTING) | S(VERIFYING) | S(UNVERIFIED) |
            S(BACKING_OFF) | S(RESUMED),
        C(STOPPED), 0, 0, STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped it on purpose: it is not started until somebody starts it"},
    {S(STANDBY), C(STOPPED), 0, 0, STAY, QUIET, "it is stopped on purpose"},
    {S(STANDBY), SERVING, 0, 0, STATE_WATCHING, QUIET, "it was started again"},
    {S(GAVE_UP), C(STOPPED), F(OWN_STOP), 0, STAY, QUIET, "given up: its restart loop was ended"},
    {S(GAVE_UP), C(STOPPED), 0, F(OWN_STOP), STATE_STANDBY, ACT_NOTHING, NOTICE_STOPPED,
        "somebody stopped or masked it on purpose: there are no more retries"},

    /* -- nothing to do, written down -- */
    {S(WATCHING), SERVING, 0, 0, STAY, QUIET, "it serves; an alarm is told, never cured by a restart"},
    {S(RESUMED), UNSURE, F(RUNNING), 0, STATE_VERIFYING, ACT_ASK, NOTICE_NONE,
        "it runs, and this agent does not know since when: now the recovery is to be proven"},
    {S(RESUMED), UNSURE, 0, F(RUNNING), STAY, QUIET, "nothing is certain: wait and see"},
    {S(WATCHING) | S(STANDBY) | S(OBSERVED), UNSURE, 0, 0, STAY, QUIET, "nothing is certain: wait and see"},
    {S(STARTING), T(ACCEPTED) | T(ASKED) | T(VERIFIED), 0, 0, STAY, QUIET, "not what a start waits for"},
    {S(BACKING_OFF) | S(GAVE_UP),
        T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) | T(VERIFIED), 0, 0,
        STAY, QUIET, "known already"},
    {S(WATCHING) | S(STANDBY) | S(OBSERVED) | S(RESUMED),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) |
            T(VERIFIED) | T(DEADLINE),
        0, 0, STAY, QUIET, "nobody waits for this here: the condition decides"},
    {S(ASKING) | S(HELD),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(VERIFIED),
        0, 0, STAY, QUIET, "nobody waits for this here: the condition decides"},
    {S(HELD), T(ASKED), 0, 0, STAY, QUIET, "the answers came too late"},
    {S(KILLING), T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ASKED) | T(VERIFIED), 0, 0,
        STAY, QUIET, "the condition tells when it is dead"},
    {S(VERIFYING),
        T(UNIT_ACTIVE) | T(UNIT_DEAD) | T(JOB_DONE) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED), 0,
        0, STAY, QUIET, "the condition decides"},
    {S(UNVERIFIED), T(UNIT_DEAD) | T(JOB_FAILED) | T(ACCEPTED) | T(REFUSED) | T(ASKED) | T(DEADLINE), 0, 0,
        STAY, QUIET, "the condition decides"},
};

const size_t rescue_row_count = sizeof(rescue_rows) / sizeof(rescue_rows[0]);
