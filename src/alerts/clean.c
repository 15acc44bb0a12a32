#include "alerts/clean.h"

#define CLEAN_FIELD(dest, source, field, keep_newlines)                                                      \
    clean_text((dest)->field, sizeof((dest)->field), (source)->field, sizeof((source)->field), keep_newlines)

void clean_notice(struct notice *dest, const struct notice *source)
{
    *dest = *source; /* numbers, and the phases' static names */
    CLEAN_FIELD(dest, source, incident, false);
    CLEAN_FIELD(dest, source, evidence, false);
    CLEAN_FIELD(dest, source, cluster, false);
    CLEAN_FIELD(dest, source, node, false);
    CLEAN_FIELD(dest, source, observer, false);
    CLEAN_FIELD(dest, source, why, false);
    CLEAN_FIELD(dest, source, trouble, false);
    CLEAN_FIELD(dest, source, detail, true);
    CLEAN_FIELD(dest, source, course, true);
    if (dest->phase_count > RMQ_PHASES_MAX)
        dest->phase_count = RMQ_PHASES_MAX;
}
