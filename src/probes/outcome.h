/* From what an adapter saw to a probe's result. */
#ifndef RMQWATCH_PROBES_OUTCOME_H
#define RMQWATCH_PROBES_OUTCOME_H

#include "http/client.h"
#include "rmqwatch/evidence.h"

/* What the transfer came to, whatever its status. */
enum probe_result probe_result_from_reply(const struct http_reply *reply);
enum probe_result probe_result_from_http(enum http_result result);
/* A negative errno of libuv, which UV_E* are on Linux; UV_EAI_* of a name lookup too. */
enum probe_result probe_result_from_uv(int error);

#endif
