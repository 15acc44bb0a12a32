#include "alerts/channels.h"

#include <string.h>

static const struct channel_ops *const channels[] = {
    &slack_channel,
    &dingtalk_channel,
    &feishu_channel,
    &wecom_channel,
    &teams_channel,
    &discord_channel,
    &pagerduty_channel,
    &alertmanager_channel,
    &webhook_channel,
    &mail_channel,
    &script_channel,
};

enum { CHANNEL_COUNT = sizeof(channels) / sizeof(channels[0]) };

const struct channel_ops *channel_at(size_t i)
{
    return i < CHANNEL_COUNT ? channels[i] : NULL;
}

const struct channel_ops *channel_find(const char *name)
{
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        if (strcmp(channels[i]->name, name) == 0)
            return channels[i];
    return NULL;
}
