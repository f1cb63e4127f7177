/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protection_test.c - what is promised of a session in its handshake, and whose
 * it is; and of one that is established
 *
 * Each row is what happens to a session's SYN, a letter each:
 *
 *	1 2	server 1, 2 answers it
 *	t	its client takes server 1's answer
 *	f g	it finds a request in its place, of two other SYNs
 *	F G	its client's RST, which ends that, comes to a server
 */
#include "sim/model/protection.h"

#include <ctype.h>

#include "core/test/check.h"
#include "sim/model/cause.h"

static void
happen(struct workload *workload, const struct session_key *key, char what)
{
	struct instant now = { NS_PER_S };

	switch (what) {
	case 't':
		workload_accepted(workload, 0, 1);
		break;
	case 'f':
	case 'g':
		workload_barred(workload, key, (uint32_t)what);
		break;
	case 'F':
	case 'G':
		workload_unwanted(workload, key, (uint32_t)tolower(what));
		break;
	default:
		workload_answered(workload, now, key, (uint32_t)(what - '0'));
		break;
	}
}

static void
test_handshakes(void)
{
	static const struct {
		const char *sentence, *script;
		uint32_t home; /* who has it; WATCH_NONE: nobody */
		bool rivals, is_protected;
	} rows[] = {
		{ "nobody answered: it is not known why", "", WATCH_NONE, false,
		  true },
		{ "it was answered", "1", 1, false, true },
		{ "twice by one", "11", 1, false, true },
		{ "by two: the last has it", "12", 2, true, true },
		{ "but for the one whose answer was taken", "12t", 1, true,
		  true },
		{ "whoever answers then", "12t2", 1, true, true },
		{ "another's request has its place", "f", WATCH_NONE, false,
		  false },
		{ "which its RST does not end", "fFf", WATCH_NONE, false,
		  true },
		{ "it was on its way", "FfF", WATCH_NONE, false, false },
		{ "nor does one that is lost", "ff", WATCH_NONE, false, false },
		{ "nor the other request's", "fGf", WATCH_NONE, false, false },
		{ "another one each time", "fFgGfFgG", WATCH_NONE, false,
		  false },
		{ "until one stays", "fFgGfFgGg", WATCH_NONE, false, true },
		{ "and is over", "fFffg", WATCH_NONE, false, false },
		{ "then it was answered", "f1", 1, false, true },
		{ "it was answered before, too", "1f", 1, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct watch watch = { .context = NULL };
		struct session_key key = { .family = 4 };
		struct settings settings;
		struct queue *queue = queue_create();

		settings_default(&settings);
		struct workload *workload =
			workload_create(&settings, queue, &watch);
		workload_open(workload, (struct instant){ 1 }, 0, &key);
		for (const char *at = rows[i].script; *at != '\0'; at++)
			happen(workload, &key, *at);
		const struct session *session = workload_session(workload, 0);
		CHECK_ROW(session->answered_by == rows[i].home,
			  rows[i].sentence);
		CHECK_ROW(session->rivals == rows[i].rivals, rows[i].sentence);
		CHECK_ROW(protection(&settings, session, false) ==
				  rows[i].is_protected,
			  rows[i].sentence);
		workload_destroy(workload);
		queue_destroy(queue);
	}
}

/* Its server has its number of sessions, until it has room again. */
static void
test_refused(void)
{
	const struct watch watch = { .context = NULL };
	struct session_key key = { .family = 4 };
	struct settings settings;
	struct queue *queue = queue_create();

	settings_default(&settings);
	struct workload *workload = workload_create(&settings, queue, &watch);
	workload_open(workload, (struct instant){ 1 }, 0, &key);
	happen(workload, &key, '1');
	const struct session *session = workload_session(workload, 0);
	workload_stored(workload, 0, 3);
	CHECK(protection(&settings, session, true));
	workload_admitted(workload, 0, false);
	CHECK(!protection(&settings, session, true));
	workload_admitted(workload, 0, true);
	CHECK(protection(&settings, session, true));
	workload_destroy(workload);
	queue_destroy(queue);
}

/* An older socket of its ports has its packets: it is away from its owner as if
 * it strayed, and needs a record. */
static void
test_taken(void)
{
	static const struct {
		const char *sentence;
		int64_t store_after_ns, taken_ns; /* after its SYN-ACK */
		bool stored, is_protected;
	} rows[] = {
		{ "at home it needs none", NS_PER_S, -1, false, true },
		{ "it has one", NS_PER_S, CAUSE_GRACE_NS, true, true },
		{ "none, for its store is to wait", NS_PER_S, 1, false, false },
		{ "none can have been acknowledged yet", 0, 1, false, true },
		{ "nobody acknowledged one in time", 0, CAUSE_GRACE_NS, false,
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct watch watch = { .context = NULL };
		struct session_key key = { .family = 4 };
		struct settings settings;
		struct queue *queue = queue_create();

		settings_default(&settings);
		settings.service.steer.store_after_ns = rows[i].store_after_ns;
		struct workload *workload =
			workload_create(&settings, queue, &watch);
		workload_open(workload, (struct instant){ 1 }, 0, &key);
		happen(workload, &key, '1');
		/* Its ACK came by there: it has no owner to be away from. */
		workload_taken(workload, (struct instant){ NS_PER_S }, 0, 2,
			       CAUSE_SOCKET_OLD);
		workload_owned(workload, 0, 1);
		workload_taken(workload, (struct instant){ NS_PER_S }, 0, 1,
			       CAUSE_SOCKET_OLD);
		if (rows[i].stored)
			workload_stored(workload, 0, 3);
		if (rows[i].taken_ns >= 0)
			workload_taken(
				workload,
				(struct instant){ NS_PER_S + rows[i].taken_ns },
				0, 2, CAUSE_SOCKET_OLD);
		CHECK_ROW(protection(&settings, workload_session(workload, 0),
				     true) == rows[i].is_protected,
			  rows[i].sentence);
		workload_destroy(workload);
		queue_destroy(queue);
	}
}

int
main(void)
{
	test_handshakes();
	test_refused();
	test_taken();
	return check_done();
}
