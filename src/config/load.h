/* One load in progress, as the files of this folder share it. */
#ifndef RMQWATCH_CONFIG_LOAD_H
#define RMQWATCH_CONFIG_LOAD_H

#include "config/options.h"
#include "config/report.h"
#include "config/scan.h"

#include <confuse.h>
#include <stdbool.h>

struct load {
    bool without_secrets; /* the files that the file names are left alone */
    struct report report;
    struct scan scan;
};

/* One section of the file. ORDINAL counts those of the same kind; TITLE is NULL where there is none. */
struct load_place {
    const struct option_section *section;
    size_t ordinal;
    const char *title;
};

/* The line of OPTION, of the section when the file does not set it, 0 when there is neither. */
int load_line(const struct load *load, const struct load_place *place, const char *option);
/* Reports a problem with OPTION: SENTENCE follows the option's name. Returns CODE. */
int load_problem(
    struct load *load, const struct load_place *place, const char *option, int code, const char *sentence);

/* fill.c: reads the values of SECTION into TARGET, checked one by one. 0 or negative errno, reported. */
int load_fill(struct load *load, const struct load_place *place, cfg_t *section, void *target);
/* check.c: what no option can tell by itself. 0 or negative errno, reported. */
int load_check(struct load *load, const struct config *config);

#endif
