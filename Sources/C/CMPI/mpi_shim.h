// What training over several processes needs of MPI, in plain C types: the handles of OpenMPI and of MPICH differ, so
// mpi_shim.c is compiled where it runs, by `make mpi`, and opened at run time.
#ifndef CMPI_MPI_SHIM_H
#define CMPI_MPI_SHIM_H

#include <stddef.h>
#include <stdint.h>

// Counts up whenever a function below changes.
#define CMPI_VERSION 1

// Where the process stands among all, and among those of its machine.
typedef struct {
    int32_t rank, count, local_rank, local_count;
} cmpi_standing;

// One thread at a time may call; each function but `end` and `abandon` waits for all ranks and returns 0, or MPI's error.
// A process that has waited for `patience` seconds says so and ends with status 1.
typedef struct {
    int32_t version;
    int32_t (*begin)(uint32_t patience, cmpi_standing *standing);
    // Each number becomes its sum over all ranks.
    int32_t (*sum_floats)(float *numbers, size_t count);
    int32_t (*sum_doubles)(double *numbers, size_t count);
    // Each byte becomes that of the first rank.
    int32_t (*broadcast)(uint8_t *bytes, size_t count);
    // Leaves in order, with all others.
    int32_t (*end)(void);
    // Ends all ranks at once.
    void (*abandon)(int32_t status);
} cmpi_functions;

// The one symbol of the shared library.
const cmpi_functions *echoprep_mpi(void);

#endif
