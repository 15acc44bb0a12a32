/* WeCom's (Enterprise WeChat's) group robots.
 *
 * The body and the limits (20 a minute, 4096 bytes of markdown in UTF-8):
 * https://developer.work.weixin.qq.com/document/path/91770; the codes, in the errcode of a 200:
 * https://developer.work.weixin.qq.com/document/path/90313. */
#include "alerts/channels.h"
#include "alerts/markup.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

enum { WECOM_MAX = 4096, WECOM_FRAME = 240 /* at most, of what is not the message's */ };

/* There is no way to escape anything, so what means something becomes its full-width twin: a mention is
 * "<@user>", a colour "<font ...>". */
static const struct markup_rule rules[] = {
    {'<', false, "\xef\xbc\x9c"},
    {'>', false, "\xef\xbc\x9e"},
    {'`', false, "\xef\xbd\x80"},
    {'*', false, "\xef\xbc\x8a"},
    {'[', false, "\xef\xbc\xbb"},
    {']', false, "\xef\xbc\xbd"},
    {'#', true, "\xef\xbc\x83"},
};

static const struct markup wecom_markup = {.rules = rules, .rule_count = sizeof(rules) / sizeof(rules[0])};

static const char *const titles_before[] = {
    [MESSAGE_INFO] = "### <font color=\"comment\">",
    [MESSAGE_WARNING] = "### <font color=\"warning\">",
    [MESSAGE_CRITICAL] = "### <font color=\"warning\">",
    [MESSAGE_GOOD] = "### <font color=\"info\">", /* which is green */
};

static int wecom_format(const struct channel_config *channel, const struct notice *notice,
    const struct channel_attempt *attempt, struct channel_request *ret_request)
{
    struct markup_layout layout = {
        .text = &wecom_markup,
        .code = &wecom_markup,
        .title_after = "</font>",
        .paragraph = "\n",
        .bullet = ">",
    };
    struct message message;
    cJSON *json = cJSON_CreateObject(), *markdown;
    char *document;
    bool ok;

    (void)channel;
    (void)attempt;
    message_compose(&message, notice);
    markup_fit(&message, &wecom_markup, WECOM_MAX - WECOM_FRAME);
    layout.title_before = titles_before[message.tone];
    document = markup_print(&message, &layout);
    ok = document && cJSON_AddStringToObject(json, "msgtype", "markdown");
    markdown = cJSON_AddObjectToObject(json, "markdown");
    ok = ok && cJSON_AddStringToObject(markdown, "content", document);
    free(document);
    return channel_print_json(json, ok, ret_request);
}

static const struct channel_code codes[] = {
    {-1, NULL, DELIVERY_RETRY, 0, "the target is busy"},
    {45009, NULL, DELIVERY_RETRY, 60000, "too many messages"},
    {45033, NULL, DELIVERY_RETRY, 60000, "too many messages at a time"},
    {40008, NULL, DELIVERY_REFUSED, 0, "the robot does not take markdown"},
    {40058, NULL, DELIVERY_REFUSED, 0, "the target does not understand the message"},
    {45002, NULL, DELIVERY_REFUSED, 0, "the message is too long"},
    {60020, NULL, DELIVERY_REFUSED, 0, "this host's address is not on the robot's list"},
    {93000, NULL, DELIVERY_REFUSED, 0, "the key is wrong or the robot is gone; see url_file"},
    {93004, NULL, DELIVERY_REFUSED, 0, "the robot is switched off"},
    {93008, NULL, DELIVERY_REFUSED, 0, "the robot is not in the group"},
};

static struct channel_verdict wecom_classify(const struct channel_reply *reply)
{
    return channel_classify_code(reply, "errcode", NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

const struct channel_ops wecom_channel = {
    .name = "wecom",
    .transport = CHANNEL_HTTP,
    .options = CHANNEL_URL | CHANNEL_CA_FILE,
    .required = CHANNEL_URL,
    .limits = {{20, 60000}},
    .format = wecom_format,
    .classify = wecom_classify,
};
