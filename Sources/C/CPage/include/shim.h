// What only the review page needs of what the program carries inside itself.
#ifndef CPAGE_SHIM_H
#define CPAGE_SHIM_H
#include <stddef.h>
/// A file of Sources/Review/Page, and all of them.
struct echoprep_page_part {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};
extern const struct echoprep_page_part *const echoprep_page;
extern const int echoprep_page_count;
/// schemas/review-form.yaml, and its length in bytes.
extern const char *const echoprep_review_form;
extern const size_t echoprep_review_form_count;
#endif
