// Keeps OpenBLAS to the thread that calls it, from before main: the threads are ours.
#include "shim.h"

// OpenBLAS has this where it was built with threads; what it calls itself before a fork.
__attribute__((weak)) int blas_thread_shutdown_(void);

// The threads that it started when it was loaded would spin for a while, beside work of ours that never needs them.
__attribute__((constructor)) static void one_thread_a_call(void) {
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_) blas_thread_shutdown_();
}

const char *blas_kernels(void) { return openblas_get_corename(); }
