/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode_capture.c - `homeward replay --decode`: one line a datagram of ours
 *
 * Read once and printed on the way, so that a capture of any size, or one
 * that breaks off, comes out as far as it goes.
 */
#include <inttypes.h>
#include <stdio.h>

#include "harness/base/exit.h"
#include "harness/replay/capture.h"
#include "harness/replay/decode.h"

struct sums {
	uint64_t records, gue, tag_ok, tag_wrong, dht, readable, refused;
};

static void
sums_add(struct sums *sums, const struct decoded *decoded)
{
	if (decoded->kind == DECODE_GUE) {
		sums->gue++;
		sums->tag_ok += decoded->gue.tag == DECODE_TAG_OK;
		sums->tag_wrong += decoded->gue.tag == DECODE_TAG_WRONG;
		return;
	}
	sums->dht++;
	sums->readable += decoded->dht.seal == DECODE_SEAL_PLAIN ||
			  decoded->dht.seal == DECODE_SEAL_OPENED;
	sums->refused += decoded->dht.seal == DECODE_SEAL_REFUSED;
}

static void
sums_print(const struct sums *sums, const char *path)
{
	fprintf(stderr,
		"%s: %" PRIu64 " records; %" PRIu64 " GUE, %" PRIu64
		" with a right tag, %" PRIu64 " with a wrong one; %" PRIu64
		" DHT, %" PRIu64 " read, %" PRIu64 " refused\n",
		path, sums->records, sums->gue, sums->tag_ok, sums->tag_wrong,
		sums->dht, sums->readable, sums->refused);
}

static void
sums_json(const struct sums *sums, const char *path, struct json *json)
{
	json_line(json, 0);
	json_text(json, "capture", path);
	json_uint(json, "records", sums->records);
	json_uint(json, "gue", sums->gue);
	json_uint(json, "tag_ok", sums->tag_ok);
	json_uint(json, "tag_wrong", sums->tag_wrong);
	json_uint(json, "dht", sums->dht);
	json_uint(json, "read", sums->readable);
	json_uint(json, "refused", sums->refused);
}

/* json: NULL for text. */
static void
datagram_print(const struct capture_packet *packet,
	       const struct decoded *decoded, struct json *json)
{
	if (json == NULL) {
		decode_print(decoded, packet->at_ns, stdout);
		return;
	}
	json_line(json, 0);
	decode_print_json(decoded, packet->number, packet->at_ns, json);
}

/* 0 at the end; -1: the file is broken, see error[]. */
static int
records_print(struct capture *capture, const struct secret *secret,
	      struct json *json, struct sums *sums, char *error,
	      size_t error_size)
{
	static struct decoded decoded;
	struct capture_packet packet;
	int more;

	while ((more = capture_next(capture, &packet, error, error_size)) ==
	       1) {
		sums->records++;
		bool ours = packet.drop == DROP_NONE &&
			    decode_packet(secret, packet.bytes, packet.size,
					  &decoded);
		for (; ours; ours = decode_next(secret, &decoded)) {
			datagram_print(&packet, &decoded, json);
			sums_add(sums, &decoded);
		}
	}
	return more;
}

int
decode_capture(const char *path, const char *secret_path, bool json)
{
	struct json out = json_begin(stdout, JSON_SPACED);
	struct secret secret;
	struct capture *capture;
	struct sums sums = { .records = 0 };
	char error[512];

	if (secret_path != NULL &&
	    secret_load(&secret, secret_path, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward replay: %s\n", error);
		return EXIT_USAGE;
	}
	int code = EXIT_OK;
	if (capture_open(&capture, path, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward replay: %s\n", error);
		code = EXIT_USAGE;
	} else {
		if (json) {
			json_object(&out, NULL);
			json_array(&out, "datagrams");
		}
		if (records_print(capture, secret_path != NULL ? &secret : NULL,
				  json ? &out : NULL, &sums, error,
				  sizeof(error)) != 0) {
			fprintf(stderr, "homeward replay: %s: %s\n", path,
				error);
			code = EXIT_RUNTIME;
		}
		capture_close(capture);
		if (json) {
			json_end(&out);
			sums_json(&sums, path, &out);
			json_end(&out);
			json_newline(&out);
			json_finish(&out);
		} else {
			sums_print(&sums, path);
		}
	}
	if (secret_path != NULL)
		secret_wipe(&secret);
	return code;
}
