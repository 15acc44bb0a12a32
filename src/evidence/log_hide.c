#include "evidence/log_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What ends a value: of an Erlang term, of a line of rabbitmq.conf, of a URL. */
static const char value_ends[] = " \t\n\"'<>{}[](),;";

static void mask(char *from, const char *end)
{
    for (; from < end; from++)
        *from = '*';
}

/* "amqp://user:PASSWORD@host" */
static void hide_in_urls(char *text)
{
    for (char *at = strstr(text, "://"); at; at = strstr(at, "://")) {
        char *end, *colon, *last = NULL;

        at += strlen("://");
        end = at + strcspn(at, " \t\n\"'<>/");
        for (char *each = at; each < end; each++)
            last = *each == '@' ? each : last;
        colon = last ? memchr(at, ':', (size_t)(last - at)) : NULL;
        if (colon)
            mask(colon + 1, last);
    }
}

static bool is_quoted(const char *at)
{
    return *at == '"' || *at == '\'' || !strncmp(at, "<<", 2);
}

/* Behind the name of a secret: where its value begins, or NULL where none is given to it ("no password"). */
static char *value_behind(char *at)
{
    char separator;

    at += strspn(at, "\"' \t");
    separator = *at;
    if (separator != '=' && separator != ':' && separator != ',')
        return NULL;
    at++;
    /* A blank and a bare word: "wrong password, closing". */
    if (separator == ',' && (*at == '\0' || (*at == ' ' && !is_quoted(at + strspn(at, " \t")))))
        return NULL;
    return at + strspn(at, " \t{[>=");
}

/* A binary of characters, <<"...">>, or of numbers; a text in quotes; or a bare word. */
static void mask_value(char *at)
{
    const char *end;
    bool binary = !strncmp(at, "<<", 2);

    at += binary ? 2 : 0;
    if (*at == '"' || *at == '\'') {
        end = strchr(at + 1, *at);
        mask(at + 1, end ? end : at + strlen(at));
    } else if (binary) {
        end = strstr(at, ">>");
        mask(at, end ? end : at + strlen(at));
    } else {
        mask(at, at + strcspn(at, value_ends));
    }
}

static void hide_values_of(const char *name, char *text)
{
    for (char *at = strcasestr(text, name); at; at = strcasestr(at, name)) {
        char *value;

        at += strlen(name);
        value = value_behind(at);
        if (value)
            mask_value(value);
    }
}

void log_hide(char *text)
{
    static const char *const names[] = {"pass", "password", "passwd", "passphrase", "secret"};

    hide_in_urls(text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        hide_values_of(names[i], text);
}
