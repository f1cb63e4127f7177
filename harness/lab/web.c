/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web.c - nginx's configurations and what it serves
 *
 * A plain GET of any number of bytes must be possible, and nginx has no
 * parameter for that: the headers-more module makes it a Range of the request.
 *
 * Pacing: after each chunk nginx sleeps for as many whole milliseconds as the
 * chunk is worth (limit_rate), and it never exceeds the rate counted in whole
 * seconds. A chunk that is worth a fraction more than it sleeps would use up
 * its second's bytes before the second ends and then pause, which looks like
 * a stall. So chunks are cut to whole milliseconds of the scenario's pace: 8 ms
 * worth where that is more than a segment (slower sessions have longer pauses)
 * and less than 64 KiB. Each sleep is about 0.2 ms too long, so sessions are 2
 * or 3 % slower than their pace. With sendfile chunks would grow to whole
 * pages, so paced bytes are copied.
 */
#include "harness/lab/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/lab/process.h"
#include "harness/lab/wire.h"
#include "sim/engine/memory.h"
#include "sim/model/pattern.h"

#define CHUNK_MS      8
#define CHUNK_BYTES   65536
#define SEGMENT_BYTES 1448
#define BLOB_BYTES    (1 << 20) /* at least */
#define MODULE	      "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"
#define USER	      "nobody"

const char *
lab_web_missing(void)
{
	char path[4096];

	if (!lab_process_find("nginx", path, sizeof(path)))
		return "no nginx: apt install nginx-light";
	if (access(MODULE, R_OK) != 0)
		return "no headers-more module of nginx: apt install "
		       "libnginx-mod-http-headers-more-filter";
	if (getpwnam(USER) == NULL)
		return "no user " USER;
	return NULL;
}

uint64_t
lab_web_bytes(const struct settings *settings)
{
	const struct client_settings *clients = &settings->clients;
	uint64_t bytes = clients->size_bytes;

	if (clients->size_cdf_count > 0)
		bytes = clients->size_cdf[clients->size_cdf_count - 1].bytes;
	return bytes > BLOB_BYTES ? bytes : BLOB_BYTES;
}

static int
blob_write(const struct lab *lab)
{
	uint64_t bytes = lab_web_bytes(&lab->settings), done = 0;
	size_t room = 1 << 20;
	uint8_t *buffer = memory_zeroed(room, 1);
	char path[LAB_PATH + 16];
	FILE *file;
	int code = 0;

	snprintf(path, sizeof(path), "%s/blob", lab->folder);
	file = fopen(path, "we");
	while (file != NULL && code == 0 && done < bytes) {
		size_t size =
			bytes - done < room ? (size_t)(bytes - done) : room;
		pattern_fill(LAB_CONTENT_SEED, done, buffer, size);
		if (fwrite(buffer, 1, size, file) != size)
			code = -1;
		done += size;
	}
	if (file == NULL || fclose(file) != 0)
		code = -1;
	if (code != 0)
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
	free(buffer);
	return code;
}

static uint64_t
chunk_bytes(uint64_t pace_bps)
{
	uint64_t rate = pace_bps / 8; /* bytes a second */
	uint64_t ms = CHUNK_MS;

	if (rate == 0)
		return 1 << 20;
	while (ms > 1 && rate * ms / 1000 > CHUNK_BYTES)
		ms--;
	while (rate * ms / 1000 < SEGMENT_BYTES)
		ms++;
	return rate * ms / 1000;
}

/* A group that USER may have: Debian and others differ. */
static const char *
group_name(void)
{
	return getgrnam("nogroup") != NULL ? "nogroup" : USER;
}

static void
configuration_print(const struct lab *lab, uint32_t server, const char *folder,
		    FILE *file)
{
	uint8_t family = lab->settings.service.family;
	struct address addresses[2] = {
		fabric_service(family),
		fabric_address(lab->fabric, server, family),
	};
	char text[INET6_ADDRSTRLEN];

	fprintf(file,
		"load_module %s;\n"
		"user %s %s;\n"
		"worker_processes 1;\n"
		"worker_rlimit_nofile 32768;\n"
		"pid %s/nginx.pid;\n"
		"error_log %s/nginx.log warn;\n"
		"events { worker_connections 8192; }\n"
		"http {\n"
		"default_type application/octet-stream;\n"
		"access_log off;\n"
		"etag off;\n"
		"server_tokens off;\n"
		"keepalive_timeout 0;\n"
		"send_timeout 600s;\n"
		"sendfile %s;\n"
		"sendfile_max_chunk %llu;\n"
		"client_body_timeout 600s;\n"
		"client_body_temp_path %s/body;\n"
		"client_max_body_size 0;\n"
		"map $arg_last $range {\n"
		"default bytes=0-$arg_last;\n"
		"'' $http_range;\n"
		"}\n"
		"server {\n",
		MODULE, USER, group_name(), folder, folder,
		lab->settings.clients.pace_bps > 0 ? "off" : "on",
		(unsigned long long)chunk_bytes(lab->settings.clients.pace_bps),
		folder);
	for (int i = 0; i < 2; i++) {
		lab_wire_text(&addresses[i], text);
		fprintf(file,
			family == 4 ? "listen %s:%u backlog=4096;\n"
				    : "listen [%s]:%u backlog=4096;\n",
			text, lab->settings.service.port);
	}
	fprintf(file,
		"add_header X-Server %s always;\n"
		"location = /blob {\n"
		"alias %s/blob;\n"
		"limit_rate $arg_rate;\n"
		"more_set_input_headers \"Range: $range\";\n"
		"}\n"
		"location /up/ {\n"
		"alias %s/up/;\n"
		"dav_methods PUT;\n"
		"}\n"
		"}\n"
		"}\n",
		lab->fabric->names[server], lab->folder, folder);
}

/* A folder that nginx's workers write to. */
static int
folder_make(const char *parent, const char *name)
{
	const struct passwd *user = getpwnam(USER);
	char path[LAB_PATH + 64];

	snprintf(path, sizeof(path), "%s%s", parent, name);
	if ((mkdir(path, 0755) != 0 && errno != EEXIST) ||
	    (name[0] != '\0' && chown(path, user->pw_uid, user->pw_gid) != 0)) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

static pid_t
server_start(const struct lab *lab, uint32_t server)
{
	char folder[LAB_PATH + 32], conf[LAB_PATH + 64], log[LAB_PATH + 64];
	char space[LAB_NETNS_NAME];
	const char *const argv[] = {
		"nginx", "-p", folder, "-e", log, "-c", conf, NULL,
	};
	FILE *file;

	snprintf(folder, sizeof(folder), "%s/%s", lab->folder,
		 lab->fabric->names[server]);
	snprintf(conf, sizeof(conf), "%s/nginx.conf", folder);
	snprintf(log, sizeof(log), "%s/nginx.log", folder);
	if (folder_make(folder, "") != 0 || folder_make(folder, "/up") != 0 ||
	    folder_make(folder, "/body") != 0)
		return -1;
	if ((file = fopen(conf, "we")) == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", conf, strerror(errno));
		return -1;
	}
	configuration_print(lab, server, folder, file);
	fclose(file);
	lab_wire_space(lab, server, space);
	return lab_process_start(&(struct lab_process){
		.space = space,
		.argv = argv,
	});
}

int
lab_web_start(const struct lab *lab)
{
	uint32_t count = lab->fabric->settings.servers;
	pid_t *pids = memory_zeroed(count, sizeof(*pids));
	int code = blob_write(lab);

	for (uint32_t i = 0; code == 0 && i < count; i++)
		if ((pids[i] = server_start(lab, i)) < 0)
			code = -1;
	/* nginx goes to the background when it listens. */
	for (uint32_t i = 0; i < count; i++)
		if (pids[i] > 0 && lab_process_wait(pids[i]) != 0)
			code = -1;
	free(pids);
	return code;
}

void
lab_url(const struct lab *lab, uint64_t bytes, uint64_t pace_bps, bool upload,
	char *url, size_t size)
{
	uint8_t family = lab->settings.service.family;
	struct address service = fabric_service(family);
	char text[INET6_ADDRSTRLEN], query[96] = "";

	lab_wire_text(&service, text);
	if (!upload) {
		int length = snprintf(query, sizeof(query), "?last=%llu",
				      (unsigned long long)(bytes - 1));
		if (pace_bps > 0)
			snprintf(query + length, sizeof(query) - (size_t)length,
				 "&rate=%llu",
				 (unsigned long long)(pace_bps / 8));
	}
	snprintf(url, size,
		 family == 4 ? "http://%s:%u/%s%s" : "http://[%s]:%u/%s%s",
		 text, lab->settings.service.port, upload ? "up/" : "blob",
		 query);
}

void
lab_upload_path(const struct lab *lab, uint32_t server, const char *name,
		char path[LAB_PATH])
{
	snprintf(path, LAB_PATH, "/run/homeward/%s/%s/up/%.128s", lab->name,
		 lab->fabric->names[server], name);
}
