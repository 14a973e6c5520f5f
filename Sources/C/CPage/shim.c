// The parts of the page of `echoprep review`: a new file of Sources/Review/Page is three lines here, and one at the end.
#include "shim.h"

static const char review_form[] = {
#embed "../../../schemas/review-form.yaml"
};
const char *const echoprep_review_form = review_form;
const size_t echoprep_review_form_count = sizeof review_form;

#define PART(name, symbol) {name, symbol, sizeof symbol}

static const unsigned char index_html[] = {
#embed "../../Review/Page/index.html"
};
static const unsigned char app_css[] = {
#embed "../../Review/Page/app.css"
};
static const unsigned char actions_js[] = {
#embed "../../Review/Page/actions.js"
};
static const unsigned char api_js[] = {
#embed "../../Review/Page/api.js"
};
static const unsigned char app_js[] = {
#embed "../../Review/Page/app.js"
};
static const unsigned char clips_js[] = {
#embed "../../Review/Page/clips.js"
};
static const unsigned char deciding_js[] = {
#embed "../../Review/Page/deciding.js"
};
static const unsigned char dialogs_js[] = {
#embed "../../Review/Page/dialogs.js"
};
static const unsigned char dom_js[] = {
#embed "../../Review/Page/dom.js"
};
static const unsigned char form_js[] = {
#embed "../../Review/Page/form.js"
};
static const unsigned char keys_js[] = {
#embed "../../Review/Page/keys.js"
};
static const unsigned char outbox_js[] = {
#embed "../../Review/Page/outbox.js"
};
static const unsigned char panels_js[] = {
#embed "../../Review/Page/panels.js"
};
static const unsigned char player_js[] = {
#embed "../../Review/Page/player.js"
};
static const unsigned char review_js[] = {
#embed "../../Review/Page/review.js"
};
static const unsigned char settings_js[] = {
#embed "../../Review/Page/settings.js"
};
static const unsigned char sheet_js[] = {
#embed "../../Review/Page/sheet.js"
};
static const unsigned char stage_js[] = {
#embed "../../Review/Page/stage.js"
};
static const unsigned char strip_js[] = {
#embed "../../Review/Page/strip.js"
};

static const struct echoprep_page_part parts[] = {
    PART("index.html", index_html), PART("app.css", app_css),
    PART("actions.js", actions_js),
    PART("api.js", api_js),
    PART("app.js", app_js),
    PART("clips.js", clips_js),
    PART("deciding.js", deciding_js),
    PART("dialogs.js", dialogs_js),
    PART("dom.js", dom_js),
    PART("form.js", form_js),
    PART("keys.js", keys_js),
    PART("outbox.js", outbox_js),
    PART("panels.js", panels_js),
    PART("player.js", player_js),
    PART("review.js", review_js),
    PART("settings.js", settings_js),
    PART("sheet.js", sheet_js),
    PART("stage.js", stage_js),
    PART("strip.js", strip_js),
};
const struct echoprep_page_part *const echoprep_page = parts;
const int echoprep_page_count = sizeof parts / sizeof parts[0];
