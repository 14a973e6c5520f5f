#include "shim.h"

static const char labels_sql[] = {
#embed "../../../schemas/labels.sql"
};
const char *const echoprep_labels_sql = labels_sql;
const size_t echoprep_labels_sql_count = sizeof labels_sql;
