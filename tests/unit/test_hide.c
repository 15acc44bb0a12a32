/* What of a target's answer is shown. */
#include "alerts/hide.h"
#include "cmocka_all.h"

#include <stdio.h>

static void assert_hidden(const struct channel_config *channel, const char *text, const char *shown)
{
    char copy[128];

    snprintf(copy, sizeof(copy), "%s", text);
    hide_secrets(channel, copy);
    assert_string_equal(copy, shown);
}

static void test_urls(void **state)
{
    char url[] = "https://hooks.example.com/services/T0/0123456789abcdef?k=v";
    char plain[] = "https://hooks.example.com";
    const struct channel_config channel = {.url.value = url}, other = {.url.value = plain};

    (void)state;
    assert_hidden(
        &channel, "no /services/T0/0123456789abcdef?k=v here", "no ********************************* here");
    assert_hidden(&channel, "{\"path\":\"\\/services\\/T0\\/0123456789abcdef\"}",
        "{\"path\":\"\\/********\\/T0\\/****************\"}");
    assert_hidden(
        &channel, "two: 0123456789abcdef0123456789abcdef.", "two: ********************************.");
    assert_hidden(&channel, "cut: 0123456", "cut: *******");
    assert_hidden(&channel, "hooks.example.com: not found", "hooks.example.com: not found");
    assert_hidden(&channel, "", "");
    assert_hidden(&other, "hooks.example.com/: not found", "hooks.example.com/: not found");
}

static void test_other_secrets(void **state)
{
    char authorization[] = "Bearer hunter2", secret[] = "SECsign", key[] = "R0123", password[] = "pass word";
    const struct channel_config channel = {.authorization.value = authorization,
        .secret.value = secret,
        .routing_key.value = key,
        .password.value = password};
    const struct channel_config none = {0};

    (void)state;
    assert_hidden(&channel, "Authorization: Bearer hunter2", "Authorization: **************");
    assert_hidden(&channel, "bad token hunter2", "bad token *******");
    assert_hidden(&channel, "SECsign, R0123 and pass word", "*******, ***** and *********");
    assert_hidden(&none, "Bearer hunter2", "Bearer hunter2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_other_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
