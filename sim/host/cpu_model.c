/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu_model.c - like a link's line (link.h): not a queue, but the instant at
 * which the daemon falls idle
 */
#include "sim/host/cpu_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/net/buffer.h"

struct daemon {
	struct rng rng;
	int64_t idle_ns;
};

struct cpu_model {
	struct span wakeup, span;
	struct queue *queue;
	struct buffers *buffers;
	struct daemon *daemons;
};

struct cpu_model *
cpu_model_create(const struct span *wakeup, const struct span *span,
		 uint32_t servers, uint64_t seed, struct queue *queue)
{
	struct cpu_model *processing;

	if (wakeup->high_ns == 0 && span->high_ns == 0)
		return NULL;
	processing = memory_zeroed(1, sizeof(*processing));
	processing->wakeup = *wakeup;
	processing->span = *span;
	processing->queue = queue;
	processing->buffers = buffers_create(0);
	processing->daemons = memory_zeroed(servers, sizeof(struct daemon));
	for (uint32_t i = 0; i < servers; i++)
		rng_init(&processing->daemons[i].rng, seed,
			 stream_of(STREAM_CPU, i));
	return processing;
}

void
cpu_model_destroy(struct cpu_model *processing)
{
	if (processing == NULL)
		return;
	buffers_destroy(processing->buffers);
	free(processing->daemons);
	free(processing);
}

static int64_t
draw_ns(struct rng *rng, const struct span *span)
{
	uint64_t width = (uint64_t)(span->high_ns - span->low_ns);

	return span->low_ns + (int64_t)rng_below(rng, width + 1);
}

void
cpu_model_wait(struct cpu_model *processing, struct instant now,
	       uint32_t server, uint8_t uplink, const uint8_t *bytes,
	       uint32_t size, struct event event)
{
	struct daemon *daemon = &processing->daemons[server];

	if (daemon->idle_ns <= now.ns)
		daemon->idle_ns =
			now.ns + draw_ns(&daemon->rng, &processing->wakeup);
	daemon->idle_ns += draw_ns(&daemon->rng, &processing->span);
	event.destination = server;
	event.b = buffer_take(processing->buffers, size);
	event.c = uplink;
	memcpy(buffer_get(processing->buffers, event.b)->bytes, bytes, size);
	queue_schedule(processing->queue, server, daemon->idle_ns - now.ns,
		       &event);
}

const uint8_t *
cpu_model_bytes(const struct cpu_model *processing, const struct event *event,
		uint32_t *size)
{
	const struct buffer *buffer = buffer_get(processing->buffers, event->b);

	*size = buffer->size;
	return buffer->bytes;
}

void
cpu_model_release(struct cpu_model *processing, const struct event *event)
{
	buffer_release(processing->buffers, event->b);
}
