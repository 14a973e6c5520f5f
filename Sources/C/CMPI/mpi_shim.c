// MPI behind plain C types; compiled by `make mpi` with the machine's mpicc, and no part of the ordinary build.
#include "mpi_shim.h"

#include <mpi.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static uint32_t patience;

static void give_up(int signal) {
    static const char text[] =
        "echoprep: another rank has not been heard of for too long\n"
        "  try: look at what it said last; the same command goes on from the last checkpoint\n";
    (void)signal;
    if (write(2, text, sizeof text - 1) < 0) _exit(1);
    _exit(1);
}

// Waits until all ranks are here. MPI's own waiting takes a whole processor, which the work of the others needs.
static int arrive(void) {
    MPI_Request request;
    int done = 0, error = MPI_Ibarrier(MPI_COMM_WORLD, &request);
    long nap = 0;
    while (!error && !(error = MPI_Test(&request, &done, MPI_STATUS_IGNORE)) && !done) {
        if (nap >= 20) nanosleep(&(struct timespec){0, nap * 1000}, NULL);
        if (nap < 500) nap++;
    }
    return error;
}

static int32_t begin(uint32_t seconds, cmpi_standing *standing) {
    int given, ready, rank, count, local_rank, local_count;
    MPI_Comm node;
    patience = seconds;
    signal(SIGALRM, give_up);
    alarm(patience);
    int error = MPI_Initialized(&ready);
    if (!error && !ready) error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given);
    if (!error) error = MPI_Query_thread(&given);
    if (!error && given < MPI_THREAD_SERIALIZED) error = MPI_ERR_OTHER;
    if (!error) error = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (!error) error = MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (!error) error = MPI_Comm_size(MPI_COMM_WORLD, &count);
    if (!error) error = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    if (!error) error = MPI_Comm_rank(node, &local_rank);
    if (!error) error = MPI_Comm_size(node, &local_count);
    if (!error) error = MPI_Comm_free(&node);
    alarm(0);
    if (!error) *standing = (cmpi_standing){rank, count, local_rank, local_count};
    return error;
}

// At most so many at once, for MPI counts in ints.
static const size_t most = 1 << 30;

static int32_t sum(void *numbers, size_t count, size_t size, MPI_Datatype type) {
    alarm(patience);
    int error = arrive();
    for (size_t done = 0; !error && done < count; done += most) {
        int part = count - done < most ? count - done : most;
        error = MPI_Allreduce(
            MPI_IN_PLACE, (char *)numbers + done * size, part, type, MPI_SUM, MPI_COMM_WORLD);
    }
    alarm(0);
    return error;
}

static int32_t sum_floats(float *numbers, size_t count) {
    return sum(numbers, count, sizeof *numbers, MPI_FLOAT);
}

static int32_t sum_doubles(double *numbers, size_t count) {
    return sum(numbers, count, sizeof *numbers, MPI_DOUBLE);
}

static int32_t broadcast(uint8_t *bytes, size_t count) {
    alarm(patience);
    int error = arrive();
    for (size_t done = 0; !error && done < count; done += most) {
        int part = count - done < most ? count - done : most;
        error = MPI_Bcast(bytes + done, part, MPI_BYTE, 0, MPI_COMM_WORLD);
    }
    alarm(0);
    return error;
}

static int32_t end(void) {
    alarm(patience);
    int error = arrive();
    if (!error) error = MPI_Finalize();
    alarm(0);
    return error;
}

static void abandon(int32_t status) {
    // A network that is gone may keep it from telling the others, who then give up by themselves.
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    MPI_Abort(MPI_COMM_WORLD, status);
}

const cmpi_functions *echoprep_mpi(void) {
    static const cmpi_functions functions = {
        CMPI_VERSION, begin, sum_floats, sum_doubles, broadcast, end, abandon,
    };
    return &functions;
}
