// OpenBLAS: matrix products in F32.
#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H
#include <cblas.h>

/// The kernels that OpenBLAS chose for this processor, as "SkylakeX".
const char *blas_kernels(void);

#endif
