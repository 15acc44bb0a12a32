/* A message as a small HTML page, for mail: no scripts, no pictures, nothing from elsewhere. */
#ifndef RMQWATCH_ALERTS_HTML_H
#define RMQWATCH_ALERTS_HTML_H

#include "alerts/message.h"

#include <stdio.h>

/* Errors show in ferror(OUT). */
void html_print(const struct message *message, FILE *out);

#endif
