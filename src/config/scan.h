/* A first look at the configuration's text, before libconfuse reads it: refuses what libconfuse swallows
 * without a word, and remembers on which line everything stands, which libconfuse does not. */
#ifndef RMQWATCH_CONFIG_SCAN_H
#define RMQWATCH_CONFIG_SCAN_H

#include "config/report.h"

#include <stddef.h>

/* What the sections "node" are called in the text afterwards. There is an option "node" too, and libconfuse
 * keeps both in one table; no file can hold this name, for control characters are refused. */
#define SCAN_NODE_SECTION "\001ode"

enum { SCAN_SECTIONS_MAX = 64, SCAN_OPTIONS_MAX = 512 };

struct scan_section {
    char name[24];     /* cut when longer, then it is none of ours */
    size_t title_size; /* 0: no title */
    int line;
};

struct scan_option {
    size_t section;   /* index into sections */
    const char *name; /* into the text, not terminated */
    size_t name_size;
    int line;
};

struct scan {
    size_t section_count; /* the first one is the file itself */
    struct scan_section sections[SCAN_SECTIONS_MAX];
    size_t option_count;
    struct scan_option options[SCAN_OPTIONS_MAX];
};

/* Reads TEXT, renames sections as said above, and overwrites comments with spaces: libconfuse counts their
 * lines wrongly. TEXT must stay as long as SCAN is used. Only the shape is looked at: names and types are
 * libconfuse's business, and where the shape is none at all, the scan ends and leaves the refusal to it. 0 or
 * negative errno, reported. */
int scan_text(struct scan *scan, char *text, size_t size, struct report *report);

/* The line of the ORDINAL-th section called NAME (NULL: the file itself); 0 when there is none. */
int scan_section_line(const struct scan *scan, const char *name, size_t ordinal);
/* The line of OPTION in that section; 0 when the file does not set it. */
int scan_option_line(const struct scan *scan, const char *name, size_t ordinal, const char *option);

#endif
