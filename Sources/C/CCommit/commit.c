#include "commit.h"

const char *const echoprep_commit = ECHOPREP_COMMIT;
