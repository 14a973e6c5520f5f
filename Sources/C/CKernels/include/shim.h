// Vector kernels of CPUEngine that no library has, in the order of their use.
#ifndef CKERNELS_SHIM_H
#define CKERNELS_SHIM_H
#include <stddef.h>
#include <stdint.h>
#endif
