/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live/engine/report.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define ROUNDS 20000

static const struct {
	const char *sentence, *line;
	bool good;
} rows[] = {
	{ "a lookup",
	  "lookup 81 412345 1 remote ok 10.1.0.1:40001 192.0.2.1:80 stray "
	  "10.0.0.2:7000",
	  true },
	{ "one that missed",
	  "lookup 81 412345 1 remote failed 10.1.0.1:40001 192.0.2.1:80 retry "
	  "inconclusive",
	  true },
	{ "and proved it",
	  "lookup 81 412345 1 remote failed [2001:db8::1]:1 [2001:db8::2]:80 "
	  "operator conclusive",
	  true },
	{ "a lookup that found no owner",
	  "lookup 81 412345 1 remote ok 10.1.0.1:1 192.0.2.1:80 load "
	  "conclusive",
	  false },
	{ "a lookup that missed an owner",
	  "lookup 81 412345 1 remote failed 10.1.0.1:1 192.0.2.1:80 load "
	  "10.0.0.2:7000",
	  false },
	{ "an unknown asker",
	  "lookup 81 412345 1 remote failed 10.1.0.1:1 192.0.2.1:80 nobody "
	  "conclusive",
	  false },
	{ "a lookup without its last words",
	  "lookup 81 412345 1 remote ok 10.1.0.1:1 192.0.2.1:80", false },
	{ "another kind with them",
	  "opened 81 0 0 remote ok 10.1.0.1:1 192.0.2.1:80 stray 10.0.0.2:7000",
	  false },
	{ "a newline ends it",
	  "strays 1 2 0 remote ok 10.1.0.1:1 192.0.2.1:80\n", true },
	{ "IPv6 stands in brackets",
	  "opened 1 0 0 remote ok [2001:db8::1]:1 [2001:db8::2]:80", true },
	{ "without brackets it is none",
	  "opened 1 0 0 remote ok 2001:db8::1:1 2001:db8::2:80", false },
	{ "two families are no session",
	  "opened 1 0 0 remote ok [2001:db8::1]:1 192.0.2.1:80", false },
	{ "unknown kind", "opened2 1 0 0 remote ok 10.1.0.1:1 192.0.2.1:80",
	  false },
	{ "two spaces", "opened 1  0 0 remote ok 10.1.0.1:1 192.0.2.1:80",
	  false },
	{ "a word too many", "opened 1 0 0 remote ok 10.1.0.1:1 192.0.2.1:80 x",
	  false },
	{ "a word too few", "opened 1 0 0 remote ok 10.1.0.1:1", false },
	{ "a port beyond 65535",
	  "opened 1 0 0 remote ok 10.1.0.1:65536 192.0.2.1:80", false },
	{ "a negative time", "opened -1 0 0 remote ok 10.1.0.1:1 192.0.2.1:80",
	  false },
	{ "time beyond 63 bits",
	  "opened 9223372036854775808 0 0 remote ok 10.1.0.1:1 192.0.2.1:80",
	  false },
	{ "a leading zero", "opened 01 0 0 remote ok 10.1.0.1:1 192.0.2.1:80",
	  false },
	{ "neither local nor remote",
	  "opened 1 0 0 far ok 10.1.0.1:1 192.0.2.1:80", false },
	{ "no port", "opened 1 0 0 remote ok 10.1.0.1 192.0.2.1:80", false },
	{ "no address", "opened 1 0 0 remote ok :1 192.0.2.1:80", false },
	{ "empty", "", false },
	{ "a newline alone", "\n", false },
	{ "two newlines", "opened 1 0 0 remote ok 10.1.0.1:1 192.0.2.1:80\n\n",
	  false },
};

static void
check_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[REPORT_LINE];
		struct report report;
		bool good = report_parse(rows[i].line, &report);

		CHECK_ROW(good == rows[i].good, rows[i].sentence);
		if (!good)
			continue;
		size_t size = report_format(&report, line);
		size_t want = strcspn(rows[i].line, "\n");
		CHECK_ROW(size == want + 1 && line[want] == '\n' &&
				  memcmp(line, rows[i].line, want) == 0,
			  rows[i].sentence);
	}
}

static void
fill(struct rng *rng, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		/* Zeros are frequent, for the :: of IPv6. */
		bytes[i] = rng_below(rng, 3) == 0 ? 0 : (uint8_t)rng_next(rng);
}

static struct report
random_report(struct rng *rng)
{
	struct report report = {
		.kind = (enum report_kind)rng_below(rng, REPORT_KINDS),
		.at.ns = (int64_t)(rng_next(rng) >> (1 + rng_below(rng, 63))),
		.value = (int64_t)(rng_next(rng) >> (1 + rng_below(rng, 63))),
		.hops = (uint32_t)rng_next(rng),
		.local = rng_below(rng, 2),
		.ok = rng_below(rng, 2),
		.key.family = rng_below(rng, 2) ? 4 : 6,
		.key.protocol = 6,
	};
	size_t size = report.key.family == 4 ? 4 : 16;

	fill(rng, report.key.client, size);
	fill(rng, report.key.service, size);
	fill(rng, report.key.client_port, 2);
	fill(rng, report.key.service_port, 2);
	if (report.kind != REPORT_LOOKUP)
		return report;
	report.asker = (enum node_asker)rng_below(rng, 4);
	report.conclusive = !report.ok && rng_below(rng, 2) > 0;
	if (!report.ok)
		return report;
	report.owner.address.family = rng_below(rng, 2) ? 4 : 6;
	fill(rng, report.owner.address.bytes,
	     report.owner.address.family == 4 ? 4 : 16);
	report.owner.port = (uint16_t)rng_next(rng);
	return report;
}

static bool
same(const struct report *a, const struct report *b)
{
	return a->kind == b->kind && a->at.ns == b->at.ns &&
	       a->value == b->value && a->hops == b->hops &&
	       a->local == b->local && a->ok == b->ok &&
	       session_equal(&a->key, &b->key) && a->asker == b->asker &&
	       a->conclusive == b->conclusive &&
	       a->owner.port == b->owner.port &&
	       a->owner.address.family == b->owner.address.family &&
	       memcmp(a->owner.address.bytes, b->owner.address.bytes, 16) == 0;
}

/* What is written parses to the same; what is damaged either does not parse,
 * or is what the formatter would write. */
static void
check_random(void)
{
	struct rng rng;

	rng_init(&rng, 7, 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct report report = random_report(&rng), again;
		char line[REPORT_LINE], second[REPORT_LINE];
		size_t size = report_format(&report, line);

		CHECK(size < REPORT_LINE && strlen(line) == size);
		CHECK(report_parse(line, &again) && same(&report, &again));

		line[rng_below(&rng, size)] = (char)rng_below(&rng, 128);
		line[strcspn(line, "\n")] = '\0';
		if (report_parse(line, &again)) {
			report_format(&again, second);
			CHECK(report_parse(second, &report) &&
			      same(&report, &again));
		}
	}
}

static void
check_flow(void)
{
	struct session_key key;
	char text[96], small[8];

	CHECK(report_flow_parse("10.1.0.1:40001", "192.0.2.1:80", &key));
	CHECK(report_flow_format(&key, text, sizeof(text)) == strlen(text));
	CHECK(strcmp(text, "10.1.0.1:40001 192.0.2.1:80") == 0);
	CHECK(report_flow_format(&key, small, sizeof(small)) == 7);
	CHECK(small[7] == '\0');
	CHECK(!report_flow_parse("10.1.0.1", "192.0.2.1:80", &key));
	CHECK(!report_flow_parse("", "", &key));
}

int
main(void)
{
	check_rows();
	check_flow();
	check_random();
	return check_done();
}
