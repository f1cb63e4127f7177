/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_addresses.h - addresses and one session in either family, for tests only
 *
 * 10.0.0.HOST and 2001:db8::HOST; the session runs from host 100, port 40,001,
 * to host 200, port 80. Included by tests, like core/test/check.h.
 */
#ifndef HARNESS_TEST_TEST_ADDRESSES_H
#define HARNESS_TEST_TEST_ADDRESSES_H

#include <string.h>

#include "core/endpoint.h"
#include "core/session.h"
#include "core/wire/protocol.h"

static inline struct address
test_address_address(uint8_t family, uint8_t host)
{
	const uint8_t ip4[4] = { 10, 0, 0, host };
	const uint8_t ip6[16] = { 0x20, 1, 0xd, 0xb8, [15] = host };

	return family == 4 ? address_ip4(ip4) : address_ip6(ip6);
}

static inline struct session_key
test_address_session(uint8_t family)
{
	struct address client = test_address_address(family, 100);
	struct address service = test_address_address(family, 200);
	struct session_key key = {
		.client_port = { 0x9c, 0x41 },
		.service_port = { 0, 80 },
		.family = family,
		.protocol = IP_TCP,
	};

	memcpy(key.client, client.bytes, 16);
	memcpy(key.service, service.bytes, 16);
	return key;
}

#endif
