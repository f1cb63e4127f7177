/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - one measurement, one line
 *
 *	kind at_ns value hops local|remote ok|failed client service
 *	lookup ... ok     client service asker owner
 *	lookup ... failed client service asker conclusive|inconclusive
 *
 * Fields are separated by one space. The parser takes exactly what the
 * formatter writes: no sign, no leading zeros, no second space; so that two
 * lines mean the same only if they are the same.
 */
#include "live/engine/report.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIELDS	      8
#define LOOKUP_FIELDS 10
/* "[" IPv6 "]:65535" */
#define ENDPOINT_TEXT_BYTES (INET6_ADDRSTRLEN + 8)

static const char *const kind_names[] = {
#define REPORT_NAME(name, text) [REPORT_##name] = (text),
	REPORT_LIST(REPORT_NAME)
#undef REPORT_NAME
};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == REPORT_KINDS,
	       "a name for each kind");

static const char *const asker_names[] = {
	[NODE_ASKER_LOAD] = "load",   [NODE_ASKER_STRAY] = "stray",
	[NODE_ASKER_RETRY] = "retry", [NODE_ASKER_OPERATOR] = "operator",
	[NODE_ASKER_DOUBT] = "doubt", [NODE_ASKER_SILENT] = "silent",
};
#define ASKERS (sizeof(asker_names) / sizeof(asker_names[0]))

static void
endpoint_text_format(uint8_t family, const uint8_t *address,
		     const uint8_t port[2], char text[ENDPOINT_TEXT_BYTES])
{
	char name[INET6_ADDRSTRLEN];
	unsigned number = (unsigned)port[0] << 8 | port[1];

	if (inet_ntop(family == 6 ? AF_INET6 : AF_INET, address, name,
		      sizeof(name)) == NULL)
		name[0] = '\0';
	(void)snprintf(text, ENDPOINT_TEXT_BYTES,
		       family == 6 ? "[%s]:%u" : "%s:%u", name, number);
}

size_t
report_flow_format(const struct session_key *key, char *text, size_t size)
{
	char client[ENDPOINT_TEXT_BYTES], service[ENDPOINT_TEXT_BYTES];

	endpoint_text_format(key->family, key->client, key->client_port,
			     client);
	endpoint_text_format(key->family, key->service, key->service_port,
			     service);
	int length = snprintf(text, size, "%s %s", client, service);
	if (length < 0)
		return 0;
	return (size_t)length < size ? (size_t)length : size - (size > 0);
}

/* What a lookup has beside the others: " stray 10.0.0.2:7000"; or "". */
static void
lookup_format(const struct report *report, char *text, size_t size)
{
	char what[ENDPOINT_TEXT_BYTES];
	uint8_t port[2] = { (uint8_t)(report->owner.port >> 8),
			    (uint8_t)report->owner.port };

	text[0] = '\0';
	if (report->kind != REPORT_LOOKUP)
		return;
	if (report->ok)
		endpoint_text_format(report->owner.address.family,
				     report->owner.address.bytes, port, what);
	else
		(void)snprintf(what, sizeof(what), "%s",
			       report->conclusive ? "conclusive"
						  : "inconclusive");
	(void)snprintf(text, size, " %s %s", asker_names[report->asker], what);
}

size_t
report_format(const struct report *report, char line[REPORT_LINE])
{
	char flow[2 * ENDPOINT_TEXT_BYTES], lookup[ENDPOINT_TEXT_BYTES + 16];

	(void)report_flow_format(&report->key, flow, sizeof(flow));
	lookup_format(report, lookup, sizeof(lookup));
	int length =
		snprintf(line, REPORT_LINE,
			 "%s %" PRId64 " %" PRId64 " %" PRIu32 " %s %s %s%s\n",
			 kind_names[report->kind], report->at.ns, report->value,
			 report->hops, report->local ? "local" : "remote",
			 report->ok ? "ok" : "failed", flow, lookup);
	return length < 0 ? 0 : (size_t)length;
}

/* ---- parsing ---- */

struct word {
	const char *text;
	size_t size;
};

static bool
word_is(struct word word, const char *text)
{
	return word.size == strlen(text) &&
	       memcmp(word.text, text, word.size) == 0;
}

/* A decimal number from 0 to most, written without leading zeros. */
static bool
word_number(struct word word, uint64_t most, uint64_t *number)
{
	uint64_t value = 0;

	if (word.size == 0 || (word.size > 1 && word.text[0] == '0'))
		return false;
	for (size_t i = 0; i < word.size; i++) {
		if (word.text[i] < '0' || word.text[i] > '9')
			return false;
		unsigned digit = (unsigned)(word.text[i] - '0');
		if (value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

/* Split at single spaces; false: not that many words. */
static bool
split(const char *line, struct word *words, unsigned count)
{
	size_t size = strlen(line);

	if (size > 0 && line[size - 1] == '\n')
		size--;
	for (unsigned i = 0; i < count; i++) {
		const char *space = memchr(line, ' ', size);
		bool last = i == count - 1;

		if (last != (space == NULL))
			return false;
		words[i].text = line;
		words[i].size = last ? size : (size_t)(space - line);
		if (words[i].size == 0)
			return false;
		if (!last) {
			line = space + 1;
			size -= words[i].size + 1;
		}
	}
	return true;
}

static bool
endpoint_parse(struct word word, uint8_t *family, uint8_t address[16],
	       uint8_t port[2])
{
	char name[INET6_ADDRSTRLEN];
	struct word host = word, number;
	uint64_t value;
	const char *colon = memrchr(word.text, ':', word.size);

	if (colon == NULL)
		return false;
	host.size = (size_t)(colon - word.text);
	number.text = colon + 1;
	number.size = word.size - host.size - 1;
	*family = 4;
	if (host.size >= 2 && host.text[0] == '[' &&
	    host.text[host.size - 1] == ']') {
		*family = 6;
		host.text++;
		host.size -= 2;
	}
	if (host.size >= sizeof(name) ||
	    !word_number(number, UINT16_MAX, &value))
		return false;
	memcpy(name, host.text, host.size);
	name[host.size] = '\0';
	memset(address, 0, 16);
	port[0] = (uint8_t)(value >> 8);
	port[1] = (uint8_t)value;
	return inet_pton(*family == 6 ? AF_INET6 : AF_INET, name, address) == 1;
}

static bool
flow_parse(struct word client, struct word service, struct session_key *key)
{
	struct session_key parsed = { .protocol = 6 };
	uint8_t family;

	if (!endpoint_parse(client, &parsed.family, parsed.client,
			    parsed.client_port) ||
	    !endpoint_parse(service, &family, parsed.service,
			    parsed.service_port) ||
	    family != parsed.family)
		return false;
	*key = parsed;
	return true;
}

bool
report_flow_parse(const char *client, const char *service,
		  struct session_key *key)
{
	return flow_parse((struct word){ client, strlen(client) },
			  (struct word){ service, strlen(service) }, key);
}

static bool
word_kind(struct word word, enum report_kind *kind)
{
	for (unsigned i = 0; i < REPORT_KINDS; i++) {
		if (word_is(word, kind_names[i])) {
			*kind = (enum report_kind)i;
			return true;
		}
	}
	return false;
}

static bool
word_either(struct word word, const char *yes, const char *no, bool *is)
{
	*is = word_is(word, yes);
	return *is || word_is(word, no);
}

static bool
lookup_parse(struct word asker, struct word what, struct report *report)
{
	unsigned i = 0;
	uint8_t port[2];

	while (i < ASKERS && !word_is(asker, asker_names[i]))
		i++;
	if (i == ASKERS)
		return false;
	report->asker = (enum node_asker)i;
	if (!report->ok)
		return word_either(what, "conclusive", "inconclusive",
				   &report->conclusive);
	if (!endpoint_parse(what, &report->owner.address.family,
			    report->owner.address.bytes, port))
		return false;
	report->owner.port = (uint16_t)(port[0] << 8 | port[1]);
	return true;
}

bool
report_parse(const char *line, struct report *report)
{
	struct word words[LOOKUP_FIELDS];
	struct report parsed = { .kind = REPORT_KINDS };
	uint64_t at, value, hops;
	bool lookup = strncmp(line, "lookup ", strlen("lookup ")) == 0;

	if (!split(line, words, lookup ? LOOKUP_FIELDS : FIELDS) ||
	    !word_kind(words[0], &parsed.kind) ||
	    !word_number(words[1], INT64_MAX, &at) ||
	    !word_number(words[2], INT64_MAX, &value) ||
	    !word_number(words[3], UINT32_MAX, &hops) ||
	    !word_either(words[4], "local", "remote", &parsed.local) ||
	    !word_either(words[5], "ok", "failed", &parsed.ok) ||
	    !flow_parse(words[6], words[7], &parsed.key) ||
	    (lookup && !lookup_parse(words[8], words[9], &parsed)))
		return false;
	parsed.at.ns = (int64_t)at;
	parsed.value = (int64_t)value;
	parsed.hops = (uint32_t)hops;
	*report = parsed;
	return true;
}
