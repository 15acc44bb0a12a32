/* Notices and decisions in the journal, with the fields that they can be found by. */
#ifndef RMQWATCH_AGENT_RECORD_H
#define RMQWATCH_AGENT_RECORD_H

#include "rmqwatch/notice.h"

/* One line: what was told, or (kind NOTICE_NONE) decided, about which node, and why. */
void record_notice(const struct notice *notice);

#endif
