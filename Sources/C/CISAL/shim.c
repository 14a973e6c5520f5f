// A target of C needs one source file; everything is in the header.
#include "shim.h"
