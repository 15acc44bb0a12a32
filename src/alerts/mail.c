/* Mail over SMTP (RFC 5321), STARTTLS or TLS from the start, as plain text with an HTML alternative. The
 * whole message is ASCII (encoded words, quoted-printable), so that it passes any server, also one without
 * 8BITMIME or SMTPUTF8, and no line is too long. */
#include "alerts/channels.h"
#include "alerts/html.h"
#include "alerts/mime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_MAX = 254, ID_MAX = 160 };

/* Between the parts. None of them can hold it: "=" is always followed by a digit, a letter from A to F or the
 * end of the line there. */
#define BOUNDARY "=_rmqwatchd"

/* Replies to what only our configuration or the server's state can change. They are tried again so slowly
 * because a provider locks accounts that fail too often. */
enum { MAIL_SLOW_RETRY_MS = 300000 };

/* Our own addresses go into headers and into the envelope: what could end either is refused. */
static bool is_address(const char *address)
{
    size_t size = address ? strlen(address) : 0;

    if (size == 0 || size > ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (address[i] <= ' ' || address[i] > '~' || strchr("<>,;", address[i]))
            return false;
    return true;
}

/* The left side of a message's id: a dot-atom. */
static void make_id(char *dest, const char *text)
{
    size_t used = 0;

    for (; *text && used < ID_MAX - 1; text++) {
        char c = *text;
        bool atom = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '_';

        dest[used++] = atom ? c : '-';
    }
    dest[used] = '\0';
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at && at[1] ? at + 1 : "rmqwatchd.invalid";
}

static void write_addresses(FILE *out, const struct channel_config *channel)
{
    fprintf(out, "From: rmqwatchd <%s>\r\n", channel->from);
    for (size_t i = 0; i < channel->to_count; i++)
        fprintf(out, "%s<%s>%s\r\n", i ? " " : "To: ", channel->to[i], i + 1 < channel->to_count ? "," : "");
}

static void write_headers(
    FILE *out, const struct channel_config *channel, const struct message *message, const char *id)
{
    const char *domain = domain_of(channel->from);
    char subject[MESSAGE_TITLE_MAX + sizeof(message->notice.cluster) + 4];
    char own_id[ID_MAX];
    char story_id[ID_MAX];

    make_id(own_id, id);
    make_id(story_id, message->notice.incident);
    snprintf(subject, sizeof(subject), "%s%s%s%s", message->notice.cluster[0] ? "[" : "",
        message->notice.cluster, message->notice.cluster[0] ? "] " : "", message->title);

    mime_write_date_header(out, message->notice.wall_ms);
    write_addresses(out, channel);
    mime_write_text_header(out, "Subject", subject);
    fprintf(out, "Message-ID: <%s@%s>\r\n", own_id, domain);
    /* All mails of an incident answer one that was never sent: they become one thread, whichever came first.
     */
    fprintf(out, "In-Reply-To: <%s@%s>\r\n", story_id, domain);
    fprintf(out, "References: <%s@%s>\r\n", story_id, domain);
    fputs("Auto-Submitted: auto-generated\r\n", out);
    if (message->tone == MESSAGE_CRITICAL)
        fputs("Importance: high\r\n", out);
    fputs("MIME-Version: 1.0\r\n"
          "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n"
          "\r\n",
        out);
}

static int write_part(FILE *out, const char *type, void (*print)(const struct message *message, FILE *out),
    const struct message *message)
{
    char *text = NULL;
    size_t size = 0;
    FILE *part = open_memstream(&text, &size);
    bool failed;

    if (!part)
        return -ENOMEM;
    print(message, part);
    failed = ferror(part) != 0;
    if (fclose(part) != 0 || failed) {
        free(text);
        return -ENOMEM;
    }
    fprintf(out,
        "--" BOUNDARY "\r\n"
        "Content-Type: text/%s; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n",
        type);
    mime_write_quoted_printable(out, text);
    free(text);
    return 0;
}

static int mail_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct message message;
    char *body = NULL;
    size_t size = 0;
    FILE *out;
    int r;

    if (!is_address(channel->from) || channel->to_count == 0)
        return -EINVAL;
    for (size_t i = 0; i < channel->to_count; i++)
        if (!is_address(channel->to[i]))
            return -EINVAL;

    out = open_memstream(&body, &size);
    if (!out)
        return -ENOMEM;
    message_compose(&message, notice);
    write_headers(out, channel, &message, attempt->id);
    r = write_part(out, "plain", message_print, &message);
    if (r == 0)
        r = write_part(out, "html", html_print, &message);
    fputs("--" BOUNDARY "--\r\n", out);
    if (ferror(out))
        r = -ENOMEM;
    if (fclose(out) != 0 || r < 0) {
        free(body);
        return -ENOMEM;
    }
    *ret_request = (struct channel_request){.body = body, .body_size = size};
    return 0;
}

/* 5xx says "never", but not always of this mail. 500 to 504, 530 to 538 and 454's kin answer our commands,
 * our credentials or the lack of TLS: the next mail would meet the same, and all of them pass once an
 * administrator has changed something on either side. 521 and 556 come from a host that takes no mail at all,
 * as servers do in maintenance. An alert must outlive that. */
static bool mail_is_setup_trouble(long status)
{
    return (status >= 500 && status <= 504) || status == 521 || (status >= 530 && status <= 538) ||
           status == 556;
}

static struct channel_verdict mail_classify(const struct channel_reply *reply)
{
    long status = reply->answered ? reply->status : 0;

    if (status >= 200 && status <= 299)
        return (struct channel_verdict){.delivery = DELIVERY_SENT};
    if (status < 500 || status > 599)
        return (struct channel_verdict){.delivery = DELIVERY_RETRY};
    if (mail_is_setup_trouble(status))
        return (struct channel_verdict){.delivery = DELIVERY_RETRY, .retry_after_ms = MAIL_SLOW_RETRY_MS};
    return (struct channel_verdict){.delivery = DELIVERY_REFUSED};
}

const struct channel_ops mail_channel = {
    .name = "mail",
    .transport = CHANNEL_MAIL,
    .options =
        CHANNEL_SMTP_SERVER | CHANNEL_FROM | CHANNEL_TO | CHANNEL_STARTTLS | CHANNEL_LOGIN | CHANNEL_CA_FILE,
    .required = CHANNEL_SMTP_SERVER | CHANNEL_FROM | CHANNEL_TO,
    .min_severity = SEVERITY_WARNING,
    .format = mail_format,
    .classify = mail_classify,
};
