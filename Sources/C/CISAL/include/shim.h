// ISA-L's igzip: gzip tables inflated at three times zlib's speed.
#ifndef CISAL_SHIM_H
#define CISAL_SHIM_H
#include <isa-l/igzip_lib.h>
#endif
