#include "evidence/log_text.h"

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

/* Behind the name of a secret: where its value begins, or NULL where none is given to it ("no password"). */
static char *value_behind(char *at)
{
    at += strspn(at, "\"' \t");
    if (*at != '=' && *at != ':' && *at != ',')
        return NULL;
    /* A term has no blank there; "wrong password, closing" has. */
    if (*at == ',' && (at[1] == ' ' || at[1] == '\0'))
        return NULL;
    at++;
    return at + strspn(at, "\"' \t<{[>=");
}

static void hide_values_of(const char *name, char *text)
{
    for (char *at = strcasestr(text, name); at; at = strcasestr(at, name)) {
        char *value;

        at += strlen(name);
        value = value_behind(at);
        if (value)
            mask(value, value + strcspn(value, value_ends));
    }
}

void log_hide(char *text)
{
    static const char *const names[] = {"pass", "password", "passwd", "passphrase", "secret"};

    hide_in_urls(text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        hide_values_of(names[i], text);
}
