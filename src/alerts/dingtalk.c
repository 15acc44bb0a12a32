/* DingTalk's custom robots.
 *
 * The body, the signature and the limits: https://open.dingtalk.com/document/robots/custom-robot-access and
 * https://open.dingtalk.com/document/robots/customize-robot-security-settings: 20 messages a minute, whoever
 * sends more is shut out for 10 minutes; 20000 bytes; a timestamp may be off by one hour. The verdict is the
 * errcode of a 200; its values: https://open.dingtalk.com/document/robots/custom-robot-access#errcode */
#include "alerts/channels.h"
#include "alerts/markup.h"
#include "alerts/sign.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of 20000 bytes; JSON makes two of a backslash, and the title is there twice. */
enum { DINGTALK_ROOM = 9000 };

/* "&timestamp=...&sign=...", the signature in base64 with what means something in a URL escaped. */
static int sign_request(
    const struct channel_config *channel, int64_t wall_ms, struct channel_request *request)
{
    char signature[SIGN_BASE64_MAX], escaped[3 * SIGN_BASE64_MAX] = "";
    char text[RMQ_SECRET_MAX + 32];
    char *end = escaped;
    int r;

    snprintf(text, sizeof(text), "%" PRId64 "\n%s", wall_ms, channel->secret.value);
    r = sign_base64(channel->secret.value, text, strlen(text), signature);
    explicit_bzero(text, sizeof(text));
    if (r < 0)
        return r;
    for (const char *at = signature; *at; at++)
        end += sprintf(end, strchr("+/=", *at) ? "%%%02X" : "%c", *at);
    return channel_set_suffix(
        request, "%ctimestamp=%" PRId64 "&sign=%s", channel_url_separator(channel), wall_ms, escaped);
}

static int dingtalk_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct markup markup = markup_markdown;
    const struct markup_layout layout = {
        .text = &markup,
        .code = &markup_code,
        .title_before = "### ",
        .title_after = "",
        .paragraph = "\n\n",
        .bullet = "- ",
    };
    struct channel_request request = {0};
    struct message message;
    cJSON *json = cJSON_CreateObject(), *markdown, *at;
    char *document;
    bool ok;
    int r;

    text_copy(markup.line_break, sizeof(markup.line_break), "\n\n"); /* one alone means nothing */
    message_compose(&message, notice);
    markup_fit(&message, &markup, DINGTALK_ROOM);
    document = markup_print(&message, &layout);
    ok = document && cJSON_AddStringToObject(json, "msgtype", "markdown");
    markdown = cJSON_AddObjectToObject(json, "markdown");
    ok = ok && cJSON_AddStringToObject(markdown, "title", message.title) &&
         cJSON_AddStringToObject(markdown, "text", document);
    at = cJSON_AddObjectToObject(json, "at");
    ok = ok && cJSON_AddFalseToObject(at, "isAtAll");
    free(document);
    r = channel_print_json(json, ok, &request);
    if (r == 0 && channel->secret.value)
        r = sign_request(channel, attempt->wall_ms, &request);
    if (r < 0)
        channel_request_done(&request);
    else
        *ret_request = request;
    return r;
}

static const struct channel_code codes[] = {
    {-1, NULL, DELIVERY_RETRY, 0, "the target is busy"},
    {130101, NULL, DELIVERY_RETRY, 600000, "too many messages"},
    {410100, NULL, DELIVERY_RETRY, 600000, "too many messages"},
    {310000, "keywords", DELIVERY_REFUSED, 0, "none of the robot's keywords is in the message"},
    {310000, "timestamp", DELIVERY_REFUSED, 0,
        "the time of the signature is wrong; see the clock of this host"},
    {310000, "sign", DELIVERY_REFUSED, 0, "the signature is wrong; see secret_file"},
    {310000, "whitelist", DELIVERY_REFUSED, 0, "this host's address is not on the robot's list"},
    {310000, NULL, DELIVERY_REFUSED, 0, "the robot's security settings"},
    {300001, NULL, DELIVERY_REFUSED, 0, "the token is wrong; see url_file"},
    {300005, NULL, DELIVERY_REFUSED, 0, "the token is wrong; see url_file"},
    {40035, NULL, DELIVERY_REFUSED, 0, "the token is missing; see url_file"},
    {400013, NULL, DELIVERY_REFUSED, 0, "the group is gone"},
    {400101, NULL, DELIVERY_REFUSED, 0, "the token is wrong; see url_file"},
    {400102, NULL, DELIVERY_REFUSED, 0, "the robot is switched off"},
    {400105, NULL, DELIVERY_REFUSED, 0, "the robot does not take markdown"},
    {400106, NULL, DELIVERY_REFUSED, 0, "the robot is gone"},
    {430101, NULL, DELIVERY_REFUSED, 0, "the target takes the content for unsafe"},
    {430102, NULL, DELIVERY_REFUSED, 0, "the target takes the content for inappropriate"},
    {430103, NULL, DELIVERY_REFUSED, 0, "the target takes the content for inappropriate"},
    {430104, NULL, DELIVERY_REFUSED, 0, "the target takes the content for inappropriate"},
};

static struct channel_verdict dingtalk_classify(const struct channel_reply *reply)
{
    return channel_classify_code(reply, "errcode", NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

const struct channel_ops dingtalk_channel = {
    .name = "dingtalk",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_SECRET | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{20, 60000}},
    .format = dingtalk_format,
    .classify = dingtalk_classify,
};
