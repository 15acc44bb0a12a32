/* The proof of recovery, step by step: the first one missing is named, and has a deadline. */
#ifndef RMQWATCH_CORE_VERIFY_H
#define RMQWATCH_CORE_VERIFY_H

#include "core/core.h"

/* Starts over; only evidence younger than NOW_MS counts. */
void verify_begin(struct core *core, uint64_t now_ms);
/* Moves to the first step that is missing now. VERIFY_DONE: all hold, and have held for verify_stable. */
enum verify_step verify_advance(struct core *core, uint64_t now_ms);
/* A step is missing, and its evidence should be asked for now rather than at the usual pace. */
bool verify_wants_answers(struct core *core, uint64_t now_ms);
/* When the current step is late, or stable is reached. */
uint64_t verify_deadline_ms(const struct core *core);
bool verify_is_late(const struct core *core, uint64_t now_ms);
/* "the AMQP port answers: no bytes yet" for the step that is missing. */
void verify_describe(const struct core *core, char *text, size_t size);

#endif
