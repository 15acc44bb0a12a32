/* libconfuse, with the options of options.h. */
#ifndef RMQWATCH_CONFIG_SYNTAX_H
#define RMQWATCH_CONFIG_SYNTAX_H

#include "config/report.h"

#include <confuse.h>

/* The words of OPTION_MODE and OPTION_SEVERITY, in the order of their values; NULL-terminated. */
extern const char *const syntax_mode_words[];
extern const char *const syntax_severity_words[];

/* Parses TEXT, which scan_text() has passed. libconfuse's lexer is global: one thread, one parser at a time,
 * from here to cfg_free(*RET_CFG), which is the caller's. 0 or negative errno, reported. */
int syntax_parse(const char *text, struct report *report, cfg_t **ret_cfg);

#endif
