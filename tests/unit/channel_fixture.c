#include "channel_fixture.h"

#include <stdint.h>
#include <string.h>

static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

struct channel_config channel_fixture_config(const char *kind)
{
    const struct channel_ops *ops = channel_find(kind);
    struct channel_config channel = {.ops = ops, .name = text_of("test")};

    assert_non_null(ops);
    if (ops->options & CHANNEL_URL)
        channel.url.value = text_of("https://hooks.example.com/send?access_token=" CHANNEL_FIXTURE_SECRET);
    if (ops->options & CHANNEL_SECRET)
        channel.secret.value = text_of(CHANNEL_FIXTURE_SECRET);
    if (ops->options & CHANNEL_ROUTING_KEY)
        channel.routing_key.value = text_of(CHANNEL_FIXTURE_SECRET);
    if (ops->options & CHANNEL_AUTHORIZATION)
        channel.authorization.value = text_of("Bearer " CHANNEL_FIXTURE_SECRET);
    if (ops->options & CHANNEL_FROM)
        channel.from = text_of("rmqwatchd@example.com");
    if (ops->options & CHANNEL_TO)
        channel.to[channel.to_count++] = text_of("oncall@example.com");
    return channel;
}

struct channel_request channel_fixture_format(
    const struct channel_config *channel, const struct notice *notice)
{
    const struct channel_attempt attempt = {.id = "id-1", .wall_ms = CHANNEL_FIXTURE_WALL_MS};
    struct channel_request request = {0};

    assert_int_equal(channel->ops->format(channel, notice, &attempt, &request), 0);
    assert_int_equal(request.body_size, strlen(request.body));
    return request;
}

void channel_fixture_assert_body(const char *kind, const struct notice *notice, const char *expected)
{
    struct channel_config channel = channel_fixture_config(kind);
    struct channel_request request;

    channel.secret.value = NULL;
    request = channel_fixture_format(&channel, notice);
    assert_string_equal(request.content_type, "application/json; charset=utf-8");
    assert_string_equal(request.body, expected);
    channel_request_done(&request);
}

void channel_fixture_assert_replies(const char *kind, const struct channel_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct channel_reply reply = {.answered = cases[i].status != 0,
            .status = cases[i].status,
            .body = cases[i].body,
            .body_size = strlen(cases[i].body)};
        struct channel_verdict verdict = channel_find(kind)->classify(&reply);

        if (verdict.delivery != cases[i].delivery)
            print_error("%s: %ld %s\n", kind, cases[i].status, cases[i].body);
        assert_int_equal(verdict.delivery, cases[i].delivery);
        assert_int_equal(verdict.retry_after_ms, cases[i].wait_ms);
        assert_int_equal(verdict.code, cases[i].code);
        if (cases[i].reason)
            assert_non_null(strstr(verdict.reason, cases[i].reason));
        else
            assert_null(verdict.reason);
    }
}
