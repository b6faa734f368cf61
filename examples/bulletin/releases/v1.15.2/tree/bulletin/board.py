"""The notices and where they are kept."""
import contextlib
import sqlite3


class Refused(Exception):
    """A notice that cannot be posted as it is."""


class Board:
    def __init__(self, database):
        self.database = database

    def notices(self):
        with self.connection() as connection:
            rows = connection.execute("SELECT id, title, body, category, posted_at FROM notices ORDER BY id DESC")
            return [dict(row) for row in rows]

    def notice(self, number):
        with self.connection() as connection:
            row = connection.execute(
                "SELECT id, title, body, category, posted_at FROM notices WHERE id = ?", [number]
            ).fetchone()
            return dict(row) if row else None

    def post(self, fields):
        title, body = text(fields, "title"), text(fields, "body")
        with self.connection() as connection:
            row = connection.execute(
                "INSERT INTO notices (title, body, category) VALUES (?, ?, ?)"
                " RETURNING id, title, body, category, posted_at",
                [title, body, category(title)],
            ).fetchone()
            connection.commit()
            return dict(row)

    def ping(self):
        with self.connection() as connection:
            connection.execute("SELECT count(*) FROM notices").fetchone()

    @contextlib.contextmanager
    def connection(self):
        # mode=rw: a missing database is an error here, never a new empty one. A connection a request, so that a
        # database which was restored underneath is simply read anew.
        connection = sqlite3.connect(f"{self.database.absolute().as_uri()}?mode=rw", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        with contextlib.closing(connection):
            yield connection


def text(fields, name):
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"a notice needs a {name}")
    return value.strip()


def category(title):
    """As the migration sorts the notices that are older: "Lost: one grey glove" belongs to the category "lost"."""
    word, colon, _ = title.partition(":")
    return word.strip().lower() if colon and 1 <= len(word) <= 19 else "general"
