#include "alert_samples.h"
#include "alerts/mime.h"
#include "cmocka_all.h"
#include "rmqwatch/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char mail_from[] = "rmqwatchd@example.com";
static char mail_to[] = "oncall@example.com";
static char mail_cc[] = "ops@example.com";

static struct channel_config mail_config(void)
{
    return (struct channel_config){
        .ops = channel_find("mail"),
        .from = mail_from,
        .to = {mail_to, mail_cc},
        .to_count = 2,
    };
}

static char *format(const struct notice *notice, const char *id)
{
    struct channel_config channel = mail_config();
    struct channel_request request = {0};

    assert_int_equal(channel.ops->format(&channel, notice, &(struct channel_attempt){.id = id}, &request), 0);
    assert_null(request.content_type);
    assert_int_equal(request.body_size, strlen(request.body));
    return request.body;
}

static void test_critical(void **state)
{
    struct notice notice = sample_gave_up();
    char *body = format(&notice, "rmq2-1769904000-7-gave-up-00c0ffee00c0ffee-1");

    (void)state;
    assert_string_equal(body,
        "Date: Sun, 01 Feb 2026 00:30:05 +0000\r\n"
        "From: rmqwatchd <rmqwatchd@example.com>\r\n"
        "To: <oncall@example.com>,\r\n"
        " <ops@example.com>\r\n"
        "Subject: [orders] CRITICAL rabbit@rmq2: gave up\r\n"
        "Message-ID: <rmq2-1769904000-7-gave-up-00c0ffee00c0ffee-1@example.com>\r\n"
        "In-Reply-To: <rmq2-1769904000-7@example.com>\r\n"
        "References: <rmq2-1769904000-7@example.com>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "Importance: high\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_rmqwatchd\"\r\n"
        "\r\n"
        "--=_rmqwatchd\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "CRITICAL rabbit@rmq2: gave up\r\n"
        "\r\n"
        "it keeps dying: the restarts of this window are used up\r\n"
        "exit code 1; 5 restarts in 30 min\r\n"
        "\r\n"
        "Node      rabbit@rmq2\r\n"
        "Cluster   orders\r\n"
        "Observer  rabbit@rmq1\r\n"
        "Time      2026-02-01T00:30:05Z\r\n"
        "Began     2026-02-01T00:00:00Z, 30 min 5 s earlier\r\n"
        "Incident  rmq2-1769904000-7\r\n"
        "\r\n"
        "To do: find and mend the cause, then start it there: rmqwatchctl resume\r\n"
        "Look further, on the host of rabbit@rmq1:\r\n"
        "  journalctl -u rmqwatchd RMQ_INCIDENT=3Drmq2-1769904000-7\r\n"
        "--=_rmqwatchd\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "<!DOCTYPE html>\r\n"
        "<html><head><meta charset=3D\"utf-8\"></head>\r\n"
        "<body style=3D\"font-family: sans-serif; border-left: 4px solid #d00000; pad=\r\n"
        "ding-left: 12px\">\r\n"
        "<h3>CRITICAL rabbit@rmq2: gave up</h3>\r\n"
        "<p>it keeps dying: the restarts of this window are used up</p>\r\n"
        "<p>exit code 1; 5 restarts in 30 min</p>\r\n"
        "<table>\r\n"
        "<tr><th align=3D\"left\">Node</th>\r\n"
        "<td>rabbit@rmq2</td></tr>\r\n"
        "<tr><th align=3D\"left\">Cluster</th>\r\n"
        "<td>orders</td></tr>\r\n"
        "<tr><th align=3D\"left\">Observer</th>\r\n"
        "<td>rabbit@rmq1</td></tr>\r\n"
        "<tr><th align=3D\"left\">Time</th>\r\n"
        "<td>2026-02-01T00:30:05Z</td></tr>\r\n"
        "<tr><th align=3D\"left\">Began</th>\r\n"
        "<td>2026-02-01T00:00:00Z, 30 min 5 s earlier</td></tr>\r\n"
        "<tr><th align=3D\"left\">Incident</th>\r\n"
        "<td>rmq2-1769904000-7</td></tr>\r\n"
        "</table>\r\n"
        "<p>To do: find and mend the cause, then start it there: rmqwatchctl resume<=\r\n"
        "br>\r\n"
        "Look further, on the host of rabbit@rmq1:</p>\r\n"
        "<pre>journalctl -u rmqwatchd RMQ_INCIDENT=3Drmq2-1769904000-7</pre>\r\n"
        "</body></html>\r\n"
        "--=_rmqwatchd--\r\n");
    free(body);
}

/* Every line ends in CRLF, is ASCII without control characters and not too long. */
static void assert_lines(const char *body)
{
    size_t column = 0;

    for (; *body; body++) {
        if (*body == '\r') {
            assert_int_equal(body[1], '\n');
            body++;
            column = 0;
            continue;
        }
        assert_in_range(*body, ' ', '~');
        assert_true(++column <= 78);
    }
    assert_int_equal(column, 0);
}

static void test_hostile_fields_stay_in_their_place(void **state)
{
    static const char *const names[] = {"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To",
        "References", "Auto-Submitted", "Importance", "MIME-Version", "Content-Type"};
    struct notice notice = sample_hostile();
    char *body = format(&notice, "a'b\r\nBcc: x@y.example-1");
    char *end = strstr(body, "\r\n\r\n");
    size_t at = 0;

    (void)state;
    assert_lines(body);
    assert_non_null(strstr(body, "\r\nMessage-ID: <a-b--Bcc--x-y-example-1@example.com>\r\n"));
    assert_non_null(strstr(body, "\r\nReferences: <a-b---x-@example.com>\r\n"));
    assert_non_null(strstr(body, "\r\n=F0=9F=98=80 <!channel> & *b*\r\n"));
    assert_non_null(strstr(body, "\r\n=2E\r\n=2E.two=20\r\n")); /* no line that ends the mail for SMTP */
    /* exactly our own headers, in our order */
    *end = '\0';
    for (char *line = strtok(body, "\n"); line; line = strtok(NULL, "\n")) {
        if (line[0] == ' ')
            continue;
        assert_true(at < sizeof(names) / sizeof(names[0]));
        assert_memory_equal(line, names[at], strlen(names[at]));
        assert_int_equal(line[strlen(names[at++])], ':');
    }
    assert_int_equal(at, sizeof(names) / sizeof(names[0]));
    free(body);
}

static void test_addresses_that_would_inject_are_refused(void **state)
{
    static const char *const bad[] = {"", "a@b\r\nBcc: c@d", "a@b>", "<a@b", "a b@c", "a@b,c@d", "\xc3\xa4@b",
        "a@b\n", "a@b;c@d", "a\x01@b"};
    struct notice notice = sample_gave_up();
    const struct channel_attempt attempt = {.id = "id"};
    struct channel_request request = {.body_size = 42};
    struct channel_config channel;
    char text[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "%s", bad[i]);
        channel = mail_config();
        channel.from = text;
        assert_int_equal(channel.ops->format(&channel, &notice, &attempt, &request), -EINVAL);
        channel = mail_config();
        channel.to[1] = text;
        assert_int_equal(channel.ops->format(&channel, &notice, &attempt, &request), -EINVAL);
    }
    memset(text, 'a', 255);
    text[255] = '\0';
    channel = mail_config();
    channel.from = text;
    assert_int_equal(channel.ops->format(&channel, &notice, &attempt, &request), -EINVAL);
    channel = mail_config();
    channel.from = NULL;
    assert_int_equal(channel.ops->format(&channel, &notice, &attempt, &request), -EINVAL);
    channel = mail_config();
    channel.to_count = 0;
    assert_int_equal(channel.ops->format(&channel, &notice, &attempt, &request), -EINVAL);
    assert_int_equal(request.body_size, 42); /* untouched */
    assert_null(request.body);
}

static void test_replies(void **state)
{
    static const struct {
        long status;
        uint64_t after_ms;
        enum delivery delivery;
    } cases[] = {
        {250, 0, DELIVERY_SENT},
        {0, 0, DELIVERY_RETRY},
        {354, 0, DELIVERY_RETRY}, /* the dialogue broke off half way */
        {421, 0, DELIVERY_RETRY},
        {450, 0, DELIVERY_RETRY},
        {454, 0, DELIVERY_RETRY},
        {550, 0, DELIVERY_REFUSED},
        {552, 0, DELIVERY_REFUSED},
        {554, 0, DELIVERY_REFUSED},
        {502, 300000, DELIVERY_RETRY}, /* no STARTTLS */
        {521, 300000, DELIVERY_RETRY},
        {530, 300000, DELIVERY_RETRY}, /* authentication or TLS wanted */
        {535, 300000, DELIVERY_RETRY}, /* wrong password */
        {538, 300000, DELIVERY_RETRY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct channel_reply reply = {
            .answered = cases[i].status != 0, .status = cases[i].status, .body = ""};
        struct channel_verdict verdict = channel_find("mail")->classify(&reply);

        assert_int_equal(verdict.delivery, cases[i].delivery);
        assert_int_equal(verdict.retry_after_ms, cases[i].after_ms);
    }
}

/* -- headers: decoding must give back what was encoded -- */

static char *header(const char *text)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);

    mime_write_text_header(out, "Subject", text);
    fclose(out);
    return line;
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* Decodes a header of encoded words only, and checks each of them: its length, and that it holds whole
 * characters. */
static void decode_words(const char *line, char *dest)
{
    const char *begin = line;

    assert_memory_equal(line, "Subject: ", 9);
    line += 9;
    while (*line) {
        const char *end = strstr(line + 10, "?=");
        const char *start = dest;

        assert_memory_equal(line, "=?UTF-8?Q?", 10);
        assert_non_null(end);
        assert_true(end + 2 - line <= 75);
        for (line += 10; line < end; line++) {
            assert_null(strchr(" ?\t", *line));
            if (*line == '=') {
                *dest++ = (char)(hex(line[1]) * 16 + hex(line[2]));
                line += 2;
            } else {
                *dest++ = *line == '_' ? ' ' : *line;
            }
        }
        assert_int_not_equal((unsigned char)*start & 0xc0, 0x80);
        line += 2;
        assert_memory_equal(line, "\r\n", 2);
        assert_true(line - begin <= 76);
        line += 2;
        begin = line;
        if (*line)
            assert_int_equal(*line++, ' ');
    }
    *dest = '\0';
}

static void test_encoded_words(void **state)
{
    static const char *const pieces[] = {
        "\xf0\x9f\x98\x80", "\xe6\x97\xa5", "\xc3\xbc", "a", " ", "=?_=", "b c"};
    char decoded[2048];
    char text[512];
    char *line;

    (void)state;
    line = header("m\xc3\xbcnchen a=b");
    assert_string_equal(line, "Subject: =?UTF-8?Q?m=C3=BCnchen_a=3Db?=\r\n");
    free(line);
    /* every mixture of widths against every position of a split */
    for (size_t shift = 0; shift < 80; shift++) {
        for (size_t step = 1; step < sizeof(pieces) / sizeof(pieces[0]); step++) {
            memset(text, 'x', shift);
            strcpy(text + shift, "\xc3\xbc");
            for (size_t i = 0; strlen(text) < 300; i++)
                strcat(text, pieces[i * step % (sizeof(pieces) / sizeof(pieces[0]))]);
            line = header(text);
            assert_lines(line);
            decode_words(line, decoded);
            assert_string_equal(decoded, text);
            free(line);
        }
    }
}

/* The text between two blank lines' ends, as a reader shows it. */
static void decode_quoted(const char *from, const char *end, char *dest)
{
    while (from < end) {
        if (from[0] == '\r') {
            from++;
        } else if (from[0] != '=') {
            *dest++ = *from++;
        } else if (from[1] == '\r') {
            from += 3;
        } else {
            *dest++ = (char)(hex(from[1]) * 16 + hex(from[2]));
            from += 3;
        }
    }
    *dest = '\0';
}

static void test_chinese(void **state)
{
    static const char type[] = "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    struct notice notice = sample_chinese();
    char *body = format(&notice, "id-1");
    char *subject = strstr(body, "Subject: "), *plain = strstr(body, type), *end;
    char decoded[4096];

    (void)state;
    assert_lines(body);
    assert_non_null(strstr(body, "\r\nImportance: high\r\n"));
    assert_non_null(plain);
    plain += sizeof(type) - 1;
    end = strstr(plain, "--=_rmqwatchd");
    decode_quoted(plain, end, decoded);
    assert_string_equal(decoded, "严重 rabbit@rmq2：已放弃\n"
                                 "\n"
                                 "节点反复停止：本时间窗内的重启次数已用完\n"
                                 "主进程已退出，退出码 1；30 min 内的重启次数已用 5/5\n"
                                 "\n"
                                 "节点      rabbit@rmq2\n"
                                 "集群      orders\n"
                                 "观察节点  rabbit@rmq1\n"
                                 "时间      2026-02-01T00:30:05Z\n"
                                 "开始      2026-02-01T00:00:00Z，即 30 min 5 s 前\n"
                                 "故障编号  rmq2-1769904000-7\n"
                                 "\n"
                                 "待办：找出并排除原因，然后在该节点上启动它：rmqwatchctl resume\n"
                                 "请在 rabbit@rmq1 的主机上进一步查看：\n"
                                 "  journalctl -u rmqwatchd RMQ_INCIDENT=rmq2-1769904000-7\n");
    decode_quoted(strstr(end, "<h3>"), strstr(end, "</h3>"), decoded);
    assert_string_equal(decoded, "<h3>严重 rabbit@rmq2：已放弃");
    *strstr(subject, "Message-ID: ") = '\0';
    assert_string_equal(subject,
        "Subject: =?UTF-8?Q?=5Borders=5D_=E4=B8=A5=E9=87=8D_rabbit=40rmq2=EF=BC=9A?=\r\n"
        " =?UTF-8?Q?=E5=B7=B2=E6=94=BE=E5=BC=83?=\r\n");
    decode_words(subject, decoded);
    assert_string_equal(decoded, "[orders] 严重 rabbit@rmq2：已放弃");
    free(body);
}

static void test_plain_headers_fold_at_spaces(void **state)
{
    char text[1200];
    char decoded[4096];
    char *line;

    (void)state;
    line = header("short");
    assert_string_equal(line, "Subject: short\r\n");
    free(line);
    line = header("");
    assert_string_equal(line, "Subject: \r\n");
    free(line);
    line = header("[production-cluster] CRITICAL rabbit@mq-node-1.production.eu.example.com: gave up");
    assert_string_equal(line, "Subject: [production-cluster] CRITICAL\r\n"
                              " rabbit@mq-node-1.production.eu.example.com: gave up\r\n");
    free(line);
    /* a run of spaces has no place to fold: neither line could show that it is there */
    memset(text, 'x', 70);
    strcpy(text + 70, "  y z  ");
    line = header(text);
    assert_memory_equal(line + 9, text, 73);
    assert_string_equal(line + 9 + 73, "\r\n z  \r\n");
    free(line);
    /* what looks like an encoded word is encoded, and so is what no line can hold */
    line = header("=?UTF-8?Q?x?=");
    decode_words(line, decoded);
    assert_string_equal(decoded, "=?UTF-8?Q?x?=");
    free(line);
    memset(text, 'x', 1000);
    text[1000] = '\0';
    line = header(text);
    assert_lines(line);
    decode_words(line, decoded);
    assert_string_equal(decoded, text);
    free(line);
}

static void assert_date(int64_t wall_ms, const char *expected)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);

    mime_write_date_header(out, wall_ms);
    fclose(out);
    assert_string_equal(line, expected);
    free(line);
}

static void test_dates(void **state)
{
    (void)state;
    assert_date(1769903999999, "Date: Sat, 31 Jan 2026 23:59:59 +0000\r\n");
    assert_date(1709164800000, "Date: Thu, 29 Feb 2024 00:00:00 +0000\r\n");
    assert_date(0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    assert_date(-1, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    assert_date(INT64_MAX, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
}

/* -- bodies: decoding must give back what was encoded -- */

static void assert_quoted_printable(const char *text)
{
    char *encoded = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&encoded, &size);
    char *decoded = calloc(1, strlen(text) * 4 + 8);
    char *to = decoded;

    mime_write_quoted_printable(out, text);
    fclose(out);
    assert_lines(encoded);
    for (const char *from = encoded; *from; from++) {
        const char *line_end = strstr(from, "\r\n");

        if (from == encoded || from[-1] == '\n') {
            assert_true(line_end - from <= 76);
            assert_int_not_equal(*from, '.');
            assert_true(line_end == from || (line_end[-1] != ' ' && line_end[-1] != '\t'));
        }
        if (strncmp(from, "=\r\n", 3) == 0) {
            from += 2;
        } else if (*from == '=') {
            *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
            from += 2;
        } else if (*from != '\r') {
            *to++ = *from;
        }
    }
    if (to > decoded && to[-1] == '\n' && (text[0] == '\0' || text[strlen(text) - 1] != '\n'))
        to[-1] = '\0'; /* the last line's end is always written */
    assert_string_equal(decoded, text);
    free(decoded);
    free(encoded);
}

static void test_quoted_printable(void **state)
{
    static const char pattern[] = "word = .dot  \xf0\x9f\x98\x80 \n\n.\n..\n \nFrom x\n";
    char text[400];

    (void)state;
    assert_quoted_printable("");
    assert_quoted_printable("a");
    assert_quoted_printable("a\n");
    assert_quoted_printable("trailing ");
    /* every piece at every column, for soft line breaks */
    for (size_t shift = 0; shift < 160; shift++) {
        for (const char *fill = "x. "; *fill; fill++) {
            memset(text, *fill, shift);
            strcpy(text + shift, pattern);
            assert_quoted_printable(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_critical),
        cmocka_unit_test(test_hostile_fields_stay_in_their_place),
        cmocka_unit_test(test_addresses_that_would_inject_are_refused),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_encoded_words),
        cmocka_unit_test(test_chinese),
        cmocka_unit_test(test_plain_headers_fold_at_spaces),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_quoted_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
