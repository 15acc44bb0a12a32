#include "rmqwatchctl/request.h"
#include "base/clean.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

enum { TIMEOUT_MS = 15000, AGAIN_MS = 100, ANSWER_MAX = 4 * 1024 * 1024 };

struct answer {
    char *text;
    size_t size;
    long status;
};

static size_t on_bytes(char *bytes, size_t one, size_t size, void *context)
{
    struct answer *answer = context;
    char *text;

    (void)one;
    if (size > ANSWER_MAX - answer->size)
        return 0;
    text = realloc(answer->text, answer->size + size + 1);
    if (!text)
        return 0;
    memcpy(text + answer->size, bytes, size);
    answer->text = text;
    answer->size += size;
    text[answer->size] = '\0';
    return size;
}

static int unreachable(const struct tool *tool, CURLcode code, int error)
{
    const char *reason = error ? strerror(error) : curl_easy_strerror(code);
    const char *advice = "is rmqwatchd well? see: systemctl status rmqwatchd";

    if (code == CURLE_OPERATION_TIMEDOUT)
        reason = "no answer in time";
    else if (code == CURLE_COULDNT_CONNECT && (error == 0 || error == EAGAIN))
        reason = "too many others ask it at the same time";
    else if (error == EACCES)
        advice = "only root and the group rmqwatchd may ask: are you in that group?";
    else if (error == ENOENT || error == ECONNREFUSED)
        advice = "is rmqwatchd running? see: systemctl status rmqwatchd";
    fprintf(stderr, "rmqwatchctl: %s: %s; %s\n", tool->socket, reason, advice);
    return EXIT_UNREACHABLE;
}

static CURLcode set_options(CURL *curl, const struct tool *tool, const char *path, const char *body,
    struct curl_slist *headers, struct answer *answer)
{
    char url[2048];
    CURLcode r;

    (void)snprintf(url, sizeof(url), "http://localhost%s", path);
    r = curl_easy_setopt(curl, CURLOPT_URL, url);
    r = r ? r : curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, tool->socket);
    r = r ? r : curl_easy_setopt(curl, CURLOPT_PROXY, "");
    r = r ? r : curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    r = r ? r : curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    r = r ? r : curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    r = r ? r : curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    r = r ? r : curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body) {
        r = r ? r : curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        r = r ? r : curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    return r;
}

/* True after a pause: the daemon has no room for one more right now, and sends those away that say nothing.
 */
static bool may_try_again(CURL *curl, CURLcode code, int *tries)
{
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
    long error = 0;

    if (code != CURLE_COULDNT_CONNECT || ++*tries > TIMEOUT_MS / AGAIN_MS)
        return false;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    if (error != 0 && error != EAGAIN)
        return false;
    (void)nanosleep(&pause, NULL);
    return true;
}

/* Returns -1, or the exit code. */
static int perform(const struct tool *tool, const char *path, const char *body, struct answer *answer)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *curl = curl_easy_init();
    CURLcode r = curl && headers ? set_options(curl, tool, path, body, headers, answer) : CURLE_OUT_OF_MEMORY;
    int result = -1, tries = 0;

    if (r == CURLE_OK) {
        do
            r = curl_easy_perform(curl);
        while (may_try_again(curl, r, &tries));
    }
    if (r != CURLE_OK) {
        long error = 0;

        if (curl && r == CURLE_COULDNT_CONNECT)
            curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
        result = unreachable(tool, r, (int)error);
    } else {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return result;
}

/* A copy of TEXT that is fit for a terminal, in its place. */
static bool replace(char **text)
{
    size_t size = 3 * strlen(*text) + 1; /* each byte that is no UTF-8 becomes three */
    char *clean = cJSON_malloc(size);

    if (!clean)
        return false;
    clean_text(clean, size, *text, strlen(*text), true);
    cJSON_free(*text);
    *text = clean;
    return true;
}

/* Names and reasons come from others: nothing in them may steer a terminal. */
static bool clean(cJSON *json)
{
    bool ok = true;

    for (; json && ok; json = json->next) {
        ok = (!json->string || replace(&json->string)) &&
             (!cJSON_IsString(json) || replace(&json->valuestring)) && clean(json->child);
    }
    return ok;
}

static int fail(const char *what)
{
    fprintf(stderr, "rmqwatchctl: %s\n", what);
    return EXIT_FAILED;
}

static int refused(const struct answer *answer, const cJSON *json)
{
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItem(json, "error"));

    if (error)
        return fail(error);
    fprintf(stderr, "rmqwatchctl: the daemon answered with HTTP status %ld\n", answer->status);
    return EXIT_FAILED;
}

static int ask(const struct tool *tool, const char *path, const char *body, cJSON **ret_answer)
{
    struct answer answer = {0};
    struct sockaddr_un address;
    cJSON *json;
    int result;

    if (!tool->socket[0]) {
        fputs("rmqwatchctl: --socket names no path\n", stderr);
        return EXIT_USAGE;
    }
    if (strlen(tool->socket) >= sizeof(address.sun_path)) {
        fprintf(stderr, "rmqwatchctl: %s: too long for the path of a socket\n", tool->socket);
        return EXIT_USAGE;
    }
    result = perform(tool, path, body, &answer);
    if (result >= 0) {
        free(answer.text);
        return result;
    }
    json = cJSON_Parse(answer.text ? answer.text : "");
    if (!clean(json)) {
        result = fail("out of memory");
    } else if (answer.status != 200) {
        result = refused(&answer, json);
    } else if (!cJSON_IsObject(json)) {
        result = fail("the daemon's answer makes no sense; are both of the same version?");
    } else {
        *ret_answer = json;
        json = NULL;
    }
    cJSON_Delete(json);
    free(answer.text);
    return result;
}

int request_get(const struct tool *tool, const char *path, cJSON **ret_answer)
{
    return path ? ask(tool, path, NULL, ret_answer) : fail("out of memory");
}

int request_post(const struct tool *tool, const char *path, cJSON *body, cJSON **ret_answer)
{
    char *text = cJSON_PrintUnformatted(body);
    int result = text ? ask(tool, path, text, ret_answer) : fail("out of memory");

    cJSON_Delete(body);
    free(text);
    return result;
}

char *request_path(const char *path, const char *parameter, const char *value)
{
    char *escaped, *text = NULL;

    if (!parameter)
        return strdup(path);
    escaped = curl_easy_escape(NULL, value, 0);
    if (escaped && asprintf(&text, "%s?%s=%s", path, parameter, escaped) < 0)
        text = NULL;
    curl_free(escaped);
    return text;
}
