/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts.h - the parts of a daemon that its control socket asks
 *
 *	live/daemon.c --parts--> control.c --> status, metrics ...
 *
 * The type alone, without a verb: an answer (status.h, metrics.h,
 * drain_watcher.h) needs the parts, not the socket that carries it.
 */
#ifndef LIVE_CONTROL_PARTS_H
#define LIVE_CONTROL_PARTS_H

#include <stddef.h>

#include "core/instant.h"
#include "live/conf/values.h"
#include "live/control/drain.h"
#include "live/engine/engine.h"
#include "live/engine/sessions.h"
#include "live/kernel/datapath.h"
#include "live/kernel/latency_histogram.h"
#include "live/kernel/udp_out.h"

/* All borrowed. */
struct control_parts {
	const struct conf *conf;
	struct engine *engine;
	struct datapath *datapath;
	const struct udp_out *udp_out;
	struct sessions *sessions;
	struct drain *drain;
	struct latency_histogram *cost; /* of strays; may be NULL */
	/* Read the files again. 0, or -1 with a sentence. */
	int (*reload)(void *, struct instant now, char *error,
		      size_t error_size);
	void *context; /* of reload */
};

#endif
