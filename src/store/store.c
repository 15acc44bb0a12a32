/* The loop's side of the store: its handles, its thread's beginning and end, and how it is. */
#include "store/parts.h"
#include "store/snapshot_json.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 256 * 1024 };

void store_free_now(struct store *store)
{
    struct job *job;

    while ((job = job_list_take(&store->queue)) || (job = job_list_take(&store->done)))
        job_free(job);
    uv_cond_destroy(&store->loaded);
    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->mutex);
    free(store->document);
    free(store->load_document);
    free(store->directory);
    free(store);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct store *store = handle->data;
    uv_thread_t thread = store->thread;
    bool ours;

    if (--store->handles > 0)
        return;
    uv_mutex_lock(&store->mutex);
    ours = store->ended;
    /* A disk that is stuck has the thread; it frees the store when it gets away. */
    store->abandoned = !ours;
    uv_mutex_unlock(&store->mutex);
    if (!ours) {
        (void)pthread_detach(thread);
        return;
    }
    (void)uv_thread_join(&thread);
    store_free_now(store);
}

static void close_handles(struct store *store)
{
    if (uv_is_closing((uv_handle_t *)&store->async))
        return;
    uv_mutex_lock(&store->mutex);
    store->silent = true;
    uv_mutex_unlock(&store->mutex);
    uv_close((uv_handle_t *)&store->async, on_handle_closed);
    uv_close((uv_handle_t *)&store->timer, on_handle_closed);
}

static void on_timer(uv_timer_t *timer);

/* Sound or in trouble, told once per change. */
static void tell_status(struct store *store)
{
    char problem[sizeof(store->problem)];
    int result;

    uv_mutex_lock(&store->mutex);
    result = store->result;
    text_copy(problem, sizeof(problem), store->problem);
    uv_mutex_unlock(&store->mutex);
    if (store->stuck) {
        result = -ETIMEDOUT;
        problem[0] = '\0';
        text_append(problem, sizeof(problem),
            "%s: the disk does not answer; incidents and history wait in memory until it does",
            store->directory);
    }
    if (store->closing || (result < 0) == store->told_trouble)
        return;
    store->told_trouble = result < 0;
    store->on_status(store->context, result, result < 0 ? problem : NULL);
}

/* Before the answers: what they say is of the medium that is in use by then. */
static void note_medium(struct store *store)
{
    uv_mutex_lock(&store->mutex);
    store->told_moves = store->moves;
    store->told_result = store->result;
    uv_mutex_unlock(&store->mutex);
}

static void tell_news(struct store *store)
{
    char news[sizeof(store->news)];

    uv_mutex_lock(&store->mutex);
    text_copy(news, sizeof(news), store->news);
    store->news[0] = '\0';
    uv_mutex_unlock(&store->mutex);
    if (news[0])
        log_line(LOG_WARNING, "%s", news);
}

static void tell_answers(struct store *store)
{
    struct job_list done;
    struct job *job;

    uv_mutex_lock(&store->mutex);
    done = store->done;
    store->done = (struct job_list){0};
    uv_mutex_unlock(&store->mutex);
    while ((job = job_list_take(&done)))
        store_answer(store, job);
}

static bool is_waiting(struct store *store)
{
    bool waiting;

    uv_mutex_lock(&store->mutex);
    waiting = store->busy || store->queue.first || store->document;
    uv_mutex_unlock(&store->mutex);
    return waiting;
}

static bool has_ended(struct store *store)
{
    bool ended;

    uv_mutex_lock(&store->mutex);
    ended = store->ended;
    uv_mutex_unlock(&store->mutex);
    return ended;
}

/* The thread has got something done. */
static void on_async(uv_async_t *async)
{
    struct store *store = async->data;
    bool ended = has_ended(store);

    store->stuck = false;
    if (!store->closing && is_waiting(store))
        (void)uv_timer_start(&store->timer, on_timer, STORE_STUCK_MS, 0);
    else if (!store->closing)
        (void)uv_timer_stop(&store->timer);
    note_medium(store);
    tell_answers(store);
    tell_news(store);
    tell_status(store);
    if (ended && store->closing)
        close_handles(store);
}

static void on_timer(uv_timer_t *timer)
{
    struct store *store = timer->data;

    if (store->closing) {
        close_handles(store);
        return;
    }
    /* It may be this loop that was late, and has not heard of it yet. */
    if (!is_waiting(store))
        return;
    store->stuck = true;
    store_answer_all(store, -ETIMEDOUT);
    tell_status(store);
}

void store_wake(struct store *store)
{
    uv_cond_signal(&store->wake);
    if (!store->closing && !store->stuck && !uv_is_active((uv_handle_t *)&store->timer))
        (void)uv_timer_start(&store->timer, on_timer, STORE_STUCK_MS, 0);
}

/* The daemon's signals are for the loop's thread. */
static int start_thread(struct store *store)
{
    const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_BYTES};
    sigset_t all, before;
    int r;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    r = uv_thread_create_ex(&store->thread, &options, store_work, store);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

static int init_locks(struct store *store)
{
    if (uv_mutex_init(&store->mutex) < 0)
        return -ENOMEM;
    if (uv_cond_init(&store->wake) == 0) {
        if (uv_cond_init(&store->loaded) == 0)
            return 0;
        uv_cond_destroy(&store->wake);
    }
    uv_mutex_destroy(&store->mutex);
    return -ENOMEM;
}

static void on_refused_closed(uv_handle_t *handle)
{
    struct store *store = handle->data;

    if (--store->handles == 0)
        store_free_now(store);
}

int store_open(uv_loop_t *loop, const char *directory, store_status_fn *on_status, void *context,
    struct store **ret_store)
{
    struct store *store = calloc(1, sizeof(*store));
    int r;

    if (!store)
        return -ENOMEM;
    /* Its statistics cost a lock per allocation. Refused when SQLite runs already, which is as well. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    store->loop = loop;
    store->on_status = on_status;
    store->context = context;
    store->directory = strdup(directory);
    store->medium.directory = store->directory;
    r = store->directory ? init_locks(store) : -ENOMEM;
    r = r < 0 ? r : uv_async_init(loop, &store->async, on_async);
    if (r < 0) {
        free(store->directory);
        free(store);
        return r;
    }
    (void)uv_timer_init(loop, &store->timer);
    store->async.data = store;
    store->timer.data = store;
    store->handles = 2;
    r = start_thread(store);
    if (r < 0) {
        uv_close((uv_handle_t *)&store->async, on_refused_closed);
        uv_close((uv_handle_t *)&store->timer, on_refused_closed);
        return r;
    }
    *ret_store = store;
    return 0;
}

uint64_t store_medium(const struct store *store)
{
    return store->told_moves;
}

bool store_is_durable(const struct store *store)
{
    return store->told_result == 0 && !store->stuck;
}

int store_load(struct store *store, struct core_snapshot *ret_snapshot)
{
    const uint64_t until_ns = uv_hrtime() + STORE_LOAD_MS * 1000000ull;
    uint64_t now_ns;
    int r;

    uv_mutex_lock(&store->mutex);
    while (!store->is_loaded && (now_ns = uv_hrtime()) < until_ns)
        (void)uv_cond_timedwait(&store->loaded, &store->mutex, until_ns - now_ns);
    r = store->is_loaded ? store->load_result : -ETIMEDOUT;
    if (r == 0)
        r = store->load_document ? snapshot_from_json(store->load_document, ret_snapshot) : -ENOMEM;
    free(store->load_document);
    store->load_document = NULL;
    uv_mutex_unlock(&store->mutex);
    return r;
}

void store_close(struct store *store)
{
    if (!store || store->closing)
        return;
    store->closing = true;
    store_answer_all(store, -ECANCELED);
    uv_mutex_lock(&store->mutex);
    store->stop = true;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
    uv_update_time(store->loop);
    (void)uv_timer_start(&store->timer, on_timer, STORE_CLOSE_MS, 0);
}
