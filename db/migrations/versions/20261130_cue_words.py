"""The words of cues, for search. Triggers keep them: workers of the version before know nothing of them.

PostgreSQL: `cue_words`, a row a cue, with a GIN index. SQLite: `cue_words`, an FTS5 index without content, and
`cue_words_jobs`, which numbers jobs so that an entry's number gives the order: newest job first, then the cue's place.
Beside its words each entry holds its tenant and its job's labels as words of their own.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Chinese, Japanese and Korean are written without blanks: each sign is a word, and a word a phrase.
SIGNS = ("぀-ヿ", "㐀-鿿", "가-힣", "豈-﫿")
REGULAR_SIGNS = r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff])"
# What no word holds. PostgreSQL's own parser would make hosts, paths and decimals of them, and without a locale takes
# signs outside ASCII for letters.
MARKS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u20a0-\u20bf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\ufe10-\ufe1f"
    r"\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
)

# A tsvector holds a megabyte: a text that is longer than this is found by its beginning. Writing a cue must never fail.
POSTGRES_WORDS = f"""
CREATE FUNCTION bm3_cue_words(cue_text text, owner uuid, labels jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('pg_catalog.simple',
        regexp_replace(regexp_replace(left(cue_text, 100000), '{MARKS}', ' ', 'g'), '{REGULAR_SIGNS}', ' \\1 ', 'g'))
        || array_to_tsvector(ARRAY['t:' || owner::text]
            || ARRAY(SELECT 'l:' || name || ':' || value FROM jsonb_each_text(labels) AS each_label(name, value)))
$$
"""
POSTGRES_KEEP = """
CREATE FUNCTION bm3_keep_cue_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO cue_words (job_id, seq, words)
    SELECT NEW.job_id, NEW.seq, bm3_cue_words(NEW.text, jobs.tenant_id, jobs.labels)
    FROM jobs WHERE jobs.id = NEW.job_id AND jobs.parent_id IS NULL
    ON CONFLICT (job_id, seq) DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END
$$
"""
POSTGRES_FILL = """
INSERT INTO cue_words (job_id, seq, words)
SELECT cues.job_id, cues.seq, bm3_cue_words(cues.text, jobs.tenant_id, jobs.labels)
FROM cues JOIN jobs ON jobs.id = cues.job_id AND jobs.parent_id IS NULL
WHERE NOT EXISTS (SELECT FROM cue_words w WHERE w.job_id = cues.job_id AND w.seq = cues.seq)
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER bm3_keep_cue_words AFTER INSERT OR UPDATE OF text ON cues
FOR EACH ROW EXECUTE FUNCTION bm3_keep_cue_words()
"""

SQLITE_SIGN = f"[{''.join(SIGNS)}]"
SCOPE = """
't' || {job}.tenant_id
|| coalesce((SELECT group_concat(' l' || hex(key || ':' || value), '') FROM json_each({job}.labels)), '')
"""
# 24 bits for the cue's place, counted down, so that the greatest number is the first hit.
NUMBER = "(numbered.number << 24) + 16777215 - {cue}.seq"
WORDS = f"""
CASE WHEN {{cue}}.text GLOB '*{SQLITE_SIGN}*' THEN (
    SELECT group_concat(CASE WHEN sign GLOB '{SQLITE_SIGN}' THEN ' ' || sign || ' ' ELSE sign END, '') FROM (
        SELECT substr({{cue}}.text, key + 1, 1) AS sign
        FROM json_each('[' || replace(printf('%.*c', length({{cue}}.text), '0'), '0', '0,') || '0]')))
ELSE {{cue}}.text END
"""
SQLITE_TABLES = (
    "CREATE TABLE cue_words_jobs (number INTEGER PRIMARY KEY, job_id CHAR(32) NOT NULL UNIQUE, scope TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE cue_words USING fts5("
    "text, scope, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0')",
)
SQLITE_FILL = (
    f"INSERT INTO cue_words_jobs (job_id, scope) SELECT id, {SCOPE.format(job='jobs')} "
    "FROM jobs WHERE kind = 'video.caption' AND parent_id IS NULL ORDER BY id",
    f"INSERT INTO cue_words (rowid, text, scope) SELECT {NUMBER.format(cue='cues')}, {WORDS.format(cue='cues')}, scope "
    "FROM cues JOIN cue_words_jobs AS numbered ON numbered.job_id = cues.job_id ORDER BY 1",
)
SQLITE_WRITE = f"""
INSERT INTO cue_words (rowid, text, scope)
SELECT {NUMBER.format(cue="NEW")}, {WORDS.format(cue="NEW")}, scope FROM cue_words_jobs AS numbered
WHERE job_id = NEW.job_id;
"""
SQLITE_ERASE = f"""
INSERT INTO cue_words (cue_words, rowid, text, scope)
SELECT 'delete', {NUMBER.format(cue="OLD")}, {WORDS.format(cue="OLD")}, scope FROM cue_words_jobs AS numbered
WHERE job_id = OLD.job_id;
"""
SQLITE_TRIGGERS = {
    "cue_words_job_new": "AFTER INSERT ON jobs WHEN NEW.kind = 'video.caption' AND NEW.parent_id IS NULL BEGIN "
    f"INSERT INTO cue_words_jobs (job_id, scope) VALUES (NEW.id, {SCOPE.format(job='NEW')}); END",
    # The cues of the job are gone by then: what cascades comes before a trigger that fires after.
    "cue_words_job_gone": "AFTER DELETE ON jobs BEGIN DELETE FROM cue_words_jobs WHERE job_id = OLD.id; END",
    "cue_words_new": f"AFTER INSERT ON cues BEGIN {SQLITE_WRITE} END",
    "cue_words_changed": f"AFTER UPDATE OF seq, text ON cues BEGIN {SQLITE_ERASE} {SQLITE_WRITE} END",
    "cue_words_gone": f"AFTER DELETE ON cues BEGIN {SQLITE_ERASE} END",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgres()
        return
    for statement in (*SQLITE_TABLES, *SQLITE_FILL):
        op.execute(statement)
    for name, trigger in SQLITE_TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {trigger}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER bm3_keep_cue_words ON cues")
        op.execute("DROP FUNCTION bm3_keep_cue_words")
        op.drop_table("cue_words")
        op.execute("DROP FUNCTION bm3_cue_words")
        return
    for name in SQLITE_TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("cue_words")
    op.drop_table("cue_words_jobs")


def _upgrade_postgres() -> None:
    """Other processes go on writing: their tables are locked only while what came in meanwhile is filled in.

    Locked in the order in which a worker takes them, or the two would wait for each other.
    """
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(POSTGRES_WORDS)
    op.execute(POSTGRES_KEEP)
    op.execute("CREATE TABLE cue_words (job_id uuid NOT NULL, seq integer NOT NULL, words tsvector NOT NULL)")
    op.execute(POSTGRES_FILL)
    op.execute("ALTER TABLE cue_words ADD CONSTRAINT pk_cue_words PRIMARY KEY (job_id, seq)")
    op.execute("CREATE INDEX ix_cue_words_words ON cue_words USING gin (words)")
    op.execute("ANALYZE cue_words")
    op.execute("LOCK TABLE jobs, cues IN SHARE ROW EXCLUSIVE MODE")
    op.execute(POSTGRES_TRIGGER)
    op.execute(POSTGRES_FILL)
    op.execute(
        "ALTER TABLE cue_words ADD CONSTRAINT fk_cue_words_job_id_jobs "
        "FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE"
    )
