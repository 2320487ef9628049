"""The store: SQLite in WAL mode, every commit synced, one writer thread, commits in groups."""
