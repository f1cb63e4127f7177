/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain_test.c - the states of a drain as a table, with a helper that says what
 * the row wants
 */
#include "live/control/drain.h"

#include <errno.h>
#include <stddef.h>

#include "core/test/check.h"

/* This test's helper, linked instead of the real one. */
struct helper {
	int say, answer;
	int said;
	bool withdrawn;
};

int
helper_say(struct helper *helper, enum helper_word word)
{
	helper->said = (int)word;
	return helper->say;
}

int
helper_answer(struct helper *helper)
{
	return helper->answer;
}

bool
helper_withdrawn(const struct helper *helper)
{
	return helper->withdrawn;
}

int
helper_fd(const struct helper *helper)
{
	(void)helper;
	return 42;
}

enum verb {
	BEGIN,
	END,
	UPDATE
};

#define S(seconds) ((int64_t)(seconds)*NS_PER_S)

static const struct row {
	const char *sentence;
	enum verb verb;
	int64_t at_s;
	int64_t argument; /* deadline in s, or sessions */
	int helper; /* say for BEGIN and END, answer for UPDATE */
	int result;
	enum drain_state state;
	int64_t due_s; /* -1: never */
} rows[] = {
	{ "it serves", UPDATE, 0, 5, 0, 0, DRAIN_SERVING, -1 },
	{ "no command: nothing happens", BEGIN, 1, 0, -ENOTSUP, -ENOTSUP,
	  DRAIN_SERVING, -1 },
	{ "the command is begun", BEGIN, 2, 60, 0, 0, DRAIN_WITHDRAWING, -1 },
	{ "no second drain interferes with it", BEGIN, 2, 0, 0, -EBUSY,
	  DRAIN_WITHDRAWING, -1 },
	{ "nor ends it", END, 2, 0, 0, -EBUSY, DRAIN_WITHDRAWING, -1 },
	{ "it takes its time", UPDATE, 3, 5, -EAGAIN, 0, DRAIN_WITHDRAWING,
	  -1 },
	{ "it fails: as before", UPDATE, 3, 5, -EIO, 0, DRAIN_SERVING, -1 },
	{ "once more", BEGIN, 4, 60, 0, 0, DRAIN_WITHDRAWING, -1 },
	{ "the route is withdrawn", UPDATE, 5, 5, 0, 0, DRAIN_DRAINING, 64 },
	{ "sessions end", UPDATE, 10, 2, 0, 0, DRAIN_DRAINING, 64 },
	{ "the last ends: quiet begins", UPDATE, 20, 0, 0, 0, DRAIN_DRAINING,
	  21 },
	{ "a late one comes", UPDATE, 20, 1, 0, 0, DRAIN_DRAINING, 64 },
	{ "and goes", UPDATE, 30, 0, 0, 0, DRAIN_DRAINING, 31 },
	{ "a quiet second", UPDATE, 31, 0, 0, 0, DRAIN_EMPTY, -1 },
	{ "another session, very late", UPDATE, 40, 1, 0, 0, DRAIN_DRAINING,
	  64 },
	{ "the deadline", UPDATE, 64, 1, 0, 0, DRAIN_EXPIRED, -1 },
	{ "it stays passed", UPDATE, 70, 1, 0, 0, DRAIN_EXPIRED, -1 },
	{ "another deadline", BEGIN, 70, 10, 0, 0, DRAIN_DRAINING, 80 },
	{ "none at all", BEGIN, 71, 0, 0, 0, DRAIN_DRAINING, -1 },
	{ "goes on for ever", UPDATE, 1000, 1, 0, 0, DRAIN_DRAINING, -1 },
	{ "announce", END, 1001, 0, 0, 0, DRAIN_ANNOUNCING, -1 },
	{ "that fails: still drained", UPDATE, 1002, 1, -EIO, 0, DRAIN_DRAINING,
	  -1 },
	{ "announce again", END, 1003, 0, 0, 0, DRAIN_ANNOUNCING, -1 },
	{ "served again", UPDATE, 1004, 1, 0, 0, DRAIN_SERVING, -1 },
	{ "announce though no drain began", END, 1005, 0, 0, 0,
	  DRAIN_ANNOUNCING, -1 },
	{ "does no harm", UPDATE, 1006, 0, 0, 0, DRAIN_SERVING, -1 },
	{ "the helper is gone", BEGIN, 1007, 0, -EPIPE, -EPIPE, DRAIN_SERVING,
	  -1 },
	{ "drain while nothing is open", BEGIN, 1010, 5, 0, 0,
	  DRAIN_WITHDRAWING, -1 },
	{ "quiet counts from the withdrawal", UPDATE, 1012, 0, 0, 0,
	  DRAIN_DRAINING, 1013 },
	{ "and is empty", UPDATE, 1013, 0, 0, 0, DRAIN_EMPTY, -1 },
	{ "a session after the deadline", UPDATE, 1016, 1, 0, 0, DRAIN_EXPIRED,
	  -1 },
	{ "ends: quiet", UPDATE, 1017, 0, 0, 0, DRAIN_EXPIRED, 1018 },
	{ "empty after all", UPDATE, 1018, 0, 0, 0, DRAIN_EMPTY, -1 },
};

static int
row_do(const struct row *row, struct drain *drain, struct helper *helper)
{
	struct instant now = { S(row->at_s) };

	helper->say = helper->answer = row->helper;
	switch (row->verb) {
	case BEGIN:
		return drain_begin(drain, now, S(row->argument));
	case END:
		return drain_end(drain);
	default:
		(void)drain_update(drain, now, (uint32_t)row->argument);
		return 0;
	}
}

int
main(void)
{
	struct helper helper = { .say = 0 };
	struct drain *drain = drain_create(&helper);

	CHECK(drain_fd(drain) == 42);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		CHECK_ROW(row_do(row, drain, &helper) == row->result,
			  row->sentence);
		CHECK_ROW(drain_state(drain) == row->state, row->sentence);
		int64_t due = row->due_s < 0 ? INT64_MAX : S(row->due_s);
		CHECK_ROW(drain_deadline(drain).ns == due, row->sentence);
		bool failed = row->verb == UPDATE && row->helper == -EIO;
		CHECK_ROW(row->verb != UPDATE || row->helper == -EAGAIN ||
				  i == 0 || rows[i - 1].verb == UPDATE ||
				  drain_failed(drain) == failed,
			  row->sentence);
	}
	drain_destroy(drain);

	/* Its predecessor was drained: nothing is withdrawn twice. */
	helper = (struct helper){ .withdrawn = true };
	drain = drain_create(&helper);
	CHECK(drain_state(drain) == DRAIN_DRAINING);
	CHECK(drain_begin(drain, (struct instant){ 0 }, S(5)) == 0);
	CHECK(helper.said == 0);
	CHECK(drain_update(drain, (struct instant){ S(5) }, 1) ==
	      DRAIN_EXPIRED);
	CHECK(drain_end(drain) == 0 && helper.said == HELPER_ANNOUNCE);
	drain_destroy(drain);

	drain = drain_create(NULL);
	CHECK(drain_fd(drain) == -1);
	CHECK(drain_begin(drain, (struct instant){ 0 }, 0) == -ENOTSUP);
	CHECK(drain_end(drain) == -ENOTSUP);
	drain_destroy(drain);
	return check_done();
}
