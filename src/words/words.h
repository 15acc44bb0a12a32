/* All that people are told, in their language. The English text is what the sources say and what programs
 * compare; whatever puts it in front of people asks for it here. A new word: words(language, "...") where it
 * is told, and a line in src/words/words_zh_*.c. tests/lint/check-words finds what has no such line. Pure. */
#ifndef RMQWATCH_WORDS_WORDS_H
#define RMQWATCH_WORDS_WORDS_H

#include "rmqwatch/language.h"

#include <stddef.h>

/* A text of a table that is put through words() later; so that the lint knows of it. */
#define WORD(english) english

/* The option's word: "en", "zh". Static; "en" for a value out of range. */
const char *language_name(enum language language);

/* ENGLISH, a literal or the text of a table, in LANGUAGE: static, or ENGLISH itself where there is nothing
 * else. Of a format the conversions are the same, perhaps by their positions. */
const char *words(enum language language, const char *english) __attribute__((format_arg(2)));

/* For a text that another part has put together: a lease's answer, systemd's refusal, the cause that was
 * found in the broker's log. Writes what is known of it in LANGUAGE, and all else as it is, to DEST, cut to
 * fit at a character. */
void words_heard(enum language language, const char *text, char *dest, size_t size);

#endif
