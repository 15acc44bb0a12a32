/* Secrets in what a target says: many repeat the path that they were asked for, or a header. Pure. */
#ifndef RMQWATCH_ALERTS_HIDE_H
#define RMQWATCH_ALERTS_HIDE_H

#include "rmqwatch/config.h"

/* Writes asterisks over CHANNEL's secrets in TEXT, which may be cut within one. What a target has made of one
 * (base64, a hash) is not known. */
void hide_secrets(const struct channel_config *channel, char *text);

#endif
