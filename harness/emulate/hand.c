/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hand.c - a list under a mutex, an eventfd back
 */
#include "harness/emulate/hand.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sim/engine/memory.h"

struct node {
	struct hand_job job;
	int result;
	struct node *next;
};

struct list {
	struct node *first, **end;
};

struct hand {
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
	struct hand *hand = context;
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&hand->mutex);
	while (!hand->stop) {
		struct node *node = list_take(&hand->waiting);

		if (node == NULL) {
			(void)pthread_cond_wait(&hand->given, &hand->mutex);
			continue;
		}
		(void)pthread_mutex_unlock(&hand->mutex);
		node->result = node->job.work(node->job.context);
		(void)pthread_mutex_lock(&hand->mutex);
		list_add(&hand->finished, node);
		(void)!write(hand->fd, &one, sizeof(one));
	}
	(void)pthread_mutex_unlock(&hand->mutex);
	return NULL;
}

struct hand *
hand_create(void)
{
	struct hand *hand = memory_zeroed(1, sizeof(*hand));
	sigset_t all, before;

	hand->waiting.end = &hand->waiting.first;
	hand->finished.end = &hand->finished.first;
	hand->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&hand->mutex, NULL);
	(void)pthread_cond_init(&hand->given, NULL);
	/* Signals are the loop's. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = hand->fd < 0
			    ? -1
			    : pthread_create(&hand->thread, NULL, work, hand);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return hand;
	if (hand->fd >= 0)
		close(hand->fd);
	free(hand);
	return NULL;
}

void
hand_destroy(struct hand *hand)
{
	struct node *node;

	if (hand == NULL)
		return;
	(void)pthread_mutex_lock(&hand->mutex);
	hand->stop = true;
	(void)pthread_cond_signal(&hand->given);
	(void)pthread_mutex_unlock(&hand->mutex);
	(void)pthread_join(hand->thread, NULL);
	while ((node = list_take(&hand->waiting)) != NULL ||
	       (node = list_take(&hand->finished)) != NULL)
		free(node);
	(void)pthread_cond_destroy(&hand->given);
	(void)pthread_mutex_destroy(&hand->mutex);
	close(hand->fd);
	free(hand);
}

void
hand_do(struct hand *hand, const struct hand_job *job)
{
	struct node *node = memory_zeroed(1, sizeof(*node));

	node->job = *job;
	hand->pending++;
	(void)pthread_mutex_lock(&hand->mutex);
	list_add(&hand->waiting, node);
	(void)pthread_cond_signal(&hand->given);
	(void)pthread_mutex_unlock(&hand->mutex);
}

int
hand_fd(const struct hand *hand)
{
	return hand->fd;
}

uint32_t
hand_pending(const struct hand *hand)
{
	return hand->pending;
}

void
hand_ready(struct hand *hand)
{
	uint64_t count;
	struct node *node;

	(void)!read(hand->fd, &count, sizeof(count));
	for (;;) {
		(void)pthread_mutex_lock(&hand->mutex);
		node = list_take(&hand->finished);
		(void)pthread_mutex_unlock(&hand->mutex);
		if (node == NULL)
			return;
		hand->pending--;
		if (node->job.done != NULL)
			node->job.done(node->job.context, node->result);
		free(node);
	}
}
