/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.c - the table of verbs, and what every verb says alike
 */
#include "harness/verbs.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
	{ "run", verb_run, "run an experiment into the database",
	  "[--in sim|live] [--db FILE] [--jobs N] [--set KEY=VALUE]...\n"
	  "[--resume] [--check-determinism] [--trace DIR] [--json] SCENARIO",
	  "  --in WORLD            sim: simulate (the default); live: in a "
	  "lab of this\n"
	  "                        machine (root), one run after the other\n"
	  "  --db FILE             database to add to (results/homeward.db)\n"
	  "  --jobs N              points run at a time (as many as "
	  "processors;\n"
	  "                        under mpirun, on each rank: 1)\n"
	  "  --set KEY=VALUE       change a key; a list [a, b] sweeps it; may "
	  "be repeated\n"
	  "  --resume              skip points that the database has already\n"
	  "  --check-determinism   run each point twice and compare\n"
	  "  --trace DIR           write captures (pcap) of every port there\n"
	  "  --json                print the runs as JSON\n" },
	{ "validate", verb_validate, "check a scenario and print it in full",
	  "[--set KEY=VALUE]... [--quiet] [--json] SCENARIO...",
	  "  --set KEY=VALUE       change a key first; may be repeated\n"
	  "  --quiet               check only\n"
	  "  --json                print the points of the sweep as JSON\n" },
	{ "list", verb_list, "list scenarios with their titles",
	  "[--json] [FOLDER | SCENARIO]...",
	  "  --json                print them as JSON\n" },
	{ "describe", verb_describe, "explain the keys of a scenario",
	  "[--json] [KEY]",
	  "  --json                print the table as JSON\n"
	  "A KEY may be a section: `homeward describe dht`.\n" },
	{ "summary", verb_summary, "print what runs measured",
	  "[--db FILE] [--scenario NAME] [--pool KEY]...\n"
	  "[--phase converged|reroute] [--json]",
	  "  --db FILE             database to read (results/homeward.db)\n"
	  "  --scenario NAME       only its runs\n"
	  "  --pool KEY            runs that differ in it are of one series; "
	  "may be\n"
	  "                        repeated, may have * (events.*.target)\n"
	  "  --phase PHASE         only what was measured during a reroute, "
	  "or while\n"
	  "                        the fabric was converged\n"
	  "  --json                print it as JSON, times in nanoseconds\n" },
	{ "export", verb_export, "print tables for other programs",
	  "[--what VIEW] [--db FILE] [--scenario NAME] [--out FILE] [--json]",
	  "  --what VIEW           which table; without it, print their names\n"
	  "  --db FILE             database to read (results/homeward.db)\n"
	  "  --scenario NAME       only its runs\n"
	  "  --out FILE            there instead of standard output\n"
	  "  --json                an array of objects instead of tabs\n" },
	{ "fit", verb_fit, "fit T(n) = L log2 n and its rivals",
	  "[--metric METRIC] [--db FILE] [--scenario NAME] [--json]",
	  "  --metric METRIC       lookup, setting_first, setting_all, or "
	  "hops\n"
	  "                        (a lookup's rounds); all of them without "
	  "it\n"
	  "  --db FILE             database to read (results/homeward.db)\n"
	  "  --scenario NAME       only its runs\n"
	  "  --json                print the fits as JSON\n"
	  "Exit 4 when the data do not suffice for a conclusion.\n" },
	{ "compare", verb_compare, "compare simulated with live runs",
	  "[--db FILE] [--scenario NAME] [--pool KEY]...\n"
	  "[--metric METRIC]... [--phase converged|reroute] [--json]",
	  "  --db FILE             database to read (results/homeward.db)\n"
	  "  --scenario NAME       only its runs\n"
	  "  --pool KEY            runs that differ in it are of one series; "
	  "may be\n"
	  "                        repeated, may have * (events.*.target)\n"
	  "  --metric METRIC       setting_first, setting_all, detection, "
	  "lookup or\n"
	  "                        stall; may be repeated; all of them "
	  "without it\n"
	  "  --phase PHASE         only what was measured during a reroute, "
	  "or while\n"
	  "                        the fabric was converged\n"
	  "  --json                print all numbers as JSON, times in "
	  "nanoseconds\n"
	  "Exit 4 when there are too few values of one world (below 8).\n" },
	{ "plot", verb_plot, "draw the figures",
	  "[--db FILE] [--out DIR] [--scenario NAME] [--pool KEY]...\n"
	  "[--format svg|png] [--plots DIR] [--json] [FIGURE]...",
	  "  --db FILE             database to read (results/homeward.db)\n"
	  "  --out DIR             folder for figures and their tables "
	  "(results/plots)\n"
	  "  --scenario NAME       only its runs\n"
	  "  --pool KEY            runs that differ in it are of one series; "
	  "may be\n"
	  "                        repeated, may have * (events.*.target)\n"
	  "  --format svg|png      one format instead of both\n"
	  "  --plots DIR           where the .gp files are\n"
	  "  --json                print the names of the figures as JSON\n"
	  "FIGURE: setting, detection, lookup, hops, throughput, scaling,\n"
	  "compare.\n" },
	{ "gate", verb_gate, "compare small sweeps with their baseline",
	  "[--bless] [--baseline FILE] [--jobs N] [--set KEY=VALUE]...\n"
	  "[--json] [SCENARIO]...",
	  "  --bless               write the baseline instead\n"
	  "  --baseline FILE       what to compare with "
	  "(results/gate.baseline)\n"
	  "  --jobs N              points run at a time (as many as "
	  "processors)\n"
	  "  --set KEY=VALUE       change a key; may be repeated\n"
	  "  --json                print all that differs as JSON\n"
	  "SCENARIO: only these of the baseline; else gate, paper, storm, "
	  "drain and\n"
	  "ipv6 of folder scenarios. Exit 1 when anything differs.\n" },
	{ "replay", verb_replay, "push a capture's sessions through the core",
	  "[--move-at PACKET|TIME] [--move HOW] [--homeward on|off]\n"
	  "[--servers N] [--routing at-once|lab] [--mtu N] [--seed N]\n"
	  "[--out DIR] [--db FILE] [--json] CAPTURE\n"
	  "--decode [--secret FILE] [--json] CAPTURE",
	  "  --move-at PACKET      before that record, 12; or a time since "
	  "the\n"
	  "                        first: 1.5s, 200ms, 30us (half of the "
	  "records)\n"
	  "  --move HOW            drain: servers 2 and up announce, server 1\n"
	  "                        withdraws (the default); scale-out: "
	  "without\n"
	  "                        the latter; LINK, like leaf1-server1: all\n"
	  "                        announce, the link is cut; none\n"
	  "  --homeward on|off     off: plain kernels, for the control\n"
	  "  --servers N           2 to 1024 (4)\n"
	  "  --routing HOW         at-once (the default), or as slow as the "
	  "lab\n"
	  "  --mtu N               of all links (what the capture needs)\n"
	  "  --seed N              of addresses' positions and hashes (1)\n"
	  "  --out DIR             write captures (pcap) of every port there\n"
	  "  --db FILE             add a run to this database\n"
	  "  --json                print it as JSON\n"
	  "  --decode              play nothing; print our own datagrams, a "
	  "line each\n"
	  "  --secret FILE         the cluster's, to open them and check their "
	  "tags\n"
	  "A capture is any file that libpcap opens. Exit 3 when it breaks "
	  "off;\n"
	  "what came before that was played.\n" },
	{ "lab", verb_lab, "build a scenario's network on this machine",
	  "up|status|down [--name NAME] [--set KEY=VALUE]... [--json] "
	  "SCENARIO",
	  "  up                    namespaces, routers, web servers, daemons; "
	  "waits\n"
	  "                        until all of them work. An earlier lab of "
	  "that\n"
	  "                        name goes first\n"
	  "  status                routes, BGP sessions, daemons, a device a "
	  "line\n"
	  "  down                  remove all of it\n"
	  "  --name NAME           the lab's name, for devices hw-NAME-leaf1; "
	  "the\n"
	  "                        scenario's by default\n"
	  "  --set KEY=VALUE       change a key first (up); may be repeated\n"
	  "  --json                print the result as JSON\n"
	  "Needs root, FRR and nginx.\n" },
	{ "bench", verb_bench, "measure how fast this program is here", NULL,
	  NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct verb *
verb_table(void)
{
	return verbs;
}

const struct verb *
verb_find(const char *name)
{
	for (const struct verb *verb = verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

/* "a\nb" is two lines, the second under the first's arguments. */
void
verb_synopsis(const struct verb *verb, FILE *file)
{
	fprintf(file, "usage: homeward %s ", verb->name);
	for (const char *c = verb->synopsis; *c != '\0'; c++) {
		fputc(*c, file);
		if (*c == '\n')
			fprintf(file, "%*s", (int)strlen(verb->name) + 17, "");
	}
	fputc('\n', file);
}

int
verb_usage(const char *name, const char *format, ...)
{
	const struct verb *verb = verb_find(name);

	if (format != NULL) {
		va_list arguments;

		fprintf(stderr, "homeward %s: ", name);
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		fputc('\n', stderr);
	}
	if (verb != NULL && verb->synopsis != NULL)
		verb_synopsis(verb, stderr);
	fprintf(stderr, "try 'homeward %s --help'\n", name);
	return EXIT_USAGE;
}
