"""A job that has another id now: its state and its history go with it (`was:` in the job file).

Only once, and only if there is nothing on record under the new id yet: whoever leaves `was:` in the file afterwards
changes nothing. Ids of attempts stay as they are, since the keeper of those that run knows them by these.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping


def rename(db: sqlite3.Connection, old_ids: Mapping[str, str]) -> None:
    """Give what is on record of each old id its new one. `old_ids` by new id."""
    known = {row[0] for row in db.execute("SELECT id FROM jobs")} if old_ids else set()
    found = {new: old for new, old in old_ids.items() if old in known and new not in known}
    if not found:
        return
    db.execute("BEGIN IMMEDIATE")
    for new, old in found.items():
        of_job = (new, len(old) + 1, old)
        db.execute("UPDATE runs SET run_id = ?1 || substr(run_id, ?2), job = ?1 WHERE job = ?3", of_job)
        db.execute("UPDATE jobs SET last_run_id = ?1 || substr(last_run_id, ?2), id = ?1 WHERE id = ?3", of_job)
        db.execute("UPDATE days SET job = ? WHERE job = ?", (new, old))
        db.execute("UPDATE OR REPLACE facts SET name = ? WHERE name = ?", (f"reboot {new}", f"reboot {old}"))
    for job, needs in db.execute("SELECT id, needs FROM jobs WHERE needs IS NOT NULL").fetchall():
        db.execute("UPDATE jobs SET needs = ? WHERE id = ?", (needs_renamed(needs, found), job))
    db.execute("COMMIT")


def needs_renamed(text: str, old_ids: Mapping[str, str]) -> str:
    """What a job knows of those that it needs, with their new ids."""
    new_ids = {old: new for new, old in old_ids.items()}
    needs = json.loads(text)
    needs["met"] = {new_ids.get(name, name): outcome for name, outcome in needs["met"].items()}
    needs["heard"] = sorted(new_ids.get(name, name) for name in needs["heard"])
    return json.dumps(needs)
