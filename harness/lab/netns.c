/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netns.c - namespaces by name, processes by namespace
 *
 * Which namespace a process is in, /proc/PID/ns/net says: device and inode of
 * that file equal those of the bind mount. One walk through /proc serves all
 * namespaces of a lab; `ip netns pids` walks once for each.
 *
 * A process may fork while we walk, so we walk until no process is left.
 */
#include "harness/lab/netns.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/engine/memory.h"
#include "sim/model/fabric.h"

#define FOLDER "/run/netns"

void
lab_netns_name(char name[LAB_NETNS_NAME], const char *lab, const char *device)
{
	int size = snprintf(name, LAB_NETNS_NAME, "hw-%s-%s", lab, device);

	assert(size > 0 && size < LAB_NETNS_NAME);
	(void)size;
}

int
lab_netns_open(const char *name)
{
	char path[sizeof(FOLDER) + LAB_NETNS_NAME];

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
lab_netns_enter(const char *name)
{
	int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = lab_netns_open(name);

	if (before < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0) {
		int error = errno;

		if (before >= 0)
			close(before);
		if (there >= 0)
			close(there);
		errno = error;
		return -1;
	}
	close(there);
	return before;
}

void
lab_netns_leave(int before)
{
	/* Without a way back, all that this process does from now on would
	 * happen in the wrong namespace. */
	if (setns(before, CLONE_NEWNET) != 0)
		abort();
	close(before);
}

/* ---- names and processes of a lab ---- */

static bool
is_device(const char *name)
{
	if (strcmp(name, LAB_NETNS_RELAY) == 0)
		return true;
	for (unsigned i = 0; i < DEVICE_KINDS; i++) {
		const char *kind = fabric_kind_name((enum device_kind)i);
		size_t size = strlen(kind);
		const char *number = name + size;

		if (strncmp(name, kind, size) != 0 || *number == '\0')
			continue;
		while (isdigit((unsigned char)*number))
			number++;
		if (*number == '\0')
			return true;
	}
	return false;
}

static bool
is_of(const char *lab, const char *name)
{
	size_t size = strlen(lab);

	return strlen(name) < LAB_NETNS_NAME && strncmp(name, "hw-", 3) == 0 &&
	       strncmp(name + 3, lab, size) == 0 && name[3 + size] == '-' &&
	       is_device(name + 3 + size + 1);
}

uint32_t
lab_netns_list(const char *lab, char (**names)[LAB_NETNS_NAME])
{
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	uint32_t count = 0;

	*names = memory_zeroed(1, sizeof(**names));
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (!is_of(lab, entry->d_name))
			continue;
		*names = memory_grown(*names, count + 1, sizeof(**names));
		snprintf((*names)[count++], LAB_NETNS_NAME, "%.*s",
			 LAB_NETNS_NAME - 1, entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
	return count;
}

/* ---- processes ---- */

struct space_id {
	dev_t device;
	ino_t inode;
};

static bool
id_of(int folder, const char *path, struct space_id *id)
{
	struct stat status;

	if (fstatat(folder, path, &status, 0) != 0)
		return false;
	*id = (struct space_id){ status.st_dev, status.st_ino };
	return true;
}

bool
lab_netns_has(const char *name, pid_t pid)
{
	char path[sizeof(FOLDER) + LAB_NETNS_NAME];
	struct space_id space, process;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	if (!id_of(AT_FDCWD, path, &space))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return id_of(AT_FDCWD, path, &process) &&
	       process.device == space.device && process.inode == space.inode;
}

static uint32_t
ids_of(const char *lab, struct space_id **ids)
{
	char(*names)[LAB_NETNS_NAME];
	uint32_t names_count = lab_netns_list(lab, &names), count = 0;
	struct space_id ours = { 0, 0 };

	/* A name whose bind mount never came to be is a plain file; one that
	 * names our own namespace is not to be emptied. */
	(void)id_of(AT_FDCWD, "/proc/self/ns/net", &ours);
	*ids = memory_zeroed(names_count, sizeof(**ids));
	for (uint32_t i = 0; i < names_count; i++) {
		char path[sizeof(FOLDER) + LAB_NETNS_NAME];
		struct space_id *id = &(*ids)[count];

		snprintf(path, sizeof(path), FOLDER "/%s", names[i]);
		if (id_of(AT_FDCWD, path, id) && id->device == ours.device &&
		    id->inode != ours.inode)
			count++;
	}
	free(names);
	return count;
}

/* Every process in one of the namespaces gets the signal; 0: only counted. */
static uint32_t
processes_signal(const struct space_id *ids, uint32_t id_count, int signal)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint32_t count = 0;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char path[300];
		struct space_id id;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/ns/net", entry->d_name);
		if (!id_of(dirfd(folder), path, &id))
			continue; /* a zombie has none */
		for (uint32_t i = 0; i < id_count; i++) {
			if (ids[i].inode != id.inode ||
			    ids[i].device != id.device)
				continue;
			kill((pid_t)strtol(entry->d_name, NULL, 10), signal);
			count++;
			break;
		}
	}
	if (folder != NULL)
		closedir(folder);
	return count;
}

static void
sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

uint32_t
lab_netns_empty(const char *lab, uint32_t patience_ms)
{
	struct space_id *ids;
	uint32_t id_count = ids_of(lab, &ids);
	uint32_t count = 0;

	if (id_count > 0)
		count = processes_signal(ids, id_count, SIGTERM);
	if (count > 0) {
		for (uint32_t waited_ms = 0;
		     waited_ms < patience_ms &&
		     processes_signal(ids, id_count, 0) > 0;
		     waited_ms += 20)
			sleep_ms(20);
		/* The second round ends what the first left to fork. */
		for (int i = 0;
		     i < 200 && processes_signal(ids, id_count, SIGKILL) > 0;
		     i++)
			sleep_ms(10);
	}
	free(ids);
	return count;
}

uint32_t
lab_netns_remove(const char *lab)
{
	char(*names)[LAB_NETNS_NAME];
	uint32_t count = lab_netns_list(lab, &names);

	for (uint32_t i = 0; i < count; i++) {
		char path[sizeof(FOLDER) + LAB_NETNS_NAME];

		snprintf(path, sizeof(path), FOLDER "/%s", names[i]);
		umount2(path, MNT_DETACH);
		unlink(path);
	}
	free(names);
	return count;
}
