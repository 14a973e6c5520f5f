-- The database of a dataset: DATASET/echoprep.sqlite. This file is its only definition; the program embeds it.
--
-- Names are MIMIC's where the thing is MIMIC's. Times are ISO 8601 text as MIMIC prints them
-- (YYYY-MM-DD HH:MM:SS), shifted by one offset per subject: they compare within a subject only.
-- Of the tables below `run`, `ingest` writes `clip`, `withdrawn_clip`, `retired_shard` and `listed_study`; `link-icd`
-- writes all the others, replaces them in one transaction and never touches those. Both write their own sources' rows of `label` and nobody else's.
-- Either works without the other, so a clip's study_id and subject_id meet echo_study and split by value, not by a
-- foreign key.

PRAGMA user_version = 8;

-- Who wrote what here ---------------------------------------------------------------------------------------

-- One row for each command that wrote to this database. An ingest that goes on where it stopped keeps its row.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,            -- 'ingest' (of merged parts too), 'link-icd'
    started_at TEXT NOT NULL,         -- UTC
    finished_at TEXT,                 -- UTC; NULL while it runs or after it was killed
    program_version TEXT NOT NULL,    -- as 0.1.0+1a2b3c4: the version and the commit
    schema_version INTEGER NOT NULL,  -- user_version of this file
    command_line TEXT NOT NULL,       -- as typed
    program_build TEXT,               -- a hash of the program's own file; NULL before schema version 4
    changes TEXT,                     -- of 'ingest': how many files it added and what had changed since the run before, as a
                                      -- JSON object with 'new', 'withdrawn', …; NULL where nothing
    change_counter INTEGER            -- of 'link-icd': how often this file had been written to when the run was done, as
                                      -- its bytes 24 to 27 say; with another number there its labels are made anew
) STRICT;

-- Every choice that a run made, its defaults included: what would have to be the same for the same result.
CREATE TABLE rule (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL,    -- the option's long name without dashes, as 'pixels'; 'source' for the folder read
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;

-- What the rows of every table were when the command that wrote them was done, so that `verify` finds what has changed
-- since. Whoever writes to a table takes its row out first; a command that is done adds what is missing.
CREATE TABLE table_sum (
    name TEXT NOT NULL,               -- of the table
    part TEXT NOT NULL,               -- which of its rows: of `label` and `label_source` a source, of `run`, `rule`,
                                      -- `source_file` and `reject` a run; '' for all
    run_id INTEGER REFERENCES run (id),  -- the last run when it was taken
    n INTEGER NOT NULL,               -- rows
    sum TEXT,                         -- of XXH3-64 over each row, modulo 2^64, as 16 hexadecimal digits; NULL where rows
                                      -- were others before a command wrote to them
    PRIMARY KEY (name, part)
) STRICT, WITHOUT ROWID;

-- The tables that a run read.
CREATE TABLE source_file (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    role TEXT NOT NULL,               -- 'admissions', 'echo-record-list', …
    path TEXT NOT NULL,               -- relative to the folder named on the command line
    bytes INTEGER NOT NULL,           -- size on disk
    sha256 TEXT NOT NULL,             -- of the file as it lies on disk
    rows_read INTEGER NOT NULL,       -- data rows, without the header
    rows_rejected INTEGER NOT NULL,   -- of these, those in `reject`
    version TEXT                      -- of the dataset that it belongs to, as '1.0', where its columns tell; else NULL
) STRICT;
CREATE INDEX source_file_run ON source_file (run_id);

-- Rows of those tables that could not be used.
CREATE TABLE reject (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    role TEXT NOT NULL,               -- as source_file.role
    line INTEGER NOT NULL,            -- first line of the row, the header is line 1
    reason TEXT NOT NULL,             -- what is wrong with it
    text TEXT NOT NULL                -- the column at fault
) STRICT;
CREATE INDEX reject_run ON reject (run_id, role);

-- Clips -----------------------------------------------------------------------------------------------------

-- One row for every file of the source: kept in a shard, or dropped for a reason from a closed list.
CREATE TABLE clip (
    id INTEGER PRIMARY KEY,                       -- in the order of the source's sorted paths, from 1
    run_id INTEGER NOT NULL REFERENCES run (id),
    study_key TEXT NOT NULL,                      -- the study as text: its number, or the folder of the file
    study_id INTEGER,                             -- NULL where the layout has no study numbers
    subject_id INTEGER,                           -- NULL where the layout has no subject numbers
    name TEXT NOT NULL UNIQUE,                    -- the clip's name, and but for `tensor` the tensor's: STUDY/FILESTEM
    path TEXT NOT NULL UNIQUE,                    -- relative to the source
    bytes INTEGER,                                -- size of the file; NULL if it could not be read
    mtime INTEGER,                                -- when it was last written to, in nanoseconds since 1970; NULL if it was
                                                  -- not there, or before schema version 6
    sha256 TEXT,                                  -- of the whole file; NULL if it could not be read
    sop_key TEXT,                                 -- a hash of SOPInstanceUID, to find the same instance twice
    kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
    kind TEXT CHECK (kind IN ('bmode', 'doppler', 'still', 'spectral', 'uncertain', 'm-mode', '3-d')),
                                                  -- what it shows; NULL if that could not be found out
    rule TEXT,                                    -- which rule decided on the kind
    reason TEXT CHECK (reason IN (
        'still', 'doppler', 'spectral', 'uncertain', 'm-mode', '3-d', 'not-ultrasound', 'missing', 'unreadable',
        'empty', 'not-a-clip', 'malformed', 'truncated', 'no-pixels', 'unsupported', 'undecodable', 'too-large',
        'no-sector', 'duplicate', 'changed-while-read')),
                                                  -- why it was dropped; NULL if kept
    detail TEXT,                                  -- what exactly is wrong, with the byte offset where that helps
    shard TEXT,                                   -- file name under shards/; NULL if dropped
    tensor TEXT,                                  -- the tensor's name there if this row was corrected after it was written:
                                                  -- the shard still has the former name, path and study; else NULL
    frames INTEGER,                               -- frames in the shard
    source_frames INTEGER,                        -- frames found in the file
    height INTEGER,                               -- of the file's picture, in pixels
    width INTEGER,
    frames_per_second REAL,                       -- 1000 / FrameTime, or the container's rate; the mean where steps differ
    frame_times TEXT,                             -- JSON array of milliseconds from the first frame, where steps differ;
                                                  -- NULL where frames are 1 / frames_per_second apart, or nothing tells
    container TEXT,                               -- 'dicom', 'avi', 'mp4'
    codec TEXT,                                   -- transfer syntax UID, or the codec's name
    photometric TEXT,                             -- PhotometricInterpretation, or the pixel format's name
    image_type_flags INTEGER,                     -- ImageType value 4, hexadecimal in the file
    ultrasound_color_data_present INTEGER,        -- UltrasoundColorDataPresent as the file has it: it proves nothing
    regions TEXT,                                 -- JSON array of [spatial format, data type, min x, min y, max x, max y]
    tag_kind TEXT,                                -- the kind that tags alone say; NULL if they say nothing
    colour_share REAL,                            -- greatest share of coloured pixels in a frame, 0 … 1
    neutral_share REAL,                           -- share of bright pixels without colour; few mean a tinted map
    residual_share REAL,                          -- coloured against that tint; NULL if not tinted
    judged_frames INTEGER,                        -- frames that these figures are from
    mask_share REAL,                              -- share of the picture inside the sector mask, 0 … 1
    box_top INTEGER,                              -- the crop box in pixels of the file's picture
    box_left INTEGER,
    box_height INTEGER,
    box_width INTEGER,
    flags TEXT NOT NULL DEFAULT '',               -- what was done differently, words separated by spaces
    checksum TEXT,                                -- XXH3-64 of the tensor's bytes as 16 hexadecimal digits
    CHECK (kept = (shard IS NOT NULL)),
    CHECK (kept = (reason IS NULL))
) STRICT;
CREATE INDEX clip_study ON clip (study_id, kept);
CREATE INDEX clip_subject ON clip (subject_id);
CREATE INDEX clip_shard ON clip (shard);
CREATE INDEX clip_reason ON clip (reason, kind);
CREATE INDEX clip_sha256 ON clip (sha256);
CREATE INDEX clip_sop_key ON clip (sop_key) WHERE sop_key IS NOT NULL;

-- Files that were rows of `clip` and are none any more. What was kept of them lies in a shard until
-- `echoprep merge --compact` writes that anew; nothing but `verify` and an ingest that finds them again asks for it.
CREATE TABLE withdrawn_clip (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),  -- the ingest that withdrew it
    why TEXT NOT NULL CHECK (why IN ('gone', 'changed')),
                                                  -- no list names it any more; its bytes are others now
    path TEXT NOT NULL,                           -- these five as they stood in `clip`
    bytes INTEGER,
    sha256 TEXT,
    name TEXT NOT NULL,
    shard TEXT,                                   -- NULL if it was dropped, or once the shard is written anew
    tensor TEXT,                                  -- the tensor's name there; NULL with `shard`
    record TEXT NOT NULL                          -- the whole row, a JSON object
) STRICT;
CREATE INDEX withdrawn_clip_path ON withdrawn_clip (path);
CREATE INDEX withdrawn_clip_shard ON withdrawn_clip (shard);

-- Shards that were written anew under other names and are still to be removed.
CREATE TABLE retired_shard (
    shard TEXT PRIMARY KEY            -- file name under shards/
) STRICT, WITHOUT ROWID;

-- What a source's own lists say of its studies: the FileList.csv of EchoNet-Dynamic and EchoNet-Pediatric.
CREATE TABLE listed_study (
    study_key TEXT PRIMARY KEY,       -- as clip.study_key
    ef REAL CHECK (ef BETWEEN 0 AND 100),
                                      -- ejection fraction in percent, the mean over the study's files; NULL without
    list_split TEXT,                  -- as it is written there: 'TRAIN', or the number of a fold
    split TEXT CHECK (split IN ('train', 'val', 'test'))
                                      -- what that means by the rules of the run; NULL where the list has no split
) STRICT, WITHOUT ROWID;

-- MIMIC-IV and MIMIC-IV-ECHO, the cohort's subjects only ---------------------------------------------------------

CREATE TABLE patients (
    subject_id INTEGER PRIMARY KEY,
    gender TEXT,
    anchor_age INTEGER,               -- age in anchor_year; 91 means 90 or more
    anchor_year INTEGER,              -- a shifted year
    anchor_year_group TEXT,           -- the true years it stands for, as '2011 - 2013'
    dod TEXT                          -- date of death, shifted
) STRICT;

CREATE TABLE admissions (
    hadm_id INTEGER PRIMARY KEY,
    subject_id INTEGER NOT NULL,
    admittime TEXT NOT NULL,
    dischtime TEXT NOT NULL,          -- may lie before admittime: 142 stays of MIMIC-IV do
    deathtime TEXT,                   -- where it is later than dischtime, the stay ends with it
    edregtime TEXT,                   -- arrival in the emergency department
    edouttime TEXT,
    admission_type TEXT,
    hospital_expire_flag INTEGER,
    insurance TEXT,                   -- these three as the stay has them, NULL before schema version 7
    language TEXT,
    race TEXT
) STRICT;
CREATE INDEX admissions_subject ON admissions (subject_id, admittime);

-- The ICD codes in use, each with what the ICD-10-CM release knows of it. ICD-9 and ICD-10 share spellings.
CREATE TABLE icd_code (
    icd_code TEXT NOT NULL,           -- trimmed, upper case, no dot
    icd_version INTEGER NOT NULL CHECK (icd_version IN (9, 10)),
    status TEXT NOT NULL CHECK (status IN ('leaf', 'not_leaf', 'retired', 'unknown', 'procedure', 'icd9')),
                                      -- 'procedure': spelled as a code of ICD-10-PCS
    category TEXT,                    -- the first three characters where ICD-10-CM has that category
    title TEXT,                       -- the release's, or MIMIC's where the release does not know the code
    PRIMARY KEY (icd_code, icd_version)
) STRICT, WITHOUT ROWID;
CREATE INDEX icd_code_category ON icd_code (category);

-- What each code in use counts for by the rules of the run; a code that does not count has no row.
CREATE TABLE code_label (
    icd_code TEXT NOT NULL,
    icd_version INTEGER NOT NULL,
    category TEXT NOT NULL,           -- as study_category.category
    PRIMARY KEY (icd_code, icd_version, category),
    FOREIGN KEY (icd_code, icd_version) REFERENCES icd_code (icd_code, icd_version)
) STRICT, WITHOUT ROWID;
CREATE INDEX code_label_category ON code_label (category);

-- The general equivalence mappings of the ICD-9 codes in use; empty unless `--icd9 gem`.
CREATE TABLE icd9_map (
    id INTEGER PRIMARY KEY,
    icd_code TEXT NOT NULL,           -- of ICD-9
    icd10_code TEXT,                  -- NULL where there is no equivalent
    approximate INTEGER NOT NULL,     -- 1: they do not mean quite the same
    no_map INTEGER NOT NULL,          -- 1: there is no equivalent
    combination INTEGER NOT NULL,     -- 1: part of a combination of codes
    scenario INTEGER NOT NULL,        -- which combination, 0 without
    choice_list INTEGER NOT NULL      -- which place in it, 0 without
) STRICT;
CREATE INDEX icd9_map_code ON icd9_map (icd_code);

-- The key's columns come first: SQLite 3.40's integrity check otherwise reports NULLs that are not there.
CREATE TABLE diagnoses_icd (
    hadm_id INTEGER NOT NULL REFERENCES admissions (hadm_id),
    place INTEGER NOT NULL,           -- from 1, in the order of seq_num, icd_version and icd_code
    seq_num INTEGER,                  -- priority, 1 is the principal diagnosis; NULL where the file has none
    icd_code TEXT NOT NULL,
    icd_version INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    PRIMARY KEY (hadm_id, place),
    FOREIGN KEY (icd_code, icd_version) REFERENCES icd_code (icd_code, icd_version)
) STRICT, WITHOUT ROWID;
CREATE INDEX diagnoses_icd_code ON diagnoses_icd (icd_code, icd_version);

CREATE TABLE echo_study (
    study_id INTEGER PRIMARY KEY,
    subject_id INTEGER NOT NULL,
    study_datetime TEXT,              -- NULL where the list holds no time that exists
    measurement_id INTEGER            -- its structured measurements; NULL before version 1.0
) STRICT;
CREATE INDEX echo_study_subject ON echo_study (subject_id);
CREATE INDEX echo_study_measurement ON echo_study (measurement_id);

CREATE TABLE echo_record (
    study_id INTEGER NOT NULL,
    dicom_filepath TEXT NOT NULL,     -- relative to the dataset folder of MIMIC-IV-ECHO
    subject_id INTEGER NOT NULL,
    acquisition_datetime TEXT,
    PRIMARY KEY (study_id, dicom_filepath)
) STRICT, WITHOUT ROWID;

-- The structured measurements of the studies, from version 1.0 of MIMIC-IV-ECHO on.
CREATE TABLE structured_measurement (
    id INTEGER PRIMARY KEY,           -- in the order of the file
    measurement_id INTEGER NOT NULL,
    measurement_datetime TEXT,
    test_type TEXT,                   -- 'TTE', 'TEE', …
    measurement TEXT NOT NULL,        -- lower case: 'lvef', …
    measurement_description TEXT,
    result TEXT,                      -- as the file has it
    unit TEXT,
    value REAL                        -- what result says by schemas/measurements.tsv: a plausible number in the
                                      -- measurement's unit (of '> 55' 55, of '50-55' 52.5), or the grade of its scale (of
                                      -- 'Mild (1+)' 1); of what does not stand there, the number; else NULL
) STRICT;
CREATE INDEX structured_measurement_id ON structured_measurement (measurement_id, measurement);
CREATE INDEX structured_measurement_test ON structured_measurement (measurement, test_type, value);

-- ICD-10-CM -------------------------------------------------------------------------------------------------

-- All chapters, blocks and categories of the release, and the subcategories down to the codes in use.
-- Thirty-nine names are both a block and a category, so a code is found by its level.
CREATE TABLE d_icd10cm (
    code TEXT NOT NULL,               -- '9', 'I30-I5A', 'I50', 'I5020': without a dot
    level TEXT NOT NULL CHECK (level IN ('chapter', 'block', 'category', 'subcategory')),
    parent TEXT,                      -- the code one level up; NULL for a chapter
    title TEXT NOT NULL,
    PRIMARY KEY (level, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX d_icd10cm_parent ON d_icd10cm (parent, level);

-- Labels ----------------------------------------------------------------------------------------------------

-- Where labels come from. Each source writes its own rows of `label`, and replaces only those.
CREATE TABLE label_source (
    name TEXT PRIMARY KEY,            -- 'link-icd', 'measurements' (of MIMIC-IV-ECHO), 'echonet' (its lists), …
    run_id INTEGER REFERENCES run (id)
                                      -- the run that wrote its rows, with its choices in `rule`; NULL if not known
) STRICT, WITHOUT ROWID;

-- All labels that training and evaluation read, of every source. What has no row is not labelled.
-- In the order of the key lie together: a source, and within it each target.
CREATE TABLE label (
    source TEXT NOT NULL REFERENCES label_source (name),
    unit TEXT NOT NULL CHECK (unit = 'study' OR unit = 'subject' OR unit = 'clip'),
                                      -- what the label is of (IN would take as long as all else of an insertion)
    target TEXT NOT NULL,             -- of link-icd a category, of measurements structured_measurement.measurement,
                                      -- of echonet 'EF'
    key TEXT NOT NULL,                -- which one: subject_id, clip.study_key (of MIMIC its study_id), or clip.name
    value REAL,                       -- 0 or 1 of a category, else a number; NULL is unknown: no loss and no metric
                                      -- counts it
    PRIMARY KEY (source, unit, target, key)
) STRICT, WITHOUT ROWID;

-- What follows is what the labels of link-icd come from.

-- Every stay that a study may belong to; at most one is chosen.
CREATE TABLE study_admission (
    study_id INTEGER NOT NULL REFERENCES echo_study (study_id),
    hadm_id INTEGER NOT NULL REFERENCES admissions (hadm_id),
    hours_since_admission REAL NOT NULL,
    hours_to_discharge REAL NOT NULL,
    chosen INTEGER NOT NULL CHECK (chosen IN (0, 1)),
    PRIMARY KEY (study_id, hadm_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX study_admission_chosen ON study_admission (study_id) WHERE chosen = 1;
CREATE INDEX study_admission_hadm ON study_admission (hadm_id);

-- What became of every study: labelled, or why not.
CREATE TABLE study_status (
    study_id INTEGER PRIMARY KEY REFERENCES echo_study (study_id),
    status TEXT NOT NULL CHECK (status IN (
        'labelled',
        'no-study-time',              -- the study list holds no time that exists
        'subject-not-in-admissions',
        'no-stay',                    -- the subject has stays, none of them at that time (as of study: before it)
        'stay-rejected',              -- its stay may be one whose row in admissions could not be used
        'no-diagnoses',               -- the stay has no row in diagnoses_icd
        'only-icd9',                  -- all its diagnoses are coded in ICD-9, and none counts
        'no-usable-code')),           -- none of its codes counts
    nearest_stay_hours REAL,          -- for 'no-stay': how far the nearest stay is, without margins
    after_death INTEGER NOT NULL DEFAULT 0 CHECK (after_death IN (0, 1))
                                      -- 1: dated after a deathtime of the subject, or after the day of its dod
) STRICT;
CREATE INDEX study_status_status ON study_status (status);

-- The categories that a labelled study has: of the chosen stay, or (as of study) of the stays before it.
CREATE TABLE study_category (
    study_id INTEGER NOT NULL REFERENCES echo_study (study_id),
    category TEXT NOT NULL,           -- with --level: a chapter, block or subcategory
    n_codes INTEGER NOT NULL,         -- different codes that count for it
    first_seq_num INTEGER,            -- the best priority among them; NULL where none has one
    PRIMARY KEY (study_id, category)
) STRICT, WITHOUT ROWID;
CREATE INDEX study_category_category ON study_category (category);

-- The categories that models learn, most prevalent first or in the order of a list.
CREATE TABLE target (
    idx INTEGER PRIMARY KEY,          -- from 0: the output of the model
    category TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    n_positive INTEGER NOT NULL,      -- labelled studies that have it
    prevalence REAL NOT NULL,         -- n_positive over the labelled studies that the targets were chosen on
    known_at TEXT NOT NULL DEFAULT 'discharge' CHECK (known_at IN ('discharge', 'study')),
                                      -- when the diagnoses behind it are known: after the study, or before it
    reference_prevalence REAL         -- what a list of codes says, beside ours
) STRICT;

-- The targets of the paper (LAMAE, arXiv 2604.15096, its section 5.1): the most prevalent categories of its cohort.
CREATE TABLE paper_prevalence (
    category TEXT PRIMARY KEY,
    percent REAL NOT NULL,            -- of its labelled studies, as it is printed there
    n_positive INTEGER NOT NULL,      -- studies: the only number that percentages of all forty go with
    n_labelled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE split (
    subject_id INTEGER PRIMARY KEY,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test'))
) STRICT;
CREATE INDEX split_split ON split (split);

-- Views -----------------------------------------------------------------------------------------------------
--
-- DuckDB reads them too (ATTACH … (TYPE sqlite)) and parses them itself: nothing here is SQLite's alone.

-- The rules that the labels were made by.
CREATE VIEW v_rule AS
SELECT key, value FROM rule WHERE run_id = (SELECT max(id) FROM run WHERE command = 'link-icd');

-- The title of each label, at the level that the labels stand at. A category may stand among subcategories.
CREATE VIEW v_title AS
SELECT code AS category, title FROM d_icd10cm
WHERE level = coalesce((SELECT value FROM v_rule WHERE key = 'level'), 'category')
    OR (level = 'category' AND (SELECT value FROM v_rule WHERE key = 'level') = 'subcategory');

-- Why a study has a category: every diagnosis that counts for it, with its stay.
CREATE VIEW v_evidence AS
SELECT a.study_id, l.category, d.hadm_id, d.seq_num, d.icd_code, d.icd_version
FROM study_admission a
JOIN diagnoses_icd d ON d.hadm_id = a.hadm_id
JOIN code_label l ON l.icd_code = d.icd_code AND l.icd_version = d.icd_version
WHERE a.chosen = 1 AND (SELECT value FROM v_rule WHERE key = 'as-of') = 'discharge'
UNION ALL
SELECT s.study_id, l.category, d.hadm_id, d.seq_num, d.icd_code, d.icd_version
FROM echo_study s
JOIN admissions a ON a.subject_id = s.subject_id
    AND CASE WHEN a.deathtime > a.dischtime THEN a.deathtime ELSE a.dischtime END < s.study_datetime
JOIN diagnoses_icd d ON d.hadm_id = a.hadm_id
JOIN code_label l ON l.icd_code = d.icd_code AND l.icd_version = d.icd_version
WHERE (SELECT value FROM v_rule WHERE key = 'as-of') = 'study';

-- The left ventricle's ejection fraction of each study that has one, in percent; the mean of several.
CREATE VIEW v_lvef AS
SELECT s.study_id, s.subject_id, p.split, l.value AS lvef, (
        SELECT count(CASE WHEN m.value BETWEEN 0 AND 100 THEN 1 END) FROM structured_measurement m
        WHERE m.measurement_id = s.measurement_id AND m.measurement = 'lvef'
    ) AS n_measurements
FROM label l
JOIN echo_study s ON s.study_id = CAST(l.key AS INTEGER) AND l.key = CAST(s.study_id AS TEXT)
LEFT JOIN split p ON p.subject_id = s.subject_id
WHERE l.source = 'measurements' AND l.unit = 'study' AND l.target = 'lvef' AND l.value IS NOT NULL;

-- The ejection fraction of each study that has one, in percent, with the study's split: what `train --task lvef` learns.
-- It is measured (MIMIC-IV-ECHO), or stands in the source's own list (EchoNet).
CREATE VIEW v_ef AS
SELECT CAST(study_id AS TEXT) AS study_key, study_id, subject_id, split, lvef AS ef FROM v_lvef
UNION ALL
SELECT l.key, NULL, NULL, s.split, l.value FROM label l LEFT JOIN listed_study s ON s.study_key = l.key
WHERE l.source = 'echonet' AND l.unit = 'study' AND l.target = 'EF' AND l.value IS NOT NULL;

-- What became of the results of each measurement and kind of test: how many say a value, and from what to what.
CREATE VIEW v_measurement AS
SELECT measurement, test_type, count(*) AS n_results, count(value) AS n_values, min(value) AS least, max(value) AS most
FROM structured_measurement GROUP BY measurement, test_type;

-- The results that say no value: words that no scale knows or that say so themselves, numbers that are not plausible.
CREATE VIEW v_unread_result AS
SELECT measurement, result, unit, count(*) AS n FROM structured_measurement
WHERE value IS NULL AND result IS NOT NULL GROUP BY measurement, result, unit;

-- One row a study, of the study list and others that have files: what `--where` chooses by. What is not known is NULL.
CREATE VIEW v_study AS
WITH RECURSIVE seen (study_id) AS (
    -- From one study of `clip` to the next by the index, as in v_funnel.
    SELECT min(study_id) FROM clip
    UNION ALL
    SELECT (SELECT min(c.study_id) FROM clip c WHERE c.study_id > seen.study_id) FROM seen
    WHERE study_id IS NOT NULL
), others AS (
    SELECT study_key, study_id, subject_id, kept FROM clip WHERE study_id IS NULL
    UNION ALL
    SELECT c.study_key, c.study_id, c.subject_id, c.kept
    FROM seen n CROSS JOIN clip c WHERE c.study_id = n.study_id AND n.study_id NOT IN (SELECT study_id FROM echo_study)
), studies AS (
    SELECT CAST(s.study_id AS TEXT) AS study_key, s.study_id, s.subject_id, s.study_datetime, s.measurement_id,
        CAST(NULL AS INTEGER) AS files, CAST(NULL AS INTEGER) AS clips
    FROM echo_study s
    UNION ALL
    SELECT study_key, min(study_id), min(subject_id), NULL, NULL, count(*), sum(kept) FROM others GROUP BY study_key
), told AS (
    SELECT s.*, q.gender, q.anchor_age, q.anchor_year, q.anchor_year_group,
        -- Of the subject's studies, from 1, in the order of their times.
        CASE WHEN s.study_datetime IS NOT NULL THEN 1 + (
            SELECT count(*) FROM echo_study e WHERE e.subject_id = s.subject_id AND (
                e.study_datetime < s.study_datetime
                OR (e.study_datetime = s.study_datetime AND e.study_id < s.study_id))) END AS study_number,
        CAST(substr(s.study_datetime, 1, 4) AS INTEGER) AS y, CAST(substr(s.study_datetime, 6, 2) AS INTEGER) AS m,
        CAST(substr(s.study_datetime, 9, 2) AS INTEGER) AS d, CAST(substr(q.dod, 1, 4) AS INTEGER) AS dy,
        CAST(substr(q.dod, 6, 2) AS INTEGER) AS dm, CAST(substr(q.dod, 9, 2) AS INTEGER) AS dd
    FROM studies s LEFT JOIN patients q ON q.subject_id = s.subject_id
)
SELECT s.study_key, s.study_id, s.subject_id, coalesce(p.split, l.split) AS split, s.study_datetime, s.study_number,
    CASE WHEN s.study_number = 1 THEN 1 WHEN s.study_number > 1 THEN 0 END AS first_study,
    s.anchor_age + s.y - s.anchor_year AS age,  -- at the study; 91 and more is 90 or more
    s.gender AS sex, s.anchor_year_group AS era,
    -- Of the stay that the study lies in, else of the subject's stay of the greatest number.
    (SELECT r.race FROM admissions r WHERE r.hadm_id = coalesce(
        a.hadm_id, (SELECT max(n.hadm_id) FROM admissions n WHERE n.subject_id = s.subject_id))) AS race,
    -- 'white', 'black', 'hispanic', 'asian' or 'other'; NULL where MIMIC does not know it.
    (SELECT CASE WHEN upper(r.race) LIKE 'WHITE%' OR upper(r.race) = 'PORTUGUESE' THEN 'white'
            WHEN upper(r.race) LIKE 'BLACK%' THEN 'black'
            WHEN upper(r.race) LIKE 'HISPANIC%' OR upper(r.race) = 'SOUTH AMERICAN' THEN 'hispanic'
            WHEN upper(r.race) LIKE 'ASIAN%' THEN 'asian'
            WHEN upper(r.race) NOT IN ('UNKNOWN', 'UNABLE TO OBTAIN', 'PATIENT DECLINED TO ANSWER') THEN 'other' END
        FROM admissions r WHERE r.hadm_id = coalesce(
            a.hadm_id, (SELECT max(n.hadm_id) FROM admissions n WHERE n.subject_id = s.subject_id))) AS race_group,
    h.insurance, h.language,
    -- 'tte', 'tee' or 'stress': of its structured measurements.
    (SELECT lower(m.test_type) FROM structured_measurement m WHERE m.id = (
        SELECT min(n.id) FROM structured_measurement n WHERE n.measurement_id = s.measurement_id)) AS test_type,
    -- Of the study list they are counted here, where a query that does not ask for them leaves them out.
    coalesce(s.files, (SELECT count(*) FROM clip c WHERE c.study_id = s.study_id)) AS files,
    coalesce(s.clips, (SELECT count(*) FROM clip c WHERE c.study_id = s.study_id AND c.kept = 1)) AS clips,
    -- The ejection fraction in percent: measured, or out of the source's own list.
    coalesce(
        (SELECT v.value FROM label v WHERE v.source = 'measurements' AND v.unit = 'study' AND v.target = 'lvef'
            AND v.key = s.study_key),
        (SELECT v.value FROM label v WHERE v.source = 'echonet' AND v.unit = 'study' AND v.target = 'EF'
            AND v.key = s.study_key)) AS ef,
    -- The stay that it lies in, and what became of its labels.
    a.hadm_id, h.admission_type, a.hours_since_admission, a.hours_to_discharge,
    h.hospital_expire_flag AS died_in_hospital, t.status,
    -- From the study to the subject's death, by the calendar: days up to each, counted from one day on.
    365 * (s.dy - s.y) + ((s.dy - 1 - (s.dy - 1) % 4) - (s.y - 1 - (s.y - 1) % 4)) / 4
        - ((s.dy - 1 - (s.dy - 1) % 100) - (s.y - 1 - (s.y - 1) % 100)) / 100
        + ((s.dy - 1 - (s.dy - 1) % 400) - (s.y - 1 - (s.y - 1) % 400)) / 400
        + ((367 * s.dm - 362 - (367 * s.dm - 362) % 12) - (367 * s.m - 362 - (367 * s.m - 362) % 12)) / 12
        + CASE WHEN s.dm <= 2 THEN 0 WHEN s.dy % 4 = 0 AND (s.dy % 100 <> 0 OR s.dy % 400 = 0) THEN -1 ELSE -2 END
        - CASE WHEN s.m <= 2 THEN 0 WHEN s.y % 4 = 0 AND (s.y % 100 <> 0 OR s.y % 400 = 0) THEN -1 ELSE -2 END
        + s.dd - s.d AS days_to_death
FROM told s
LEFT JOIN split p ON p.subject_id = s.subject_id
LEFT JOIN listed_study l ON l.study_key = s.study_key
LEFT JOIN study_admission a ON a.study_id = s.study_id AND a.chosen = 1
LEFT JOIN admissions h ON h.hadm_id = a.hadm_id
LEFT JOIN study_status t ON t.study_id = s.study_id;

-- The label matrix in long form: every labelled study with every target. In this order SQLite finds each label by its
-- whole key, and the studies of a subject by theirs.
CREATE VIEW v_label AS
SELECT s.study_id, s.subject_id, p.split, t.category, CAST(l.value AS INTEGER) AS value
FROM echo_study s
CROSS JOIN target t
CROSS JOIN label l
LEFT JOIN split p ON p.subject_id = s.subject_id
WHERE l.source = 'link-icd' AND l.unit = 'study' AND l.target = t.category AND l.key = CAST(s.study_id AS TEXT);

-- How common every category is among labelled studies, targets or not. Counted first, then named: the index on
-- study_category.category holds all that is counted.
CREATE VIEW v_prevalence AS
SELECT c.category, d.title, c.n_positive, n.labelled AS n_labelled,
    c.n_positive * 1.0 / n.labelled AS prevalence, t.idx AS target
FROM (SELECT category, count(*) AS n_positive FROM study_category GROUP BY category) c
CROSS JOIN (SELECT count(*) AS labelled FROM study_status WHERE status = 'labelled') n
LEFT JOIN v_title d ON d.category = c.category
LEFT JOIN target t ON t.category = c.category;

-- The same within each split; a category that a split does not have has no row there. The splits are counted side by
-- side in one pass over that index, without a sort.
CREATE VIEW v_prevalence_by_split AS
WITH placed AS MATERIALIZED (
    SELECT st.study_id, p.split, p.split = 'train' AS train, p.split = 'val' AS val, p.split = 'test' AS test
    FROM study_status st
    JOIN echo_study s ON s.study_id = st.study_id
    JOIN split p ON p.subject_id = s.subject_id
    WHERE st.status = 'labelled'
), counted AS (
    SELECT c.category, sum(p.train) AS train, sum(p.val) AS val, sum(p.test) AS test
    FROM study_category c
    CROSS JOIN placed p
    WHERE p.study_id = c.study_id
    GROUP BY c.category
), prevalent AS (
    SELECT n.split, c.category, n.labelled,
        CASE n.split WHEN 'train' THEN c.train WHEN 'val' THEN c.val ELSE c.test END AS n_positive
    FROM counted c
    CROSS JOIN (SELECT split, count(*) AS labelled FROM placed GROUP BY split) n
)
SELECT c.split, c.category, d.title, c.n_positive, c.labelled AS n_labelled,
    c.n_positive * 1.0 / c.labelled AS prevalence, t.idx AS target
FROM prevalent c
LEFT JOIN v_title d ON d.category = c.category
LEFT JOIN target t ON t.category = c.category
WHERE c.n_positive > 0;

-- How common the paper's targets and ours are, here and there. Ours are counted among labelled studies with clips, where
-- there are clips. `variance` is the square of our prevalence's standard error, and studies of one subject go together:
-- the ratio estimator of clusters; or, of what none or all of ours have, that of the paper's prevalence if a subject's
-- studies are all alike. `mark` is '=' for equal counts, '!' and '!!' beyond 2 and 4 standard errors.
CREATE VIEW v_paper AS
WITH basis AS MATERIALIZED (
    SELECT st.study_id, s.subject_id FROM study_status st
    JOIN echo_study s ON s.study_id = st.study_id
    WHERE st.status = 'labelled' AND (
        NOT EXISTS (SELECT 1 FROM clip WHERE kept = 1)
        OR EXISTS (SELECT 1 FROM clip c WHERE c.study_id = st.study_id AND c.kept = 1))
), subjects AS MATERIALIZED (
    SELECT subject_id, count(*) AS studies FROM basis GROUP BY subject_id
), size AS MATERIALIZED (
    SELECT count(*) AS subjects, sum(studies) AS studies, sum(studies * studies) AS squares FROM subjects
), lost AS MATERIALIZED (
    -- What the labelled studies have that do not count: the index on study_category.category holds all others.
    SELECT c.category, count(*) AS n FROM study_status st
    JOIN study_category c ON c.study_id = st.study_id
    WHERE st.status = 'labelled' AND st.study_id NOT IN (SELECT study_id FROM basis)
    GROUP BY c.category
), ranked AS MATERIALIZED (
    SELECT category, n, row_number() OVER (ORDER BY n DESC, category) AS place FROM (
        SELECT c.category, c.n - coalesce(x.n, 0) AS n
        FROM (SELECT category, count(*) AS n FROM study_category GROUP BY category) c
        LEFT JOIN lost x ON x.category = c.category
    ) WHERE n > 0
), wanted AS (
    SELECT category FROM paper_prevalence UNION SELECT category FROM target
), clustered AS (
    SELECT e.category, sum(e.n * e.n) AS squares, sum(e.n * u.studies) AS products FROM (
        SELECT c.category, b.subject_id, count(*) AS n
        FROM wanted w JOIN study_category c ON c.category = w.category JOIN basis b ON b.study_id = c.study_id
        GROUP BY c.category, b.subject_id
    ) e
    JOIN subjects u ON u.subject_id = e.subject_id GROUP BY e.category
), counted AS (
    SELECT w.category, coalesce(r.n, 0) AS n, z.studies, z.squares, r.place, coalesce(r.n, 0) * 1.0 / z.studies AS share,
        CASE WHEN z.subjects > 1 THEN
            (coalesce(k.squares, 0) - 2.0 * coalesce(r.n, 0) / z.studies * coalesce(k.products, 0)
                + 1.0 * coalesce(r.n, 0) / z.studies * coalesce(r.n, 0) / z.studies * z.squares)
            / z.studies / z.studies * z.subjects / (z.subjects - 1)
        END AS variance
    FROM wanted w CROSS JOIN size z
    LEFT JOIN ranked r ON r.category = w.category
    LEFT JOIN clustered k ON k.category = w.category
    WHERE z.studies > 0
), printed AS (
    SELECT category, n_positive, n_labelled, n_positive * 1.0 / n_labelled AS share,
        row_number() OVER (ORDER BY n_positive DESC, category) AS place
    FROM paper_prevalence
), judged AS (
    SELECT c.category, c.n, c.studies, c.share, c.place, p.n_positive, p.n_labelled, p.share AS printed,
        p.place AS printed_place, c.share - p.share AS difference,
        CASE WHEN c.n > 0 AND c.n < c.studies THEN c.variance
            ELSE p.share * (1 - p.share) * c.squares / c.studies / c.studies END AS variance
    FROM counted c LEFT JOIN printed p ON p.category = c.category
)
SELECT c.category, d.title, c.n AS n_positive, c.studies AS n_labelled, c.share AS prevalence, c.place AS rank,
    c.n_positive AS paper_n_positive, c.n_labelled AS paper_n_labelled, c.printed AS paper_prevalence,
    c.printed_place AS paper_rank, c.difference, c.variance, t.idx AS target,
    CASE WHEN c.printed IS NULL THEN NULL WHEN c.n = c.n_positive THEN '='
        WHEN c.difference * c.difference > 16 * c.variance THEN '!!'
        WHEN c.difference * c.difference > 4 * c.variance THEN '!' ELSE '' END AS mark
FROM judged c
LEFT JOIN v_title d ON d.category = c.category
LEFT JOIN target t ON t.category = c.category
WHERE (SELECT value FROM v_rule WHERE key = 'level') = 'category';

-- The studies without labels, each with its reason.
CREATE VIEW v_unlinked AS
SELECT st.study_id, s.subject_id, s.study_datetime, st.status, st.nearest_stay_hours, a.hadm_id
FROM study_status st
JOIN echo_study s ON s.study_id = st.study_id
LEFT JOIN study_admission a ON a.study_id = st.study_id AND a.chosen = 1
WHERE st.status <> 'labelled';

-- Files and studies at every step from the source to the labelled studies with clips, and why the rest left.
-- Within a unit, a step's number less those of the reasons below it is the next step's number.
CREATE VIEW v_funnel AS
WITH RECURSIVE dropped AS MATERIALIZED (
    SELECT reason, count(*) AS n FROM clip WHERE reason IS NOT NULL GROUP BY reason
), seen (study_id) AS (
    -- From one study of `clip` to the next by the index: there are seventy files a study.
    SELECT min(study_id) FROM clip
    UNION ALL
    SELECT (SELECT min(c.study_id) FROM clip c WHERE c.study_id > seen.study_id) FROM seen
    WHERE study_id IS NOT NULL
), unlisted AS MATERIALIZED (
    SELECT count(*) + (SELECT count(DISTINCT study_key) FROM clip WHERE study_id IS NULL) AS n FROM seen
    WHERE study_id IS NOT NULL AND study_id NOT IN (SELECT study_id FROM echo_study)
)
SELECT 1 AS step, 'files' AS unit, 'in the source' AS what, count(*) AS n FROM clip
UNION ALL SELECT 2, 'files', 'dropped: ' || reason, n FROM dropped
UNION ALL SELECT 3, 'files', 'kept as clips', (SELECT count(*) FROM clip) - (SELECT coalesce(sum(n), 0) FROM dropped)
UNION ALL SELECT 4, 'studies', 'in the source', (SELECT count(*) FROM echo_study) + n FROM unlisted
UNION ALL SELECT 5, 'studies', 'without a label: not-in-study-list', n FROM unlisted WHERE n > 0
UNION ALL SELECT 5, 'studies', 'without a label: ' || status, count(*) FROM study_status
    WHERE status <> 'labelled' GROUP BY status
UNION ALL SELECT 6, 'studies', 'labelled', count(*) FROM study_status WHERE status = 'labelled'
UNION ALL SELECT 7, 'studies', 'labelled, but without a clip', count(*) FROM study_status st
    WHERE st.status = 'labelled'
        AND NOT EXISTS (SELECT 1 FROM clip c WHERE c.study_id = st.study_id AND c.kept = 1) HAVING count(*) > 0
UNION ALL SELECT 8, 'studies', 'labelled, with clips', count(*) FROM study_status st
    WHERE st.status = 'labelled' AND EXISTS (SELECT 1 FROM clip c WHERE c.study_id = st.study_id AND c.kept = 1);

-- label_matrix, the labels in wide form with one column for each target, is made by `link-icd`:
-- study_id, subject_id, split, then a column named by each category, 0 or 1, for labelled studies only.
