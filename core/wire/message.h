/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h - the nodes' messages: format, decoder and encoder
 *
 * message_format.h has the bytes, drawn, and the types; message_read.h the
 * decoder, message_write.h the encoder.
 */
#ifndef CORE_WIRE_MESSAGE_H
#define CORE_WIRE_MESSAGE_H

#include "core/wire/message_read.h"
#include "core/wire/message_write.h"

#endif
