"""What the archive has, seen by a client that none of us wrote."""

import sqlite3
import uuid

import pymongo

COLUMNS = ("id", "user", "status", "prediction", "topic", "partition", "log_offset")


def documents(stack) -> dict:
    """Request id -> document, of all there are."""
    if stack.kind == "embedded":
        with sqlite3.connect(f"file:{stack.data / 'archive.db'}?mode=ro", uri=True) as database:
            rows = database.execute(f"SELECT {', '.join(COLUMNS)} FROM predictions").fetchall()
        return {str(uuid.UUID(bytes=row[0])): dict(zip(COLUMNS, row)) for row in rows}
    with pymongo.MongoClient(stack.archive_url) as client:
        return {document["_id"]: document for document in client.get_default_database()["predictions"].find(batch_size=10_000)}


def count(stack) -> int:
    if stack.kind == "embedded":
        with sqlite3.connect(f"file:{stack.data / 'archive.db'}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM predictions").fetchone()[0]
    with pymongo.MongoClient(stack.archive_url) as client:
        return client.get_default_database()["predictions"].estimated_document_count()
