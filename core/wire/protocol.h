/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protocol.h - IANA's protocol numbers that we name, for both IP versions
 *
 * https://www.iana.org/assignments/protocol-numbers. Protocols that are
 * not here pass through the parsers as numbers.
 */
#ifndef CORE_WIRE_PROTOCOL_H
#define CORE_WIRE_PROTOCOL_H

#define IP_HOP_BY_HOP  0 /* IPv6 extension */
#define IP_ICMP4       1
#define IP_IP4	       4 /* IPv4 inside */
#define IP_TCP	       6
#define IP_UDP	       17
#define IP_IP6	       41 /* IPv6 inside */
#define IP_ROUTING     43 /* IPv6 extension */
#define IP_FRAGMENT    44 /* IPv6 extension */
#define IP_ESP	       50 /* ends what can be read */
#define IP_AH	       51 /* extension of either */
#define IP_ICMP6       58
#define IP_NONE	       59 /* nothing follows */
#define IP_DESTINATION 60 /* IPv6 extension */

#endif
