/* Where a member is asked: from its name and the configuration. Pure. */
#ifndef RMQWATCH_PROBES_TARGET_H
#define RMQWATCH_PROBES_TARGET_H

#include "rmqwatch/probe.h"

/* The part of NODE after the @ is its host, unless a node section of CONFIG says otherwise. -EINVAL for a
 * name without a host; *ret_target is then untouched. */
int target_init(struct probe_target *ret_target, const struct config *config, const char *node, bool local);

/* "https://host:5671"; an IPv6 address gets its brackets. */
void target_url(char *url, size_t url_size, const char *scheme, const char *host, uint16_t port);

/* The host of "scheme://host:port/path", without brackets. */
void target_url_host(const char *url, char *ret_host, size_t host_size);

/* Appends TEXT to URL, percent-encoded but for unreserved characters. False when there is no room: URL is
 * then unchanged. */
bool target_url_append(char *url, size_t url_size, const char *text);

#endif
