/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_test.c - the page line by line, and the server with clients that
 * behave and that do not
 */
#include "live/control/metrics.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/kernel/latency_histogram.h"
#include "live/test/fake.h"

static struct latency_histogram cost;
static struct control_parts parts;
static struct metrics *metrics;
static struct instant now = { 1000 * NS_PER_S };
static char text[1 << 20];

static int
dialogue_connect(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(metrics_port(metrics)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror("connect");
		exit(1);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
turn(void)
{
	struct pollfd polled = { .fd = metrics_fd(metrics), .events = POLLIN };

	(void)poll(&polled, 1, 20);
	metrics_ready(metrics, now);
	metrics_tick(metrics, now);
}

/* All that comes until the end of the connection; "" when there is none. */
static const char *
hear(int fd)
{
	size_t used = 0;

	for (int i = 0; i < 50; i++) {
		turn();
		ssize_t size =
			recv(fd, text + used, sizeof(text) - 1 - used, 0);
		if (size == 0)
			break;
		if (size < 0 && errno != EAGAIN)
			return "reset";
		used += size > 0 ? (size_t)size : 0;
	}
	text[used] = '\0';
	return text;
}

static const char *
ask(const char *request)
{
	int fd = dialogue_connect();

	CHECK(send(fd, request, strlen(request), MSG_NOSIGNAL) ==
	      (ssize_t)strlen(request));
	const char *answer = hear(fd);
	close(fd);
	turn();
	return answer;
}

/* ---- the page (Prometheus text format 0.0.4) ---- */

static bool
name_is_valid(const char *name, size_t size)
{
	return size > 9 && strncmp(name, "homeward_", 9) == 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") >= size;
}

/* One sample: NAME[{label="value"}] VALUE; its name must have been announced
 * by a TYPE line, and a counter's must end in _total. */
static bool
sample_is_valid(const char *line, const char *typed, const char *type)
{
	size_t name = strcspn(line, "{ ");
	const char *value = line + name;
	char *end;

	if (!name_is_valid(line, name))
		return false;
	if (strncmp(line, typed, strlen(typed)) != 0)
		return false;
	if (*value == '{') {
		value = strchr(value, '}');
		if (value == NULL || value[-1] != '"')
			return false;
		value++;
	}
	if (*value != ' ')
		return false;
	(void)strtod(value + 1, &end);
	bool total = name > 6 && memcmp(line + name - 6, "_total", 6) == 0;
	return *end == '\0' && end > value + 1 &&
	       total == (strcmp(type, "counter") == 0);
}

static void
page_test(void)
{
	char typed[128] = "", type[16] = "", helped[128] = "";
	char *page = NULL, *rest, *save = NULL;
	size_t size = 0, samples = 0;
	FILE *out = open_memstream(&page, &size);

	metrics_print(&parts, out);
	fclose(out);
	CHECK(size > 0 && page[size - 1] == '\n');
	CHECK(strstr(page, "See homewardd(8)") == NULL); /* no help text */
	CHECK(strstr(page, "\nhomeward_steer_strays_total 4711\n") != NULL);
	CHECK(strstr(page, "\nhomeward_drops_total{reason=\"tag\"} 3\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_seal_drops_total{reason=\"tag\"} 4\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_dht_datagrams_total{purpose=\"ping\"} "
			   "12\n") != NULL);
	CHECK(strstr(page, "\nhomeward_dht_bytes_total{purpose=\"ping\"} "
			   "864\n") != NULL);
	CHECK(strstr(page, "\nhomeward_datapath_kernel_resets_total 2\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_datapath_tun_dropped_total 6\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_outlet_messages_total 4\n") != NULL);
	CHECK(strstr(page, "\nhomeward_drain_state{state=\"serving\"} 1\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_stray_cost_seconds_count 100\n") !=
	      NULL);
	CHECK(strstr(page, "\nhomeward_joined 1\n") != NULL);
	for (rest = strtok_r(page, "\n", &save); rest != NULL;
	     rest = strtok_r(NULL, "\n", &save)) {
		if (sscanf(rest, "# HELP %127s", helped) == 1)
			continue;
		if (sscanf(rest, "# TYPE %127s %15s", typed, type) == 2) {
			CHECK_ROW(strcmp(typed, helped) == 0, rest);
			continue;
		}
		CHECK_ROW(sample_is_valid(rest, typed, type), rest);
		samples++;
	}
	CHECK(samples > 100);
	free(page);
}

/* ---- the server ---- */

static void
answers_test(void)
{
	static const struct {
		const char *sentence, *request, *status;
	} rows[] = {
		{ "the page", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
		  "HTTP/1.1 200 OK\r\n" },
		{ "by an old client", "GET /metrics HTTP/1.0\n\n",
		  "HTTP/1.1 200 OK\r\n" },
		{ "its head", "HEAD /metrics HTTP/1.1\r\n\r\n",
		  "HTTP/1.1 200 OK\r\n" },
		{ "another page", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 " },
		{ "a page with a name like it",
		  "GET /metrics/x HTTP/1.1\r\n\r\n", "HTTP/1.1 404 " },
		{ "an order", "POST /metrics HTTP/1.1\r\n\r\n",
		  "HTTP/1.1 405 " },
		{ "no HTTP", "hello\r\n\r\n", "HTTP/1.1 400 " },
		{ "nothing", "\r\n\r\n", "HTTP/1.1 400 " },
		{ "another protocol", "GET /metrics RTSP/1.0\r\n\r\n",
		  "HTTP/1.1 400 " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *answer = ask(rows[i].request);
		const char *status = rows[i].status;
		CHECK_ROW(strncmp(answer, status, strlen(status)) == 0,
			  rows[i].sentence);
		const char *body = strstr(answer, "\r\n\r\n");
		const char *length = strstr(answer, "Content-Length: ");
		CHECK_ROW(body != NULL && length != NULL, rows[i].sentence);
		if (body == NULL || length == NULL)
			continue;
		bool head = strncmp(rows[i].request, "HEAD", 4) == 0;
		CHECK_ROW(head || strlen(body + 4) ==
					  strtoul(length + 16, NULL, 10),
			  rows[i].sentence);
		CHECK_ROW(!head || body[4] == '\0', rows[i].sentence);
	}
}

static void
pieces_test(void)
{
	int fd = dialogue_connect();

	for (const char *at = "GET /metrics HTTP/1.1\r\nA: b\r\n\r\n";
	     *at != '\0'; at++) {
		CHECK(send(fd, at, 1, MSG_NOSIGNAL) == 1);
		turn();
	}
	CHECK(strncmp(hear(fd), "HTTP/1.1 200", 12) == 0);
	close(fd);

	/* 4 KiB and more of head; the answer is read in spite of the rest. */
	static char giant[20000];
	memset(giant, 'x', sizeof(giant));
	memcpy(giant, "GET /metrics HTTP/1.1\r\n", 23);
	fd = dialogue_connect();
	CHECK(send(fd, giant, sizeof(giant), MSG_NOSIGNAL) > 0);
	CHECK(strncmp(hear(fd), "HTTP/1.1 431", 12) == 0);
	close(fd);
	turn();
}

/* Who says nothing goes after five seconds; more than 16 at once are not
 * listened to; and afterwards all is as before. */
static void
patience_test(void)
{
	int clients[METRICS_CONNECTIONS + 4];
	char byte;

	for (int i = 0; i < METRICS_CONNECTIONS + 4; i++) {
		clients[i] = dialogue_connect();
		turn();
	}
	for (int i = 0; i < METRICS_CONNECTIONS + 4; i++) {
		ssize_t size = recv(clients[i], &byte, 1, 0);
		CHECK((size < 0 && errno == EAGAIN) ==
		      (i < METRICS_CONNECTIONS));
	}
	CHECK(metrics_deadline(metrics).ns == now.ns + METRICS_PATIENCE_NS);
	now = instant_after(now, METRICS_PATIENCE_NS - 1);
	turn();
	CHECK(recv(clients[0], &byte, 1, 0) < 0 && errno == EAGAIN);
	now = instant_after(now, 1);
	turn();
	for (int i = 0; i < METRICS_CONNECTIONS + 4; i++) {
		CHECK(recv(clients[i], &byte, 1, 0) == 0);
		close(clients[i]);
	}
	CHECK(metrics_deadline(metrics).ns == INSTANT_NEVER.ns);
	CHECK(strncmp(ask("GET /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 200",
		      12) == 0);
}

static void
addresses_test(void)
{
	const struct endpoint outside = {
		.address = { .family = 4, .bytes = { 192, 0, 2, 1 } }, .port = 9
	};
	struct endpoint six = { .address = { .family = 6,
					     .bytes = { [15] = 1 } } };
	struct metrics *other;
	char error[256] = "";

	CHECK(metrics_open(&other, &outside, &parts, error, sizeof(error)) < 0);
	CHECK(strcmp(error, "prometheus 192.0.2.1:9: not a loopback address") ==
	      0);
	if (metrics_open(&other, &six, &parts, error, sizeof(error)) == 0) {
		six.port = metrics_port(other);
		CHECK(six.port != 0);
		struct metrics *third;
		CHECK(metrics_open(&third, &six, &parts, error,
				   sizeof(error)) == -EADDRINUSE);
		metrics_close(other);
	}
	metrics_close(NULL);
}

int
main(void)
{
	const struct endpoint at = { .address = { .family = 4,
						  .bytes = { 127, 0, 0, 1 } } };
	struct drain *drain = drain_create(NULL);
	char error[256] = "";

	parts = (struct control_parts){ .drain = drain, .cost = &cost };
	fake.steer.strays = 4711;
	fake.traffic.sent[TRAFFIC_PING] = (struct traffic_sum){ 12, 864 };
	fake.steer.drops[DROP_TAG] = 3;
	fake.engine.seal_drops[DROP_TAG] = 4;
	fake.datapath.kernel_resets = 2;
	fake.datapath.tun_dropped = 6;
	fake.udp_out.messages = 4;
	latency_histogram_add(&cost, 31000, 100);
	page_test();
	if (metrics_open(&metrics, &at, &parts, error, sizeof(error)) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	answers_test();
	pieces_test();
	patience_test();
	metrics_close(metrics);
	addresses_test();
	drain_destroy(drain);
	return check_done();
}
