#include "alerts/html.h"

#include "alerts/markup.h"

static const struct markup_rule rules[] = {
    {'&', false, "&amp;"},
    {'<', false, "&lt;"},
    {'>', false, "&gt;"},
    {'"', false, "&quot;"},
};

static const struct markup html_markup = {
    .rules = rules, .rule_count = sizeof(rules) / sizeof(rules[0]), .line_break = "<br>\n"};

static const char colours[][8] = {
    [MESSAGE_INFO] = "#439fe0",
    [MESSAGE_WARNING] = "#daa038",
    [MESSAGE_CRITICAL] = "#d00000",
    [MESSAGE_GOOD] = "#2eb67d",
};

static void print_element(FILE *out, const char *begin, const char *text, const char *end)
{
    char escaped[MARKUP_TEXT_MAX] = "";

    if (!text[0])
        return;
    markup_append(escaped, sizeof(escaped), &html_markup, text);
    fprintf(out, "%s%s%s\n", begin, escaped, end);
}

void html_print(const struct message *message, FILE *out)
{
    fprintf(out,
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
        "<body style=\"font-family: sans-serif; border-left: 4px solid %s; padding-left: 12px\">\n",
        colours[message->tone]);
    print_element(out, "<h3>", message->title, "</h3>");
    print_element(out, "<p>", message->notice.why, "</p>");
    print_element(out, "<p>", message->notice.detail, "</p>");
    fputs("<table>\n", out);
    for (size_t i = 0; i < message->fact_count; i++) {
        print_element(out, "<tr><th align=\"left\">", message->facts[i].label, "</th>");
        print_element(out, "<td>", message->facts[i].text, "</td></tr>");
    }
    fputs("</table>\n", out);
    print_element(out, "<p>", message->look, "</p>");
    print_element(out, "<pre>", message->command, "</pre>");
    fputs("</body></html>\n", out);
}
