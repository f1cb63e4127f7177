/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checksum.h - the Internet checksum: full, incremental, pseudo headers
 *
 * The sum of all 16-bit words in one's complement does not care in which
 * byte order it is taken, only the result is swapped ([1] section 2 (B)).
 * So partial sums are kept in the machine's order, in 64 bits that cannot
 * overflow for any packet, and four bytes are added at a time; only
 * checksum_finish() folds, swaps and complements.
 *
 *	uint64_t sum = checksum_pseudo4(src, dst, IP_TCP, size);
 *	sum = checksum_add(sum, segment, size);
 *	uint16_t field = checksum_finish(sum);
 *
 * Parts may be added one after the other as long as only the last has an
 * odd size. Verifying is adding everything, the checksum field included:
 * right when checksum_finish() answers 0.
 *
 * checksum_update16() is equation 3 of [2], HC' = ~(~HC + ~m + m'); the
 * older equation of RFC 1141 errs where the result is zero.
 *
 * [1] RFC 1071. [2] RFC 1624. Pseudo headers: RFC 9293 section 3.1 (IPv4),
 * RFC 8200 section 8.1.
 */
#ifndef CORE_WIRE_CHECKSUM_H
#define CORE_WIRE_CHECKSUM_H

#include "core/wire/cursor.h"

/* The bound of the loop: the longest packet there is, 40 + 65,535 bytes. */
#define CHECKSUM_BYTES_MAX 65575

WIRE_INLINE uint64_t
checksum_add(uint64_t sum, const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	if (size > CHECKSUM_BYTES_MAX)
		size = CHECKSUM_BYTES_MAX;
	for (; at + 4 <= size; at += 4) {
		uint32_t word;

		__builtin_memcpy(&word, bytes + at, sizeof(word));
		sum += word;
	}
	if (at < size) { /* one to three bytes, padded with zeros */
		uint8_t last[4] = { bytes[at] };
		uint32_t word;

		if (at + 1 < size)
			last[1] = bytes[at + 1];
		if (at + 2 < size)
			last[2] = bytes[at + 2];
		__builtin_memcpy(&word, last, sizeof(word));
		sum += word;
	}
	return sum;
}

/* The value for the header, in host order. */
WIRE_INLINE uint16_t
checksum_finish(uint64_t sum)
{
	uint16_t folded;

	sum = (sum >> 32) + (sum & 0xffffffff); /* below 2^33 */
	sum = (sum >> 16) + (sum & 0xffff); /* below 2^17 + 2^16 */
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	folded = (uint16_t)~sum;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	folded = __builtin_bswap16(folded);
#endif
	return folded;
}

/* size: of the transport header and what follows it. */
WIRE_INLINE uint64_t
checksum_pseudo(const uint8_t *src, const uint8_t *dst, size_t address_bytes,
		uint8_t protocol, uint32_t size)
{
	uint8_t tail[8] = { 0 };
	uint64_t sum;

	/* One layout serves both families: IPv4's zero, protocol and 16-bit
	 * length add up as IPv6's 32-bit length, zeros and next header. */
	wire_put32(tail, size);
	tail[7] = protocol;
	sum = checksum_add(0, src, address_bytes);
	sum = checksum_add(sum, dst, address_bytes);
	return checksum_add(sum, tail, sizeof(tail));
}

WIRE_INLINE uint64_t
checksum_pseudo4(const uint8_t src[4], const uint8_t dst[4], uint8_t protocol,
		 uint32_t size)
{
	return checksum_pseudo(src, dst, 4, protocol, size);
}

WIRE_INLINE uint64_t
checksum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol,
		 uint32_t size)
{
	return checksum_pseudo(src, dst, 16, protocol, size);
}

/* The checksum after one 16-bit word at an even offset changed. */
WIRE_INLINE uint16_t
checksum_update16(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint16_t)~checksum;

	sum += (uint16_t)~before;
	sum += after;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

WIRE_INLINE uint16_t
checksum_update32(uint16_t checksum, uint32_t before, uint32_t after)
{
	checksum = checksum_update16(checksum, (uint16_t)(before >> 16),
				     (uint16_t)(after >> 16));
	return checksum_update16(checksum, (uint16_t)before, (uint16_t)after);
}

#endif
