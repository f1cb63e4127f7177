/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.c - a list under a mutex, an eventfd back
 */
#include "harness/emulate/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sim/engine/memory.h"

struct node {
	struct worker_job job;
	int result;
	struct node *next;
};

struct list {
	struct node *first, **end;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t given;
	struct list waiting, finished;
	bool stop;
	uint32_t pending; /* the loop's own count */
	int fd;
};

static void
list_add(struct list *list, struct node *node)
{
	node->next = NULL;
	*list->end = node;
	list->end = &node->next;
}

/* NULL: empty. */
static struct node *
list_take(struct list *list)
{
	struct node *node = list->first;

	if (node == NULL)
		return NULL;
	list->first = node->next;
	if (list->first == NULL)
		list->end = &list->first;
	return node;
}

static void *
work(void *context)
{
	struct worker *worker = context;
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&worker->mutex);
	while (!worker->stop) {
		struct node *node = list_take(&worker->waiting);

		if (node == NULL) {
			(void)pthread_cond_wait(&worker->given, &worker->mutex);
			continue;
		}
		(void)pthread_mutex_unlock(&worker->mutex);
		node->result = node->job.work(node->job.context);
		(void)pthread_mutex_lock(&worker->mutex);
		list_add(&worker->finished, node);
		(void)!write(worker->fd, &one, sizeof(one));
	}
	(void)pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

struct worker *
worker_create(void)
{
	struct worker *worker = memory_zeroed(1, sizeof(*worker));
	sigset_t all, before;

	worker->waiting.end = &worker->waiting.first;
	worker->finished.end = &worker->finished.first;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&worker->mutex, NULL);
	(void)pthread_cond_init(&worker->given, NULL);
	/* Signals are the loop's. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = worker->fd < 0 ? errno
				   : pthread_create(&worker->thread, NULL, work,
						    worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return worker;
	if (worker->fd >= 0)
		close(worker->fd);
	(void)pthread_cond_destroy(&worker->given);
	(void)pthread_mutex_destroy(&worker->mutex);
	free(worker);
	errno = error;
	return NULL;
}

void
worker_destroy(struct worker *worker)
{
	struct node *node;

	if (worker == NULL)
		return;
	(void)pthread_mutex_lock(&worker->mutex);
	worker->stop = true;
	(void)pthread_cond_signal(&worker->given);
	(void)pthread_mutex_unlock(&worker->mutex);
	(void)pthread_join(worker->thread, NULL);
	while ((node = list_take(&worker->waiting)) != NULL ||
	       (node = list_take(&worker->finished)) != NULL)
		free(node);
	(void)pthread_cond_destroy(&worker->given);
	(void)pthread_mutex_destroy(&worker->mutex);
	close(worker->fd);
	free(worker);
}

void
worker_do(struct worker *worker, const struct worker_job *job)
{
	struct node *node = memory_zeroed(1, sizeof(*node));

	node->job = *job;
	worker->pending++;
	(void)pthread_mutex_lock(&worker->mutex);
	list_add(&worker->waiting, node);
	(void)pthread_cond_signal(&worker->given);
	(void)pthread_mutex_unlock(&worker->mutex);
}

int
worker_fd(const struct worker *worker)
{
	return worker->fd;
}

uint32_t
worker_pending(const struct worker *worker)
{
	return worker->pending;
}

void
worker_ready(struct worker *worker)
{
	uint64_t count;
	struct node *node;

	(void)!read(worker->fd, &count, sizeof(count));
	for (;;) {
		(void)pthread_mutex_lock(&worker->mutex);
		node = list_take(&worker->finished);
		(void)pthread_mutex_unlock(&worker->mutex);
		if (node == NULL)
			return;
		worker->pending--;
		if (node->job.done != NULL)
			node->job.done(node->job.context, node->result);
		free(node);
	}
}
