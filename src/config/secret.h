/* Secrets out of files and systemd credentials. */
#ifndef RMQWATCH_CONFIG_SECRET_H
#define RMQWATCH_CONFIG_SECRET_H

#include "rmqwatch/config.h"

/* Reads the file that an option names: an absolute path, or the name of a systemd credential. The value is
 * the caller's, to be freed with secret_done(). On failure returns a negative errno and a static sentence
 * "what is wrong; what would be right" that shows neither the name nor what is in the file. */
int secret_read(const char *name, struct secret *ret_secret, const char **ret_problem);
/* Wipes and frees; accepts an empty one. */
void secret_done(struct secret *secret);

#endif
