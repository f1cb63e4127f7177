/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict_bed.h - what a part of the judge is made with, without a world, and
 * how many of each kind it has said
 */
#ifndef SIM_TEST_VERDICT_BED_H
#define SIM_TEST_VERDICT_BED_H

#include <string.h>

#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "sim/judge/judge.h"
#include "sim/model/workload.h"

struct verdict_bed {
	struct settings settings;
	struct watch watch;
	struct verdicts verdicts;
	struct queue *queue;
	struct workload *workload;
	struct judge_parts parts; /* neither network nor servers */
	uint32_t said; /* violations, of any kind */
	struct watch_violation last;
};

static inline void
verdict_bed_hear(void *context, const struct watch_violation *violation)
{
	struct verdict_bed *bed = context;

	bed->said++;
	bed->last = *violation;
	bed->last.sentence = NULL;
}

static inline void
verdict_bed_create(struct verdict_bed *bed, uint32_t servers)
{
	memset(bed, 0, sizeof(*bed));
	settings_default(&bed->settings);
	bed->settings.fabric.servers = servers;
	bed->watch =
		(struct watch){ .context = bed, .violation = verdict_bed_hear };
	bed->verdicts.watch = &bed->watch;
	bed->queue = queue_create();
	bed->workload =
		workload_create(&bed->settings, bed->queue, &bed->watch);
	bed->parts = (struct judge_parts){
		.settings = &bed->settings,
		.workload = bed->workload,
		.verdicts = &bed->verdicts,
	};
}

static inline void
verdict_bed_destroy(struct verdict_bed *bed)
{
	workload_destroy(bed->workload);
	queue_destroy(bed->queue);
}

/* A client's session, by its port. */
static inline struct session_key
verdict_bed_key(uint16_t port)
{
	struct session_key key = { .family = 4, .protocol = IP_TCP };
	const uint8_t client[] = { 20, 1, 0, 1 };
	const uint8_t service[] = { 192, 168, 0, 1 };

	memcpy(key.client, client, sizeof(client));
	memcpy(key.service, service, sizeof(service));
	wire_put16(key.client_port, port);
	wire_put16(key.service_port, 80);
	return key;
}

#endif
