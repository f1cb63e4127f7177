/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retransmission_probe.c - did a link that went down lose more than strays?
 *
 * The session's sender knows: what it sent again since then, and how much
 * of that the receiver had already (D-SACK, RFC 2883). Its kernel is asked
 * when the link goes down and then every POLL_NS: at the end its socket may be
 * gone.
 */
#include "harness/emulate/emulation_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/emulate/tcpinfo.h"
#include "sim/engine/memory.h"

#define POLL_NS (50 * NS_PER_MS)

struct retransmission_probe {
	bool open, known;
	struct watch_probe report;
	struct tcpinfo tcpinfo;
	uint32_t resent, repeated; /* before */
};

int
retransmission_probe_create(struct emulation *emulation)
{
	emulation->probe = memory_zeroed(1, sizeof(*emulation->probe));
	emulation->probe->tcpinfo.fd = -1;
	return 0;
}

void
retransmission_probe_destroy(struct retransmission_probe *probe)
{
	if (probe == NULL)
		return;
	tcpinfo_close(&probe->tcpinfo);
	free(probe);
}

static bool
upload(const struct emulation *emulation)
{
	return emulation->settings->clients.direction == DIRECTION_UPLOAD;
}

static bool
sender_ask(struct emulation *emulation, uint32_t *resent, uint32_t *repeated)
{
	const struct retransmission_probe *probe = emulation->probe;
	const struct session *session =
		workload_session(emulation->workload, probe->report.flow);
	struct tcp_info info;

	if (probe->tcpinfo.fd < 0 ||
	    tcpinfo_ask(&probe->tcpinfo, &session->key, !upload(emulation),
			&info) != 0)
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
		.code = EMULATION_PROBE,
	};

	queue_schedule(emulation->queue, 0, POLL_NS, &event);
}

void
retransmission_probe_begin(struct emulation *emulation, struct instant now,
			   uint32_t flow, bool lower, bool back)
{
	struct retransmission_probe *probe = emulation->probe;
	const struct session *session =
		workload_session(emulation->workload, flow);
	uint32_t device =
		upload(emulation)
			? fabric_device(emulation->lab.fabric, DEVICE_CLIENT,
					session->client)
			: session->owner;

	probe->open = true;
	probe->report = (struct watch_probe){
		.at = now,
		.flow = flow,
		.lower = lower,
		.back = back,
		.resent = WATCH_NONE,
		.repeated = WATCH_NONE,
	};
	tcpinfo_close(&probe->tcpinfo);
	if (device != WATCH_NONE) {
		int namespace = lab_namespace(&emulation->lab, device);

		if (namespace >= 0) {
			(void)tcpinfo_open(&probe->tcpinfo, namespace);
			close(namespace);
		}
	}
	probe->known = sender_ask(emulation, &probe->resent, &probe->repeated);
	poll_schedule(emulation);
}

static void
look(struct emulation *emulation)
{
	struct retransmission_probe *probe = emulation->probe;
	uint32_t resent, repeated;

	if (!probe->known || !sender_ask(emulation, &resent, &repeated))
		return;
	probe->report.resent = resent - probe->resent;
	probe->report.repeated = repeated - probe->repeated;
}

void
retransmission_probe_event(struct emulation *emulation)
{
	struct retransmission_probe *probe = emulation->probe;

	if (!probe->open)
		return;
	look(emulation);
	if (workload_session(emulation->workload, probe->report.flow)->state !=
		    SESSION_OPEN ||
	    instant_distance_ns(probe->report.at, emulation_now(emulation)) >=
		    WORKLOAD_WINDOW_NS)
		retransmission_probe_end(emulation);
	else
		poll_schedule(emulation);
}

void
retransmission_probe_missed(struct emulation *emulation)
{
	emulation->probe->open = false;
}

void
retransmission_probe_end(struct emulation *emulation)
{
	struct retransmission_probe *probe = emulation->probe;

	if (!probe->open)
		return;
	probe->open = false;
	if (emulation->watch->probe != NULL)
		emulation->watch->probe(emulation->watch->context,
					&probe->report);
}
