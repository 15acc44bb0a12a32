/* Microsoft Teams by its Workflows ("When a Teams webhook request is received").
 *
 * The envelope, 28 KB and four requests a second:
 * https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook;
 * the card: https://learn.microsoft.com/en-us/adaptive-cards/schema-explorer/adaptive-card. A RichTextBlock
 * interprets nothing, a FactSet a little of Markdown. A mention would need an entity in "msteams", of which
 * there is none. Success is 202, with nothing in it. */
#include "alerts/channels.h"
#include "alerts/markup.h"

#include <cjson/cJSON.h>
#include <string.h>

static const char colours[][10] = {
    [MESSAGE_INFO] = "accent",
    [MESSAGE_WARNING] = "warning",
    [MESSAGE_CRITICAL] = "attention",
    [MESSAGE_GOOD] = "good",
};

struct run_style {
    const char *name, *value; /* NULL: plain */
    const char *colour;       /* NULL: the default */
};

static bool add_text(cJSON *body, const char *text, const struct run_style *style)
{
    cJSON *block = channel_new_object("type", "RichTextBlock");
    cJSON *inlines = cJSON_AddArrayToObject(block, "inlines");
    cJSON *run = channel_new_object("type", "TextRun");
    bool ok = cJSON_AddStringToObject(run, "text", text) != NULL;

    if (style && style->name)
        ok = cJSON_AddStringToObject(run, style->name, style->value) && ok;
    if (style && style->colour)
        ok = cJSON_AddStringToObject(run, "weight", "bolder") &&
             cJSON_AddStringToObject(run, "color", style->colour) && ok;
    ok = channel_add_item(inlines, NULL, run) && ok;
    return channel_add_item(body, NULL, block) && ok;
}

static bool add_facts(cJSON *body, const struct message *message)
{
    cJSON *set = channel_new_object("type", "FactSet");
    cJSON *facts = cJSON_AddArrayToObject(set, "facts");
    bool ok = facts != NULL;

    for (size_t i = 0; i < message->fact_count; i++) {
        char text[MARKUP_TEXT_MAX] = "";
        cJSON *fact = channel_new_object("title", message->facts[i].label);

        markup_append(text, sizeof(text), &markup_markdown, message->facts[i].text);
        ok = cJSON_AddStringToObject(fact, "value", text) && ok;
        ok = channel_add_item(facts, NULL, fact) && ok;
    }
    return channel_add_item(body, NULL, set) && ok;
}

static bool add_card(cJSON *attachment, const struct message *message)
{
    const struct run_style large = {"size", "large", colours[message->tone]};
    const struct run_style monospace = {"fontType", "monospace", NULL};
    cJSON *card = cJSON_AddObjectToObject(attachment, "content");
    bool ok =
        cJSON_AddStringToObject(card, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json") &&
        cJSON_AddStringToObject(card, "type", "AdaptiveCard") &&
        cJSON_AddStringToObject(card, "version", "1.2");
    cJSON *teams = cJSON_AddObjectToObject(card, "msteams");
    cJSON *body = cJSON_AddArrayToObject(card, "body");

    ok = cJSON_AddStringToObject(teams, "width", "Full") && ok;
    ok = add_text(body, message->title, &large) && ok;
    if (message->notice.why[0])
        ok = add_text(body, message->notice.why, NULL) && ok;
    if (message->notice.detail[0])
        ok = add_text(body, message->notice.detail, NULL) && ok;
    ok = add_facts(body, message) && ok;
    ok = add_text(body, message->look, NULL) && ok;
    return add_text(body, message->command, &monospace) && ok;
}

static int teams_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    cJSON *json = channel_new_object("type", "message");
    cJSON *attachments = cJSON_AddArrayToObject(json, "attachments");
    cJSON *attachment = channel_new_object("contentType", "application/vnd.microsoft.card.adaptive");
    struct message message;
    bool ok;

    (void)channel;
    (void)attempt;
    message_compose(&message, notice);
    ok = cJSON_AddNullToObject(attachment, "contentUrl") && add_card(attachment, &message);
    ok = channel_add_item(attachments, NULL, attachment) && ok;
    return channel_print_json(json, ok, ret_request);
}

static struct channel_verdict teams_classify(const struct channel_reply *reply)
{
    struct channel_verdict verdict = channel_classify_http(reply);

    if (verdict.delivery == DELIVERY_SENT && strstr(reply->body, "Teams endpoint returned HTTP error"))
        /* Older connectors say so with 200, mostly of too many messages. */
        verdict = (struct channel_verdict){
            .delivery = DELIVERY_RETRY, .retry_after_ms = 30000, .reason = "the target has not taken it"};
    else if (verdict.delivery != DELIVERY_REFUSED)
        return verdict;
    else if (reply->status == 401 || reply->status == 403)
        verdict.reason = "the signature in the URL is wrong, or the workflow may not post; see url_file";
    else if (reply->status == 404 || reply->status == 410)
        verdict.reason = "there is no such workflow, or it is switched off; see url_file";
    else if (reply->status == 413)
        verdict.reason = "the message is too long";
    return verdict;
}

const struct channel_ops teams_channel = {
    .name = "teams",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{4, 1000}},
    .format = teams_format,
    .classify = teams_classify,
};
