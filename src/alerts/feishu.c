/* Custom bots of Feishu, which is Lark outside of China.
 *
 * The card, the signature, the codes and the limits (100 a minute and 5 a second, 20 KB):
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot and
 * https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot. Every text of ours is "plain_text",
 * where nothing is interpreted: neither markup nor <at id=all>. */
#include "alerts/channels.h"
#include "alerts/message.h"
#include "alerts/sign.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char templates[][8] = {
    [MESSAGE_INFO] = "blue",
    [MESSAGE_WARNING] = "orange",
    [MESSAGE_CRITICAL] = "red",
    [MESSAGE_GOOD] = "green",
};

/* Strangely, what is signed is nothing, and the key is what other targets sign. */
static bool add_signature(cJSON *json, const char *secret, int64_t wall_ms)
{
    char timestamp[24], signature[SIGN_BASE64_MAX];
    char key[RMQ_SECRET_MAX + 32];
    int r;

    snprintf(timestamp, sizeof(timestamp), "%" PRId64, wall_ms / 1000);
    snprintf(key, sizeof(key), "%s\n%s", timestamp, secret);
    r = sign_base64(key, "", 0, signature);
    explicit_bzero(key, sizeof(key));
    return r == 0 && cJSON_AddStringToObject(json, "timestamp", timestamp) &&
           cJSON_AddStringToObject(json, "sign", signature);
}

static cJSON *new_text(const char *text)
{
    cJSON *json = channel_new_object("tag", "plain_text");

    if (cJSON_AddStringToObject(json, "content", text))
        return json;
    cJSON_Delete(json);
    return NULL;
}

static bool add_paragraph(cJSON *elements, const char *text)
{
    cJSON *div = channel_new_object("tag", "div");
    bool ok = channel_add_item(div, "text", new_text(text));

    return channel_add_item(elements, NULL, div) && ok;
}

static bool add_facts(cJSON *elements, const struct message *message)
{
    cJSON *div = channel_new_object("tag", "div");
    cJSON *fields = cJSON_AddArrayToObject(div, "fields");
    bool ok = fields != NULL;

    for (size_t i = 0; i < message->fact_count; i++) {
        const struct message_fact *fact = &message->facts[i];
        cJSON *field = cJSON_CreateObject();
        char text[MESSAGE_FACT_MAX + 64];

        snprintf(text, sizeof(text), "%s\n%s", fact->label, fact->text);
        ok = cJSON_AddTrueToObject(field, "is_short") && ok;
        ok = channel_add_item(field, "text", new_text(text)) && ok;
        ok = channel_add_item(fields, NULL, field) && ok;
    }
    return channel_add_item(elements, NULL, div) && ok;
}

static bool add_card(cJSON *json, const struct message *message)
{
    cJSON *card = cJSON_AddObjectToObject(json, "card");
    cJSON *config = cJSON_AddObjectToObject(card, "config");
    cJSON *header = cJSON_AddObjectToObject(card, "header");
    cJSON *elements = cJSON_AddArrayToObject(card, "elements");
    char look[MESSAGE_LOOK_MAX + MESSAGE_COMMAND_MAX];
    bool ok = cJSON_AddTrueToObject(config, "wide_screen_mode") &&
              cJSON_AddStringToObject(header, "template", templates[message->tone]);

    ok = channel_add_item(header, "title", new_text(message->title)) && ok;
    if (message->notice.why[0])
        ok = add_paragraph(elements, message->notice.why) && ok;
    if (message->notice.detail[0])
        ok = add_paragraph(elements, message->notice.detail) && ok;
    ok = add_facts(elements, message) && ok;
    snprintf(look, sizeof(look), "%s\n%s", message->look, message->command);
    return add_paragraph(elements, look) && ok;
}

static int feishu_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    cJSON *json = cJSON_CreateObject();
    struct message message;
    bool ok = true;

    message_compose(&message, notice);
    if (channel->secret.value)
        ok = add_signature(json, channel->secret.value, attempt->wall_ms);
    ok = ok && cJSON_AddStringToObject(json, "msg_type", "interactive") && add_card(json, &message);
    return channel_print_json(json, ok, ret_request);
}

static const struct channel_code codes[] = {
    {11232, NULL, DELIVERY_RETRY, 60000, "too many messages"},
    {230020, NULL, DELIVERY_RETRY, 60000, "too many messages"},
    {99991400, NULL, DELIVERY_RETRY, 60000, "too many messages"},
    {9499, "too many", DELIVERY_RETRY, 60000, "too many messages"},
    {9499, NULL, DELIVERY_REFUSED, 0, "the target does not understand the message"},
    {19001, NULL, DELIVERY_REFUSED, 0, "the token is wrong; see url_file"},
    {19002, NULL, DELIVERY_REFUSED, 0, "the target does not understand the message"},
    {19021, NULL, DELIVERY_REFUSED, 0,
        "the signature or its time is wrong; see secret_file and the clock of this host"},
    {19022, NULL, DELIVERY_REFUSED, 0, "this host's address is not on the bot's list"},
    {19024, NULL, DELIVERY_REFUSED, 0, "none of the bot's keywords is in the message"},
};

static struct channel_verdict feishu_classify(const struct channel_reply *reply)
{
    return channel_classify_code(reply, "code", "StatusCode", codes, sizeof(codes) / sizeof(codes[0]));
}

const struct channel_ops feishu_channel = {
    .name = "feishu",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_SECRET | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{5, 1000}, {100, 60000}},
    .format = feishu_format,
    .classify = feishu_classify,
};
