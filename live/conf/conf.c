/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.c - the file around the directives (directive.h)
 *
 * All errors of one file are reported, not only the first. The order of
 * directives means nothing, so what hangs together is checked at the end, and
 * only when each directive by itself was right; such a complaint points at the
 * later one of the two.
 *
 * The outer packets between servers have the family of `address`, so all
 * servers of a cluster have addresses of one family. What is inside may be of
 * either: services of IPv4 and of IPv6 go through the same tunnel.
 */
#include "live/conf/conf.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "live/conf/did_you_mean.h"
#include "live/conf/directive.h"
#include "live/conf/remarks.h"

#define FILE_MAX (1 << 20)

void
conf_default(struct conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->self.port = 7000;
	strcpy(conf->tun, "homeward0");
	strcpy(conf->control, "/run/homeward/control");
	strcpy(conf->state, "/run/homeward/sessions");
	strcpy(conf->boot, "/var/lib/homeward/boot");
	strcpy(conf->user, "nobody");
	conf->linger_ns = 5 * NS_PER_S;
	conf->sessions_max = 65536;
	conf->peers_max = 4096;
	conf->records_max = 262144;
	conf->flows_max = 65536;
	conf->trace_lines_per_s = 100;
	node_settings_default(&conf->node);
	steer_settings_default(&conf->steer);
}

static const struct directive *
directive_named(struct directive_reader *reader, const struct word *word)
{
	struct did_you_mean did_you_mean = did_you_mean_start(word->text);
	char hint[96];

	for (uint32_t i = 0; i < directive_count; i++) {
		if (strcmp(directives[i].name, word->text) == 0)
			return &directives[i];
		did_you_mean_offer(&did_you_mean, directives[i].name);
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	directive_complain(
		reader, (struct mark){ reader->tokenizer.line, word->column },
		"unknown directive '%s'%s", word->text, hint);
	return NULL;
}

static bool
is_many(const struct directive *directive)
{
	return directive->kind == DIRECTIVE_SERVICE ||
	       directive->kind == DIRECTIVE_UPLINK ||
	       directive->kind == DIRECTIVE_PEER;
}

static void
line_read(struct directive_reader *reader)
{
	const struct tokenizer *tokenizer = &reader->tokenizer;
	const struct directive *directive =
		directive_named(reader, &tokenizer->words[0]);

	if (directive == NULL)
		return;
	struct mark *mark = &reader->marks[directive - directives];
	if (mark->line != 0 && !is_many(directive)) {
		directive_complain(reader,
				   (struct mark){ tokenizer->line,
						  tokenizer->words[0].column },
				   "'%s' again; it is in line %u already",
				   directive->name, mark->line);
		return;
	}
	*mark = (struct mark){
		.line = tokenizer->line,
		.column = tokenizer->words[tokenizer->count > 1].column,
	};
	directive_read(reader, directive);
}

/*
 * What hangs together
 */

/* Of two single directives, the one that stands later. */
static struct mark
later(const struct directive_reader *reader, const char *a, const char *b)
{
	struct mark last = { .line = 1, .column = 1 };

	for (uint32_t i = 0; i < directive_count; i++) {
		const struct mark *mark = &reader->marks[i];
		if ((strcmp(directives[i].name, a) == 0 ||
		     strcmp(directives[i].name, b) == 0) &&
		    mark->line >= last.line)
			last = *mark;
	}
	return last;
}

static void
values_check(struct directive_reader *reader)
{
	const struct conf *conf = reader->conf;
	const struct node_settings *node = &conf->node;
	const struct {
		bool wrong;
		const char *a, *b;
		const char *why;
	} rules[] = {
		{ node->alpha > node->k, "alpha", "k",
		  "'alpha' must not exceed 'k'" },
		{ node->replicas > node->k, "replicas", "k",
		  "'replicas' must not exceed 'k'" },
		{ node->timeout_floor_ns > node->timeout_cap_ns,
		  "timeout-floor", "timeout-cap",
		  "'timeout-floor' must not exceed 'timeout-cap'" },
		{ node->refresh_ns > 0 &&
			  node->refresh_ns < NODE_PERIOD_LEAST_NS,
		  "refresh", "refresh",
		  "'refresh' must be 0 or at least 100ms" },
		{ node->watch_ns > 0 && node->watch_ns < NODE_PERIOD_LEAST_NS,
		  "watch", "watch", "'watch' must be 0 or at least 100ms" },
		{ conf->self.port == conf->steer.gue_port, "port", "gue-port",
		  "'port' and 'gue-port' must differ" },
		{ strcmp(conf->control, conf->state) == 0, "control", "state",
		  "'control' and 'state' must differ" },
		{ strcmp(conf->secret, conf->state) == 0, "secret", "state",
		  "'secret' and 'state' must differ" },
		{ strcmp(conf->secret, conf->control) == 0, "secret", "control",
		  "'secret' and 'control' must differ" },
		{ strcmp(conf->boot, conf->state) == 0, "boot", "state",
		  "'boot' and 'state' must differ" },
		{ strcmp(conf->boot, conf->control) == 0, "boot", "control",
		  "'boot' and 'control' must differ" },
		{ strcmp(conf->boot, conf->secret) == 0, "boot", "secret",
		  "'boot' and 'secret' must differ" },
		{ (conf->withdraw[0] == '\0') != (conf->announce[0] == '\0'),
		  "withdraw", "announce",
		  "'withdraw' and 'announce' belong together" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].wrong)
			directive_complain(
				reader, later(reader, rules[i].a, rules[i].b),
				"%s", rules[i].why);
	}
}

static void
services_check(struct directive_reader *reader)
{
	const struct conf *conf = reader->conf;

	for (uint32_t i = 0; i < conf->service_count; i++) {
		const struct steer_service *service = &conf->services[i];

		if (address_equal(&service->address, &conf->self.address))
			directive_complain(reader, reader->services[i],
					   "a service's address is anycast, "
					   "this is the server's own");
		for (uint32_t j = 0; j < i; j++) {
			if (service->port != conf->services[j].port ||
			    !address_equal(&service->address,
					   &conf->services[j].address))
				continue;
			directive_complain(reader, reader->services[i],
					   "this service is in line %u already",
					   reader->services[j].line);
			break;
		}
	}
}

static void
peers_check(struct directive_reader *reader)
{
	struct conf *conf = reader->conf;

	for (uint32_t i = 0; i < conf->peer_count; i++) {
		struct endpoint *peer = &conf->peers[i];

		if (peer->port == 0)
			peer->port = conf->self.port;
		if (peer->address.family != conf->self.address.family)
			directive_complain(reader, reader->peers[i],
					   "a peer must be IPv%u, as the "
					   "server's own address is",
					   conf->self.address.family);
		for (uint32_t j = 0; j < i; j++) {
			if (peer->port != conf->peers[j].port ||
			    !address_equal(&peer->address,
					   &conf->peers[j].address))
				continue;
			directive_complain(reader, reader->peers[i],
					   "this peer is in line %u already",
					   reader->peers[j].line);
			break;
		}
	}
}

static void
uplinks_check(struct directive_reader *reader)
{
	const struct conf *conf = reader->conf;

	for (uint32_t i = 0; i < conf->uplink_count; i++) {
		if (strcmp(conf->uplinks[i], conf->tun) == 0)
			directive_complain(reader, reader->uplinks[i],
					   "'%s' is the name of our own TUN "
					   "device",
					   conf->tun);
		for (uint32_t j = 0; j < i; j++) {
			if (strcmp(conf->uplinks[i], conf->uplinks[j]) == 0)
				directive_complain(
					reader, reader->uplinks[i],
					"this uplink is in line %u already",
					reader->uplinks[j].line);
		}
	}
}

static void
missing_check(struct directive_reader *reader)
{
	for (uint32_t i = 0; i < directive_count; i++) {
		if (directives[i].required && reader->marks[i].line == 0)
			directive_complain(
				reader,
				(struct mark){ reader->tokenizer.line, 1 },
				"the file ends without '%s'",
				directives[i].name);
	}
}

int
conf_parse(struct conf *conf, const char *path, const char *bytes, size_t size,
	   FILE *talk)
{
	struct conf fresh, plain;
	struct directive_reader reader; /* 12 KiB */
	int result;

	conf_default(&fresh);
	memset(&reader, 0, sizeof(reader));
	reader.conf = &fresh;
	reader.path = path;
	reader.talk = talk;
	tokenizer_start(&reader.tokenizer, bytes, size);
	while ((result = tokenizer_next(&reader.tokenizer)) != 0) {
		if (result == 1)
			line_read(&reader);
		else
			directive_complain(
				&reader,
				(struct mark){
					reader.tokenizer.line,
					reader.tokenizer.problem_column },
				"%s", reader.tokenizer.problem);
	}
	missing_check(&reader);
	if (reader.problems == 0) {
		values_check(&reader);
		services_check(&reader);
		peers_check(&reader);
		uplinks_check(&reader);
	}
	if (reader.problems > DIRECTIVE_PROBLEMS)
		fprintf(talk, "%s: and %u more\n", path,
			reader.problems - DIRECTIVE_PROBLEMS);
	if (reader.problems > 0)
		return -1;
	conf_default(&plain);
	remarks_make(&reader, &plain);
	*conf = fresh;
	return 0;
}

int
conf_load(struct conf *conf, const char *path, FILE *talk)
{
	FILE *file = fopen(path, "re");
	char *bytes = malloc(FILE_MAX + 1);
	size_t size = 0;
	int error = 0, result = -1;

	if (file == NULL || bytes == NULL) {
		error = errno;
	} else {
		size = fread(bytes, 1, FILE_MAX + 1, file);
		if (ferror(file))
			error = errno;
		else if (size > FILE_MAX)
			error = EFBIG;
	}
	if (error != 0)
		fprintf(talk, "%s: %s\n", path, strerror(error));
	else
		result = conf_parse(conf, path, bytes, size, talk);
	free(bytes);
	if (file != NULL)
		fclose(file);
	return result;
}

void
conf_print(const struct conf *conf, FILE *file)
{
	for (uint32_t i = 0; i < directive_count; i++)
		directive_print(&directives[i], conf, file);
}

const char *
conf_fixed(const struct conf *from, const struct conf *to)
{
	for (uint32_t i = 0; i < directive_count; i++) {
		if (directives[i].fixed &&
		    !directive_same(&directives[i], from, to))
			return directives[i].name;
	}
	return NULL;
}
