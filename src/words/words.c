#include "words/words.h"

#include "base/text.h"
#include "words/words_zh.h"

#include <stdbool.h>
#include <string.h>

/* A notice needs a dozen of them, and there are few hundred: looked for one by one, they may stand by topic.
 */
static const struct word_list *const lists[] = {
    &words_zh_advice, &words_zh_decisions, &words_zh_details, &words_zh_messages};

const char *language_name(enum language language)
{
    static const char *const names[LANGUAGE_COUNT] = {[LANGUAGE_ENGLISH] = "en", [LANGUAGE_CHINESE] = "zh"};

    return names[(unsigned)language < LANGUAGE_COUNT ? language : LANGUAGE_ENGLISH];
}

const char *words(enum language language, const char *english)
{
    if (language != LANGUAGE_CHINESE)
        return english;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (!strcmp(lists[i]->words[j].english, english))
                return lists[i]->words[j].translated;
    return english;
}

enum { HOLES_MAX = 4, HOLE_MAX = 192, DEPTH_MAX = 2 };

/* What stands in TEXT where PATTERN has a %s. */
struct hole {
    const char *text;
    size_t size;
};

/* Whether TEXT is PATTERN with something for each %s: as little as possible for all but one at the end. */
static bool fits(const char *pattern, const char *text, struct hole holes[static HOLES_MAX])
{
    const char *mark = strstr(pattern, "%s");
    size_t size = mark ? (size_t)(mark - pattern) : strlen(pattern), count = 0;

    if (strncmp(pattern, text, size) != 0)
        return false;
    text += size;
    while (mark && count < HOLES_MAX) {
        const char *literal = mark + strlen("%s"), *found;
        char piece[HOLE_MAX];

        mark = strstr(literal, "%s");
        text_copy(piece, sizeof(piece), literal);
        if (mark && (size_t)(mark - literal) < sizeof(piece))
            piece[mark - literal] = '\0';
        found = piece[0] ? strstr(text, piece) : text + strlen(text);
        if (!found)
            return false;
        holes[count++] = (struct hole){text, (size_t)(found - text)};
        text = found + strlen(piece);
    }
    return !*text;
}

/* Appends TEXT as far as it is known, and says whether it is; all of it as it is where it is not. */
static bool hear(enum language language, const char *text, int depth, char *dest, size_t size);

/* Appends TRANSLATED with what was in the holes, in their order. */
static void fill(enum language language, const char *translated, const struct hole holes[static HOLES_MAX],
    int depth, char *dest, size_t size)
{
    const char *mark;

    for (size_t i = 0; i < HOLES_MAX && (mark = strstr(translated, "%s")); i++) {
        char text[HOLE_MAX];

        text_append(dest, size, "%.*s", (int)(mark - translated), translated);
        text_copy(text, holes[i].size < sizeof(text) ? holes[i].size + 1 : sizeof(text), holes[i].text);
        (void)hear(language, text, depth + 1, dest, size);
        translated = mark + strlen("%s");
    }
    text_append(dest, size, "%s", translated);
}

/* Whoever said it may stand before it: "rmq2.example: no answer in time". */
static bool hear_behind_colon(enum language language, const char *text, int depth, char *dest, size_t size)
{
    const char *colon = strstr(text, ": ");
    char said[HOLE_MAX] = "";

    if (!colon || !hear(language, colon + strlen(": "), depth + 1, said, sizeof(said)))
        return false;
    text_append(dest, size, "%.*s%s%s", (int)(colon - text), text, words(language, ": "), said);
    return true;
}

static bool hear(enum language language, const char *text, int depth, char *dest, size_t size)
{
    struct hole holes[HOLES_MAX];

    for (size_t i = 0; i < words_zh_heard.count && depth < DEPTH_MAX; i++) {
        const struct word *word = &words_zh_heard.words[i];

        if (!fits(word->english, text, holes))
            continue;
        fill(language, word->translated, holes, depth, dest, size);
        return true;
    }
    if (depth < DEPTH_MAX && hear_behind_colon(language, text, depth, dest, size))
        return true;
    text_append(dest, size, "%s", text);
    return false;
}

void words_heard(enum language language, const char *text, char *dest, size_t size)
{
    text_copy(dest, size, language == LANGUAGE_CHINESE ? "" : text);
    if (language == LANGUAGE_CHINESE)
        (void)hear(language, text, 0, dest, size);
}
