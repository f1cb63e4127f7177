/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayed.c - which links, and memory for them
 */
#include "harness/lab/relayed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/lab/lab.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_target.h"
#include "sim/model/tier.h"

static size_t
bytes_of(const struct fabric *fabric)
{
	return (size_t)(fabric->link_count + 1) * sizeof(struct lab_relayed);
}

static bool
is_lossy(const struct link_settings *settings)
{
	return settings->loss_ppm > 0 || settings->duplicate_ppm > 0 ||
	       settings->reorder_ppm > 0;
}

bool
lab_relayed_same(const struct link_settings *a, const struct link_settings *b)
{
	return a->delay_ns == b->delay_ns && a->rate_bps == b->rate_bps &&
	       a->loss_ppm == b->loss_ppm &&
	       a->duplicate_ppm == b->duplicate_ppm &&
	       a->reorder_ppm == b->reorder_ppm;
}

void
lab_relayed_set(struct lab_relayed *relayed, const struct link_settings *usual,
		const struct link_settings *now)
{
	relayed->delay_ns = now->delay_ns;
	relayed->rate_bps =
		now->rate_bps != usual->rate_bps ? now->rate_bps : 0;
	relayed->queue_bytes = now->queue_bytes;
	relayed->loss_ppm = now->loss_ppm;
	relayed->duplicate_ppm = now->duplicate_ppm;
	relayed->reorder_ppm = now->reorder_ppm;
}

/* Any link of a tier of paths, or of all three. */
static void
path_mark(struct lab_relayed *relayed, const struct fabric *fabric,
	  const char *target)
{
	enum path_tier wanted, tier;
	bool any = !tier_parse(target, &wanted);

	for (uint32_t i = 0; i < fabric->link_count; i++)
		if (tier_of_link(fabric, i, &tier) && (any || tier == wanted))
			relayed[i].used = relayed[i].whole = true;
}

static void
event_mark(struct lab_relayed *relayed, const struct fabric *fabric,
	   const struct settings *settings, uint32_t event)
{
	const struct fault_settings *fault = &settings->faults[event];
	const char *wrong;
	struct fault_set set;

	if (fault->kind != FAULT_LINK_DEGRADE)
		return;
	if (fault_target_is_path(fault))
		path_mark(relayed, fabric, fault->target);
	/* One that is not there is said when the run begins. */
	(void)fault_target_find(fabric, settings, event, &set, &wrong);
	for (uint32_t i = 0; i < set.count; i++)
		relayed[set.members[i]].used = relayed[set.members[i]].whole =
			true;
	free(set.members);
}

struct lab_relayed *
lab_relayed_create(const struct fabric *fabric, const struct settings *settings)
{
	struct lab_relayed *relayed =
		mmap(NULL, bytes_of(fabric), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (relayed == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < fabric->link_count; i++) {
		const struct link_settings *usual =
			fabric_link_settings(fabric, i);

		relayed[i].whole = is_lossy(usual);
		relayed[i].used =
			relayed[i].whole || usual->delay_ns >= LAB_DELAY_NS;
		lab_relayed_set(&relayed[i], usual, usual);
	}
	for (uint32_t i = 0; i < settings->fault_count; i++)
		event_mark(relayed, fabric, settings, i);
	return relayed;
}

void
lab_relayed_destroy(struct lab_relayed *relayed, const struct fabric *fabric)
{
	if (relayed != NULL)
		(void)munmap(relayed, bytes_of(fabric));
}
