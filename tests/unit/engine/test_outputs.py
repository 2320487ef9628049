"""What a run hands on is on record before the file it stood in goes."""

from __future__ import annotations

from pathlib import Path

from engine.spec.config import JobFile
from engine.testing import Bench
from engine.testing.store import MemoryStore
from tests.unit.engine.making import spec


def test_an_engine_that_dies_before_they_are_on_record_leaves_them_to_the_next_one(tmp_path: Path) -> None:
    store = MemoryStore(at_once=False)
    left = tmp_path / "a" / "1.out"
    left.parent.mkdir()
    bench = Bench(JobFile(jobs=(spec("a"),)), store=store, logs=tmp_path)
    store.commit()  # the run
    bench.settle()
    store.commit()  # its claim: it starts
    bench.settle()
    left.write_text("rows=7\n")
    bench.run_for(1.0)  # it ends
    assert dict(bench.state.jobs["a"].outputs) == {"rows": "7"}
    assert (store.pending, left.exists()) == (True, True)
    bench.crash()
    bench.settle()
    store.commit()
    bench.settle()
    assert dict(bench.state.jobs["a"].outputs) == {"rows": "7"}
    assert store.runs[1].outputs == '{"rows": "7"}'
    assert not left.exists()
