/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_miss.h - an event that hit nothing, told at the end of a run
 *
 * A path was to be cut when no session was open on one; a server was taken away
 * that no session of the run was ever at, though there were sessions. It is no
 * mistake, but the run says less than it seems to: the watch hears a warning.
 */
#ifndef SIM_MODEL_FAULT_MISS_H
#define SIM_MODEL_FAULT_MISS_H

#include "sim/model/fault.h"
#include "sim/model/fault_target.h"

/* By server: is it the owner of any session? To be freed. Looked up once for
 * all events, since there may be a million sessions. */
bool *fault_miss_owners(const struct fault_world *);
/* Of the event of that index. cut: it cut a link of a path; the set is what it
 * could strike. Nothing to tell: nothing is. */
void fault_miss_tell(const struct fault_world *, uint32_t index, bool cut,
		     const struct fault_set *, const bool *owners);

#endif
