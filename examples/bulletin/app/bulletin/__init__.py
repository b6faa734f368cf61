"""A notice board: notices in SQLite, shown over HTTP."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
