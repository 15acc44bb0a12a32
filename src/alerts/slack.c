/* Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
#include "alerts/channels.h"
#include "alerts/message.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a symbol says, a colour alone does not say to everybody. */
static const struct {
    const char *symbol;
    const char *colour;
} looks[] = {
    [MESSAGE_INFO] = {":information_source:", "#439fe0"},
    [MESSAGE_WARNING] = {":warning:", "#daa038"},
    [MESSAGE_CRITICAL] = {":rotating_light:", "#d00000"},
    [MESSAGE_GOOD] = {":white_check_mark:", "#2eb67d"},
};

/* The longest text after escaping: the detail, five bytes for each of its own, so nothing is ever cut.
 * Slack's limit for one text is 3000 characters. */
enum { SLACK_TEXT_MAX = RMQ_DETAIL_MAX * 5 + 64 };

/* "&", "<" and ">" start what Slack interprets: links, mentions, "<!channel>". All else is as it is. */
static void slack_append(char *dest, const char *text)
{
    char *end = dest + strlen(dest);

    for (; *text && (size_t)(end - dest) + sizeof("&amp;") <= SLACK_TEXT_MAX; text++) {
        switch (*text) {
        case '&':
            end = stpcpy(end, "&amp;");
            break;
        case '<':
            end = stpcpy(end, "&lt;");
            break;
        case '>':
            end = stpcpy(end, "&gt;");
            break;
        default:
            *end++ = *text;
        }
    }
    *end = '\0';
}

/* {"type": "mrkdwn", "text": BEFORE + escaped TEXT + AFTER}. "verbatim" keeps Slack from making a link of
 * everything that looks like one, such as the name of a node. */
static cJSON *slack_text(const char *before, const char *text, const char *after)
{
    char escaped[SLACK_TEXT_MAX];
    cJSON *json = cJSON_CreateObject();

    snprintf(escaped, sizeof(escaped), "%s", before);
    slack_append(escaped, text);
    strncat(escaped, after, sizeof(escaped) - strlen(escaped) - 1);
    if (cJSON_AddStringToObject(json, "type", "mrkdwn") && cJSON_AddStringToObject(json, "text", escaped) &&
        cJSON_AddTrueToObject(json, "verbatim"))
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* Both functions that add take care of ITEM, NULL or not, whatever becomes of it. */
static bool slack_add_to(cJSON *parent, const char *name, cJSON *item)
{
    bool added = name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item);

    if (!added)
        cJSON_Delete(item);
    return added;
}

static bool slack_add_section(cJSON *blocks, cJSON *text)
{
    cJSON *section = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(section, "type", "section") != NULL;

    ok = slack_add_to(section, "text", text) && ok;
    return slack_add_to(blocks, NULL, section) && ok;
}

static bool slack_add_facts(cJSON *blocks, const struct message *message)
{
    cJSON *section = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(section, "type", "section") != NULL;
    cJSON *fields = cJSON_AddArrayToObject(section, "fields");

    for (size_t i = 0; i < message->fact_count; i++) {
        const struct message_fact *fact = &message->facts[i];
        char label[64];

        snprintf(label, sizeof(label), "*%s*\n", fact->label);
        ok = slack_add_to(fields, NULL, slack_text(label, fact->text, "")) && ok;
    }
    return slack_add_to(blocks, NULL, section) && ok;
}

static bool slack_add_attachment(cJSON *attachments, const struct message *message)
{
    cJSON *attachment = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(attachment, "color", looks[message->tone].colour) != NULL;
    cJSON *blocks = cJSON_AddArrayToObject(attachment, "blocks");
    char command[MESSAGE_FACT_MAX + MESSAGE_COMMAND_MAX + 2];

    if (message->notice.why[0])
        ok = slack_add_section(blocks, slack_text("", message->notice.why, "")) && ok;
    if (message->notice.detail[0])
        ok = slack_add_section(blocks, slack_text("", message->notice.detail, "")) && ok;
    ok = slack_add_facts(blocks, message) && ok;
    snprintf(command, sizeof(command), "%s\n`%s", message->look, message->command);
    ok = slack_add_section(blocks, slack_text("", command, "`")) && ok;
    return slack_add_to(attachments, NULL, attachment) && ok;
}

static int slack_format(const struct channel_config *channel, const struct notice *notice, const char *id,
    struct channel_request *ret_request)
{
    struct message message;
    cJSON *json = cJSON_CreateObject();
    char title[SLACK_TEXT_MAX] = "";
    char before[64];
    cJSON *blocks;
    bool ok;

    (void)channel;
    (void)id; /* incoming webhooks know nothing to recognise a duplicate by */
    message_compose(&message, notice);
    slack_append(title, message.title);
    snprintf(before, sizeof(before), "%s *", looks[message.tone].symbol);
    /* "text" is what a phone's notification shows; the blocks are what the channel shows. */
    ok = cJSON_AddStringToObject(json, "text", title) != NULL;
    blocks = cJSON_AddArrayToObject(json, "blocks");
    ok = slack_add_section(blocks, slack_text(before, message.title, "*")) && ok;
    ok = slack_add_attachment(cJSON_AddArrayToObject(json, "attachments"), &message) && ok;
    return channel_print_json(json, ok, ret_request);
}

/* Slack says "ok" in plain text. Anything else with 200 was said by somebody on the way (a captive portal, a
 * proxy), and Slack has not got it. */
static bool slack_said_ok(const struct channel_reply *reply)
{
    size_t length = strcspn(reply->body, "\r\n \t");

    return length == 2 && memcmp(reply->body, "ok", 2) == 0 &&
           reply->body[length + strspn(reply->body + length, "\r\n \t")] == '\0';
}

static enum delivery slack_classify(const struct channel_reply *reply, uint64_t *ret_retry_after_ms)
{
    enum delivery delivery = channel_classify_http(reply, ret_retry_after_ms);

    if (delivery == DELIVERY_SENT && !(reply->status == 200 && slack_said_ok(reply))) {
        *ret_retry_after_ms = 0;
        return DELIVERY_RETRY;
    }
    return delivery;
}

const struct channel_ops slack_channel = {
    .name = "slack",
    .format = slack_format,
    .classify = slack_classify,
};
