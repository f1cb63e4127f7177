/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_target.h - what an event aims at: names, patterns and lists of them
 *
 *	target: spine1			a device or a link, by its name
 *	target: server*			all of that name; ? is one character
 *	target: [leaf1-*, server9-*]	links are called by either end first
 *	target: leaf-server		a tier of a session's path (tier.h)
 *
 * A pattern means only what the kind of event acts on: "*" of a router_down is
 * every router. What a list or a pattern names are the targets of a set: in the
 * order in which they were written, those of one pattern in the fabric's own,
 * each once. A tier stands alone: which link it is is not known before the
 * event.
 */
#ifndef SIM_MODEL_FAULT_TARGET_H
#define SIM_MODEL_FAULT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/fault_kind.h"

#define FAULT_NAME_BYTES (2 * FABRIC_NAME_BYTES) /* of a device or link */

/* Devices, or links of a kind that acts on links. */
struct fault_set {
	uint32_t *members; /* count of them; NULL when there is none */
	uint32_t count;
};

enum fault_target_error {
	FAULT_TARGET_GOOD,
	FAULT_TARGET_ABSENT, /* nothing is called so */
	FAULT_TARGET_OTHER, /* something of another kind is */
	FAULT_TARGET_TIER, /* a tier or path among others */
};

/* More than one name: a list, or a pattern. */
bool fault_target_is_set(const struct fault_settings *);
/* A tier, or "path". */
bool fault_target_is_path(const struct fault_settings *);
/* What the event of that index may act on; nothing of a path, or where the kind
 * takes no target. The members are the caller's to free. *wrong: of an error,
 * the name or pattern to blame; borrowed from the settings. Aborts when out of
 * memory. */
enum fault_target_error fault_target_find(const struct fabric *,
					  const struct settings *,
					  uint32_t event, struct fault_set *,
					  const char **wrong);
/* What is wrong, in words; NULL: nothing. */
const char *fault_target_sentence(enum fault_target, enum fault_target_error,
				  const char *wrong);
/* How many there are of what a kind acts on, and the name of one. */
uint32_t fault_target_count(const struct fabric *, enum fault_target);
void fault_target_name(const struct fabric *, enum fault_target, uint32_t index,
		       char name[FAULT_NAME_BYTES]);
/* As it was written: "server*", or "server1, leaf*, ..." */
void fault_target_text(const struct settings *, const struct fault_settings *,
		       char text[FAULT_TARGET_BYTES]);

#endif
