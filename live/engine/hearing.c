/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hearing.c - see hearing.h */
#include "live/engine/hearing.h"

#include "core/wire/message.h"

/* Replayed; or of a peer whose clock was set back before it restarted. */
static void
refuse(struct hearing *hearing, struct instant now, const struct endpoint *from,
       const uint8_t *bytes, size_t size)
{
	const struct engine_edge *edge = hearing->edge;
	uint8_t refusal[MESSAGE_SEALED_MAX];
	size_t refusal_size = seal_refuse(hearing->seal, now, from, bytes, size,
					  refusal, sizeof(refusal));

	if (refusal_size == 0)
		return;
	hearing->counters->refusals++;
	if (edge->datagram(edge->context, from, OUTBOX_ANY_UPLINK, refusal,
			   refusal_size) != 0)
		hearing->counters->edge_errors++;
}

/* A peer knows a later boot id of ours: it was our clock that was set back. */
static void
reboot(struct hearing *hearing, struct instant now, const struct endpoint *from,
       uint64_t known)
{
	struct boot memory = { .id = seal_boot(hearing->seal), .fd = -1 };
	struct boot *boot = hearing->boot != NULL ? hearing->boot : &memory;
	int error = boot_raise(boot, known, boot_clock());

	seal_reboot(hearing->seal, boot->id);
	hearing->counters->reboots++;
	talk_reboot(&hearing->talk, now, from, error);
}

bool
hearing_open(struct hearing *hearing, struct instant now,
	     const struct endpoint *from, const uint8_t *bytes, size_t size,
	     uint8_t *message, struct seal_opened *opened)
{
	enum drop drop = seal_open(hearing->seal, from, bytes, size, message,
				   MESSAGE_MAX, opened);

	if (drop != DROP_NONE) {
		hearing->counters->sealed_dropped++;
		hearing->counters->seal_drops[drop]++;
		if (drop == DROP_REPLAY)
			refuse(hearing, now, from, bytes, size);
		return false;
	}
	if (opened->known != 0) {
		reboot(hearing, now, from, opened->known);
		return false;
	}
	hearing->counters->peer_boots += opened->booted;
	return true;
}

void
hearing_version(struct hearing *hearing, struct instant now,
		const struct endpoint *from, uint8_t version)
{
	hearing->counters->seal_drops[DROP_VERSION]++;
	talk_version(&hearing->talk, now, from, version);
}
