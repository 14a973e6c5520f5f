// Prepares OpenBLAS before main: kernels for this processor, on the thread that calls it, because the threads are ours.
#include "shim.h"
#include <stdlib.h>
#include <strings.h>

// What OpenBLAS has where it was built with threads, under the name from before it could fork, and where it was built for
// several processors.
__attribute__((weak)) int blas_thread_shutdown_(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);
__attribute__((weak)) void gotoblas_dynamic_init(void);

/// Kernels that fit this processor, where the chosen ones are from before AVX and it has AVX2 at least; null where they fit.
static const char *fitting_kernels(const char *chosen) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const char *old[] = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Barcelona", "Opteron"};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (!strcasecmp(chosen, old[i])) {
            if (__builtin_cpu_supports("x86-64-v4")) return "SkylakeX";
            if (__builtin_cpu_supports("x86-64-v3")) return "Haswell";
        }
#endif
    return NULL;
}

/// OpenBLAS knows processors by their model, and takes one that is newer than itself for the oldest: on an Emerald Rapids
/// 0.3.21 is four times too slow. It chooses again when it is told to.
static void choose_kernels(void) {
    const char *fitting = fitting_kernels(openblas_get_corename());
    if (!fitting || getenv("OPENBLAS_CORETYPE") || !gotoblas_dynamic_quit || !gotoblas_dynamic_init) return;
    setenv("OPENBLAS_CORETYPE", fitting, 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}

// It would start threads when it is loaded, one for each processor, and end the program by SIGINT where the system gives
// none. A program's own function comes before that of a library, and the threads are ours: it starts none.
int blas_thread_init(void) { return 0; }

// The threads that it started when it was loaded would spin for a while, beside work of ours that never needs them.
__attribute__((constructor)) static void prepare(void) {
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_) blas_thread_shutdown_();
    choose_kernels();
}

const char *blas_kernels(void) { return openblas_get_corename(); }
