/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric_test.c - every row is whole, names are words, places are 1, 2, 3 ...
 */
#include "sim/model/metric.h"

#include <string.h>

#include "core/test/check.h"

int
main(void)
{
	unsigned fitted = 0, places = 0;

	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		const struct metric_row *row = metric_row((enum metric)i);

		CHECK(row->name != NULL && row->label != NULL);
		CHECK_ROW(row->title != NULL && row->from != NULL &&
				  row->to != NULL && row->reporter != NULL,
			  row->name);
		CHECK_ROW(metric_find(row->name) == row, row->name);
		CHECK_ROW(strcmp(metric_name((enum metric)i), row->name) == 0,
			  row->name);
		CHECK_ROW(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_") ==
				  strlen(row->name),
			  row->name);
		CHECK_ROW(row->plain == NULL ||
				  row->curves != METRIC_CURVES_NONE,
			  row->name);
		fitted += row->fitted > 0;
	}
	while (metric_fitted(places + 1) != NULL)
		places++;
	CHECK(places == fitted);
	CHECK(metric_fitted(0) == NULL);
	CHECK(metric_find("hops") == NULL && metric_find("") == NULL);
	return check_done();
}
