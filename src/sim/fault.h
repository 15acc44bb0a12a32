/* What goes wrong, and what people do. */
#ifndef RMQWATCH_SIM_FAULT_H
#define RMQWATCH_SIM_FAULT_H

#include "sim/world.h"

enum fault_kind {
    FAULT_CRASH,
    FAULT_CRASH_ALL,
    FAULT_HANG,   /* until it is killed, or for a while */
    FAULT_FREEZE, /* the same, in the kernel: not even SIGKILL ends it before that is over */
    FAULT_BUSY,
    FAULT_STOP_APP,
    FAULT_DRAIN,
    FAULT_LISTENER,
    FAULT_ALARM,
    FAULT_CURSE, /* it dies, and at every boot again */
    FAULT_SLOW_BOOT,
    FAULT_PARTITION, /* value: bit set of the nodes on one side */
    FAULT_ONE_WAY,   /* packets from one side do not arrive at the other */
    FAULT_LOSS,
    FAULT_STALE_VIEW, /* value: about whom */
    FAULT_HOST_DOWN,
    FAULT_AGENT_KILLED, /* value: how many of its last saves are lost */
    FAULT_AGENT_FROZEN,
    FAULT_OPERATOR_STOP, /* and starts it again at its end; value 1: does not */
    FAULT_OPERATOR_RESTART,
    FAULT_CLEAN_EXIT, /* rabbitmqctl stop; started again at its end */
    FAULT_MASK,
    FAULT_HOLD, /* value 1: with a resume at its end, else it expires */
    FAULT_PACKAGES,
    FAULT_REFUSED, /* systemd refuses requests; value 1: for good */
    FAULT_BUS_LOST,
    FAULT_STORE,
    FAULT_LEASE_BROKEN,
    FAULT_PASSWORD,
    FAULT_OBSERVE, /* a reload switches to mode = observe, and back */
    FAULT_KIND_COUNT,
};

const char *sim_fault_name(enum fault_kind kind);
/* Adds to the agenda. UNTIL_MS SIM_NEVER: for ever, as far as it ends by itself. */
void sim_fault_plan(struct sim_world *world, const struct sim_fault *fault);
/* A random plan; sets healed_ms. */
void sim_fault_plan_random(struct sim_world *world);
void sim_fault_on_agenda(struct sim_world *world, const struct agenda_item *item);
/* All faults are over but broken processes: those are left to the agents. */
void sim_fault_end_all(struct sim_world *world);
/* Somebody sends SIGCONT to what still hangs. */
void sim_fault_revive(struct sim_world *world);

#endif
