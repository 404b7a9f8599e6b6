"""Where are deterministic results kept, so that no run computes them again? One SQLite file.

`database` opens the file, in whatever state it is; `store` keeps results in it. What a result is, and what it depends
on, is not known here: an identity, bytes, and a description for people.
"""

from .store import OFF, Row, Store, open_store, store_path

__all__ = ["OFF", "Row", "Store", "open_store", "store_path"]
