/* Channels as the tests of their kinds use them. */
#ifndef RMQWATCH_TESTS_CHANNEL_FIXTURE_H
#define RMQWATCH_TESTS_CHANNEL_FIXTURE_H

#include "alert_samples.h"
#include "cmocka_all.h"
#include "rmqwatch/channel.h"

/* In every secret of channel_fixture_config(). */
#define CHANNEL_FIXTURE_SECRET "SECdemo"
/* When all attempts are made; makes signatures with "+" and "/" in them. */
#define CHANNEL_FIXTURE_WALL_MS INT64_C(1769905805126)

/* One of the kind, with all that it can be given. */
struct channel_config channel_fixture_config(const char *kind);

/* The request, to be freed with channel_request_done(); fails the test when there is none. */
struct channel_request channel_fixture_format(
    const struct channel_config *channel, const struct notice *notice);

/* Checks the body of a channel without any secret. */
void channel_fixture_assert_body(const char *kind, const struct notice *notice, const char *expected);

struct channel_case {
    long status; /* 0: no answer */
    const char *body;
    enum delivery delivery;
    uint64_t wait_ms; /* what is asked for */
    long code;
    const char *reason; /* a part of it; NULL: there is none */
};

void channel_fixture_assert_replies(const char *kind, const struct channel_case *cases, size_t count);

#define CHANNEL_FIXTURE_ASSERT_REPLIES(kind, cases)                                                          \
    channel_fixture_assert_replies(kind, cases, sizeof(cases) / sizeof((cases)[0]))

#endif
