/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retransmission_probe.c - was anything but strays lost when this link was cut?
 *
 * The session's sender knows: what it sent again since the cut, and how much
 * of that the receiver had already (D-SACK, RFC 2883). Its kernel is asked at
 * the cut and then every POLL_NS, for at the end its socket may be gone.
 */
#include "harness/emulate/emulation_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/emulate/tcpinfo.h"
#include "sim/engine/memory.h"

#define POLL_NS (50 * NS_PER_MS)

struct emulation_cuts {
	bool open, known;
	struct watch_cut cut;
	struct tcpinfo tcpinfo;
	uint32_t resent, repeated; /* before the cut */
};

int
retransmission_probe_create(struct emulation *emulation)
{
	emulation->cuts = memory_zeroed(1, sizeof(*emulation->cuts));
	emulation->cuts->tcpinfo.fd = -1;
	return 0;
}

void
retransmission_probe_destroy(struct emulation_cuts *cuts)
{
	if (cuts == NULL)
		return;
	tcpinfo_close(&cuts->tcpinfo);
	free(cuts);
}

static bool
upload(const struct emulation *emulation)
{
	return emulation->settings->clients.direction == DIRECTION_UPLOAD;
}

static bool
sender_ask(struct emulation *emulation, uint32_t *resent, uint32_t *repeated)
{
	const struct emulation_cuts *cuts = emulation->cuts;
	const struct session *session =
		workload_session(emulation->workload, cuts->cut.flow);
	struct tcp_info info;

	if (cuts->tcpinfo.fd < 0 || tcpinfo_ask(&cuts->tcpinfo, &session->key,
						!upload(emulation), &info) != 0)
		return false;
	*resent = info.tcpi_total_retrans;
	*repeated = info.tcpi_dsack_dups;
	return true;
}

static void
poll_schedule(struct emulation *emulation)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = EMULATION_CUT,
	};

	queue_schedule(emulation->queue, 0, POLL_NS, &event);
}

void
retransmission_probe_begin(struct emulation *emulation, struct instant now,
			   uint32_t flow, bool lower, bool back)
{
	struct emulation_cuts *cuts = emulation->cuts;
	const struct session *session =
		workload_session(emulation->workload, flow);
	uint32_t device =
		upload(emulation)
			? fabric_device(emulation->lab.fabric, DEVICE_CLIENT,
					session->client)
			: session->owner;

	cuts->open = true;
	cuts->cut = (struct watch_cut){
		.at = now,
		.flow = flow,
		.lower = lower,
		.back = back,
		.resent = WATCH_NONE,
		.repeated = WATCH_NONE,
	};
	tcpinfo_close(&cuts->tcpinfo);
	if (device != WATCH_NONE) {
		int namespace = lab_namespace(&emulation->lab, device);

		if (namespace >= 0) {
			(void)tcpinfo_open(&cuts->tcpinfo, namespace);
			close(namespace);
		}
	}
	cuts->known = sender_ask(emulation, &cuts->resent, &cuts->repeated);
	poll_schedule(emulation);
}

static void
look(struct emulation *emulation)
{
	struct emulation_cuts *cuts = emulation->cuts;
	uint32_t resent, repeated;

	if (!cuts->known || !sender_ask(emulation, &resent, &repeated))
		return;
	cuts->cut.resent = resent - cuts->resent;
	cuts->cut.repeated = repeated - cuts->repeated;
}

void
retransmission_probe_event(struct emulation *emulation)
{
	struct emulation_cuts *cuts = emulation->cuts;

	if (!cuts->open)
		return;
	look(emulation);
	if (workload_session(emulation->workload, cuts->cut.flow)->state !=
		    SESSION_OPEN ||
	    instant_distance_ns(cuts->cut.at, emulation_now(emulation)) >=
		    WORKLOAD_WINDOW_NS)
		retransmission_probe_end(emulation);
	else
		poll_schedule(emulation);
}

void
retransmission_probe_missed(struct emulation *emulation)
{
	emulation->cuts->open = false;
}

void
retransmission_probe_end(struct emulation *emulation)
{
	struct emulation_cuts *cuts = emulation->cuts;

	if (!cuts->open)
		return;
	cuts->open = false;
	if (emulation->watch->cut != NULL)
		emulation->watch->cut(emulation->watch->context, &cuts->cut);
}
