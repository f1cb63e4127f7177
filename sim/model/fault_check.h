/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_check.h - is an event of a scenario one that can be?
 *
 * The rules, a kind of thing each: keys that its kind takes (fault_kind.h), a
 * target that is there and of the right kind, a count that there are enough
 * for, times that fit each other. What one world cannot do is no flaw:
 * fault_kind_impossible().
 */
#ifndef SIM_MODEL_FAULT_CHECK_H
#define SIM_MODEL_FAULT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"

#define FAULT_FLAW_TEXT 192

struct fault_flaw {
	const char *key; /* as a scenario spells it, to blame */
	char sentence[FAULT_FLAW_TEXT];
	/* What nothing is called, when that is it; or "". */
	char unknown[FAULT_TARGET_BYTES];
};

/* Does any event have a target, so that checking takes the fabric? */
bool fault_check_takes_fabric(const struct settings *);
/* The first flaw of the event of that index; false: none. The fabric has the
 * servers that join, too; NULL: what takes it is not checked. *targets: how
 * many the events before it had, in all; its own are added. */
bool fault_check(const struct settings *, const struct fabric *, uint32_t index,
		 uint64_t *targets, struct fault_flaw *);

#endif
