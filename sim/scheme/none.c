/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * none.c - no scheme: the plain kernel, for the control
 *
 * It has no memory, so it is never asked (scheme.h): every packet goes to the
 * stack of the server that it landed on, and a stray is answered by a RST.
 */
#include "sim/model/scheme.h"

static struct scheme_sizes
none_sizes(const struct scheme_limits *limits)
{
	(void)limits;
	return (struct scheme_sizes){ 0 };
}

const struct scheme scheme_none = { .sizes = none_sizes };
