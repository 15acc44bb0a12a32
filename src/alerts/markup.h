/* Texts for targets that read markup: what could mean something there is made harmless, and what is too long
 * is cut between characters, never within an escape. Pure. */
#ifndef RMQWATCH_ALERTS_MARKUP_H
#define RMQWATCH_ALERTS_MARKUP_H

#include "alerts/message.h"

#include <stdbool.h>
#include <stddef.h>

/* A character that means something. */
struct markup_rule {
    char character;
    bool at_line_start; /* only there */
    char instead[7];
};

/* What one target interprets; everything else is as it is. */
struct markup {
    const struct markup_rule *rules;
    size_t rule_count;
    char line_break[8]; /* for "\n"; empty: "\n" */
};

enum {
    MARKUP_INSTEAD_MAX = 7, /* the most that one byte becomes */
    /* Room for the longest text of a message, escaped, with something around it. */
    MARKUP_TEXT_MAX = MESSAGE_FACT_MAX * MARKUP_INSTEAD_MAX + 64,
};

/* How many bytes TEXT takes in MARKUP. */
size_t markup_size(const struct markup *markup, const char *text);

/* Appends TEXT to DEST; ends in an ellipsis where there is no room for all of it. */
void markup_append(char *dest, size_t dest_size, const struct markup *markup, const char *text);

/* Cuts what people can best do without, until title, reason, detail, facts, look and command together take at
 * most ROOM bytes in MARKUP: first of the detail, then of the reason, then whole facts from the last one on.
 * The title, the first fact (the node) and the command always stay. */
void markup_fit(struct message *message, const struct markup *markup, size_t room);

/* Backslashes before everything that Markdown knows. */
extern const struct markup markup_markdown;
/* What stands between two backticks. */
extern const struct markup markup_code;

/* How a message is laid out as one document. */
struct markup_layout {
    const struct markup *text;
    const struct markup *code;
    const char *title_before, *title_after;
    const char *paragraph; /* ends one */
    const char *bullet;    /* before each fact */
};

/* All of MESSAGE as one document, the caller's; NULL: no memory. */
char *markup_print(const struct message *message, const struct markup_layout *layout);

#endif
