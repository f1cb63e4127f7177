/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation_report.c - the daemons' reports, to the watch and the workload
 *
 * A daemon's line (live/engine/report.h) is a measurement to be stored, a stray
 * for its session (workload.h), or a session's owner. The kernel's word on a
 * cut and the daemons' word on the strays that it causes come by different
 * ways, and detection is measured from the former to the latter. So between the
 * order of a cut and its confirmation, first strays are held (EMULATION_HELD of
 * them; more are taken as they come) and taken when the cut is known.
 */
#include "harness/emulate/emulation_state.h"

/* Who asked, what a miss proves, and whether the owner is right. Through the
 * control socket only the load asks (emulation_lookups.c). */
static void
judge(const struct emulation *emulation, const struct report *report,
      struct watch_measurement *m)
{
	const struct fabric *fabric = emulation->lab.fabric;
	uint32_t owner = WATCH_NONE;

	m->asked = report->asker == NODE_ASKER_OPERATOR
			   ? WATCH_ASKED_LOAD
			   : watch_asked_by(report->asker);
	if (!report->ok)
		m->conclusive =
			report->conclusive ? WATCH_SWITCH_YES : WATCH_SWITCH_NO;
	if (m->flow != WATCH_NONE)
		owner = workload_session(emulation->workload, m->flow)->owner;
	if (!report->ok || owner == WATCH_NONE)
		return;
	struct address right =
		fabric_address(fabric, owner, report->owner.address.family);
	m->ok = address_equal(&report->owner.address, &right);
	m->found = m->ok ? WATCH_FOUND_RIGHT : WATCH_FOUND_WRONG;
}

static void
measure(struct emulation *emulation, uint32_t server,
	const struct report *report, enum metric metric, struct instant at)
{
	struct watch_measurement m = {
		.metric = metric,
		.at = at,
		.value_ns = report->value,
		.node = server,
		.flow = workload_find(emulation->workload, &report->key),
		.hops = report->hops,
		.local = report->local,
		.ok = report->ok,
	};

	if (metric == METRIC_LOOKUP)
		judge(emulation, report, &m);
	emulation->watch->measurement(emulation->watch->context, &m);
}

/* The first packet of a flow that strays somewhere. */
static void
strayed(struct emulation *emulation, uint32_t server,
	const struct report *report, struct instant at)
{
	uint32_t flow = workload_find(emulation->workload, &report->key);

	if (flow == WATCH_NONE)
		return;
	uint64_t before = workload_session(emulation->workload, flow)->strays;

	/* The daemon says it of a flow that it did not know to stray: until
	 * now the flow's packets went elsewhere. */
	workload_home(emulation->workload, flow);
	workload_stray(emulation->workload, at, &report->key, server);
	if (workload_session(emulation->workload, flow)->strays > before)
		emulation_clients_strays(emulation, flow, 0);
}

static void
take(struct emulation *emulation, uint32_t server, const struct report *report)
{
	struct instant at = { report->at.ns - emulation->began_ns };
	uint32_t flow;

	if (at.ns < 0)
		return;
	switch (report->kind) {
	case REPORT_SETTING_FIRST:
		measure(emulation, server, report, METRIC_SETTING_FIRST, at);
		break;
	case REPORT_SETTING_ALL:
		measure(emulation, server, report, METRIC_SETTING_ALL, at);
		break;
	case REPORT_LOOKUP:
		measure(emulation, server, report, METRIC_LOOKUP, at);
		break;
	case REPORT_STRAY:
		strayed(emulation, server, report, at);
		break;
	case REPORT_STRAYS:
		flow = workload_find(emulation->workload, &report->key);
		if (flow != WATCH_NONE && report->value > 0)
			emulation_clients_strays(emulation, flow,
						 (uint64_t)report->value);
		break;
	case REPORT_OPENED:
		flow = workload_find(emulation->workload, &report->key);
		if (flow != WATCH_NONE)
			workload_owned(emulation->workload, flow, server);
		break;
	case REPORT_CLOSED:
	case REPORT_RAISED:
	case REPORT_KINDS:
		break;
	}
}

void
emulation_report_take(void *context, uint32_t server,
		      const struct report *report)
{
	struct emulation *emulation = context;

	if (emulation->awaiting && report->kind == REPORT_STRAY &&
	    emulation->held_count < EMULATION_HELD) {
		emulation->held[emulation->held_count].server = server;
		emulation->held[emulation->held_count++].report = *report;
		return;
	}
	take(emulation, server, report);
}

void
emulation_await(struct emulation *emulation)
{
	emulation->awaiting = true;
}

void
emulation_seen(struct emulation *emulation)
{
	emulation->awaiting = false;
	for (uint32_t i = 0; i < emulation->held_count; i++)
		take(emulation, emulation->held[i].server,
		     &emulation->held[i].report);
	emulation->held_count = 0;
}
