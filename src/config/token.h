/* The words of a configuration file, cut as libconfuse cuts them, minus what it accepts by accident. */
#ifndef RMQWATCH_CONFIG_TOKEN_H
#define RMQWATCH_CONFIG_TOKEN_H

#include "config/report.h"

#include <stddef.h>

enum { TOKEN_END = 0, TOKEN_WORD = 1, TOKEN_STRING = 2 }; /* and '=' ',' '{' '}' for themselves */

struct token {
    int kind;
    char *text; /* into the file's text, without the quotes of a string, not terminated */
    size_t size;
    int line;
};

struct token_reader {
    char *at;
    char *end;
    int line;
    struct report *report;
};

/* Checks that TEXT is plain UTF-8 without control characters. 0 or negative errno, reported. */
int token_reader_init(struct token_reader *reader, char *text, size_t size, struct report *report);
/* Overwrites the comments that it passes with spaces. 0 or negative errno, reported. */
int token_next(struct token_reader *reader, struct token *ret_token);

#endif
