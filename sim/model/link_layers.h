/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_layers.h - what events have changed of a link, one above the other
 *
 *	event 3		loss 5 %
 *	event 1		loss 1 %, delay 2 ms
 *	fabric		rate, delay, loss ...
 *	--------------------------------------
 *	in force	loss 5 %, delay 2 ms
 *
 * Each layer is an event that is in force on the link and changes what it gives
 * (fault_settings.given), in both directions. What was added last wins. Taken
 * away, in any order, it leaves the others as they were: a link becomes again
 * what it was, not what it was when the event began.
 *
 * Silence adds up, too: a link that is silent one way, and then the other, is
 * silent both ways, until it is mended.
 */
#ifndef SIM_MODEL_LINK_LAYERS_H
#define SIM_MODEL_LINK_LAYERS_H

#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"

struct link_layers;

/* Both are borrowed. Aborts when out of memory. */
struct link_layers *link_layers_create(const struct fabric *,
				       const struct settings *);
void link_layers_destroy(struct link_layers *); /* NULL: nothing */
/* The event of that index in settings.faults; on top, if it was there. */
void link_layers_add(struct link_layers *, uint32_t link, uint32_t event);
/* Harmless if it is not there. */
void link_layers_remove(struct link_layers *, uint32_t link, uint32_t event);
void link_layers_clear(struct link_layers *, uint32_t link);
/* Silent, that way too; which ways it is silent now. */
enum fault_way link_layers_silence(struct link_layers *, uint32_t link,
				   enum fault_way);
void link_layers_mend(struct link_layers *, uint32_t link);
/* What is in force now. */
struct link_settings link_layers_settings(const struct link_layers *,
					  uint32_t link);

#endif
