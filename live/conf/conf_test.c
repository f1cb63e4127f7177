/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_test.c - what is accepted, what is printed back, and what is said
 */
#include "live/conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "live/conf/directive.h"

/* Four lines: directives of a table begin in line 5. */
#define LEAST                                                                  \
	"address 10.0.0.1\n"                                                   \
	"service 192.0.2.1 port 80\n"                                          \
	"uplink eth1\n"                                                        \
	"secret /etc/homeward/secret\n"

static const struct {
	const char *sentence;
	const char *bytes;
	const char *talk; /* all of it, each line after "f:" */
} wrong[] = {
	{ "an empty file lacks four directives", "",
	  "1:1: the file ends without 'address'\n"
	  "1:1: the file ends without 'service'\n"
	  "1:1: the file ends without 'uplink'\n"
	  "1:1: the file ends without 'secret'\n" },
	{ "one of them", "address 10.0.0.1\nservice 192.0.2.1\nuplink a\n",
	  "3:1: the file ends without 'secret'\n" },
	{ "the nearest directive is named", LEAST "  uplonk eth2\n",
	  "5:3: unknown directive 'uplonk'; did you mean 'uplink'?\n" },
	{ "or none", LEAST "frobnicate\n",
	  "5:1: unknown directive 'frobnicate'\n" },
	{ "a value is missing, behind the word", LEAST "mtu   # 1600\n",
	  "5:4: 'mtu' lacks a number\n" },
	{ "a word too many", LEAST "mtu 1600 bytes\n",
	  "5:10: unexpected 'bytes' at the end\n" },
	{ "no address", LEAST "peer 10.0.0.300\n",
	  "5:6: '10.0.0.300' is not an IPv4 or IPv6 address\n" },
	{ "multicast", LEAST "peer ff02::1\n",
	  "5:6: 'ff02::1' is no unicast address without a scope\n" },
	{ "link-local", LEAST "peer fe80::1\n",
	  "5:6: 'fe80::1' is no unicast address without a scope\n" },
	{ "IPv4 in IPv6 clothes", LEAST "service ::ffff:192.0.2.9\n",
	  "5:9: '::ffff:192.0.2.9' is no unicast address without a scope\n" },
	{ "no host", LEAST "service 0.0.0.0\n",
	  "5:9: '0.0.0.0' is no unicast address without a scope\n" },
	{ "broadcast", LEAST "peer 255.255.255.255\n",
	  "5:6: '255.255.255.255' is no unicast address without a scope\n" },
	{ "port without number", LEAST "peer 10.0.0.2 port\n",
	  "5:19: 'peer' lacks the number of the port\n" },
	{ "number without port", LEAST "peer 10.0.0.2 7000\n",
	  "5:15: unexpected '7000'; only 'port' may follow\n" },
	{ "port 0", LEAST "port 0\n",
	  "5:6: 'port' must be 1 to 65535, not '0'\n" },
	{ "port too large", LEAST "service 192.0.2.1 port 65536\n",
	  "5:24: 'port' must be 1 to 65535, not '65536'\n" },
	{ "the range has units", LEAST "lookup-deadline 2s500\n",
	  "5:17: unknown unit in '2s500', known: ns us ms s min h\n" },
	{ "below the range", LEAST "lookup-deadline 999us\n",
	  "5:17: 'lookup-deadline' must be 1ms to 24h, not '999us'\n" },
	{ "negative", LEAST "linger -5s\n",
	  "5:8: 'linger' must be 0 to 24h, not '-5s'\n" },
	{ "overflow", LEAST "linger 99999999999999999999h\n",
	  "5:8: 'linger' must be 0 to 24h, not '99999999999999999999h'\n" },
	{ "no unit", LEAST "linger 5\n",
	  "5:8: '5' lacks its unit, one of: ns us ms s min h\n" },
	{ "a unit apart", LEAST "linger 5 s\n",
	  "5:10: unexpected 's' at the end\n" },
	{ "a unit too much", LEAST "k 20s\n",
	  "5:3: '20s' is not a plain number\n" },
	{ "no number", LEAST "k many\n", "5:3: 'many' is not a number\n" },
	{ "a fraction of a unit", LEAST "linger 1.5s\n",
	  "5:8: '1.5s' is not whole; write '1500ms'\n" },
	{ "of another", LEAST "linger 0.25min\n",
	  "5:8: '0.25min' is not whole; write '15s'\n" },
	{ "a fraction that is none", LEAST "linger 2.0s\n",
	  "5:8: '2.0s' is not whole; write '2s'\n" },
	{ "of the smallest", LEAST "linger 0.5ns\n",
	  "5:8: '0.5ns' is not a whole number of: ns us ms s min h\n" },
	{ "of no unit", LEAST "linger 0.5\n",
	  "5:8: '0.5' is not a whole number of: ns us ms s min h\n" },
	{ "of bytes", LEAST "hold-bytes 1.5MiB\n",
	  "5:12: '1.5MiB' is not a whole number of: B KiB MiB\n" },
	{ "of a count", LEAST "k 8.5\n", "5:3: '8.5' is not a whole number\n" },
	{ "two points", LEAST "linger 1.5.5s\n",
	  "5:8: '1.5.5s' is not a whole number of: ns us ms s min h\n" },
	{ "bytes", LEAST "hold-bytes 8MB\n",
	  "5:12: unknown unit in '8MB', known: B KiB MiB\n" },
	{ "bytes out of range", LEAST "hold-bytes 1KiB\n",
	  "5:12: 'hold-bytes' must be 64KiB to 3906250KiB, not '1KiB'\n" },
	{ "a choice", LEAST "first-stray bot\n",
	  "5:13: 'bot' is not one of: off other both; did you mean "
	  "'both'?\n" },
	{ "another choice", LEAST "store-at sync\n",
	  "5:10: 'sync' is not one of: auto syn established; did you mean "
	  "'syn'?\n" },
	{ "a switch", LEAST "outer-fragment true\n",
	  "5:16: 'true' is not one of: yes no\n" },
	{ "single directives are single", LEAST "mtu 1600\nmtu 1600\n",
	  "6:1: 'mtu' again; it is in line 5 already\n" },
	{ "address too", LEAST "address 10.0.0.2\n",
	  "5:1: 'address' again; it is in line 1 already\n" },
	{ "a service twice", LEAST "service 192.0.2.1  port 80\n",
	  "5:9: this service is in line 2 already\n" },
	{ "a peer twice, its port given once",
	  LEAST "peer 10.0.0.2\npeer 10.0.0.2 port 7000\n",
	  "6:6: this peer is in line 5 already\n" },
	{ "an uplink twice", LEAST "uplink eth1\n",
	  "5:8: this uplink is in line 3 already\n" },
	{ "nine uplinks",
	  LEAST "uplink a\nuplink b\nuplink c\nuplink d\nuplink e\nuplink f\n"
		"uplink g\nuplink h\n",
	  "12:1: more than 8 times 'uplink'\n" },
	{ "a name that is no interface's", LEAST "uplink eth/1\n",
	  "5:8: 'eth/1' is not an interface's name\n" },
	{ "16 bytes are too long", LEAST "tun abcdefghijklmnop\n",
	  "5:5: 'abcdefghijklmnop' is not an interface's name\n" },
	{ "a pattern for TUN names", LEAST "tun home%d\n",
	  "5:5: 'home%d' is not an interface's name\n" },
	{ "the TUN is no uplink", LEAST "tun eth1\n",
	  "3:8: 'eth1' is the name of our own TUN device\n" },
	{ "paths are absolute", LEAST "state run/sessions\n",
	  "5:7: 'run/sessions' is not an absolute path of a file, of at most "
	  "255 bytes\n" },
	{ "a folder is no file", LEAST "state /run/\n",
	  "5:7: '/run/' is not an absolute path of a file, of at most 255 "
	  "bytes\n" },
	{ "two files of one name", LEAST "state /a\ncontrol /a\n",
	  "6:9: 'control' and 'state' must differ\n" },
	{ "a state that would eat the secret",
	  LEAST "state /etc/homeward/secret\n",
	  "5:7: 'secret' and 'state' must differ\n" },
	{ "a boot id that would eat the sessions",
	  LEAST "state /var/x\nboot /var/x\n",
	  "6:6: 'boot' and 'state' must differ\n" },
	{ "or the secret", LEAST "boot /etc/homeward/secret\n",
	  "5:6: 'boot' and 'secret' must differ\n" },
	{ "or the socket", LEAST "boot /run/homeward/control\n",
	  "5:6: 'boot' and 'control' must differ\n" },
	{ "a user", LEAST "user 12\n", "5:6: '12' is not a user's name\n" },
	{ "metrics are not for the network",
	  LEAST "prometheus 10.0.0.1 port 9\n",
	  "5:12: '10.0.0.1' is no loopback address; metrics are not for the "
	  "network\n" },
	{ "metrics have no usual port", LEAST "prometheus ::1\n",
	  "5:15: 'prometheus' lacks 'port' and its number\n" },
	{ "off is off", LEAST "prometheus off port 1\n",
	  "5:16: unexpected 'port' at the end\n" },
	{ "alpha and k, reported at the later", LEAST "alpha 5\nk 4\n",
	  "6:3: 'alpha' must not exceed 'k'\n" },
	{ "alpha and the default k", LEAST "alpha 21\n",
	  "5:7: 'alpha' must not exceed 'k'\n" },
	{ "replicas and k", LEAST "k 2\nalpha 2\n",
	  "5:3: 'replicas' must not exceed 'k'\n" },
	{ "floor and cap", LEAST "timeout-floor 60ms\n",
	  "5:15: 'timeout-floor' must not exceed 'timeout-cap'\n" },
	{ "buckets refreshed at every packet", LEAST "refresh 99ms\n",
	  "5:9: 'refresh' must be 0 or at least 100ms\n" },
	{ "neighbours pinged at every packet", LEAST "watch 1ms\n",
	  "5:7: 'watch' must be 0 or at least 100ms\n" },
	{ "one port for two things", LEAST "gue-port 7000\n",
	  "5:10: 'port' and 'gue-port' must differ\n" },
	{ "no way back", LEAST "withdraw true\n",
	  "5:10: 'withdraw' and 'announce' belong together\n" },
	{ "our own address is not anycast", LEAST "service 10.0.0.1 port 80\n",
	  "5:9: a service's address is anycast, this is the server's own\n" },
	{ "a peer of the other family", LEAST "peer 2001:db8::2\n",
	  "5:6: a peer must be IPv4, as the server's own address is\n" },
	{ "tokenizer.h complains here, too", LEAST "withdraw \"x\n",
	  "5:10: the quote is not closed in this line\n" },
	{ "all errors are reported, in order", LEAST "a\nmtu x\n\"\n",
	  "5:1: unknown directive 'a'\n"
	  "6:5: 'x' is not a number\n"
	  "7:1: the quote is not closed in this line\n" },
};

/* Everything, none of it the default. */
static const char whole[] = "address 2001:db8::1\n"
			    "port 7001\n"
			    "gue-port 6081\n"
			    "service 192.0.2.1\n"
			    "service 2001:db8:1::1 port 443\n"
			    "uplink eth1\n"
			    "uplink eth2.7\n"
			    "peer 2001:db8::2 port 7001\n"
			    "peer 2001:db8::3 port 9\n"
			    "secret /etc/secret\n"
			    "tun home1\n"
			    "control \"/run/a b\"\n"
			    "state /run/b\n"
			    "boot /var/b\n"
			    "user \"\"\n"
			    "withdraw \"vtysh -c \\\"conf t\\\" # \\\\\"\n"
			    "announce /usr/bin/true\n"
			    "prometheus 127.0.0.1 port 9100\n"
			    "trace-lines 7\n"
			    "store-at syn\n"
			    "store-after 1500ms\n"
			    "openings 104\n"
			    "openings-max 105\n"
			    "linger 1min\n"
			    "sessions-max 100\n"
			    "sessions-per-prefix 99\n"
			    "peers-max 101\n"
			    "records-max 102\n"
			    "flows-max 103\n"
			    "k 8\n"
			    "alpha 4\n"
			    "replicas 5\n"
			    "lookup-deadline 1s\n"
			    "timeout-initial 11ms\n"
			    "timeout-floor 200us\n"
			    "timeout-cap 77ms\n"
			    "record-ttl 1h\n"
			    "republish 10min\n"
			    "tombstone 11min\n"
			    "refresh 0\n"
			    "watch 7s\n"
			    "mtu 9000\n"
			    "outer-fragment no\n"
			    "miss-deadline 2s\n"
			    "miss-retry 5ms\n"
			    "gone-after 4s\n"
			    "silent-after 40s\n"
			    "owner-idle 30s\n"
			    "negative 0\n"
			    "fragment 500ms\n"
			    "first-stray both\n"
			    "first-stray-window 400ms\n"
			    "hold-packets 32\n"
			    "hold-bytes 1MiB\n"
			    "misses-per-prefix 0\n"
			    "misses 1000\n";

static char *
printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	conf_print(conf, file);
	fclose(file);
	return text;
}

/* What was said; *result is conf_parse()'s. To be freed. */
static char *
talk_of(struct conf *conf, const char *bytes, int *result)
{
	char *talk = NULL;
	size_t size;
	FILE *file = open_memstream(&talk, &size);

	*result = conf_parse(conf, "f", bytes, strlen(bytes), file);
	fclose(file);
	return talk;
}

/* Each line of the expectation has the file's name before it. */
static bool
same_talk(const char *talk, const char *expect)
{
	while (*expect != '\0') {
		size_t size = strcspn(expect, "\n") + 1;

		if (strncmp(talk, "f:", 2) != 0 ||
		    strncmp(talk + 2, expect, size) != 0)
			return false;
		talk += 2 + size;
		expect += size;
	}
	return *talk == '\0';
}

static void
wrong_test(void)
{
	static struct conf conf, before;

	conf_default(&conf);
	before = conf;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int result;
		char *talk = talk_of(&conf, wrong[i].bytes, &result);

		CHECK_ROW(result == -1, wrong[i].sentence);
		CHECK_ROW(same_talk(talk, wrong[i].talk), wrong[i].sentence);
		if (!same_talk(talk, wrong[i].talk))
			fprintf(stderr, "%s", talk);
		free(talk);
	}
	CHECK(memcmp(&conf, &before, sizeof(conf)) == 0);
}

static void
least_test(void)
{
	static struct conf conf, again;
	int result;
	char *talk = talk_of(&conf, LEAST "peer 10.0.0.2\n", &result);

	CHECK(result == 0 && talk[0] == '\0');
	free(talk);
	CHECK(conf.self.port == 7000 && conf.steer.gue_port == 6080);
	CHECK(conf.service_count == 1 && conf.services[0].port == 80);
	CHECK(conf.uplink_count == 1 && strcmp(conf.uplinks[0], "eth1") == 0);
	CHECK(conf.peer_count == 1 && conf.peers[0].port == 7000);
	CHECK(conf.peers[0].address.bytes[3] == 2);
	CHECK(conf.node.k == 20 && conf.node.lookup_deadline_ns == 250000000);
	CHECK(conf.prometheus.port == 0 && strcmp(conf.user, "nobody") == 0);
	CHECK(conf.steer.first_stray == STEER_WINDOW_OTHER);
	CHECK(conf.steer.store_at == STEER_STORE_AUTO);

	char *text = printed(&conf);
	talk = talk_of(&again, text, &result);
	CHECK(result == 0 && talk[0] == '\0');
	free(talk);
	CHECK(memcmp(&conf, &again, sizeof(conf)) == 0);
	free(text);
}

static void
whole_test(void)
{
	static struct conf conf, plain;
	int result;
	char *talk = talk_of(&conf, whole, &result);

	CHECK(result == 0);
	if (result != 0)
		fprintf(stderr, "%s", talk);
	char *text = printed(&conf);
	CHECK(strcmp(text, whole) == 0);
	char *again = talk_of(&plain, text, &result);
	CHECK(result == 0 && strcmp(again, talk) == 0);
	free(again);
	free(talk);
	free(text);
	CHECK(strcmp(conf.withdraw, "vtysh -c \"conf t\" # \\") == 0);
	CHECK(conf.user[0] == '\0' && !conf.steer.outer_fragment);
	CHECK(conf.services[0].port == 0 && conf.services[1].port == 443);

	/* Each directive is in it, and says something else than by default. */
	conf_default(&plain);
	for (uint32_t i = 0; i < directive_count; i++)
		CHECK_ROW(!directive_same(&directives[i], &conf, &plain),
			  directives[i].name);
}

static const struct {
	const char *sentence;
	const char *from, *to; /* of `whole` */
	const char *fixed;
} changes[] = {
	{ "nothing", "mtu", "mtu", NULL },
	{ "address", "address 2001:db8::1", "address 2001:db8::9", "address" },
	{ "one more uplink", "uplink eth1", "uplink eth1\nuplink eth3",
	  "uplink" },
	{ "another uplink", "eth2.7", "eth2.8", "uplink" },
	{ "a service's port", "service 192.0.2.1", "service 192.0.2.1 port 81",
	  NULL },
	{ "a service less", "service 192.0.2.1\n", "", NULL },
	{ "a peer", "port 9\n", "port 10\n", NULL },
	{ "the secret's file", "/etc/secret", "/etc/secret2", NULL },
	{ "the TUN", "home1", "home2", "tun" },
	{ "a command", "/usr/bin/true", "/usr/bin/false", "announce" },
	{ "metrics", "port 9100", "port 9101", "prometheus" },
	{ "tables", "records-max 102", "records-max 103", "records-max" },
	{ "bucket size", "k 8", "k 9", "k" },
	{ "a deadline", "lookup-deadline 1s", "lookup-deadline 2s", NULL },
	{ "held bytes", "hold-bytes 1MiB", "hold-bytes 2MiB", "hold-bytes" },
	{ "when to store", "store-at syn", "store-at established", NULL },
	{ "first strays", "first-stray both", "first-stray off", NULL },
};

static void
fixed_test(void)
{
	static struct conf conf, other;
	int result;

	free(talk_of(&conf, whole, &result));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(whole, changes[i].from);
		char *text = NULL;
		size_t size;
		FILE *file = open_memstream(&text, &size);

		fprintf(file, "%.*s%s%s", (int)(at - whole), whole,
			changes[i].to, at + strlen(changes[i].from));
		fclose(file);
		char *talk = talk_of(&other, text, &result);
		CHECK_ROW(result == 0, changes[i].sentence);
		free(talk);
		const char *fixed = conf_fixed(&conf, &other);
		CHECK_ROW(changes[i].fixed == NULL
				  ? fixed == NULL
				  : fixed != NULL &&
					    strcmp(fixed, changes[i].fixed) ==
						    0,
			  changes[i].sentence);
		free(text);
	}
}

static void
many_test(void)
{
	static struct conf conf;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int result;

	for (int i = 0; i < 100; i++)
		fprintf(file, "x%d\n", i);
	fclose(file);
	char *talk = talk_of(&conf, text, &result);
	CHECK(result == -1);
	CHECK(strstr(talk, "f:20:1: ") != NULL);
	CHECK(strstr(talk, "f:21:1: ") == NULL);
	CHECK(strstr(talk, "f: and 84 more\n") != NULL);
	free(talk);
	free(text);
}

/* The files that we ship, from the top of the source tree. */
static void
load_test(void)
{
	static struct conf conf;
	char *talk = NULL;
	size_t size;
	FILE *file = open_memstream(&talk, &size);

	CHECK(conf_load(&conf, "live/share/homewardd.conf", file) == 0);
	CHECK(conf_load(&conf, "/nonexistent", file) == -1);
	CHECK(conf_load(&conf, "/", file) == -1);
	fclose(file);
	CHECK(strcmp(talk, "/nonexistent: No such file or directory\n"
			   "/: Is a directory\n") == 0);
	if (talk[0] != '/')
		fprintf(stderr, "%s", talk);
	free(talk);
}

int
main(void)
{
	wrong_test();
	least_test();
	whole_test();
	fixed_test();
	many_test();
	load_test();
	return check_done();
}
