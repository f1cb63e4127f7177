/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter_test.c - arrivals by hand, a fault among them
 */
#include "sim/model/stall_meter.h"

#include "core/test/check.h"

int
main(void)
{
	static const struct {
		const char *sentence;
		int64_t arrivals_ms[8]; /* 0 ends */
		int64_t fault_ms, end_ms;
		bool running, window;
		int64_t before_ms, after_ms;
	} rows[] = {
		{ "the gap with the fault in it is after",
		  { 1000, 1010, 1030, 1300, 1310 },
		  1040,
		  11040,
		  false,
		  true,
		  20,
		  270 },
		{ "nothing came any more",
		  { 1000, 1010 },
		  1015,
		  11015,
		  true,
		  true,
		  10,
		  10005 },
		{ "it was complete",
		  { 1000, 1010 },
		  1015,
		  11015,
		  false,
		  true,
		  10,
		  0 },
		{ "no byte yet: no window",
		  { 2000, 2010 },
		  1015,
		  11015,
		  true,
		  false,
		  0,
		  0 },
		{ "a long gap eleven seconds before is forgotten",
		  { 1000, 2000, 20000, 31500, 31510, 31600 },
		  43000,
		  53000,
		  false,
		  true,
		  0,
		  0 },
		{ "one nine seconds before is not",
		  { 1000, 34000, 34010, 42990, 43010 },
		  43000,
		  53000,
		  false,
		  true,
		  33000,
		  20 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stall_meter meter;
		bool faulted = false, window = false;

		stall_meter_init(&meter);
		for (unsigned j = 0; j < 8 && rows[i].arrivals_ms[j] > 0; j++) {
			int64_t at = rows[i].arrivals_ms[j];
			if (!faulted && at > rows[i].fault_ms) {
				faulted = true;
				window = stall_meter_fault(
					&meter,
					(struct instant){ rows[i].fault_ms *
							  NS_PER_MS });
			}
			stall_meter_progress(
				&meter, (struct instant){ at * NS_PER_MS });
		}
		if (!faulted)
			window = stall_meter_fault(
				&meter, (struct instant){ rows[i].fault_ms *
							  NS_PER_MS });
		CHECK_ROW(window == rows[i].window, rows[i].sentence);
		if (!window)
			continue;
		stall_meter_end(&meter,
				(struct instant){ rows[i].end_ms * NS_PER_MS },
				rows[i].running);
		CHECK_ROW(meter.before_ns == rows[i].before_ms * NS_PER_MS,
			  rows[i].sentence);
		CHECK_ROW(meter.after_ns == rows[i].after_ms * NS_PER_MS,
			  rows[i].sentence);
	}
	return check_done();
}
