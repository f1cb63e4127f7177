/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpi_library.c - messages by MPI; the only file that knows MPI
 *
 * Nothing blocks: a message is MPI_Isend() from a copy, and MPI_Improbe() and
 * MPI_Imrecv() into a buffer. Probing matches messages of one rank in order;
 * large ones may be complete before earlier ones, so a message is handed out
 * only when no earlier one of its rank is still on its way. One of a rank that
 * died in mid-message stays there for good and hinders no other rank.
 *
 * MPI makes progress only while it is called, so both sides come by every
 * millisecond or so (mpi_scheduler.h).
 */
#include "harness/run/mpi_transport.h"

/* OpenMPI's C++ bindings are not C. */
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVES_MAX 256

struct sending {
	struct sending *next;
	MPI_Request request;
	uint8_t bytes[];
};

struct receiving {
	MPI_Request request;
	struct mpi_transport_message message;
	int complete;
	int broken; /* its rank died meanwhile */
};

static struct {
	struct sending *sending;
	struct receiving receiving[RECEIVES_MAX]; /* oldest first */
	uint32_t receives;
} state;

static int
failed(const char *what, int code)
{
	char text[MPI_MAX_ERROR_STRING] = "";
	int size;

	(void)MPI_Error_string(code, text, &size);
	fprintf(stderr, "homeward: %s: %s\n", what, text);
	return -1;
}

static int
library_open(uint32_t *rank, uint32_t *count)
{
	int own = 0, all = 0;
	int code = MPI_Init(NULL, NULL);

	if (code != MPI_SUCCESS)
		return failed("MPI_Init", code);
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_rank(MPI_COMM_WORLD, &own);
	MPI_Comm_size(MPI_COMM_WORLD, &all);
	*rank = (uint32_t)own;
	*count = (uint32_t)all;
	return 0;
}

static int
library_send(uint32_t rank, uint32_t kind, const void *bytes, size_t size)
{
	struct sending *sending = malloc(sizeof(*sending) + size);
	int code;

	if (sending == NULL || size > MPI_TRANSPORT_MESSAGE_BYTES) {
		fprintf(stderr, "homeward: out of memory\n");
		free(sending);
		return -1;
	}
	if (size > 0)
		memcpy(sending->bytes, bytes, size);
	code = MPI_Isend(sending->bytes, (int)size, MPI_BYTE, (int)rank,
			 (int)kind, MPI_COMM_WORLD, &sending->request);
	if (code != MPI_SUCCESS) {
		free(sending);
		/* No request was made that we could wait for. */
		/* NOLINTNEXTLINE(clang-analyzer-optin.mpi.MPI-Checker) */
		return failed("MPI_Isend", code);
	}
	sending->next = state.sending;
	state.sending = sending;
	return 0;
}

static uint32_t
library_unsent(void)
{
	struct sending **slot = &state.sending;
	uint32_t count = 0;

	while (*slot != NULL) {
		struct sending *sending = *slot;
		int complete = 0;

		/* One that failed was to a rank that is lost. */
		if (MPI_Test(&sending->request, &complete, MPI_STATUS_IGNORE) !=
			    MPI_SUCCESS ||
		    complete) {
			*slot = sending->next;
			free(sending);
		} else {
			slot = &sending->next;
			count++;
		}
	}
	return count;
}

/* Start to receive what has been announced. 0 or -1. */
static int
receives_start(void)
{
	while (state.receives < RECEIVES_MAX) {
		struct receiving *receiving = &state.receiving[state.receives];
		MPI_Message message;
		MPI_Status status;
		int there = 0, size = 0;
		int code =
			MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD,
				    &there, &message, &status);

		if (code != MPI_SUCCESS)
			return failed("MPI_Improbe", code);
		if (!there)
			break;
		MPI_Get_count(&status, MPI_BYTE, &size);
		*receiving = (struct receiving){
			.message = { .rank = (uint32_t)status.MPI_SOURCE,
				     .kind = (uint32_t)status.MPI_TAG,
				     .size = (size_t)size,
				     .bytes = malloc((size_t)size + 1) },
		};
		if (receiving->message.bytes == NULL) {
			fprintf(stderr, "homeward: out of memory\n");
			return -1;
		}
		code = MPI_Imrecv(receiving->message.bytes, size, MPI_BYTE,
				  &message, &receiving->request);
		if (code != MPI_SUCCESS) {
			free(receiving->message.bytes);
			return failed("MPI_Imrecv", code);
		}
		state.receives++;
	}
	return 0;
}

static int
is_first_of_rank(uint32_t slot)
{
	for (uint32_t i = 0; i < slot; i++)
		if (state.receiving[i].message.rank ==
		    state.receiving[slot].message.rank)
			return 0;
	return 1;
}

static int
library_take(struct mpi_transport_message *message)
{
	if (receives_start() != 0)
		return -1;
	for (uint32_t i = 0; i < state.receives; i++) {
		struct receiving *receiving = &state.receiving[i];

		if (!receiving->complete && !receiving->broken)
			receiving->broken =
				MPI_Test(&receiving->request,
					 &receiving->complete,
					 MPI_STATUS_IGNORE) != MPI_SUCCESS;
		if (!receiving->complete || receiving->broken ||
		    !is_first_of_rank(i))
			continue;
		*message = receiving->message;
		state.receives--;
		memmove(receiving, receiving + 1,
			(state.receives - i) * sizeof(*receiving));
		return 1;
	}
	return 0;
}

static void
library_close(void)
{
	MPI_Finalize();
}

const struct mpi_transport mpi_library = {
	.open = library_open,
	.send = library_send,
	.take = library_take,
	.unsent = library_unsent,
	.close = library_close,
};
