/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - one thread for jobs that block
 *
 * Setting a link down waits for the kernel, starting a daemon waits for that.
 * The loop that takes the time of every packet must not. So such jobs are done
 * here, one after the other in the order given, and the loop hears of each
 * through a descriptor.
 */
#ifndef HARNESS_EMULATE_WORKER_H
#define HARNESS_EMULATE_WORKER_H

#include <stdint.h>

struct worker;

/* What to do, and what follows when it is done; the context is lent to the
 * worker from the call of worker_do() until `done` is called. */
struct worker_job {
	void *context;
	int (*work)(void *); /* in the worker's thread */
	void (*done)(void *, int result); /* in worker_ready() */
};

/* NULL with errno: no descriptor, or no thread. */
struct worker *worker_create(void);
/* Waits for the job that is being done; those that wait are forgotten, their
 * `done` is not called. NULL: nothing. */
void worker_destroy(struct worker *);
void worker_do(struct worker *, const struct worker_job *);
int worker_fd(const struct worker *); /* poll for reading */
void worker_ready(struct worker *);
uint32_t worker_pending(const struct worker *); /* given and not done */

#endif
