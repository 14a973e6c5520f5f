#include "shim.h"

const char echoprep_labels_sql[] = {
#embed "../../../schemas/labels.sql"
};
const size_t echoprep_labels_sql_count = sizeof echoprep_labels_sql;
