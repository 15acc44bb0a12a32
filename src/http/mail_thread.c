#include "http/mail_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STACK_BYTES = 256 * 1024,
    SOCKETS_MAX = 8, /* curl tries two addresses at a time */
    /* Not by curl's own time alone: after two refused addresses it would wait before it tries the third, for
     * half of the timeout. */
    POLL_MAX_MS = 100,
};

/* A socket of curl's, and a second descriptor of it. What is shut down is the second one, for curl also
 * closes the first one without asking: its number may be somebody else's by then. */
struct mail_socket {
    int fd;
    int second_fd;
};

struct mail_thread {
    struct http_transfer *transfer;
    mail_news_fn *news;
    void (*closed)(struct http_transfer *transfer);
    CURLM *multi; /* the thread's, but for waking it while there is no answer */
    uv_thread_t thread;
    bool has_thread;
    uv_async_t async;
    bool no_so_far;          /* the thread's: the last that passed was a reply that says no */
    struct http_reply reply; /* written before MAIL_ANSWERED, only read from then on */
    uv_mutex_t mutex;        /* for what follows */
    enum mail_phase phase;
    bool stopped;
    bool cut; /* stopped before there was an answer */
    struct mail_socket sockets[SOCKETS_MAX];
    size_t socket_count;
};

static bool is_stopped(struct mail_thread *mail)
{
    bool stopped;

    uv_mutex_lock(&mail->mutex);
    stopped = mail->stopped;
    uv_mutex_unlock(&mail->mutex);
    return stopped;
}

/* There is no server, and there will be none. */
static bool is_stopped_alone(struct mail_thread *mail)
{
    bool alone;

    uv_mutex_lock(&mail->mutex);
    alone = mail->stopped && mail->socket_count == 0;
    uv_mutex_unlock(&mail->mutex);
    return alone;
}

static void enter_phase(struct mail_thread *mail, enum mail_phase phase)
{
    uv_mutex_lock(&mail->mutex);
    if (phase > mail->phase)
        mail->phase = phase;
    uv_mutex_unlock(&mail->mutex);
    (void)uv_async_send(&mail->async);
}

/* With the mutex. */
static void forget_socket(struct mail_thread *mail, size_t at)
{
    (void)close(mail->sockets[at].second_fd);
    mail->socket_count--;
    memmove(&mail->sockets[at], &mail->sockets[at + 1], (mail->socket_count - at) * sizeof mail->sockets[0]);
}

/* With the mutex. */
static int open_socket(struct mail_thread *mail, const struct curl_sockaddr *address)
{
    int second_fd, fd = transfer_open_socket(mail->transfer, address);

    if (fd < 0)
        return -1;
    second_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (second_fd < 0) {
        mail->transfer->own_trouble = true;
        (void)close(fd);
        return -1;
    }
    if (mail->socket_count == SOCKETS_MAX)
        forget_socket(mail, 0);
    mail->sockets[mail->socket_count++] = (struct mail_socket){fd, second_fd};
    return fd;
}

static curl_socket_t on_open_mail_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct mail_thread *mail = context;
    int fd;

    (void)purpose;
    uv_mutex_lock(&mail->mutex);
    fd = mail->stopped ? -1 : open_socket(mail, address);
    uv_mutex_unlock(&mail->mutex);
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close_mail_socket(void *context, curl_socket_t fd)
{
    struct mail_thread *mail = context;
    size_t i;

    uv_mutex_lock(&mail->mutex);
    for (i = mail->socket_count; i > 0; i--)
        if (mail->sockets[i - 1].fd == fd)
            forget_socket(mail, i - 1);
    uv_mutex_unlock(&mail->mutex);
    return close(fd);
}

/* The last line of a reply of 400 and above. */
static bool is_no(const char *line, size_t size)
{
    return size > 3 && (line[0] == '4' || line[0] == '5') && line[3] != '-';
}

/* curl asks whenever it was woken. Only ending a transfer from in here keeps curl from first telling the
 * server that the message, as far as it was sent, is complete.
 *
 * It also asks when the dialogue is over, just before QUIT, and it tells the result only after the reply to
 * that. Where it goes on after a "no", it has sent the next command before it asks again. */
static int on_progress(void *context, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t gone)
{
    struct mail_thread *mail = context;

    (void)to_come;
    (void)came;
    (void)to_go;
    (void)gone;
    if (mail->no_so_far)
        enter_phase(mail, MAIL_REFUSED);
    return is_stopped(mail);
}

/* Nothing of what passes here is kept. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
    struct mail_thread *mail = context;

    (void)easy;
    if (type == CURLINFO_HEADER_IN)
        mail->no_so_far = is_no(data, size);
    else if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
        mail->no_so_far = false;
    return 0;
}

static int setup_easy(struct mail_thread *mail, CURL *easy)
{
    if (curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_mail_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, mail) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_mail_socket) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, mail) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_XFERINFODATA, mail) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, mail) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) != CURLE_OK)
        return -ENOMEM;
    return 0;
}

static CURLcode perform(struct mail_thread *mail)
{
    CURLMsg *message;
    int running, left;

    while (curl_multi_perform(mail->multi, &running) == CURLM_OK) {
        while ((message = curl_multi_info_read(mail->multi, &left)))
            if (message->msg == CURLMSG_DONE)
                return message->data.result;
        /* curl 8.22 does not ask while it waits for the resolver. */
        if (is_stopped_alone(mail))
            return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_poll(mail->multi, NULL, 0, POLL_MAX_MS, NULL) != CURLM_OK)
            break;
    }
    return CURLE_OUT_OF_MEMORY;
}

/* Tells the loop first: the reply to QUIT, or its absence, changes nothing. */
static void finish(struct mail_thread *mail, CURLcode code)
{
    struct http_transfer *transfer = mail->transfer;

    uv_mutex_lock(&mail->mutex);
    if (mail->cut && code != CURLE_OK)
        code = CURLE_OPERATION_TIMEDOUT;
    uv_mutex_unlock(&mail->mutex);
    transfer_get_reply(transfer, code, &mail->reply);
    enter_phase(mail, MAIL_ANSWERED);
    (void)curl_multi_remove_handle(mail->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    (void)curl_multi_cleanup(mail->multi); /* QUIT, unless the connection is closed already */
    uv_mutex_lock(&mail->mutex);
    while (mail->socket_count > 0)
        forget_socket(mail, 0);
    uv_mutex_unlock(&mail->mutex);
    /* The trusted certificates are a megabyte, and would stay with this thread's arena. */
    (void)malloc_trim(0);
    enter_phase(mail, MAIL_ENDED);
}

static void run_mail(void *context)
{
    finish(context, perform(context));
}

static void on_async(uv_async_t *async)
{
    struct mail_thread *mail = async->data;
    enum mail_phase phase;

    uv_mutex_lock(&mail->mutex);
    phase = mail->phase;
    uv_mutex_unlock(&mail->mutex);
    mail->news(mail->transfer, phase, phase >= MAIL_ANSWERED ? &mail->reply : NULL);
}

/* The daemon's signals are for the loop's thread. */
static int start_thread(struct mail_thread *mail)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_BYTES};
    sigset_t all, before;
    int r;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    r = uv_thread_create_ex(&mail->thread, &options, run_mail, mail);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

int mail_thread_start(struct http_transfer *transfer, uv_loop_t *loop, mail_news_fn *news)
{
    struct mail_thread *mail = calloc(1, sizeof *mail);

    if (!mail)
        return -ENOMEM;
    mail->transfer = transfer;
    mail->news = news;
    if (uv_mutex_init(&mail->mutex) < 0)
        goto no_mutex;
    mail->multi = transfer_new_multi();
    if (!mail->multi || setup_easy(mail, transfer->easy) < 0 ||
        curl_multi_add_handle(mail->multi, transfer->easy) != CURLM_OK)
        goto no_multi;
    if (uv_async_init(loop, &mail->async, on_async) < 0)
        goto no_async;
    mail->async.data = mail;
    transfer->mail = mail;
    mail->has_thread = start_thread(mail) == 0;
    if (!mail->has_thread)
        finish(mail, CURLE_OUT_OF_MEMORY); /* nothing was sent: there is nothing to wait for */
    return 0;

no_async:
    (void)curl_multi_remove_handle(mail->multi, transfer->easy);
no_multi:
    (void)curl_multi_cleanup(mail->multi);
    uv_mutex_destroy(&mail->mutex);
no_mutex:
    free(mail);
    return -ENOMEM;
}

void mail_thread_stop(struct mail_thread *mail)
{
    size_t i;

    uv_mutex_lock(&mail->mutex);
    mail->stopped = true;
    if (mail->phase == MAIL_UNDER_WAY)
        mail->cut = true;
    for (i = 0; i < mail->socket_count; i++)
        (void)shutdown(
            mail->sockets[i].second_fd, SHUT_RDWR); /* wakes curl where it waits for this socket alone */
    if (mail->phase < MAIL_ANSWERED)
        (void)curl_multi_wakeup(mail->multi);
    uv_mutex_unlock(&mail->mutex);
}

static void on_async_closed(uv_handle_t *handle)
{
    struct mail_thread *mail = handle->data;
    struct http_transfer *transfer = mail->transfer;
    void (*closed)(struct http_transfer * transfer) = mail->closed;

    uv_mutex_destroy(&mail->mutex);
    free(mail);
    transfer->mail = NULL;
    closed(transfer);
}

void mail_thread_close(struct mail_thread *mail, void (*closed)(struct http_transfer *transfer))
{
    /* It has said its last word: this waits for nothing but the end of the thread. */
    if (mail->has_thread)
        (void)uv_thread_join(&mail->thread);
    mail->closed = closed;
    uv_close((uv_handle_t *)&mail->async, on_async_closed);
}
