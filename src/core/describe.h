/* The numbers and names that go with a notice. */
#ifndef RMQWATCH_CORE_DESCRIBE_H
#define RMQWATCH_CORE_DESCRIBE_H

#include "core/core.h"

/* What the rescue has to say with a notice of this kind: exit cause, quorum, missing proof, what is next. */
void describe_rescue(
    const struct core *core, enum notice_kind kind, uint64_t now_ms, char *text, size_t size);
/* What a watch has to say: the alarm's numbers, the peers a boot waits for, the broken setting. */
void describe_watch(
    const struct core *core, enum watch_kind kind, size_t member, uint64_t now_ms, char *text, size_t size);
/* "AMQP: no bytes (3 in a row); management: refused (2 in a row)" */
void describe_probes(enum language language, const struct member *member, char *text, size_t size);
/* "AMQP", "management API", "command" */
const char *describe_probe_kind(enum language language, enum probe_kind kind);
/* Who holds this node, until when and why; or which package manager is at work. */
void describe_hold(const struct core *core, uint64_t now_ms, char *text, size_t size);
/* How long each phase of the incident took so far. */
void describe_phases(const struct core *core, uint64_t now_ms, struct notice *notice);

#endif
