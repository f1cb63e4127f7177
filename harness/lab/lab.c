/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab.c - a lab comes up, is found again, and goes
 *
 *	up	what an earlier one left goes; folder; namespaces, links and
 *		addresses (wire.c); the relay of slow links; FRR; nginx
 *		while BGP converges; daemons
 *	find	the folder's file `settings` has every key of the scenario, so
 *		that the fabric can be built again
 *	down	processes, then names, then the folder
 *
 * A lab outlives its maker: none of its processes is our child, and
 * nothing of it is kept in memory only.
 */
#include "harness/lab/lab.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/lab/daemon.h"
#include "harness/lab/frr.h"
#include "harness/lab/process.h"
#include "harness/lab/relay.h"
#include "harness/lab/relayed.h"
#include "harness/lab/route.h"
#include "harness/lab/web.h"
#include "harness/lab/wire.h"
#include "harness/scenario/key.h"
#include "sim/engine/memory.h"
#include "sim/scheme/schemes.h"

#define ROOT	      "/run/homeward"
#define CONVERGE_NS   (120 * NS_PER_S)
#define DEVICES_MAX   256
#define BLOB_MAX      (UINT64_C(8) << 30)
#define PATIENCE_MS   500
#define SETTINGS_FILE "settings"

/* ---- may it be ---- */

/* In a child, for there is no way back that cannot fail. */
static bool
spaces_allowed(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

const char *
lab_missing(void)
{
	char path[4096];
	const char *missing;

	if (geteuid() != 0)
		return "not root";
	if (!lab_process_find("ip", path, sizeof(path)))
		return "no ip: apt install iproute2";
	missing = lab_frr_missing();
	if (missing == NULL)
		missing = lab_web_missing();
	if (missing != NULL)
		return missing;
	if (!spaces_allowed())
		return "no network namespaces";
	if (access("/proc/sys/net/ipv4/fib_multipath_hash_seed", W_OK) != 0)
		return "no seeds of multipath hashes (fib_multipath_hash_seed, "
		       "Linux 6.11)";
	return NULL;
}

static uint32_t
devices_of(const struct fabric_settings *fabric)
{
	return fabric->servers + fabric->clients + 1 + fabric->exits +
	       fabric->pods * (fabric->spines + fabric->leaves);
}

int
lab_possible(const struct settings *settings, char *error, size_t error_size)
{
	const struct fabric_settings *fabric = &settings->fabric;
	char refusal[KEY_ERROR];

	if (key_lab_refuses(settings, refusal) != NULL)
		snprintf(error, error_size, "%s", refusal);
	else if (fabric->servers > LAB_SERVERS_MAX)
		snprintf(error, error_size,
			 "fabric.servers: %u; a lab has at most %d",
			 fabric->servers, LAB_SERVERS_MAX);
	else if (fabric->pods > DEVICES_MAX || fabric->spines > DEVICES_MAX ||
		 fabric->leaves > DEVICES_MAX || fabric->exits > DEVICES_MAX ||
		 fabric->clients > DEVICES_MAX ||
		 devices_of(fabric) > DEVICES_MAX)
		snprintf(error, error_size,
			 "fabric: a lab has at most %d devices", DEVICES_MAX);
	else if (!schemes_in_lab(settings->service.scheme))
		snprintf(error, error_size,
			 "service.scheme: %s is simulated only",
			 schemes_name(settings->service.scheme));
	else if (lab_web_bytes(settings) > BLOB_MAX)
		snprintf(error, error_size,
			 "clients.size: a lab serves at most 8 GiB");
	else
		return 0;
	return -1;
}

bool
lab_name_good(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size >= LAB_NAME || name[0] == '-' ||
	    name[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isdigit((unsigned char)name[i]) &&
		    !(name[i] >= 'a' && name[i] <= 'z') && name[i] != '-')
			return false;
	return true;
}

/* ---- what is written down ---- */

static int
settings_write(const struct lab *lab)
{
	const struct key_table *table = key_settings();
	char path[LAB_PATH + 16], text[KEY_TEXT];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" SETTINGS_FILE, lab->folder);
	if ((file = fopen(path, "we")) == NULL)
		return -1;
	for (size_t i = 0; i < table->count; i++) {
		if (table->keys[i].type == KEY_SIZES)
			continue;
		key_format(&table->keys[i], &lab->settings, text);
		fprintf(file, "%s %s\n", table->keys[i].path, text);
	}
	return fclose(file);
}

static int
settings_read(struct lab *lab)
{
	char path[LAB_PATH + 16], line[256], error[KEY_ERROR];
	FILE *file;
	int code = 0;

	settings_default(&lab->settings);
	snprintf(path, sizeof(path), "%s/" SETTINGS_FILE, lab->folder);
	if ((file = fopen(path, "re")) == NULL)
		return -1;
	while (code == 0 && fgets(line, sizeof(line), file) != NULL) {
		char *blank = strchr(line, ' ');
		struct key_place place;

		line[strcspn(line, "\n")] = '\0';
		if (blank == NULL)
			continue;
		*blank = '\0';
		place = key_named(line);
		if (place.key == NULL || key_place_set(&place, &lab->settings,
						       blank + 1, error) != 0)
			code = -1;
	}
	fclose(file);
	return code;
}

/* ---- up ---- */

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int
folder_make(const struct lab *lab)
{
	if ((mkdir(ROOT, 0755) == 0 || errno == EEXIST) &&
	    mkdir(lab->folder, 0755) == 0 && settings_write(lab) == 0)
		return 0;
	fprintf(stderr, "homeward: %s: %s\n", lab->folder, strerror(errno));
	return -1;
}

static int
relay_start(const struct lab *lab)
{
	uint32_t links = lab->fabric->link_count, count = 0;
	struct lab_relay_link *slow = memory_zeroed(links, sizeof(*slow));
	char space[LAB_NETNS_NAME];
	int code = 0;

	for (uint32_t i = 0; i < links; i++) {
		if (!lab_wire_is_slow(lab, i))
			continue;
		slow[count++] = (struct lab_relay_link){
			.number = i,
			.settings = &lab->relayed[i],
		};
	}
	lab_netns_name(space, lab->name, LAB_NETNS_RELAY);
	if (count > 0)
		code = lab_relay_start(space, slow, count, lab->settings.seed);
	free(slow);
	return code;
}

static int
steps_do(struct lab *lab)
{
	if (folder_make(lab) != 0 || lab_wire_make(lab) != 0 ||
	    relay_start(lab) != 0 || lab_frr_start(lab) != 0 ||
	    lab_web_start(lab) != 0 || lab_route_open(lab) != 0 ||
	    lab_route_wait(lab, now_ns() + CONVERGE_NS) != 0)
		return -1;
	return lab->settings.service.scheme == SCHEME_HOMEWARD
		       ? lab_daemon_start_all(lab)
		       : 0;
}

static int
lab_init(struct lab *lab, const char *name)
{
	if (!lab_name_good(name)) {
		fprintf(stderr,
			"homeward: a lab's name is at most %d of a-z, 0-9 and "
			"-, not '%s'\n",
			LAB_NAME - 1, name);
		return -1;
	}
	*lab = (struct lab){ .fabric = NULL };
	snprintf(lab->name, sizeof(lab->name), "%s", name);
	snprintf(lab->folder, sizeof(lab->folder), ROOT "/%s", name);
	return 0;
}

int
lab_up(struct lab *lab, const char *name, const struct settings *settings)
{
	const char *missing = lab_missing();
	char error[256];

	if (lab_init(lab, name) != 0)
		return -1;
	if (missing != NULL) {
		fprintf(stderr, "homeward: no lab here: %s\n", missing);
		return -1;
	}
	lab->settings = *settings;
	if (lab_possible(settings, error, sizeof(error)) != 0 ||
	    fabric_create(&lab->fabric, &settings->fabric, error,
			  sizeof(error)) != 0) {
		fprintf(stderr, "homeward: %s\n", error);
		return -1;
	}
	lab->relayed = lab_relayed_create(lab->fabric, settings);
	if (lab->relayed == NULL || lab_down(name) < 0 || steps_do(lab) != 0) {
		lab_close(lab);
		lab_down(name);
		return -1;
	}
	return 0;
}

int
lab_find(struct lab *lab, const char *name)
{
	char error[256];

	if (lab_init(lab, name) != 0 || settings_read(lab) != 0 ||
	    fabric_create(&lab->fabric, &lab->settings.fabric, error,
			  sizeof(error)) != 0 ||
	    lab_route_open(lab) != 0) {
		lab_close(lab);
		return -1;
	}
	return 0;
}

void
lab_close(struct lab *lab)
{
	lab_route_close(lab);
	lab_relayed_destroy(lab->relayed, lab->fabric);
	lab->relayed = NULL;
	fabric_destroy(lab->fabric);
	lab->fabric = NULL;
}

/* ---- down ---- */

static int
entry_remove(const char *path, const struct stat *status, int kind,
	     struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

int
lab_down(const char *name)
{
	struct lab lab;
	uint32_t count;

	if (lab_init(&lab, name) != 0)
		return -1;
	lab_netns_empty(name, PATIENCE_MS);
	count = lab_netns_remove(name);
	if (nftw(lab.folder, entry_remove, 16,
		 FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 &&
	    errno != ENOENT) {
		fprintf(stderr, "homeward: %s: %s\n", lab.folder,
			strerror(errno));
		return -1;
	}
	return (int)count;
}

/* ---- parts of it, for others ---- */

int
lab_namespace(const struct lab *lab, uint32_t device)
{
	char name[LAB_NETNS_NAME];

	lab_wire_space(lab, device, name);
	return lab_netns_open(name);
}

int
lab_link_settings(const struct lab *lab, uint32_t link,
		  const struct link_settings *settings)
{
	const struct link_settings *usual =
		fabric_link_settings(lab->fabric, link);

	if (lab->relayed != NULL && lab->relayed[link].used) {
		lab_relayed_set(&lab->relayed[link], usual, settings);
		return 0;
	}
	return lab_relayed_same(settings, usual) ? 0 : -ENOENT;
}

pid_t
lab_spawn(const struct lab *lab, uint32_t device, const char *const *argv,
	  const char *output)
{
	char space[LAB_NETNS_NAME];

	lab_wire_space(lab, device, space);
	return lab_process_start(&(struct lab_process){
		.space = space,
		.argv = argv,
		.output = output,
	});
}
