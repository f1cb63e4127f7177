/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hand.h - one thread for whatever blocks
 *
 * Setting a link down waits for the kernel, starting a daemon waits for that.
 * The loop that takes the time of every packet must not. So such jobs are done
 * here, one after the other in the order given, and the loop hears of each
 * through a descriptor.
 */
#ifndef HARNESS_EMULATE_HAND_H
#define HARNESS_EMULATE_HAND_H

#include <stdint.h>

struct hand;

/* What to do, and what follows when it is done; the context is lent to the
 * hand from the call of hand_do() until `done` is called. */
struct hand_job {
	void *context;
	int (*work)(void *); /* in the hand's thread */
	void (*done)(void *, int result); /* in hand_ready() */
};

/* NULL: errno. */
struct hand *hand_create(void);
/* Waits for the job that is being done; those that wait are forgotten, and
 * nobody hears. NULL: nothing. */
void hand_destroy(struct hand *);
void hand_do(struct hand *, const struct hand_job *);
int hand_fd(const struct hand *); /* poll for reading */
void hand_ready(struct hand *);
uint32_t hand_pending(const struct hand *); /* given and not done */

#endif
