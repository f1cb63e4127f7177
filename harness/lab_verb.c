/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab_verb.c - `homeward lab`: a scenario's network to look at and play with
 *
 *	homeward lab up [--name NAME] [--set KEY=VALUE]... [--json] SCENARIO
 *	homeward lab status [--name NAME] [--json] SCENARIO
 *	homeward lab down [--name NAME] [--json] SCENARIO
 *
 * A lab's name is its scenario's unless --name says otherwise. status and
 * down need the name only: they take what is there, whatever has become of
 * the file.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/lab/daemon.h"
#include "harness/lab/frr.h"
#include "harness/lab/lab.h"
#include "harness/lab/route.h"
#include "harness/lab/wire.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sets.h"
#include "harness/verbs.h"

struct request {
	const char *what, *path, *name;
	char given[LAB_NAME]; /* what the path says */
	struct options_texts sets;
	bool json;
};

/* "scenarios/Paper_2.yaml": "paper-2". */
static void
name_from(char name[LAB_NAME], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t size = 0;

	path = slash == NULL ? path : slash + 1;
	for (; *path != '\0' && *path != '.' && size + 1 < LAB_NAME; path++) {
		int c = tolower((unsigned char)*path);

		if (isalnum(c))
			name[size++] = (char)c;
		else if (size > 0 && name[size - 1] != '-')
			name[size++] = '-';
	}
	while (size > 0 && name[size - 1] == '-')
		size--;
	name[size] = '\0';
}

static const char *
what_word(size_t index)
{
	static const char *const words[] = { "up", "status", "down", NULL };

	return words[index];
}

static const struct verb_option options[] = {
	{ "name", "NAME",
	  "the lab's name, for devices hw-NAME-leaf1; the scenario's by "
	  "default",
	  options_text, .at = offsetof(struct request, name) },
	SETS_OPTION(struct request, sets,
		    "change a key first (up); may be repeated"),
	{ "json", NULL, "print the result as JSON", options_flag,
	  .at = offsetof(struct request, json) },
	{ 0 },
};

static int
request_parse(int argc, char **argv, struct request *request)
{
	int count = options_read(&verb_lab, argc, argv, request);

	if (count < 0)
		return -count;
	if (count != 2)
		return usage_say(&verb_lab, count < 2
						    ? "up, down or status of "
						      "which scenario?"
						    : "one scenario at a time");
	request->what = argv[argc - 2];
	request->path = argv[argc - 1];
	name_from(request->given, request->path);
	if (request->name[0] == '\0')
		request->name = request->given;
	if (!lab_name_good(request->name))
		return usage_say(&verb_lab,
				 "--name takes up to %d of a-z, 0-9 and inner "
				 "dashes, not '%s'",
				 LAB_NAME - 1, request->name);
	return 0;
}

/* ---- status ---- */

struct row {
	uint32_t sessions, sessions_all; /* of BGP */
	uint32_t hops, hops_all; /* to the service */
	bool daemon, joined;
	uint32_t open; /* sessions of the daemon's */
};

static void
row_read(const struct lab *lab, uint32_t device, struct row *row)
{
	char *text = NULL;
	const char *open;

	*row = (struct row){ .sessions = 0 };
	if (!lab_frr_is_router(lab, device))
		return;
	(void)lab_frr_sessions(lab, device, &row->sessions, &row->sessions_all);
	(void)lab_route_service(lab, device, &row->hops, &row->hops_all);
	if (fabric_kind(lab->fabric, device) == DEVICE_SERVER &&
	    lab->settings.service.scheme == SCHEME_HOMEWARD)
		text = lab_daemon_ask(lab, device, "status json", true);
	if (text == NULL)
		return;
	row->daemon = true;
	row->joined = strstr(text, "\"joined\":true") != NULL;
	if ((open = strstr(text, "\"sessions\":")) != NULL)
		row->open = (uint32_t)strtoul(open + 11, NULL, 10);
	free(text);
}

static void
row_json(const struct lab *lab, uint32_t device, const struct row *row,
	 struct json *json)
{
	const struct fabric *fabric = lab->fabric;
	struct address own =
		fabric_address(fabric, device, lab->settings.service.family);
	enum device_kind kind = fabric_kind(fabric, device);
	char text[64];

	lab_wire_text(&own, text);
	json_object(json, NULL);
	json_text(json, "device", fabric->names[device]);
	json_text(json, "kind", fabric_kind_name(kind));
	json_text(json, "address", text);
	json_uint(json, "bgp_established", row->sessions);
	json_uint(json, "bgp", row->sessions_all);
	json_uint(json, "service_hops", row->hops);
	json_uint(json, "service_hops_expected", row->hops_all);
	if (kind == DEVICE_SERVER &&
	    lab->settings.service.scheme == SCHEME_HOMEWARD) {
		json_bool(json, "daemon", row->daemon);
		json_bool(json, "joined", row->joined);
		json_uint(json, "sessions", row->open);
	}
	json_end(json);
}

static void
row_print(const struct lab *lab, uint32_t device, const struct row *row)
{
	const struct fabric *fabric = lab->fabric;
	struct address own =
		fabric_address(fabric, device, lab->settings.service.family);
	enum device_kind kind = fabric_kind(fabric, device);
	bool daemon = kind == DEVICE_SERVER &&
		      lab->settings.service.scheme == SCHEME_HOMEWARD;
	char text[64], bgp[32] = "-", hops[32] = "-", open[16] = "-";

	lab_wire_text(&own, text);
	if (row->sessions_all > 0) {
		snprintf(bgp, sizeof(bgp), "%u/%u", row->sessions,
			 row->sessions_all);
		snprintf(hops, sizeof(hops), "%u/%u", row->hops, row->hops_all);
	}
	if (row->daemon)
		snprintf(open, sizeof(open), "%u", row->open);
	printf("%-10s %-18s %7s %7s  %-8s %8s\n", fabric->names[device], text,
	       bgp, kind == DEVICE_SERVER ? "local" : hops,
	       !daemon	      ? "-"
	       : !row->daemon ? "none"
	       : row->joined  ? "joined"
			      : "alone",
	       open);
}

static int
status_print(const struct request *request)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	struct lab lab;
	struct row row;

	if (lab_find(&lab, request->name) != 0) {
		fprintf(stderr, "homeward: there is no lab '%s'\n",
			request->name);
		return EXIT_RUNTIME;
	}
	if (request->json) {
		json_object(&json, NULL);
		json_text(&json, "lab", lab.name);
		json_text(&json, "folder", lab.folder);
		json_array(&json, "devices");
	} else {
		printf("%-10s %-18s %7s %7s  %-8s %8s\n", "device", "address",
		       "bgp", "service", "daemon", "sessions");
	}
	for (uint32_t i = 0; i < lab.fabric->device_count; i++) {
		row_read(&lab, i, &row);
		if (request->json)
			row_json(&lab, i, &row, &json);
		else
			row_print(&lab, i, &row);
	}
	if (request->json) {
		json_end(&json);
		json_end(&json);
		json_newline(&json);
		json_finish(&json);
	}
	lab_close(&lab);
	return EXIT_OK;
}

/* ---- up and down ---- */

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void
up_print(const struct request *request, const struct lab *lab, const char *url,
	 double wall_s)
{
	struct json json = json_begin(stdout, JSON_COMPACT);

	if (!request->json) {
		printf("%s is up: %u devices, %u links, in %.1f s\n"
		       "ip netns exec hw-%s-client1 curl '%s'\n",
		       lab->name, lab->fabric->device_count,
		       lab->fabric->link_count, wall_s, lab->name, url);
		return;
	}
	json_object(&json, NULL);
	json_text(&json, "lab", lab->name);
	json_text(&json, "folder", lab->folder);
	json_uint(&json, "devices", lab->fabric->device_count);
	json_uint(&json, "links", lab->fabric->link_count);
	json_text(&json, "url", url);
	json_fixed(&json, "wall_s", wall_s, 3);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
}

static int
up(const struct request *request)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	double began = seconds_now();
	char url[256], error[256];
	struct lab lab;
	int code;

	if (scenario == NULL)
		return EXIT_RUNTIME;
	code = scenario_load(scenario, request->path, request->sets.text,
			     request->sets.count);
	if (code == 0 &&
	    lab_possible(&scenario->settings, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward: %s: %s\n", request->path, error);
		code = EXIT_USAGE;
	}
	if (code == 0 && lab_up(&lab, request->name, &scenario->settings) != 0)
		code = EXIT_RUNTIME;
	if (code == 0) {
		const struct client_settings *clients = &lab.settings.clients;

		lab_url(&lab, clients->size_bytes, clients->pace_bps, false,
			url, sizeof(url));
		up_print(request, &lab, url, seconds_now() - began);
		lab_close(&lab);
	}
	scenario_release(scenario);
	free(scenario);
	return code;
}

static int
down(const struct request *request)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	int count = lab_down(request->name);

	if (count < 0)
		return EXIT_RUNTIME;
	if (request->json) {
		json_object(&json, NULL);
		json_text(&json, "lab", request->name);
		json_int(&json, "removed", count);
		json_end(&json);
		json_newline(&json);
		json_finish(&json);
	} else if (count == 0) {
		printf("there was no lab '%s'\n", request->name);
	} else {
		printf("%s is down: %d namespaces removed\n", request->name,
		       count);
	}
	return EXIT_OK;
}

static int
request_do(const struct request *request)
{
	if (strcmp(request->what, "up") == 0)
		return up(request);
	if (strcmp(request->what, "status") == 0)
		return status_print(request);
	if (strcmp(request->what, "down") == 0)
		return down(request);
	return usage_say(&verb_lab, "up, down or status, not '%s'",
			 request->what);
}

static int
lab_run(int argc, char **argv)
{
	struct request request = { .what = "", .path = "", .name = "" };
	int code = request_parse(argc, argv, &request);

	if (code == 0)
		code = request_do(&request);
	free(request.sets.text);
	return code;
}

const struct verb verb_lab = {
	.name = "lab",
	.summary = "build a scenario's network on this machine",
	.run = lab_run,
	.options = options,
	.operands = "up|status|down SCENARIO",
	.most = -1,
	.kind = USAGE_SCENARIO,
	.word = what_word,
	.notes = "  up                    namespaces, routers, web servers, "
		 "daemons; waits\n"
		 "                        until all of them work. An earlier "
		 "lab of that\n"
		 "                        name goes first\n"
		 "  status                routes, BGP sessions, daemons, a "
		 "device a line\n"
		 "  down                  remove all of it\n"
		 "Needs root, FRR and nginx.\n",
};
