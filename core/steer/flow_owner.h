/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow_owner.h - who may be a flow's owner
 *
 * An owner is an endpoint that a record names. It is usable when it is of our
 * own family, is not ourselves, has not said "not mine" in this series of
 * lookups (it is excluded), and is not gone.
 *
 * Gone: it is dead (life.h), and has been asked, or called unreachable, since
 * the flow strayed here. Routes that a split or a fault took may come back by
 * and by: the session was at home until now, and its first packet here must not
 * be answered by what was true a second ago. Until it is known the owner is
 * merely silent. It is asked at once (life_strayed()), and if it does not
 * answer the client is told, though it says no more.
 */
#ifndef CORE_STEER_FLOW_OWNER_H
#define CORE_STEER_FLOW_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/address.h"
#include "core/instant.h"
#include "core/steer/stray.h"
#include "core/steer/tunnel.h"

struct flow;

/* owner: an endpoint index. */
const struct address *flow_owner_address(const struct strays *, uint32_t owner);
struct tunnel_peer flow_owner_peer(const struct strays *, uint32_t owner);
bool flow_owner_gone(const struct strays *, struct instant now,
		     const struct flow *, uint32_t owner);
/* It is dead; or was, and has not been heard since, though words of that are
 * old by now. */
bool flow_owner_died(const struct strays *, struct instant now, uint32_t owner);
bool flow_owner_usable(const struct strays *, struct instant now,
		       const struct flow *, uint32_t owner);
/* That owner, which was found, is dead: not in this series of lookups. It is
 * asked whether it lives for as long as there are flows of its. */
void flow_owner_mourn(const struct strays *, struct instant now, struct flow *,
		      uint32_t owner);
/* The same, but nobody asks any more. */
void flow_owner_bury(struct flow *, uint32_t owner);
/* Is one of the owners alive that this series was told are dead, whichever died
 * last? Then all may be found again. */
bool flow_owner_revived(const struct strays *, struct instant now,
			struct flow *);
/* Not this one in this series of lookups; full: the one excluded first may be
 * asked again. */
void flow_owner_exclude(struct flow *, uint32_t owner);
/* All may be asked again. */
void flow_owner_forgive(struct flow *);

/* None is known; */
void flow_owner_none(struct flow *);
/* one more is, behind those that are known already, if there is a place; */
void flow_owner_add(struct flow *, uint32_t owner);
/* this one of the others is it no more; */
void flow_owner_remove(struct flow *, uint32_t owner);
/* this one is it from now on, and the one before is the first of the others; */
void flow_owner_prefer(struct flow *, uint32_t owner);
/* the owner is it no more: the next that is usable, if any. */
bool flow_owner_next(const struct strays *, struct instant now, struct flow *);
/* Is any of the others usable? */
bool flow_owner_doubted(const struct strays *, struct instant now,
			const struct flow *);

#endif
