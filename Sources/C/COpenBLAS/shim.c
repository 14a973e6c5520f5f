// Keeps OpenBLAS to the thread that calls it, from before main: the threads are ours.
#include "shim.h"

__attribute__((constructor)) static void one_thread_a_call(void) { openblas_set_num_threads(1); }

const char *blas_kernels(void) { return openblas_get_corename(); }
