/* Who tells: an agent of its own node, and one of them all of what each of them sees. */
#ifndef RMQWATCH_CORE_VOICE_H
#define RMQWATCH_CORE_VOICE_H

#include "core/core.h"

/* What decides whether this agent is the one to tell of a trouble of MEMBER, which is members[0] for one of
 * its own node or of the cluster: a bit set of enum watch_fact. */
uint16_t voice_facts(
    const struct core *core, enum watch_kind kind, const struct member *member, uint64_t now_ms);

#endif
