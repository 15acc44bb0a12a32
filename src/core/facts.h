/* What is true right now, as the incident table asks it. */
#ifndef RMQWATCH_CORE_FACTS_H
#define RMQWATCH_CORE_FACTS_H

#include "core/core.h"

/* A bit set of enum fact. */
uint32_t facts_of(const struct core *core, uint64_t now_ms);

#endif
