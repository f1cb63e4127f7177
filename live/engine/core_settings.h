/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_settings.h - what the core is told, from configuration and secret
 */
#ifndef LIVE_ENGINE_CORE_SETTINGS_H
#define LIVE_ENGINE_CORE_SETTINGS_H

#include "core/dht/node.h"
#include "core/steer/steer.h"
#include "live/conf/conf.h"
#include "live/conf/secret.h"

/* The services are borrowed from the configuration, the keys are copied. */
void core_settings(struct steer_settings *, struct node_settings *,
		   const struct conf *, const struct secret *);

#endif
