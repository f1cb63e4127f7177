/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * boots.h - which life of each server the others have heard
 *
 *	datagram	| message ... | life 4 | zero, as long as the seal |
 *
 * A live datagram's seal names the boot of its sender (live/engine/seal.h); a
 * simulated one has its server's incarnation there. Whoever hears a later one
 * than before from the same server knows that it has an empty memory, and tells
 * its node (node_booted()). First lives are not remembered, so a world without
 * restarts pays nothing: a hash map from (hearer, server) to the life.
 */
#ifndef SIM_HOST_BOOTS_H
#define SIM_HOST_BOOTS_H

#include <stdbool.h>
#include <stdint.h>

struct boots;

struct boots *boots_create(void); /* aborts when out of memory */
void boots_destroy(struct boots *); /* NULL: nothing */
/* A server hears another in its life number `life`, from 0. True: the first
 * time, and not its first life. */
bool boots_heard(struct boots *, uint32_t hearer, uint32_t server,
		 uint32_t life);

#endif
