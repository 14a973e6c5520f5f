#include "shim.h"

static const char labels_sql[] = {
#embed "../../../schemas/labels.sql"
};
const char *const echoprep_labels_sql = labels_sql;
const size_t echoprep_labels_sql_count = sizeof labels_sql;

static const unsigned char icd10cm[] = {
#embed "../../../schemas/icd10cm.txt.gz"
};
const unsigned char *const echoprep_icd10cm = icd10cm;
const size_t echoprep_icd10cm_count = sizeof icd10cm;

static const char paper_prevalence[] = {
#embed "../../../schemas/paper-prevalence.csv"
};
const char *const echoprep_paper_prevalence = paper_prevalence;
const size_t echoprep_paper_prevalence_count = sizeof paper_prevalence;

static const char torch_module[] = {
#embed "../../../pytorch/echoprep_torch.py"
};
const char *const echoprep_torch_module = torch_module;
const size_t echoprep_torch_module_count = sizeof torch_module;

static const char measurements[] = {
#embed "../../../schemas/measurements.tsv"
};
const char *const echoprep_measurements = measurements;
const size_t echoprep_measurements_count = sizeof measurements;

static const char review_sql[] = {
#embed "../../../schemas/review.sql"
};
const char *const echoprep_review_sql = review_sql;
const size_t echoprep_review_sql_count = sizeof review_sql;

static const char earlier[] = {
#embed "../../../schemas/earlier.tsv"
};
const char *const echoprep_earlier = earlier;
const size_t echoprep_earlier_count = sizeof earlier;
