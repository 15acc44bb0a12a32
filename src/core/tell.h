/* What people are told about the rescue: each row's sentence, once, with what was found out. */
#ifndef RMQWATCH_CORE_TELL_H
#define RMQWATCH_CORE_TELL_H

#include "core/core.h"
#include "core/step.h"

/* Tells what ROW says, or records it where it tells nothing. FROM is the state before. */
void tell_row(struct core *core, const struct row *row, enum state from, struct step *step);
/* A death is in the journal at once; the channels hear of it with the evidence in it, a moment later. */
bool tell_is_delayed(enum notice_kind kind);
/* Sends what waited for evidence, when that has come or its time is up. */
void tell_delayed(struct core *core, struct step *step);

#endif
