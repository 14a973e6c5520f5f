-- People's decisions on a dataset's clips: DATASET/review.sqlite. This file is its only definition; the program embeds it.
--
-- A file of its own: no ingest and no link-icd touches it, and it outlives both, since a decision names its source file by
-- that file's sha256 too. Rows are added to `decision` and `reveal`, and never changed: an undo is a row that names what it
-- undoes.

PRAGMA user_version = 1;

CREATE TABLE rater (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('rater', 'adjudicator'))
) STRICT;

-- What is asked: fields, their choices and keys, as the YAML file of --form has them.
CREATE TABLE form (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,      -- of `text`
    text TEXT NOT NULL
) STRICT;

CREATE TABLE field (
    form_id INTEGER NOT NULL REFERENCES form (id),
    place INTEGER NOT NULL,           -- from 0, in the order of the form
    name TEXT NOT NULL,               -- 'clip', 'view', …
    unit TEXT NOT NULL CHECK (unit IN ('clip', 'study')),
    kind TEXT NOT NULL CHECK (kind IN ('one', 'many', 'ordinal', 'number', 'text')),
    PRIMARY KEY (form_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE choice (
    form_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    idx INTEGER NOT NULL,             -- from 0; of an ordinal field from the least
    value TEXT NOT NULL,
    PRIMARY KEY (form_id, field, idx),
    FOREIGN KEY (form_id, field) REFERENCES field (form_id, name)
) STRICT, WITHOUT ROWID;

-- One rater's way through the clips, in an order of its own.
CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    request TEXT NOT NULL UNIQUE,     -- random: the same reading in two files is one, after `review merge`
    rater_id INTEGER NOT NULL REFERENCES rater (id),
    form_id INTEGER NOT NULL REFERENCES form (id),
    round INTEGER NOT NULL CHECK (round >= 1),
                                      -- 2 and more: the same clips read again
    blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
                                      -- 1: labels, model and other raters were hidden until they were revealed
    filter TEXT NOT NULL,             -- the expression of --where; empty without
    queue TEXT NOT NULL,              -- how the order was made: 'order', 'random', …
    clips TEXT NOT NULL,              -- which ones: 'all', 'kept', 'dropped'
    seed INTEGER NOT NULL,
    started_at TEXT NOT NULL,         -- UTC
    program_version TEXT NOT NULL
) STRICT;
CREATE INDEX reading_rater ON reading (rater_id, round);

-- The order drawn: the clip at each place of a reading.
CREATE TABLE assignment (
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    place INTEGER NOT NULL,           -- from 0
    item TEXT NOT NULL,               -- clip.name
    PRIMARY KEY (reading_id, place)
) STRICT, WITHOUT ROWID;

-- What a rater asked to see before, or after, deciding.
CREATE TABLE reveal (
    id INTEGER PRIMARY KEY,
    request TEXT NOT NULL UNIQUE,     -- the page's random number: a second try is stored once
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    at TEXT NOT NULL,                 -- UTC
    study_key TEXT NOT NULL           -- labels are of a study, so all its clips are revealed
) STRICT;
CREATE INDEX reveal_study ON reveal (reading_id, study_key);

CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    request TEXT NOT NULL UNIQUE,     -- the page's random number: a second try is stored once
    reading_id INTEGER NOT NULL REFERENCES reading (id),
    at TEXT NOT NULL,                 -- UTC
    unit TEXT NOT NULL CHECK (unit IN ('clip', 'study')),
    item TEXT NOT NULL,               -- clip.name, or clip.study_key
    sha256 TEXT,                      -- of a clip's source file, as it was
    field TEXT NOT NULL,              -- field.name
    value TEXT,                       -- a choice, several with | between them, a number, a text; NULL takes it back
    note TEXT,
    seconds REAL,                     -- that the clip had been on the screen
    revealed INTEGER NOT NULL DEFAULT 0 CHECK (revealed IN (0, 1)),
                                      -- 1: the labels were visible
    undoes INTEGER UNIQUE REFERENCES decision (id),
    redoes INTEGER REFERENCES decision (id)
                                      -- an undone decision that this one makes again
) STRICT;
CREATE INDEX decision_item ON decision (unit, item, field, id);
CREATE INDEX decision_reading ON decision (reading_id, id);

CREATE TRIGGER decision_kept BEFORE UPDATE ON decision BEGIN SELECT raise(ABORT, 'decisions are only added'); END;
CREATE TRIGGER decision_stays BEFORE DELETE ON decision BEGIN SELECT raise(ABORT, 'decisions are only added'); END;
CREATE TRIGGER reveal_kept BEFORE UPDATE ON reveal BEGIN SELECT raise(ABORT, 'reveals are only added'); END;
CREATE TRIGGER reveal_stays BEFORE DELETE ON reveal BEGIN SELECT raise(ABORT, 'reveals are only added'); END;

-- What each rater says in each round: the last decision on a field that was not undone. A file whose bytes changed is
-- another one.
CREATE VIEW v_current AS
SELECT rater_id, rater, role, round, form_id, unit, item, sha256, field, value, note, id, at, revealed FROM (
    SELECT r.rater_id, t.name AS rater, t.role, r.round, r.form_id, d.unit, d.item, d.sha256, d.field, d.value, d.note,
        d.id, d.at, d.revealed, row_number() OVER (
            PARTITION BY r.rater_id, r.round, d.unit, d.item, d.sha256, d.field ORDER BY d.id DESC) AS n
    FROM decision d
    JOIN reading r ON r.id = d.reading_id
    JOIN rater t ON t.id = r.rater_id
    WHERE d.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id)
) WHERE n = 1 AND value IS NOT NULL;

-- What agreement is counted from: two raters in one round, or one rater in two.
CREATE VIEW v_pair AS
SELECT a.field, a.unit, a.item, a.sha256, a.rater AS rater_a, a.round AS round_a, b.rater AS rater_b, b.round AS round_b,
    a.value AS value_a, b.value AS value_b
FROM v_current a
JOIN v_current b ON b.unit = a.unit AND b.item = a.item AND b.sha256 IS a.sha256 AND b.field = a.field AND (
    (b.round = a.round AND b.rater_id > a.rater_id) OR (b.rater_id = a.rater_id AND b.round > a.round));

-- What holds: the adjudicator's last word, else that of all raters, each with their last round; NULL where they differ.
CREATE VIEW v_consensus AS
SELECT unit, item, sha256, field, count(*) AS raters, CASE
        WHEN count(DISTINCT CASE WHEN role = 'adjudicator' THEN value END) = 1
            THEN max(CASE WHEN role = 'adjudicator' THEN value END)
        WHEN count(CASE WHEN role = 'adjudicator' THEN 1 END) = 0 AND count(DISTINCT value) = 1 THEN max(value)
    END AS value
FROM (
    SELECT c.*, row_number() OVER (
        PARTITION BY c.rater_id, c.unit, c.item, c.sha256, c.field ORDER BY c.round DESC) AS n
    FROM v_current c
) WHERE n = 1
GROUP BY unit, item, sha256, field;
