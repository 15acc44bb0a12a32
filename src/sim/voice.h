/* One voice for each trouble: whose agent is there speaks for its own node, and for one that cannot a single
 * other one does. */
#ifndef RMQWATCH_SIM_VOICE_H
#define RMQWATCH_SIM_VOICE_H

#include "sim/world.h"

/* NODE's agent tells NOTICE: nobody else may be there to tell it, or have told it. */
void sim_voice_check(struct sim_world *world, const struct sim_node *node, const struct notice *notice);
/* Who has been silent for long is spoken for. Call it often. */
void sim_voice_poll(struct sim_world *world);

#endif
