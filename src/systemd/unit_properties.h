/* What systemd says of a unit, from messages to struct unit_state. Pure: no bus is needed to test it. */
#ifndef RMQWATCH_SYSTEMD_UNIT_PROPERTIES_H
#define RMQWATCH_SYSTEMD_UNIT_PROPERTIES_H

#include "rmqwatch/evidence.h"

#include <systemd/sd-bus.h>

/* Reads the a{sv} at MESSAGE's cursor into STATE: the properties that are there replace what STATE says, the
 * others stay. Unknown properties and properties of an unexpected type are skipped. Returns 0 or a negative
 * errno; then STATE is left alone. */
int unit_properties_read(sd_bus_message *message, struct unit_state *state);
bool unit_properties_equal(const struct unit_state *a, const struct unit_state *b);
/* The number at the end of a job's object path; 0 for a path that is none. */
uint32_t unit_properties_job_id(const char *job_path);

#endif
