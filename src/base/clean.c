#include "base/clean.h"

#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* How many bytes follow the first one, and what the second may be: that range is what excludes overlong
 * forms, surrogates and values past U+10FFFF. */
static int utf8_follow(unsigned char first, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *ret_high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    if (first >= 0xf0 && first <= 0xf4)
        return 3;
    return -1;
}

/* Length of the character at TEXT, or minus the length of the broken piece there. Never 0. */
static int utf8_next(const unsigned char *text, size_t size, uint32_t *ret_code)
{
    unsigned char low, high;
    int follow;

    if (text[0] < 0x80) {
        *ret_code = text[0];
        return 1;
    }
    follow = utf8_follow(text[0], &low, &high);
    if (follow < 0)
        return -1;
    *ret_code = text[0] & (0x3fU >> follow);
    for (int i = 1; i <= follow; i++) {
        if ((size_t)i >= size || text[i] < low || text[i] > high)
            return -i;
        *ret_code = *ret_code << 6 | (text[i] & 0x3fU);
        low = 0x80;
        high = 0xbf;
    }
    return follow + 1;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void clean_text(char *dest, size_t dest_size, const char *source, size_t source_size, bool keep_newlines)
{
    size_t size = strnlen(source, source_size);
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        int length = utf8_next((const unsigned char *)source + at, size - at, &code);
        const char *piece = source + at;
        size_t piece_size = (size_t)(length < 0 ? -length : length);

        at += piece_size;
        if (length < 0) {
            piece = replacement;
            piece_size = sizeof(replacement) - 1;
        } else if (is_control(code) && !(keep_newlines && code == '\n')) {
            piece = " ";
            piece_size = 1;
        }
        if (used + piece_size >= dest_size)
            break;
        memcpy(dest + used, piece, piece_size);
        used += piece_size;
    }
    dest[used] = '\0';
}
