#include "alerts/hide.h"

#include <string.h>

enum {
    WHOLE_MIN = 4, /* bytes: what is shorter is a word of any text */
    PIECE_MIN = 8, /* of a URL: a shorter part is none of its secrets */
};

/* SECRET[0..SIZE), wherever it is, and as far as it is there where TEXT ends. */
static void hide(const char *secret, size_t size, char *text)
{
    if (size < WHOLE_MIN)
        return;
    for (size_t left = strlen(text); left >= WHOLE_MIN; text++, left--) {
        size_t same = left < size ? left : size;

        if (memcmp(text, secret, same) == 0)
            memset(text, '*', same);
    }
}

/* What stands behind the host, whole and in its pieces, as some write its slashes otherwise. */
static void hide_url(const char *url, char *text)
{
    static const char marks[] = "/?&=";
    const char *host = strstr(url, "://");
    const char *at = host ? strpbrk(host + strlen("://"), marks) : NULL;

    if (!at)
        return;
    hide(at, strlen(at), text);
    while (*at) {
        size_t size = strcspn(at, marks);

        if (size >= PIECE_MIN)
            hide(at, size, text);
        at += size + (at[size] != '\0');
    }
}

void hide_secrets(const struct channel_config *channel, char *text)
{
    const char *const whole[] = {channel->secret.value, channel->routing_key.value,
        channel->authorization.value, channel->password.value};
    const char *token = channel->authorization.value ? strrchr(channel->authorization.value, ' ') : NULL;

    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (whole[i])
            hide(whole[i], strlen(whole[i]), text);
    if (token) /* of "Bearer TOKEN" */
        hide(token + 1, strlen(token + 1), text);
    if (channel->url.value)
        hide_url(channel->url.value, text);
}
