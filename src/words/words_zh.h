/* Simplified Chinese. */
#ifndef RMQWATCH_WORDS_WORDS_ZH_H
#define RMQWATCH_WORDS_WORDS_ZH_H

#include <stddef.h>

struct word {
    const char *english;
    const char *translated;
};

struct word_list {
    const struct word *words;
    size_t count;
};

#define WORD_LIST(array)                                                                                     \
    {                                                                                                        \
        array, sizeof(array) / sizeof((array)[0])                                                            \
    }

extern const struct word_list words_zh_advice;    /* what is left to do */
extern const struct word_list words_zh_decisions; /* src/core's tables */
extern const struct word_list words_zh_details;   /* what goes with a decision */
extern const struct word_list words_zh_messages;  /* titles, labels, results of probes */
/* What words_heard() knows. Each %s stands for any text, which is looked for here, too; their order is kept.
 */
extern const struct word_list words_zh_heard;

#endif
