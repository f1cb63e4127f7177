/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon.c - homewardd's configurations and lives
 *
 * The pid that we started is in daemon.pid: the daemon's helper (helper.h) is
 * a second process of the same program in the same namespace and must not be
 * taken for it.
 */
#include "harness/lab/daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/lab/frr.h"
#include "harness/lab/process.h"
#include "harness/lab/wire.h"
#include "live/conf/conf.h"
#include "live/conf/secret.h"
#include "sim/engine/memory.h"

#define PEERS	3
#define JOIN_MS 20000
/* Of a drain or its end, each a tenth of a second. */
#define DRAIN_TRIES 100
#define ANSWER_S    5
#define ANSWER_MAX  (1 << 20)

/* ---- files ---- */

/* The daemon's own folder, for it writes there as its own user. */
static void
folder_of(const struct lab *lab, uint32_t server, char path[LAB_PATH])
{
	snprintf(path, LAB_PATH, "/run/homeward/%s/%s/daemon", lab->name,
		 lab->fabric->names[server]);
}

static void
file_of(const struct lab *lab, uint32_t server, const char *name,
	char path[LAB_PATH])
{
	snprintf(path, LAB_PATH, "/run/homeward/%s/%s/daemon/%s", lab->name,
		 lab->fabric->names[server], name);
}

static void
secret_of(const struct lab *lab, char path[LAB_PATH])
{
	snprintf(path, LAB_PATH, "/run/homeward/%s/secret", lab->name);
}

void
lab_control_path(const struct lab *lab, uint32_t server, char path[LAB_PATH])
{
	file_of(lab, server, "control", path);
}

static void
conf_fill(const struct lab *lab, uint32_t server, struct conf *conf)
{
	const struct fabric *fabric = lab->fabric;
	const struct service_settings *service = &lab->settings.service;
	uint32_t servers = fabric->settings.servers;

	conf_default(conf);
	conf->self.address = fabric_address(fabric, server, service->family);
	conf->services[conf->service_count++] = (struct steer_service){
		.address = fabric_service(service->family),
		.port = service->port,
	};
	for (uint32_t i = 0; i < fabric_ports(fabric, server); i++) {
		uint32_t port = fabric_port(fabric, server, i);
		uint32_t leaf = fabric->ports[fabric->ports[port].peer].device;

		snprintf(conf->uplinks[conf->uplink_count++], CONF_NAME, "%s",
			 fabric->names[leaf]);
	}
	for (uint32_t i = 1; i <= PEERS && i < servers; i++) {
		struct endpoint *peer = &conf->peers[conf->peer_count++];

		peer->address = fabric_address(fabric, (server + i) % servers,
					       service->family);
		peer->port = conf->self.port;
	}
	secret_of(lab, conf->secret);
	file_of(lab, server, "control", conf->control);
	file_of(lab, server, "sessions", conf->state);
	file_of(lab, server, "boot", conf->boot);
	lab_frr_command(lab, server, false, conf->withdraw);
	lab_frr_command(lab, server, true, conf->announce);
	conf->node = lab->settings.dht.node;
	if (conf->node.sessions_max > 0)
		conf->sessions_max = conf->node.sessions_max;
	/* What the daemon fills itself stays as it was. */
	struct steer_settings own = conf->steer;
	conf->steer = service->steer;
	conf->steer.services = own.services;
	conf->steer.service_count = own.service_count;
	memcpy(conf->steer.tag_keys, own.tag_keys, sizeof(own.tag_keys));
	memcpy(conf->steer.tag_key_valid, own.tag_key_valid,
	       sizeof(own.tag_key_valid));
	conf->steer.mtu_bytes = fabric->settings.server_link.mtu_bytes;
}

static int
conf_write(const struct lab *lab, uint32_t server)
{
	struct conf *conf = memory_zeroed(1, sizeof(*conf));
	char folder[LAB_PATH], path[LAB_PATH];
	const struct passwd *user;
	FILE *file;
	int code = -1;

	folder_of(lab, server, folder);
	file_of(lab, server, "homewardd.conf", path);
	conf_fill(lab, server, conf);
	user = conf->user[0] != '\0' ? getpwnam(conf->user) : NULL;
	if ((mkdir(folder, 0755) == 0 || errno == EEXIST) &&
	    (user == NULL || chown(folder, user->pw_uid, user->pw_gid) == 0) &&
	    (file = fopen(path, "we")) != NULL) {
		conf_print(conf, file);
		code = fclose(file);
	}
	if (code != 0)
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
	free(conf);
	return code;
}

/* ---- processes ---- */

static void
program_find(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL) {
		snprintf(slash + 1, size - (size_t)(slash + 1 - path),
			 "homewardd");
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, size, "homewardd");
}

static int
pid_write(const struct lab *lab, uint32_t server, pid_t pid)
{
	char path[LAB_PATH];
	FILE *file;

	file_of(lab, server, "daemon.pid", path);
	if ((file = fopen(path, "we")) == NULL)
		return -1;
	fprintf(file, "%d\n", (int)pid);
	return fclose(file);
}

/* Of the daemon that is there; 0: none. */
static pid_t
pid_read(const struct lab *lab, uint32_t server)
{
	char path[LAB_PATH], line[32] = "", space[LAB_NETNS_NAME];
	FILE *file;
	pid_t pid;

	file_of(lab, server, "daemon.pid", path);
	if ((file = fopen(path, "re")) == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	pid = (pid_t)strtol(line, NULL, 10);
	/* Long dead, its number may be another process's. */
	lab_wire_space(lab, server, space);
	return pid > 0 && lab_netns_has(space, pid) ? pid : 0;
}

int
lab_daemon_start(const struct lab *lab, uint32_t server)
{
	char program[4096], conf[LAB_PATH], log[LAB_PATH];
	char space[LAB_NETNS_NAME];
	const char *const argv[] = { program, "-f", conf, NULL };
	pid_t pid;

	program_find(program, sizeof(program));
	file_of(lab, server, "homewardd.conf", conf);
	file_of(lab, server, "log", log);
	lab_wire_space(lab, server, space);
	if (access(conf, R_OK) != 0 && conf_write(lab, server) != 0)
		return -1;
	pid = lab_process_start(&(struct lab_process){
		.space = space,
		.argv = argv,
		.output = log,
		.nice = LAB_DAEMON_NICE,
	});
	return pid > 0 && pid_write(lab, server, pid) == 0 ? 0 : -1;
}

int
lab_daemon_kill(const struct lab *lab, uint32_t server, int signal)
{
	pid_t pid = pid_read(lab, server);

	if (pid <= 0 || kill(pid, signal) != 0)
		return -1;
	/* If the daemon is our child, reap it: a zombie would seem alive. */
	for (int i = 0; signal == SIGKILL && i < 1000; i++) {
		const struct timespec pause = { 0, NS_PER_MS };

		if (waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0) != 0)
			break;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* ---- the control socket ---- */

static int
control_connect(const struct lab *lab, uint32_t server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { ANSWER_S, 0 };
	char path[LAB_PATH];
	int file;

	lab_control_path(lab, server, path);
	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return -1;
	setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(file, (struct sockaddr *)&address, sizeof(address)) == 0)
		return file;
	close(file);
	return -1;
}

/* Lines until "ok" or "error"; the last one, cut off, decides. */
static char *
answer_read(int file, char **last)
{
	char *text = memory_zeroed(1, ANSWER_MAX);
	size_t size = 0;

	while (size < ANSWER_MAX - 1) {
		ssize_t got = recv(file, text + size, ANSWER_MAX - 1 - size, 0);
		char *line;

		if (got <= 0)
			break;
		size += (size_t)got;
		text[size] = '\0';
		if (text[size - 1] != '\n')
			continue;
		text[size - 1] = '\0';
		line = strrchr(text, '\n');
		line = line == NULL ? text : line + 1;
		if (strcmp(line, "ok") == 0 || strncmp(line, "error", 5) == 0) {
			*last = strdup(line);
			*line = '\0';
			return text;
		}
		text[size - 1] = '\n';
	}
	*last = NULL;
	return text;
}

char *
lab_daemon_ask(const struct lab *lab, uint32_t server, const char *command,
	       bool quiet)
{
	int file = control_connect(lab, server);
	char *text = NULL, *last = NULL, line[512];
	int size = snprintf(line, sizeof(line), "%s\n", command);

	if (file >= 0 && send(file, line, (size_t)size, MSG_NOSIGNAL) == size)
		text = answer_read(file, &last);
	if (file >= 0)
		close(file);
	if (last == NULL || strcmp(last, "ok") != 0) {
		if (!quiet)
			fprintf(stderr, "homeward: homewardd of %s: %s: %s\n",
				lab->fabric->names[server], command,
				last == NULL ? "no answer" : last);
		free(text);
		text = NULL;
	}
	free(last);
	return text;
}

static bool
has_joined(const struct lab *lab, uint32_t server)
{
	char *text = lab_daemon_ask(lab, server, "status json", true);
	/* Alone there is no peer to join. */
	bool joined = text != NULL && (lab->fabric->settings.servers == 1 ||
				       strstr(text, "\"joined\":true") != NULL);

	free(text);
	return joined;
}

/* What it said last, so that the user sees why. */
static void
log_print(const struct lab *lab, uint32_t server)
{
	char path[LAB_PATH], line[512];
	FILE *file;

	fprintf(stderr, "homeward: homewardd of %s has not joined\n",
		lab->fabric->names[server]);
	file_of(lab, server, "log", path);
	if ((file = fopen(path, "re")) == NULL)
		return;
	for (int i = 0; i < 20 && fgets(line, sizeof(line), file) != NULL; i++)
		fprintf(stderr, "  %s", line);
	fclose(file);
}

int
lab_daemon_start_all(const struct lab *lab)
{
	const struct timespec pause = { 0, 20 * NS_PER_MS };
	uint32_t servers = lab->fabric->settings.servers, waited_ms = 0;
	char path[LAB_PATH], error[256];

	secret_of(lab, path);
	if (secret_make(path, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward: %s\n", error);
		return -1;
	}
	for (uint32_t i = 0; i < servers; i++)
		if (lab_daemon_start(lab, i) != 0)
			return -1;
	for (uint32_t i = 0; i < servers; waited_ms += 20) {
		if (has_joined(lab, i)) {
			i++;
			continue;
		}
		if (waited_ms > JOIN_MS) {
			log_print(lab, i);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* ---- drain ---- */

/* The answer ends when the server is empty; its first line says that the drain
 * has begun. */
static int
drain_begin(const struct lab *lab, uint32_t server, bool quiet)
{
	char answer[512];
	int file = control_connect(lab, server);
	int size = file < 0 ? -1 : (int)send(file, "drain\n", 6, MSG_NOSIGNAL);

	if (size == 6)
		size = (int)recv(file, answer, sizeof(answer), 0);
	if (file >= 0)
		close(file);
	if (size > 0 && strncmp(answer, "error", 5) != 0)
		return 0;
	if (!quiet)
		fprintf(stderr, "homeward: homewardd of %s: drain failed\n",
			lab->fabric->names[server]);
	return -1;
}

static int
drain_end(const struct lab *lab, uint32_t server, bool quiet)
{
	char *text = lab_daemon_ask(lab, server, "undrain", quiet);

	free(text);
	return text != NULL ? 0 : -1;
}

int
lab_drain(const struct lab *lab, uint32_t server, bool drain)
{
	const struct timespec pause = { 0, 100 * NS_PER_MS };
	char command[LAB_FRR_COMMAND];
	int result = -1;

	if (lab->settings.service.scheme != SCHEME_HOMEWARD) {
		const char *const argv[] = { "sh", "-c", command, NULL };

		lab_frr_command(lab, server, !drain, command);
		return lab_process_run(&(struct lab_process){ .argv = argv }) ==
				       0
			       ? 0
			       : -1;
	}
	/* While its route's command runs a daemon takes no other. */
	for (int i = 1; i <= DRAIN_TRIES && result != 0; i++) {
		bool last = i == DRAIN_TRIES;

		result = (drain ? drain_begin : drain_end)(lab, server, !last);
		if (result != 0 && !last)
			nanosleep(&pause, NULL);
	}
	return result;
}
