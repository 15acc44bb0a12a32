/* Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; one a
 * second: https://docs.slack.dev/apis/web-api/rate-limits; texts of 3000 characters, fields of 2000:
 * https://docs.slack.dev/reference/block-kit/blocks/section-block; escapes:
 * https://docs.slack.dev/messaging/formatting-message-text */
#include "alerts/channels.h"
#include "alerts/markup.h"

#include <cjson/cJSON.h>
#include <stdio.h>
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

/* The longest text after escaping: the detail, five bytes for each of its own, so it is never cut. Slack's
 * limit for one text is 3000 characters, for a field 2000. */
enum { SLACK_TEXT_MAX = RMQ_DETAIL_MAX * 5 + 64, SLACK_FIELD_MAX = 2000 };

/* "&", "<" and ">" start what Slack interprets: links, mentions, "<!channel>". All else is as it is. */
static const struct markup_rule rules[] = {
    {'&', false, "&amp;"},
    {'<', false, "&lt;"},
    {'>', false, "&gt;"},
};

static const struct markup slack_markup = {.rules = rules, .rule_count = sizeof(rules) / sizeof(rules[0])};

/* {"type": "mrkdwn", "text": BEFORE + escaped TEXT + AFTER}. "verbatim" keeps Slack from making a link of
 * everything that looks like one, such as the name of a node. */
static cJSON *slack_text(const char *before, const char *text, const char *after, size_t max)
{
    char escaped[SLACK_TEXT_MAX];
    cJSON *json = cJSON_CreateObject();

    snprintf(escaped, sizeof(escaped), "%s", before);
    markup_append(escaped, max, &slack_markup, text);
    strncat(escaped, after, sizeof(escaped) - strlen(escaped) - 1);
    if (cJSON_AddStringToObject(json, "type", "mrkdwn") && cJSON_AddStringToObject(json, "text", escaped) &&
        cJSON_AddTrueToObject(json, "verbatim"))
        return json;
    cJSON_Delete(json);
    return NULL;
}

static bool slack_add_section(cJSON *blocks, cJSON *text)
{
    cJSON *section = channel_new_object("type", "section");
    bool ok = channel_add_item(section, "text", text);

    return channel_add_item(blocks, NULL, section) && ok;
}

static bool slack_add_facts(cJSON *blocks, const struct message *message)
{
    cJSON *section = channel_new_object("type", "section");
    cJSON *fields = cJSON_AddArrayToObject(section, "fields");
    bool ok = fields != NULL;

    for (size_t i = 0; i < message->fact_count; i++) {
        const struct message_fact *fact = &message->facts[i];
        char label[64];

        snprintf(label, sizeof(label), "*%s*\n", fact->label);
        ok = channel_add_item(fields, NULL, slack_text(label, fact->text, "", SLACK_FIELD_MAX)) && ok;
    }
    return channel_add_item(blocks, NULL, section) && ok;
}

static bool slack_add_attachment(cJSON *attachments, const struct message *message)
{
    cJSON *attachment = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(attachment, "color", looks[message->tone].colour) != NULL;
    cJSON *blocks = cJSON_AddArrayToObject(attachment, "blocks");
    char command[MESSAGE_LOOK_MAX + MESSAGE_COMMAND_MAX + 2];

    if (message->notice.why[0])
        ok = slack_add_section(blocks, slack_text("", message->notice.why, "", SLACK_TEXT_MAX)) && ok;
    if (message->notice.detail[0])
        ok = slack_add_section(blocks, slack_text("", message->notice.detail, "", SLACK_TEXT_MAX)) && ok;
    ok = slack_add_facts(blocks, message) && ok;
    snprintf(command, sizeof(command), "%s\n`%s", message->look, message->command);
    ok = slack_add_section(blocks, slack_text("", command, "`", SLACK_TEXT_MAX)) && ok;
    return channel_add_item(attachments, NULL, attachment) && ok;
}

static int slack_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct message message;
    cJSON *json = cJSON_CreateObject();
    char title[SLACK_TEXT_MAX] = "";
    char before[64];
    cJSON *blocks;
    bool ok;

    (void)channel;
    (void)attempt; /* incoming webhooks know nothing to recognise a duplicate by */
    message_compose(&message, notice);
    markup_append(title, sizeof(title), &slack_markup, message.title);
    snprintf(before, sizeof(before), "%s *", looks[message.tone].symbol);
    /* "text" is what a phone's notification shows; the blocks are what the channel shows. */
    ok = cJSON_AddStringToObject(json, "text", title) != NULL;
    blocks = cJSON_AddArrayToObject(json, "blocks");
    ok = slack_add_section(blocks, slack_text(before, message.title, "*", SLACK_TEXT_MAX)) && ok;
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

static struct channel_verdict slack_classify(const struct channel_reply *reply)
{
    struct channel_verdict verdict = channel_classify_http(reply);

    if (verdict.delivery == DELIVERY_SENT && !(reply->status == 200 && slack_said_ok(reply)))
        verdict = (struct channel_verdict){
            .delivery = DELIVERY_RETRY, .reason = "the answer is not one of the target's own"};
    else if (verdict.delivery == DELIVERY_REFUSED && (reply->status == 403 || reply->status == 404))
        verdict.reason = "there is no such webhook, or it may not post; see url_file";
    else if (verdict.delivery == DELIVERY_REFUSED && reply->status == 410)
        verdict.reason = "the channel is archived";
    return verdict;
}

const struct channel_ops slack_channel = {
    .name = "slack",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{1, 1000}},
    .format = slack_format,
    .classify = slack_classify,
};
