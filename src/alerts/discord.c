/* Discord's webhooks: https://discord.com/developers/docs/resources/webhook#execute-webhook
 *
 * Content of 2000 characters; an embed's description 4096, a field's value 1024, an embed's texts together
 * 6000: https://discord.com/developers/docs/resources/message#embed-object-embed-limits. With wait=true the
 * answer comes after the message was made: 200. A 429 has the pause in seconds, as a fraction, in its JSON:
 * https://discord.com/developers/docs/topics/rate-limits. How many are too many is not documented; seen are 5
 * in two seconds and 30 a minute. */
#include "alerts/channels.h"
#include "alerts/markup.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum {
    CONTENT_MAX = 2000,
    DESCRIPTION_MAX = 4096,
    VALUE_MAX = 1024,
    /* In bytes, which are never less than characters, of the 6000 of the embed; the title is not in there. */
    DISCORD_ROOM = 5800,
};

static const int colours[] = {
    [MESSAGE_INFO] = 0x439fe0,
    [MESSAGE_WARNING] = 0xdaa038,
    [MESSAGE_CRITICAL] = 0xd00000,
    [MESSAGE_GOOD] = 0x2eb67d,
};

static void describe(const struct message *message, char description[static DESCRIPTION_MAX])
{
    const char *const paragraphs[] = {message->notice.why, message->notice.detail, message->look};

    description[0] = '\0';
    for (size_t i = 0; i < 3; i++) {
        markup_append(description, DESCRIPTION_MAX, &markup_markdown, paragraphs[i]);
        text_append(description, DESCRIPTION_MAX, "%s", paragraphs[i][0] ? "\n" : "");
    }
    text_append(description, DESCRIPTION_MAX, "`");
    markup_append(description, DESCRIPTION_MAX - 1, &markup_code, message->command);
    text_append(description, DESCRIPTION_MAX, "`");
}

static bool add_fact(cJSON *fields, const struct message_fact *fact)
{
    char value[VALUE_MAX] = "";
    cJSON *field = channel_new_object("name", fact->label);
    bool ok;

    markup_append(value, sizeof(value), &markup_markdown, fact->text);
    /* An empty one would be an error. */
    ok = cJSON_AddStringToObject(field, "value", value[0] ? value : "-") &&
         cJSON_AddTrueToObject(field, "inline");
    return channel_add_item(fields, NULL, field) && ok;
}

static bool add_embed(cJSON *json, const struct message *message)
{
    cJSON *embeds = cJSON_AddArrayToObject(json, "embeds");
    char description[DESCRIPTION_MAX], timestamp[64];
    cJSON *embed, *fields;
    bool ok;

    describe(message, description);
    text_timestamp(timestamp, sizeof(timestamp), message->notice.wall_ms);
    embed = channel_new_object("description", description);
    ok = cJSON_AddNumberToObject(embed, "color", colours[message->tone]) &&
         cJSON_AddStringToObject(embed, "timestamp", timestamp);
    fields = cJSON_AddArrayToObject(embed, "fields");
    for (size_t i = 0; i < message->fact_count; i++)
        ok = add_fact(fields, &message->facts[i]) && ok;
    return channel_add_item(embeds, NULL, embed) && ok;
}

static int discord_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct channel_request request = {0};
    cJSON *json = cJSON_CreateObject(), *mentions;
    char content[CONTENT_MAX] = "**";
    struct message message;
    bool ok;
    int r;

    (void)attempt;
    message_compose(&message, notice);
    markup_append(content, sizeof(content) - 2, &markup_markdown, message.title);
    text_append(content, sizeof(content), "**");
    markup_fit(&message, &markup_markdown, DISCORD_ROOM);
    ok = cJSON_AddStringToObject(json, "content", content) && add_embed(json, &message);
    mentions = cJSON_AddObjectToObject(json, "allowed_mentions");
    ok = cJSON_AddArrayToObject(mentions, "parse") && ok;
    r = channel_print_json(json, ok, &request);
    if (r == 0)
        r = channel_set_suffix(&request, "%cwait=true", channel_url_separator(channel));
    if (r < 0)
        channel_request_done(&request);
    else
        *ret_request = request;
    return r;
}

/* More exact than Retry-After, which knows whole seconds only. */
static uint64_t asked_pause_ms(const struct channel_reply *reply)
{
    cJSON *json = cJSON_ParseWithLength(reply->body, reply->body_size);
    const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(json, "retry_after");
    uint64_t asked_ms = 0;

    if (cJSON_IsNumber(seconds) && seconds->valuedouble > 0 && seconds->valuedouble < 86400)
        asked_ms = (uint64_t)(seconds->valuedouble * 1000) + 1;
    cJSON_Delete(json);
    return asked_ms;
}

static struct channel_verdict discord_classify(const struct channel_reply *reply)
{
    struct channel_verdict verdict = channel_classify_http(reply);

    if (verdict.delivery == DELIVERY_RETRY && reply->answered && reply->status == 429) {
        uint64_t asked_ms = asked_pause_ms(reply);

        verdict.retry_after_ms = asked_ms ? asked_ms : reply->retry_after_ms;
        verdict.reason = "too many messages";
    } else if (verdict.delivery == DELIVERY_REFUSED && (reply->status == 401 || reply->status == 404)) {
        verdict.reason = "there is no such webhook; see url_file";
    }
    return verdict;
}

const struct channel_ops discord_channel = {
    .name = "discord",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{5, 2000}, {30, 60000}},
    .format = discord_format,
    .classify = discord_classify,
};
