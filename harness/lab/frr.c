/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frr.c - FRR's configurations and processes
 *
 * A device's files are in the folder of its name in the lab's: zebra.conf,
 * bgpd.conf, bfdd.conf, logs, pids and the sockets of vtysh. FRR's daemons
 * become user frr, so the folder is frr's.
 *
 * Traps:
 *	With kernel nexthop objects (zebra's default) a member of a group whose
 *	link flapped never comes back.
 *	A server with two uplinks would carry transit between its leaves; it
 *	announces what is its own (AS path ^$) and nothing else.
 *	Different paths of equal length are no multipath unless as-path
 *	multipath-relax says so.
 *	The routers advertise themselves so that BGP finds its neighbour
 *	(RFC 4861): the default of 10 minutes would be a long flap.
 *
 * Daemons run at a higher priority: a lab has tens of them on few processors,
 * and one that is late by 150 ms loses its BFD sessions.
 */
#include "harness/lab/frr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/lab/process.h"
#include "harness/lab/wire.h"
#include "sim/engine/memory.h"

#define AS_BASE	 UINT32_C(4200000000) /* RFC 6996: private */
#define PRIORITY (-10)
/* What Debian's bgpd was made for, and no fewer than a lab's devices. */
#define PATHS_MAX 256

const char *
lab_frr_missing(void)
{
	static const char *const names[] = { "zebra", "bgpd", "bfdd", "vtysh" };
	static char text[64];
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (lab_process_find(names[i], path, sizeof(path)))
			continue;
		snprintf(text, sizeof(text), "no %s: apt install frr",
			 names[i]);
		return text;
	}
	if (getpwnam("frr") == NULL)
		return "no user frr: apt install frr";
	return NULL;
}

bool
lab_frr_is_router(const struct lab *lab, uint32_t device)
{
	return fabric_kind(lab->fabric, device) != DEVICE_CLIENT;
}

static bool
needs_bfd(const struct lab *lab)
{
	bool silence = false;

	for (uint32_t i = 0; i < lab->settings.fault_count; i++)
		silence |= lab->settings.faults[i].kind == FAULT_LINK_SILENT;
	return silence && lab->settings.routing.detection == DETECTION_BFD;
}

uint32_t
lab_frr_paths(const struct lab *lab)
{
	uint32_t most = lab->settings.routing.maximum_paths;

	return most > 0 && most < PATHS_MAX ? most : PATHS_MAX;
}

/* ---- configurations ---- */

/* The next device at whose end there is BGP, too; *i is the port to look at
 * first. FABRIC_NONE: no more. */
static uint32_t
neighbor_device(const struct lab *lab, uint32_t device, uint32_t *i)
{
	const struct fabric *fabric = lab->fabric;

	while (*i < fabric_ports(fabric, device)) {
		uint32_t port = fabric_port(fabric, device, (*i)++);
		uint32_t peer = fabric->ports[port].peer_device;

		if (lab_frr_is_router(lab, peer))
			return peer;
	}
	return FABRIC_NONE;
}

/* Its name, which is the interface's; NULL: no more. */
static const char *
neighbor_next(const struct lab *lab, uint32_t device, uint32_t *i)
{
	uint32_t peer = neighbor_device(lab, device, i);

	return peer == FABRIC_NONE ? NULL : lab->fabric->names[peer];
}

static void
zebra_print(const struct lab *lab, uint32_t device, FILE *file)
{
	const char *name;
	uint32_t i = 0;

	fprintf(file, "no zebra nexthop kernel enable\n");
	while ((name = neighbor_next(lab, device, &i)) != NULL)
		fprintf(file,
			"interface %s\n"
			" no ipv6 nd suppress-ra\n"
			" ipv6 nd ra-interval msec 1000\n"
			"exit\n",
			name);
}

static void
networks_print(const struct lab *lab, uint32_t device, FILE *file)
{
	uint8_t family = lab->settings.service.family;
	enum device_kind kind = fabric_kind(lab->fabric, device);
	struct address own = fabric_address(lab->fabric, device, family);
	struct address service = fabric_service(family);
	unsigned bits = family == 4 ? 32 : 128;
	char text[INET6_ADDRSTRLEN];

	fprintf(file, "  network %s/%u\n", lab_wire_text(&own, text), bits);
	if (kind == DEVICE_SERVER)
		fprintf(file, "  network %s/%u\n",
			lab_wire_text(&service, text), bits);
	if (kind == DEVICE_EDGE) {
		uint32_t client = fabric_device(lab->fabric, DEVICE_CLIENT, 0);
		struct address all =
			fabric_address(lab->fabric, client, family);

		/* All clients are of one prefix: see fabric.c. */
		memset(all.bytes + (family == 4 ? 2 : 6), 0,
		       family == 4 ? 2 : 10);
		fprintf(file, "  network %s/%d\n", lab_wire_text(&all, text),
			family == 4 ? 16 : 48);
	}
}

/* The default route goes from spines by leaves to servers and nowhere else. */
static void
default_print(const struct lab *lab, uint32_t device, FILE *file)
{
	enum device_kind kind = fabric_kind(lab->fabric, device);
	uint32_t peer, i = 0;

	if (kind == DEVICE_SPINE)
		fprintf(file, "  network %s\n",
			lab->settings.service.family == 4 ? "0.0.0.0/0"
							  : "::/0");
	if (kind != DEVICE_SPINE && kind != DEVICE_LEAF)
		return;
	while ((peer = neighbor_device(lab, device, &i)) != FABRIC_NONE) {
		enum device_kind to = fabric_kind(lab->fabric, peer);
		if (to != DEVICE_LEAF)
			fprintf(file, "  neighbor %s prefix-list %s out\n",
				lab->fabric->names[peer],
				to == DEVICE_SERVER ? "DEFAULT" : "OTHERS");
	}
}

static void
prefix_lists_print(const struct lab *lab, FILE *file)
{
	bool four = lab->settings.service.family == 4;
	const char *ip = four ? "ip" : "ipv6";
	const char *all = four ? "0.0.0.0/0" : "::/0";

	fprintf(file,
		"%s prefix-list DEFAULT seq 5 permit %s\n"
		"%s prefix-list OTHERS seq 5 deny %s\n"
		"%s prefix-list OTHERS seq 10 permit any\n",
		ip, all, ip, all, ip);
}

static void
bgpd_print(const struct lab *lab, uint32_t device, FILE *file)
{
	bool server = fabric_kind(lab->fabric, device) == DEVICE_SERVER;
	enum detection_kind detection = lab->settings.routing.detection;
	struct address own = fabric_address(lab->fabric, device, 4);
	char text[INET6_ADDRSTRLEN];
	const char *name;
	uint32_t i = 0;

	prefix_lists_print(lab, file);
	fprintf(file,
		"bgp as-path access-list OWN permit ^$\n"
		"router bgp %u\n"
		" bgp router-id %s\n"
		" bgp bestpath as-path multipath-relax\n"
		" no bgp ebgp-requires-policy\n"
		" no bgp network import-check\n"
		" no bgp default ipv4-unicast\n"
		" timers bgp %s\n"
		" neighbor FAB peer-group\n"
		" neighbor FAB remote-as external\n"
		" neighbor FAB advertisement-interval 0\n"
		" neighbor FAB timers connect 1\n",
		AS_BASE + 1 + device, lab_wire_text(&own, text),
		detection == DETECTION_CARRIER ? "60 180" : "1 3");
	if (needs_bfd(lab))
		fprintf(file, " neighbor FAB bfd\n"
			      " neighbor FAB bfd profile lab\n");
	while ((name = neighbor_next(lab, device, &i)) != NULL)
		fprintf(file, " neighbor %s interface peer-group FAB\n", name);
	fprintf(file, " address-family %s unicast\n",
		lab->settings.service.family == 4 ? "ipv4" : "ipv6");
	networks_print(lab, device, file);
	fprintf(file, "  neighbor FAB activate\n");
	if (server)
		fprintf(file, "  neighbor FAB filter-list OWN out\n");
	default_print(lab, device, file);
	fprintf(file,
		"  maximum-paths %u\n"
		" exit-address-family\n"
		"exit\n",
		lab_frr_paths(lab));
}

static void
bfdd_print(const struct lab *lab, uint32_t device, FILE *file)
{
	(void)lab;
	(void)device;
	fprintf(file, "bfd\n"
		      " profile lab\n"
		      "  transmit-interval 50\n"
		      "  receive-interval 50\n"
		      "  detect-multiplier 3\n"
		      " exit\n"
		      "exit\n");
}

/* ---- processes ---- */

typedef void print_function(const struct lab *, uint32_t device, FILE *);

static const struct program {
	const char *name;
	print_function *print;
	bool realtime;
} programs[] = {
	{ "zebra", zebra_print, false },
	{ "bgpd", bgpd_print, false },
	{ "bfdd", bfdd_print, true },
};

static void
folder_of(const struct lab *lab, uint32_t device, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", lab->folder, lab->fabric->names[device]);
}

/* FRR's user owns the folder; frrvty may use the sockets. */
static int
configuration_write(const struct lab *lab, uint32_t device,
		    const struct program *program)
{
	const struct passwd *frr = getpwnam("frr");
	char folder[LAB_PATH + 32], path[LAB_PATH + 64];
	FILE *file;

	folder_of(lab, device, folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/%s.conf", folder, program->name);
	if ((mkdir(folder, 0755) != 0 && errno != EEXIST) ||
	    chown(folder, frr->pw_uid, frr->pw_gid) != 0 ||
	    (file = fopen(path, "we")) == NULL)
		goto failed;
	fprintf(file, "hostname %s\nlog file %s/%s.log warnings\n",
		lab->fabric->names[device], folder, program->name);
	program->print(lab, device, file);
	if (fchown(fileno(file), frr->pw_uid, frr->pw_gid) != 0) {
		fclose(file);
		goto failed;
	}
	if (fclose(file) == 0)
		return 0;
failed:
	fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
	return -1;
}

static pid_t
program_start(const struct lab *lab, uint32_t device,
	      const struct program *program)
{
	char space[LAB_NETNS_NAME], folder[LAB_PATH + 32];
	char conf[LAB_PATH + 64], pid[LAB_PATH + 64], zserv[LAB_PATH + 64];
	char talk[LAB_PATH + 64], bfd[LAB_PATH + 64];
	const char *argv[] = {
		program->name, "-d",  "-f",	      conf,   "-i", pid,
		"-z",	       zserv, "--vty_socket", folder, "-A", "127.0.0.1",
		"-P",	       "0",   NULL,	      NULL,   NULL,
	};
	size_t count = 14;

	lab_wire_space(lab, device, space);
	folder_of(lab, device, folder, sizeof(folder));
	snprintf(conf, sizeof(conf), "%s/%s.conf", folder, program->name);
	snprintf(pid, sizeof(pid), "%s/%s.pid", folder, program->name);
	snprintf(talk, sizeof(talk), "%s/%s.talk", folder, program->name);
	snprintf(zserv, sizeof(zserv), "%s/zserv", folder);
	snprintf(bfd, sizeof(bfd), "%s/bfdd.sock", folder);
	if (strcmp(program->name, "bfdd") == 0) {
		argv[count++] = "--bfdctl";
		argv[count++] = bfd;
	}
	return lab_process_start(&(struct lab_process){
		.space = space,
		.argv = argv,
		.output = talk,
		.nice = PRIORITY,
		.realtime = program->realtime,
	});
}

/* The output of a program that failed. */
static void
talk_print(const struct lab *lab, uint32_t device, const char *program)
{
	char path[LAB_PATH + 96], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s.talk", lab->folder,
		 lab->fabric->names[device], program);
	fprintf(stderr, "homeward: %s of %s did not start\n", program,
		lab->fabric->names[device]);
	if ((file = fopen(path, "re")) == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		fprintf(stderr, "  %s", line);
	fclose(file);
}

/* On all devices at once; each goes to the background when it is ready. */
static int
program_start_all(const struct lab *lab, const struct program *program)
{
	uint32_t count = lab->fabric->device_count;
	pid_t *pids = memory_zeroed(count, sizeof(*pids));
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < count; i++) {
		if (!lab_frr_is_router(lab, i))
			continue;
		if (configuration_write(lab, i, program) != 0 ||
		    (pids[i] = program_start(lab, i, program)) < 0)
			code = -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (pids[i] <= 0 || lab_process_wait(pids[i]) == 0)
			continue;
		talk_print(lab, i, program->name);
		code = -1;
	}
	free(pids);
	return code;
}

int
lab_frr_start(const struct lab *lab)
{
	size_t count = needs_bfd(lab) ? 3 : 2;

	for (size_t i = 0; i < count; i++)
		if (program_start_all(lab, &programs[i]) != 0)
			return -1;
	return 0;
}

/* ---- a running one ---- */

void
lab_frr_command(const struct lab *lab, uint32_t server, bool announce,
		char command[LAB_FRR_COMMAND])
{
	uint8_t family = lab->settings.service.family;
	struct address service = fabric_service(family);
	char folder[LAB_PATH + 32], text[INET6_ADDRSTRLEN];

	folder_of(lab, server, folder, sizeof(folder));
	snprintf(command, LAB_FRR_COMMAND,
		 "vtysh --vty_socket %.*s -c 'configure terminal' "
		 "-c 'router bgp %u' -c 'address-family %s unicast' "
		 "-c '%snetwork %s/%d'",
		 LAB_PATH, folder, AS_BASE + 1 + server,
		 family == 4 ? "ipv4" : "ipv6", announce ? "" : "no ",
		 lab_wire_text(&service, text), family == 4 ? 32 : 128);
}

int
lab_frr_sessions(const struct lab *lab, uint32_t device, uint32_t *established,
		 uint32_t *all)
{
	static const char word[] = "\"state\":\"Established\"";
	bool four = lab->settings.service.family == 4;
	char folder[LAB_PATH + 32], path[LAB_PATH + 64], line[1024];
	const char *const argv[] = {
		"vtysh",
		"--vty_socket",
		folder,
		"-c",
		four ? "show bgp ipv4 unicast summary json"
		     : "show bgp ipv6 unicast summary json",
		NULL,
	};
	const struct lab_process process = { .argv = argv, .output = path };
	uint32_t i = 0;
	FILE *file;
	int code;

	*all = *established = 0;
	while (neighbor_next(lab, device, &i) != NULL)
		(*all)++;
	folder_of(lab, device, folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/summary", folder);
	(void)unlink(path);
	code = lab_process_run(&process);
	if ((file = fopen(path, "re")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, word) != NULL)
			(*established)++;
	fclose(file);
	return code == 0 ? 0 : -1;
}
