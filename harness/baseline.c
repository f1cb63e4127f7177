/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/exit.h"

void
baseline_free(struct baseline *baseline)
{
	for (size_t i = 0; i < baseline->count; i++)
		free(baseline->datum[i].name);
	free(baseline->datum);
	*baseline = (struct baseline){ 0 };
}

bool
baseline_add(struct baseline *baseline, const struct baseline_datum *datum)
{
	char *name;

	if (baseline->count == baseline->capacity) {
		size_t more =
			baseline->capacity == 0 ? 256 : baseline->capacity * 2;
		struct baseline_datum *larger =
			realloc(baseline->datum, more * sizeof(*larger));

		if (larger == NULL)
			return false;
		baseline->datum = larger;
		baseline->capacity = more;
	}
	name = strdup(datum->name);
	if (name == NULL)
		return false;
	baseline->datum[baseline->count] = *datum;
	baseline->datum[baseline->count++].name = name;
	return true;
}

/* ---- names ---- */

size_t
baseline_scenario(const char *name)
{
	return strcspn(name, " ");
}

size_t
baseline_point(const char *name)
{
	const char *seed = strstr(name, " seed=");

	if (seed == NULL)
		return baseline_scenario(name);
	return (size_t)(seed - name) + 1 + strcspn(seed + 1, " ");
}

static bool
ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);

	return size >= tail && strcmp(text + size - tail, end) == 0;
}

enum baseline_kind
baseline_kind(const char *name)
{
	const char *quantity = name + baseline_point(name);

	if (strstr(name, " seed=") == NULL)
		return BASELINE_LINES;
	if (strcmp(quantity, " state hash") == 0)
		return BASELINE_STATE;
	if (strcmp(quantity, " events") == 0)
		return BASELINE_EVENTS;
	if (strncmp(quantity, " sessions ", 10) == 0)
		return BASELINE_OUTCOMES;
	if (strstr(quantity, " rounds ") != NULL)
		return BASELINE_ROUNDS;
	if (ends_with(quantity, " count") || ends_with(quantity, " failed") ||
	    ends_with(quantity, " ns"))
		return BASELINE_SUMS;
	return BASELINE_COUNTERS;
}

bool
baseline_has(const struct baseline *baseline, const char *name, size_t length)
{
	for (size_t i = 0; i < baseline->count; i++) {
		const char *other = baseline->datum[i].name;

		if (strncmp(other, name, length) == 0 &&
		    (other[length] == ' ' || other[length] == '\0'))
			return true;
	}
	return false;
}

/* ---- the file ---- */

const char *
baseline_text(const struct baseline_datum *datum, char text[BASELINE_TEXT])
{
	switch (datum->form) {
	case BASELINE_COUNT:
		snprintf(text, BASELINE_TEXT, "%" PRId64, datum->count);
		break;
	case BASELINE_HASH:
		snprintf(text, BASELINE_TEXT, "0x%016" PRIx64, datum->hash);
		break;
	case BASELINE_INTERVAL:
		snprintf(text, BASELINE_TEXT, "%.6g in %.6g .. %.6g",
			 datum->value, datum->low, datum->high);
		break;
	}
	return text;
}

int
baseline_write(const char *path, const struct baseline *baseline)
{
	char temporary[BASELINE_LINE], text[BASELINE_TEXT];
	FILE *file;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (file == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", temporary,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	fputs("# What `homeward gate` must find again; written by --bless.\n"
	      "# Exactly, but for L and a (T = a + L log2 n): within their 95 %"
	      " intervals.\n",
	      file);
	for (size_t i = 0; i < baseline->count; i++)
		fprintf(file, "%s = %s\n", baseline->datum[i].name,
			baseline_text(&baseline->datum[i], text));
	good = !ferror(file);
	if (fclose(file) != 0 || !good || rename(temporary, path) != 0) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		(void)unlink(temporary);
		return EXIT_RUNTIME;
	}
	fprintf(stderr, "homeward: %s: %zu data\n", path, baseline->count);
	return 0;
}

/* A number up to `end`'s text, which is skipped; NAN: it is none. */
static double
number_parse(const char **text, const char *end)
{
	char *rest;
	double value = strtod(*text, &rest);

	if (rest == *text || strncmp(rest, end, strlen(end)) != 0)
		return NAN;
	*text = rest + strlen(end);
	return value;
}

/* "name = 12", "name = 0x0123456789abcdef" or "name = 1.2 in 1.1 .. 1.3"; the
 * line is cut at " = ". */
static bool
datum_parse(char *line, struct baseline_datum *datum)
{
	char *equals = strstr(line, " = "), *end;
	const char *value;

	if (equals == NULL || equals == line)
		return false;
	*equals = '\0';
	*datum = (struct baseline_datum){ .name = line };
	value = equals + 3;
	errno = 0;
	if (strncmp(value, "0x", 2) == 0) {
		datum->form = BASELINE_HASH;
		datum->hash = strtoull(value, &end, 16);
		return end == value + 18 && *end == '\0' && errno == 0;
	}
	datum->count = strtoll(value, &end, 10);
	if (end != value && *end == '\0' && errno == 0)
		return true;
	datum->form = BASELINE_INTERVAL;
	datum->value = number_parse(&value, " in ");
	datum->low = number_parse(&value, " .. ");
	datum->high = number_parse(&value, "");
	return isfinite(datum->value) && isfinite(datum->low) &&
	       isfinite(datum->high) && *value == '\0';
}

int
baseline_read(const char *path, struct baseline *baseline)
{
	FILE *file = fopen(path, "r");
	char line[BASELINE_LINE];
	size_t number = 0;
	int code = 0;

	if (file == NULL) {
		fprintf(stderr,
			"homeward: %s: %s (homeward gate --bless makes it)\n",
			path, strerror(errno));
		return EXIT_RUNTIME;
	}
	while (code == 0 && fgets(line, sizeof(line), file) != NULL) {
		struct baseline_datum datum;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!datum_parse(line, &datum)) {
			fprintf(stderr,
				"homeward: %s:%zu:1: none of 'NAME = COUNT', "
				"'NAME = 0xHASH' (16 digits) and "
				"'NAME = VALUE in LOW .. HIGH'\n",
				path, number);
			code = EXIT_USAGE;
		} else if (!baseline_add(baseline, &datum)) {
			code = EXIT_RUNTIME;
		}
	}
	fclose(file);
	return code;
}
