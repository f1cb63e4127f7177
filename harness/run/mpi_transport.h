/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpi_transport.h - messages between the processes that mpirun started
 *
 * All that Homeward wants of MPI, as a table of functions. They live in a
 * library of their own, homeward-mpi.so (mpi_library.c), which is loaded only
 * when mpirun started us: libmpi and its dependencies would else cost every
 * `homeward` a third of its start, and a package that needs OpenMPI.
 *
 * A message is a kind and bytes. Messages from one rank to another arrive in
 * the order in which they were sent. No call here waits for another rank but
 * open() and close(), so a rank that died holds up no other.
 */
#ifndef HARNESS_RUN_MPI_TRANSPORT_H
#define HARNESS_RUN_MPI_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#define MPI_TRANSPORT_MESSAGE_BYTES (256 * 1024) /* no message is longer */

struct mpi_transport_message {
	uint32_t rank; /* of the sender */
	uint32_t kind;
	size_t size;
	uint8_t *bytes; /* the taker frees them */
};

struct mpi_transport {
	/* Waits for all ranks. 0 or -1: said. */
	int (*open)(uint32_t *rank, uint32_t *count);
	/* The bytes are copied. 0, or -1: no memory, or MPI says no. */
	int (*send)(uint32_t rank, uint32_t kind, const void *bytes,
		    size_t size);
	/* 1: a message; 0: none now; -1: as above. */
	int (*take)(struct mpi_transport_message *);
	/* Messages that have not left yet; they leave during the calls above
	 * and this one. */
	uint32_t (*unsent)(void);
	/* Waits for all ranks to call it: only when none is lost. */
	void (*close)(void);
};

/* Load the library: from beside the program, or where it is installed. NULL:
 * said. It stays. */
const struct mpi_transport *mpi_transport_load(void);

/* The library's only symbol. */
extern const struct mpi_transport mpi_library;

#endif
