/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_counters_test.c - counters of daemons that are killed and started,
 * from a control socket that a thread of the test answers
 */
#include "harness/emulate/daemon_counters.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/test/check.h"

struct daemon {
	int listener;
	const char *answer;
};

/* One client, one answer. */
static void *
serve(void *context)
{
	const struct daemon *daemon = context;
	char request[64];
	int fd = accept(daemon->listener, NULL, NULL);

	if (fd < 0)
		return NULL;
	if (read(fd, request, sizeof(request)) > 0)
		(void)!write(fd, daemon->answer, strlen(daemon->answer));
	close(fd);
	return NULL;
}

struct heard {
	char text[512];
};

static void
hear(void *context, const char *node, const char *name, uint64_t value)
{
	struct heard *heard = context;
	size_t used = strlen(heard->text);

	(void)snprintf(heard->text + used, sizeof(heard->text) - used,
		       "%s %s %llu\n", node, name, (unsigned long long)value);
}

static const struct {
	const char *sentence;
	const char *kept[3], *last; /* NULL: no daemon there */
	const char *reported; /* "": nothing, and an error */
} rows[] = {
	{ "one life",
	  { NULL },
	  "node_sent 5\ndrop_ttl 0\ndrop_tag 2\nrss_bytes 7\nok\n",
	  "server1 node_sent 5\nserver1 drop_tag 2\nserver1 rss_bytes 7\n" },
	{ "three lives",
	  { "node_sent 5\ndrop_ttl 1\nrss_bytes 70\ncost_p50_ns 3\nok\n",
	    "node_sent 6\ndrop_ttl 0\nrss_bytes 80\ncost_p50_ns 4\nok\n",
	    NULL },
	  "node_sent 7\ndrop_ttl 0\nrss_bytes 9\ncost_p50_ns 2\nok\n",
	  "server1 node_sent 18\nserver1 drop_ttl 1\nserver1 rss_bytes 9\n"
	  "server1 cost_p50_ns 2\n" },
	{ "killed for good",
	  { "node_sent 5\nok\n", NULL },
	  NULL,
	  "server1 node_sent 5\n" },
	{ "a counter that only the second has",
	  { "node_sent 5\nok\n", NULL },
	  "node_sent 1\ndht_ping_bytes 4\nok\n",
	  "server1 node_sent 6\nserver1 dht_ping_bytes 4\n" },
	{ "there never was one", { NULL }, NULL, "" },
};

static int
listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	CHECK(fd >= 0 &&
	      bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
	      listen(fd, 1) == 0);
	return fd;
}

static void
row_check(size_t i, const char *path)
{
	struct daemon_counters *all = daemon_counters_create(1);
	struct heard heard = { .text = "" };
	const struct watch watch = { .context = &heard, .counter = hear };
	bool last = false;

	for (unsigned life = 0; !last; life++) {
		const char *answer = rows[i].kept[life];
		struct daemon daemon = { .answer = answer };
		pthread_t thread;

		last = answer == NULL;
		if (last)
			daemon.answer = rows[i].last;
		if (daemon.answer != NULL) {
			daemon.listener = listen_at(path);
			CHECK(pthread_create(&thread, NULL, serve, &daemon) ==
			      0);
		}
		if (last)
			CHECK_ROW((daemon_counters_report(all, 0, path,
							  "server1", &watch) ==
				   0) == (rows[i].reported[0] != '\0'),
				  rows[i].sentence);
		else
			daemon_counters_keep(all, 0, path);
		if (daemon.answer != NULL) {
			(void)pthread_join(thread, NULL);
			close(daemon.listener);
			(void)unlink(path);
		}
	}
	CHECK_ROW(strcmp(heard.text, rows[i].reported) == 0, heard.text);
	daemon_counters_destroy(all);
}

int
main(void)
{
	char folder[] = "/tmp/homeward-XXXXXX", path[64];

	CHECK(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof(path), "%s/control", folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_check(i, path);
	(void)rmdir(folder);
	return check_done();
}
