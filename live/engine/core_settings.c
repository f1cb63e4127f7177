/* SPDX-License-Identifier: GPL-3.0-or-later */
/* core_settings.c - see core_settings.h */
#include "live/engine/core_settings.h"

void
core_settings(struct steer_settings *steer, struct node_settings *node,
	      const struct conf *conf, const struct secret *secret)
{
	*steer = conf->steer;
	steer->services = conf->services;
	steer->service_count = conf->service_count;
	for (uint32_t i = 0; i < 2; i++)
		steer->tag_key_valid[i] = false;
	/* On the wire a tag key has one bit of name. */
	steer->tag_key_id = secret->keys[0].id & 1;
	for (uint32_t i = 0; i < secret->key_count; i++) {
		uint8_t id = secret->keys[i].id & 1;
		steer->tag_keys[id] = secret->keys[i].tag;
		steer->tag_key_valid[id] = true;
	}
	*node = conf->node;
	/* The pool has as much room again, for those that linger. */
	node->sessions_crowded = (conf->sessions_max + 1) / 2;
}
