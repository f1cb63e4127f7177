/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protection.h - was it promised that a session's owner is found?
 *
 * A session is protected when a store of it was acknowledged, or when it is so
 * young that none can have been: it strayed, or an older socket of its ports
 * took its packets, within CAUSE_GRACE_NS of its SYN-ACK (design section 8).
 * Nothing is promised of one that was told to wait for its store, or whose
 * handshake was skipped as one of too many (core/steer/handshake.h), nor of one
 * for which its server has no room (dht.sessions_max): what was stored of its
 * handshake lapses. Nor of a SYN that no server has answered, because each time
 * it came another's request had its place: a plain kernel does the same with a
 * flood of SYNs that are forged with a client's own ports. One request that
 * stays, though its client's RST came to a server, is no such flood; where that
 * was lost on its way, nobody could have passed it on. Other schemes make no
 * such reservation.
 */
#ifndef SIM_MODEL_PROTECTION_H
#define SIM_MODEL_PROTECTION_H

#include <stdbool.h>

#include "sim/model/settings.h"
#include "sim/model/workload.h"

/* established: it got past its handshake. */
bool protection(const struct settings *, const struct session *,
		bool established);

#endif
