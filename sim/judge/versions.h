/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions.h - what replicas may give up, and for what
 *
 * A replica keeps three statements about a session, each of another owner, and
 * two of them may be open (design section 3). The rule, in words that are not
 * the store's own: an unexpired statement of a replica, in one boot, is given
 * up for
 *
 *	its own owner's		of a later establishment, or of the same and a
 *				higher sequence; or, of its version, an open
 *				record for a half-open one, a tombstone for both
 *	three others' at once	each worth more: an open record more than a
 *				half-open one, that more than a tombstone, of
 *				equals the later one
 *	two others' at once	if all three are open, each worth more
 *	anything		if it is half-open (store.h: there are many)
 *
 * and for nothing else. What replaces it while it is older breaks
 * OLDER_VERSION, and so does a newer record that was refused though there was
 * room; what goes and leaves nothing breaks LOST_RECORD, and so does what will
 * go too soon, for a record that its owner stores again lives as long as a new
 * one. A conditional STORE offers nothing to a server that knows as many closer
 * ones as there are to be replicas. A record whose owner has not said that it
 * ended, and that is ended all the same, breaks FOREIGN_TOMBSTONE; a replica
 * may pass on what an owner said.
 *
 * Two looks. Around each STORE and REMOVE that comes to a server: who sent it
 * is known then. And once in a while over all that is stored, for what a node
 * does by itself; there a tombstone is foreign when its owner's node still owns
 * the session.
 *
 * A daemon that takes its time (service.wakeup_ms, service.processing_ms) acts
 * later than packets come: there is the second look alone.
 */
#ifndef SIM_JUDGE_VERSIONS_H
#define SIM_JUDGE_VERSIONS_H

#include "core/record.h"
#include "sim/judge/judge.h"

struct judge_versions;

/* What broke when a replica that had `before` has `after`; VIOLATIONS: nothing.
 * remover: who asked for it to be removed, an endpoint's index; ENDPOINT_NONE:
 * nobody is known to have. */
enum violation judge_versions_given_up(const struct record *before,
				       const struct record *after,
				       uint32_t after_count, uint32_t remover);
/* Must a replica that has `after` have kept this one, too? It had room. */
bool judge_versions_refused(const struct record *offered,
			    const struct record *after, uint32_t after_count);
/* Does a replica that was offered this record, and has it, keep it for less
 * than it was offered for, or most_ms? */
bool judge_versions_cut_short(const struct record *offered, uint32_t most_ms,
			      const struct record *after, uint32_t after_count);

struct judge_versions *judge_versions_create(const struct judge_parts *);
void judge_versions_destroy(struct judge_versions *);
void judge_versions_before(struct judge_versions *, struct instant now,
			   uint32_t device, const uint8_t *bytes,
			   uint32_t size);
void judge_versions_after(struct judge_versions *, struct instant now);
/* Over all that is stored; how many statements that were. */
uint32_t judge_versions_look(struct judge_versions *, struct instant now);

#endif
