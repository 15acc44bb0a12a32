#include "evidence/host_parse.h"

#include <errno.h>
#include <string.h>

/* What is left of a text. */
struct cursor {
    const char *at, *end;
};

static struct cursor cursor_over(const char *text, size_t size)
{
    return (struct cursor){text, text + size};
}

/* The next line without its end; false when there is none. */
static bool next_line(struct cursor *text, struct cursor *ret_line)
{
    const char *newline;

    if (text->at >= text->end)
        return false;
    newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
    *ret_line = (struct cursor){text->at, newline ? newline : text->end};
    text->at = newline ? newline + 1 : text->end;
    return true;
}

/* The next word, which blanks or line ends surround; false when there is none. */
static bool next_word(struct cursor *text, struct cursor *ret_word)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n' || *text->at == '\t'))
        text->at++;
    ret_word->at = text->at;
    while (text->at < text->end && *text->at != ' ' && *text->at != '\n' && *text->at != '\t')
        text->at++;
    ret_word->end = text->at;
    return ret_word->end > ret_word->at;
}

static bool is_word(struct cursor word, const char *text)
{
    return (size_t)(word.end - word.at) == strlen(text) && memcmp(word.at, text, strlen(text)) == 0;
}

/* A number, up to what is none. */
static bool take_number(struct cursor *text, unsigned base, uint64_t *ret_number)
{
    const char *start = text->at;
    uint64_t number = 0;

    for (; text->at < text->end; text->at++) {
        char c = *text->at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : base;

        if (digit >= base)
            break;
        if (__builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *ret_number = number;
    return text->at > start;
}

static bool next_number(struct cursor *text, uint64_t *ret_number)
{
    struct cursor word;

    return next_word(text, &word) && take_number(&word, 10, ret_number) && word.at == word.end;
}

static bool take_char(struct cursor *text, char wanted)
{
    if (text->at >= text->end || *text->at != wanted)
        return false;
    text->at++;
    return true;
}

int parse_process_stat(const char *text, size_t size, struct process_stat *ret_stat)
{
    enum { FIELDS_BETWEEN = 10 }; /* ppid ... cmajflt, between the state and utime */
    const char *name_end = memrchr(text, ')', size);
    struct cursor rest, word;
    struct process_stat stat;
    uint64_t user, system;

    if (!name_end)
        return -EBADMSG;
    rest = cursor_over(name_end + 1, size - (size_t)(name_end + 1 - text));
    if (!next_word(&rest, &word) || word.end - word.at != 1)
        return -EBADMSG;
    stat.state = *word.at;
    for (int i = 0; i < FIELDS_BETWEEN; i++)
        if (!next_word(&rest, &word))
            return -EBADMSG;
    if (!next_number(&rest, &user) || !next_number(&rest, &system) ||
        __builtin_add_overflow(user, system, &stat.cpu_ticks))
        return -EBADMSG;
    *ret_stat = stat;
    return 0;
}

int parse_schedstat(const char *text, size_t size, struct thread_delay *ret_delay)
{
    struct cursor rest = cursor_over(text, size);
    struct thread_delay delay;
    uint64_t ran;

    if (!next_number(&rest, &ran) || !next_number(&rest, &delay.waited_ns) ||
        !next_number(&rest, &delay.turns))
        return -EBADMSG;
    *ret_delay = delay;
    return 0;
}

int parse_cgroup_path(const char *text, size_t size, char *ret_path, size_t path_size)
{
    struct cursor rest = cursor_over(text, size), line;
    size_t length;

    while (next_line(&rest, &line)) {
        if (!take_char(&line, '0') || !take_char(&line, ':') || !take_char(&line, ':'))
            continue;
        length = (size_t)(line.end - line.at);
        /* A path with ".." is outside of the part of the tree that can be seen from here. */
        if (length == 0 || *line.at != '/' || length >= path_size || memmem(line.at, length, "/..", 3))
            return -EBADMSG;
        memcpy(ret_path, line.at, length);
        ret_path[length] = '\0';
        return 0;
    }
    return -EBADMSG;
}

int parse_io_stat(const char *text, size_t size, uint64_t *ret_bytes)
{
    struct cursor rest = cursor_over(text, size), word;
    uint64_t total = 0, bytes;

    while (next_word(&rest, &word)) {
        if (word.end - word.at < 7 || (memcmp(word.at, "rbytes=", 7) && memcmp(word.at, "wbytes=", 7)))
            continue;
        word.at += 7;
        if (!take_number(&word, 10, &bytes) || word.at != word.end ||
            __builtin_add_overflow(total, bytes, &total))
            return -EBADMSG;
    }
    *ret_bytes = total;
    return 0;
}

/* "MAJOR:MINOR", in the base that this file of the kernel's uses. */
static bool take_device(struct cursor *text, unsigned base, uint32_t *ret_major, uint32_t *ret_minor)
{
    uint64_t major, minor;

    if (!take_number(text, base, &major) || !take_char(text, ':') || !take_number(text, base, &minor) ||
        major > UINT32_MAX || minor > UINT32_MAX)
        return false;
    *ret_major = (uint32_t)major;
    *ret_minor = (uint32_t)minor;
    return true;
}

/* "1: POSIX  ADVISORY  WRITE 4711 fe:00:131 0 EOF"; one who only waits has an arrow before the kind. */
static bool parse_lock(struct cursor line, struct lock_file *ret_file, uint32_t *ret_pid)
{
    struct cursor word;
    uint64_t pid;

    if (!next_word(&line, &word) || !next_word(&line, &word) || !is_word(word, "POSIX") ||
        !next_word(&line, &word) || !next_word(&line, &word) || !is_word(word, "WRITE") ||
        !next_number(&line, &pid) || pid > UINT32_MAX || !next_word(&line, &word) ||
        !take_device(&word, 16, &ret_file->major, &ret_file->minor) || !take_char(&word, ':') ||
        !take_number(&word, 10, &ret_file->inode) || word.at != word.end)
        return false;
    *ret_pid = (uint32_t)pid;
    return true;
}

int parse_locks(const char *text, size_t size, const struct lock_file *files, size_t file_count,
    size_t *ret_file, uint32_t *ret_pid)
{
    struct cursor rest = cursor_over(text, size), line;
    struct lock_file locked;
    uint32_t pid;

    while (next_line(&rest, &line)) {
        if (!parse_lock(line, &locked, &pid))
            continue;
        for (size_t i = 0; i < file_count; i++) {
            if (files[i].inode != locked.inode || files[i].major != locked.major ||
                files[i].minor != locked.minor)
                continue;
            *ret_file = i;
            *ret_pid = pid;
            return 0;
        }
    }
    return -ENOENT;
}

int parse_mount_device(
    const char *text, size_t size, uint64_t mount_id, uint32_t *ret_major, uint32_t *ret_minor)
{
    struct cursor rest = cursor_over(text, size), line, word;
    uint32_t major, minor;
    uint64_t number;

    while (next_line(&rest, &line)) {
        if (!next_number(&line, &number) || number != mount_id)
            continue;
        if (!next_number(&line, &number) || !next_word(&line, &word) ||
            !take_device(&word, 10, &major, &minor) || word.at != word.end)
            return -EBADMSG;
        *ret_major = major;
        *ret_minor = minor;
        return 0;
    }
    return -ENOENT;
}
