#include "leases/amqp_claim.h"

#include "base/clock.h"
#include "base/text.h"
#include "leases/amqp_session.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    STACK_BYTES = 256 * 1024,
    TICK_MS = 500, /* while it is held: no heartbeat is later than this */
};

struct amqp_claim {
    uv_async_t async;
    uv_thread_t thread;
    struct amqp_stop stop;
    uv_mutex_t mutex; /* for what follows */
    struct amqp_claim_news latest;
    bool loop_left;   /* nobody is there to be woken */
    unsigned holders; /* the loop and the thread: the last one frees it */
    /* the loop's */
    amqp_claim_news_fn *news;
    void (*closed)(void *owner);
    void *owner;
    /* the thread's, from its start on */
    struct session_login login;
    bool check;
    uint64_t deadline_ms;
    size_t needed; /* locks */
    size_t peer_count;
    struct lease_peer peers[];
};

static void claim_free(struct amqp_claim *claim)
{
    struct session_login *login = &claim->login;

    if (login->password)
        explicit_bzero(login->password, strlen(login->password));
    free(login->password);
    free(login->username);
    free(login->vhost);
    free(login->ca_file);
    amqp_stop_done(&claim->stop);
    uv_mutex_destroy(&claim->mutex);
    free(claim);
}

static void claim_let_go(struct amqp_claim *claim)
{
    bool last;

    uv_mutex_lock(&claim->mutex);
    last = --claim->holders == 0;
    uv_mutex_unlock(&claim->mutex);
    if (last)
        claim_free(claim);
}

/* With the mutex. */
static void wake_loop(struct amqp_claim *claim)
{
    if (!claim->loop_left)
        (void)uv_async_send(&claim->async);
}

static void tell(struct amqp_claim *claim, enum lease_status status, const char *detail)
{
    struct lease_event *event;

    uv_mutex_lock(&claim->mutex);
    event = status == LEASE_LOST ? &claim->latest.loss : &claim->latest.answer;
    event->status = status;
    text_copy(event->detail, sizeof(event->detail), detail);
    if (status == LEASE_LOST)
        claim->latest.lost = true;
    else
        claim->latest.answered = true;
    wake_loop(claim);
    uv_mutex_unlock(&claim->mutex);
}

/* At one peer, within its share of the time. */
static enum session_result ask_peer(struct amqp_claim *claim, size_t i, struct session *session)
{
    uint64_t now_ms = clock_boot_ms();
    uint64_t left_ms = claim->deadline_ms > now_ms ? claim->deadline_ms - now_ms : 0;
    uint64_t deadline_ms = now_ms + left_ms / (claim->peer_count - i);
    const struct lease_peer *peer = &claim->peers[i];
    char queue[sizeof(AMQP_CLAIM_QUEUE) + RMQ_NODE_NAME_MAX] = "";
    enum session_result result = session_open(session, &claim->login, peer, &claim->stop, deadline_ms);

    text_append(queue, sizeof(queue), "%s.%s", AMQP_CLAIM_QUEUE, peer->node);
    if (result == SESSION_OK && amqp_stop_commit(&claim->stop) < 0)
        result = SESSION_FAILED;
    if (result == SESSION_OK)
        result = session_declare(session, queue, deadline_ms);
    if (result == SESSION_OK)
        result = claim->check ? session_try(session, queue, deadline_ms)
                              : session_lock(session, queue, deadline_ms);
    if (result != SESSION_OK || claim->check)
        session_close(session);
    return result;
}

struct tally {
    size_t count; /* of those that said yes: with a lock, their sessions are open */
    struct session sessions[RMQ_MEMBERS_MAX];
    enum session_result worst;
    char detail[SESSION_DETAIL_MAX];
};

/* One after the other, in an order that is the same for every agent: of two that come together, one is
 * refused at the first. What a broker has refused tells more than that another one is away. */
static void ask_peers(struct amqp_claim *claim, struct tally *tally)
{
    tally->worst = SESSION_FAILED;
    text_copy(tally->detail, sizeof(tally->detail), "too few members serve AMQP");
    for (size_t i = 0; i < claim->peer_count && !amqp_stop_is_requested(&claim->stop); i++) {
        struct session *session = &tally->sessions[tally->count];
        enum session_result result = ask_peer(claim, i, session);

        if (result == SESSION_OK) {
            if (++tally->count >= claim->needed && !claim->check)
                break;
            continue;
        }
        if (result == SESSION_TAKEN || tally->worst != SESSION_REFUSED)
            text_copy(tally->detail, sizeof(tally->detail), session->detail);
        if (result != SESSION_FAILED)
            tally->worst = result;
        if (result == SESSION_TAKEN)
            break;
    }
}

/* Waits for WAIT_MS at most, and sees to every lock. The session whose lock is lost, or NULL. */
static struct session *keep_all(struct amqp_claim *claim, struct tally *tally, int wait_ms)
{
    struct pollfd fds[RMQ_MEMBERS_MAX + 1] = {{.fd = claim->stop.wake_fd, .events = POLLIN}};
    bool known;

    for (size_t i = 0; i < tally->count; i++)
        fds[i + 1] = (struct pollfd){.fd = tally->sessions[i].fd, .events = POLLIN};
    known = poll(fds, tally->count + 1, wait_ms) >= 0;
    for (size_t i = 0; i < tally->count && !amqp_stop_is_requested(&claim->stop); i++)
        if (!session_keep(&tally->sessions[i], known && fds[i + 1].revents != 0))
            return &tally->sessions[i];
    return NULL;
}

/* Until a stop, or until a lock is lost: the first one may be while the others are still sought. */
static void hold(struct amqp_claim *claim, struct tally *tally)
{
    const struct session *lost = keep_all(claim, tally, 0);

    if (lost) {
        tell(claim, LEASE_UNAVAILABLE, lost->detail);
        return;
    }
    tell(claim, LEASE_GRANTED, "");
    while (!lost && !amqp_stop_is_requested(&claim->stop))
        lost = keep_all(claim, tally, TICK_MS);
    if (lost)
        tell(claim, LEASE_LOST, lost->detail);
}

static void tell_check(struct amqp_claim *claim, const struct tally *tally)
{
    bool enough = tally->count >= claim->needed;

    tell(claim, tally->worst == SESSION_REFUSED && !enough ? LEASE_UNUSABLE : LEASE_USABLE,
        enough ? "" : tally->detail);
}

static void seek(struct amqp_claim *claim, struct tally *tally)
{
    ask_peers(claim, tally);
    if (claim->check) {
        tell_check(claim, tally);
        return;
    }
    if (tally->count >= claim->needed) {
        hold(claim, tally);
    } else if (tally->worst == SESSION_TAKEN) {
        tell(claim, LEASE_TAKEN, "another agent holds it");
    } else {
        tell(claim, LEASE_UNAVAILABLE, tally->detail);
    }
    while (tally->count > 0)
        session_close(&tally->sessions[--tally->count]);
}

static void run_claim(void *context)
{
    struct amqp_claim *claim = context;
    struct tally *tally = calloc(1, sizeof(*tally));

    if (tally)
        seek(claim, tally);
    else
        tell(claim, claim->check ? LEASE_USABLE : LEASE_UNAVAILABLE, "out of memory");
    free(tally);
    /* Trusted certificates are a megabyte, and would stay with this thread's arena. */
    if (claim->login.tls)
        (void)malloc_trim(0);
    uv_mutex_lock(&claim->mutex);
    claim->latest.ended = true;
    wake_loop(claim);
    uv_mutex_unlock(&claim->mutex);
    claim_let_go(claim);
}

static void on_async(uv_async_t *async)
{
    struct amqp_claim *claim = async->data;
    struct amqp_claim_news news;

    uv_mutex_lock(&claim->mutex);
    news = claim->latest;
    uv_mutex_unlock(&claim->mutex);
    claim->news(claim->owner, claim, &news);
}

static char *copy(const char *text, int *r)
{
    char *copied = text ? strdup(text) : NULL;

    if (text && !copied)
        *r = -ENOMEM;
    return copied;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct lease_peer *)a)->node, ((const struct lease_peer *)b)->node);
}

static int fill(struct amqp_claim *claim, const struct amqp_claim_request *request)
{
    const struct config *config = request->config;
    const struct lease_config *lease = &config->lease;
    bool own = lease->username != NULL;
    const char *password = own ? lease->password.value : config->management.password.value;
    int r = 0;

    claim->login.tls = config->amqp.tls;
    claim->login.username = copy(own ? lease->username : config->management.username, &r);
    claim->login.password = copy(password ? password : "", &r);
    claim->login.vhost = copy(lease->vhost ? lease->vhost : "/", &r);
    claim->login.ca_file = copy(config->amqp.ca_file, &r);
    text_append(claim->login.name, sizeof(claim->login.name), "rmqwatchd restart lease%s, %s",
        request->check ? " check" : "", config->node);
    claim->check = request->check;
    claim->deadline_ms = clock_boot_ms() + request->timeout_ms;
    claim->needed = request->member_count / 2 + 1;
    claim->peer_count = request->peer_count;
    if (request->peer_count > 0)
        memcpy(claim->peers, request->peers, request->peer_count * sizeof(claim->peers[0]));
    qsort(claim->peers, claim->peer_count, sizeof(claim->peers[0]), by_name);
    return r < 0 || claim->login.username ? r : -EINVAL;
}

/* The daemon's signals are for the loop's thread. */
static int start_thread(struct amqp_claim *claim)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_BYTES};
    sigset_t all, before;
    int r;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    r = uv_thread_create_ex(&claim->thread, &options, run_claim, claim);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

static void on_refused_closed(uv_handle_t *handle)
{
    claim_free(handle->data);
}

int amqp_claim_start(const struct amqp_claim_request *request, struct amqp_claim **ret_claim)
{
    size_t size = sizeof(struct amqp_claim) + request->peer_count * sizeof(struct lease_peer);
    struct amqp_claim *claim = calloc(1, size);
    int r;

    if (!claim)
        return -ENOMEM;
    r = uv_mutex_init(&claim->mutex);
    if (r < 0) {
        free(claim);
        return r;
    }
    r = amqp_stop_init(&claim->stop);
    if (r < 0) {
        uv_mutex_destroy(&claim->mutex);
        free(claim);
        return r;
    }
    r = fill(claim, request);
    r = r < 0 ? r : uv_async_init(request->loop, &claim->async, on_async);
    if (r < 0) {
        claim_free(claim);
        return r;
    }
    claim->async.data = claim;
    claim->news = request->news;
    claim->owner = request->owner;
    claim->holders = 2;
    r = start_thread(claim);
    if (r < 0) {
        uv_close((uv_handle_t *)&claim->async, on_refused_closed);
        return r;
    }
    *ret_claim = claim;
    return 0;
}

void amqp_claim_stop(struct amqp_claim *claim)
{
    amqp_stop_request(&claim->stop);
}

bool amqp_claim_may_hold(struct amqp_claim *claim)
{
    return !claim->check && amqp_stop_is_committed(&claim->stop);
}

static void on_closed(uv_handle_t *handle)
{
    struct amqp_claim *claim = handle->data;

    claim->closed(claim->owner);
    claim_let_go(claim);
}

void amqp_claim_close(struct amqp_claim *claim, void (*closed)(void *owner))
{
    bool ended;

    amqp_stop_request(&claim->stop);
    uv_mutex_lock(&claim->mutex);
    ended = claim->latest.ended;
    claim->loop_left = true;
    uv_mutex_unlock(&claim->mutex);
    /* It has said its last word, so that waiting for it takes no time. */
    if (ended)
        (void)uv_thread_join(&claim->thread);
    else
        (void)pthread_detach(claim->thread);
    claim->closed = closed;
    uv_close((uv_handle_t *)&claim->async, on_closed);
}
