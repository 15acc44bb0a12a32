/* The shell around the core: owns the loop's adapters, the event queue and the one core timer. Events in,
 * core_step, actions out; it decides nothing itself. */
#ifndef RMQWATCH_AGENT_AGENT_H
#define RMQWATCH_AGENT_AGENT_H

#include "rmqwatch/config.h"

#include <uv.h>

struct agent;

/* Takes CONFIG over, also on failure. NULL, and the log says why, when out of memory or descriptors, or when
 * another daemon is at work on the control socket. */
struct agent *agent_new(uv_loop_t *loop, struct config *config);
/* Begins to watch; tells systemd that it is ready. */
void agent_start(struct agent *agent);
/* Takes a new configuration over. What runs goes on; restarts nothing, loses nothing. */
void agent_reload(struct agent *agent, struct config *config);
/* The new configuration could not be read: goes on with the old one, and says so. */
void agent_reload_refused(struct agent *agent, const char *error);
/* Ends all within a second, tries to deliver what waits, then lets the loop run out. */
void agent_stop(struct agent *agent);
/* After the loop has run out. Accepts NULL. */
void agent_free(struct agent *agent);

#endif
