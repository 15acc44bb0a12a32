/* Asks this machine's kernel now and then how the broker's process fares and whether packages are being
 * changed; posts EVENT_HOST. */
#ifndef RMQWATCH_EVIDENCE_HOST_SAMPLER_H
#define RMQWATCH_EVIDENCE_HOST_SAMPLER_H

#include "base/activity.h"
#include "rmqwatch/policy.h"
#include "rmqwatch/sink.h"

#include <uv.h>

struct host_sampler;

/* The first sample comes within a moment, then one per interval_ms of POLICY. ACTIVITIES (may be NULL) must
 * outlive it; "host sampler" is registered there. NULL when out of memory. */
struct host_sampler *host_sampler_new(
    uv_loop_t *loop, const struct policy *policy, struct event_sink sink, struct activity_list *activities);
/* Its memory goes once the loop has run on. Accepts NULL. */
void host_sampler_free(struct host_sampler *sampler);

/* The unit's main process, 0 for none. */
void host_sampler_set_process(struct host_sampler *sampler, uint32_t pid);
/* Fast: one sample at once, then one per fast_interval_ms. Saying the same again changes nothing. */
void host_sampler_set_pace(struct host_sampler *sampler, bool fast);
void host_sampler_reconfigure(struct host_sampler *sampler, const struct policy *policy);

/* One sample now, without the packages. run_delay_ms never counts back while no thread ends, which those of
 * an Erlang machine do not. It reads nothing that could wait for a disk. */
void host_sample_process(uint32_t pid, struct host_sample *ret_sample);

#endif
