CREATE TABLE run (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    run TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('trial', 'pilot', 'campaign')), total INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, plan_values TEXT NOT NULL, origins TEXT NOT NULL, code TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE TABLE rounds (round INTEGER PRIMARY KEY, tickets INTEGER NOT NULL CHECK (tickets > 0)) STRICT;
CREATE TABLE tickets (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, round INTEGER NOT NULL REFERENCES rounds,
    domain TEXT NOT NULL REFERENCES counters, family TEXT NOT NULL, difficulty INTEGER NOT NULL,
    item_index INTEGER NOT NULL, item_id TEXT NOT NULL, item TEXT NOT NULL, variant INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected', 'dead'))
) STRICT;
CREATE INDEX open_tickets ON tickets (seq) WHERE state = 'open';
CREATE TRIGGER settled_for_ever BEFORE UPDATE OF state ON tickets WHEN OLD.state <> 'open'
BEGIN SELECT raise(ABORT, 'a settled ticket stays as it is'); END;
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES tickets, started TEXT NOT NULL, finished TEXT,
    outcome TEXT CHECK (outcome IN ('answered', 'empty', 'refused', 'truncated', 'failed', 'lost')),
    model TEXT, reply TEXT, reserved REAL, tokens_in INTEGER, tokens_out INTEGER, cost REAL, alias TEXT, seconds REAL
) STRICT;
CREATE INDEX unfinished_attempts ON attempts (id) WHERE outcome IS NULL;
CREATE TABLE samples (
    seq INTEGER PRIMARY KEY REFERENCES tickets, attempt INTEGER NOT NULL REFERENCES attempts,
    quality REAL NOT NULL CHECK (quality BETWEEN 0 AND 1), reason TEXT, twin INTEGER REFERENCES tickets,
    checks TEXT NOT NULL, digest TEXT, signature BLOB, finished TEXT NOT NULL
) STRICT;
CREATE INDEX sample_reasons ON samples (reason) WHERE reason IS NOT NULL;
CREATE TABLE counters (
    domain TEXT PRIMARY KEY, issued INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0,
    quality_sum REAL NOT NULL DEFAULT 0, exhausted INTEGER NOT NULL DEFAULT 0,
    CHECK (issued = accepted + rejected + dead + open)
) STRICT;
CREATE TABLE guards (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL) STRICT;
CREATE TABLE pauses (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, guard TEXT NOT NULL, cause TEXT NOT NULL, cure TEXT NOT NULL, cleared TEXT
) STRICT;
CREATE TABLE opinions (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts, started TEXT NOT NULL, finished TEXT,
    outcome TEXT CHECK (outcome IN ('answered', 'empty', 'refused', 'truncated', 'failed', 'lost')),
    model TEXT, reply TEXT, reserved REAL, tokens_in INTEGER, tokens_out INTEGER, cost REAL, alias TEXT, seconds REAL
) STRICT;
CREATE INDEX opinions_of_attempts ON opinions (attempt);
CREATE INDEX unfinished_opinions ON opinions (id) WHERE outcome IS NULL;
CREATE TABLE dialogues (seq INTEGER PRIMARY KEY REFERENCES samples, messages TEXT NOT NULL) STRICT;
