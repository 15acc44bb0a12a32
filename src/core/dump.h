/* A crash dump of the Erlang machine before its kill, for whoever wants to know why it hung: SIGUSR1 makes
 * the machine write erl_crash.dump and end (erl(1), environment variable ERL_CRASH_DUMP). */
#ifndef RMQWATCH_CORE_DUMP_H
#define RMQWATCH_CORE_DUMP_H

#include "core/core.h"

struct step;

/* How long the local broker has for a dump when it is killed now; 0: none is wanted, or it could not write
 * one. */
uint64_t dump_time_ms(const struct core *core, uint64_t now_ms);
/* Kills it, or asks it to die with a dump first. */
void dump_or_kill(struct core *core, struct step *step);
/* Kills it when its time for that is over. */
void dump_evaluate(struct core *core, struct step *step);
/* systemd refused a request: true when it was for the dump, and the kill follows without one. */
bool dump_refused(struct core *core, uint64_t now_ms);
/* After a stall: it may have died long ago, and another may run; the news of it may be here, unread. */
void dump_forgive(struct core *core, uint64_t now_ms);
uint64_t dump_deadline_ms(const struct core *core);

#endif
