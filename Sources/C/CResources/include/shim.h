// Files of the repository that the program carries inside itself.
#ifndef CRESOURCES_SHIM_H
#define CRESOURCES_SHIM_H
#include <stddef.h>
/// schemas/labels.sql, and its length in bytes.
extern const char *const echoprep_labels_sql;
extern const size_t echoprep_labels_sql_count;
/// schemas/icd10cm.txt.gz, and its length in bytes.
extern const unsigned char *const echoprep_icd10cm;
extern const size_t echoprep_icd10cm_count;
/// schemas/paper-prevalence.csv, and its length in bytes.
extern const char *const echoprep_paper_prevalence;
extern const size_t echoprep_paper_prevalence_count;
/// pytorch/echoprep_torch.py, and its length in bytes.
extern const char *const echoprep_torch_module;
extern const size_t echoprep_torch_module_count;
/// schemas/measurements.tsv, and its length in bytes.
extern const char *const echoprep_measurements;
extern const size_t echoprep_measurements_count;
/// schemas/review.sql, and its length in bytes.
extern const char *const echoprep_review_sql;
extern const size_t echoprep_review_sql_count;
/// schemas/earlier.tsv, and its length in bytes.
extern const char *const echoprep_earlier;
extern const size_t echoprep_earlier_count;
#endif
