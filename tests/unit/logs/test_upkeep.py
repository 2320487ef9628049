"""Logs looked after: times noted, cut, compressed, pruned."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.clock import SECOND
from engine.logs.chunk import read_chunk
from engine.logs.index import Stamp, add_stamps, begin_cut, read_index, read_layout
from engine.logs.places import index_path, logs_in, there
from engine.logs.upkeep import LiveLog, LogFacts, Upkeep
from engine.spec.log import LogKeep, LogPolicy

NONE: dict[str, LogFacts] = {}
IDLE: frozenset[str] = frozenset()


def a_run(tmp_path: Path, number: int, size: int = 9_000) -> Path:
    path = tmp_path / "logs" / "a" / f"{number}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * (size - 1) + b"\n")
    return path


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def upkeep(tmp_path: Path) -> Upkeep:
    return Upkeep(str(tmp_path / "logs"))


def over(*numbers: int) -> dict[str, LogFacts]:
    """Runs that are over on record, each a second after the one before."""
    return {str(n): LogFacts(n * SECOND, success=True, in_inbox=False, left_behind=False) for n in numbers}


def test_times_are_noted_only_when_something_was_printed(tmp_path: Path) -> None:
    path, keeper = a_run(tmp_path, 1, 100), upkeep(tmp_path)
    live = [LiveLog("a", str(path), 1, 1 << 20)]
    for second in range(1, 4):
        keeper.look(live, [], second * SECOND)
    with path.open("ab") as job:
        job.write(b"more\n")
    keeper.look([LiveLog("a", str(path), 2, 1 << 20)], [], 9 * SECOND)
    index = read_index(index_path(str(path)))
    assert [(stamp.end, stamp.at, stamp.attempt) for stamp in index.stamps] == [(100, SECOND, 1), (105, 9 * SECOND, 2)]
    assert [index.since(at * SECOND) for at in (0, 1, 5, 9)] == [0, 100, 100, 105]
    stamp = index.stamp_of(100)
    assert stamp is not None
    assert stamp.at == 9 * SECOND
    assert index.stamp_of(105) is None


def test_a_short_run_has_no_index(tmp_path: Path) -> None:
    """Nothing is added for a run that ends before the first look."""
    path = a_run(tmp_path, 1)
    upkeep(tmp_path).look([], [], SECOND)
    assert not Path(index_path(str(path))).exists()


def test_a_log_beyond_its_limit_is_cut_and_positions_go_on_under_the_next_engine(tmp_path: Path) -> None:
    path = a_run(tmp_path, 1, 3 << 20)
    live = [LiveLog("a", str(path), 1, 512 << 10)]
    upkeep(tmp_path).look(live, [], SECOND)
    assert path.stat().st_blocks * 512 <= 512 << 10
    with path.open("ab") as job:
        job.write(b"more\n")
    upkeep(tmp_path).look(live, [], 2 * SECOND)
    assert read_index(index_path(str(path))).stamps[-1].end == (3 << 20) + 5
    assert read_chunk(str(path), -5, 5).data == b"more\n"


def test_logs_are_compressed_once_a_newer_run_is_there(tmp_path: Path) -> None:
    """The newest log stays as it is, so does a small one, and one whose run left something behind that may print."""
    for number, size in ((1, 9_000), (2, 50), (3, 9_000), (4, 9_000)):
        a_run(tmp_path, number, size)
    on_record = over(2, 3, 4) | {"1": LogFacts(SECOND, success=True, in_inbox=False, left_behind=True)}
    keeper = upkeep(tmp_path)
    keeper.tidy("a", LogPolicy(), IDLE, on_record, SECOND)
    assert names(tmp_path / "logs" / "a") == ["1.log", "2.log", "3.log.gz", "4.log"]
    path = there(str(tmp_path / "logs" / "a" / "3.log"))
    assert path is not None
    assert path.endswith("3.log.gz")
    assert len(read_chunk(path, 0, 10_000).data) == 9_000
    assert (tmp_path / "logs" / "a" / "3.log.gz").stat().st_mode & 0o777 == 0o600
    a_run(tmp_path, 5)
    keeper.tidy("a", LogPolicy(compress=False), IDLE, on_record, SECOND)
    assert "4.log" in names(tmp_path / "logs" / "a")


def test_a_log_is_compressed_only_when_its_run_is_over_on_record(tmp_path: Path) -> None:
    """A run that began after it was asked which are under way has a log like one that is over, and writes into it."""
    for number in (1, 2):
        a_run(tmp_path, number)
    keeper = upkeep(tmp_path)
    keeper.tidy("a", LogPolicy(), IDLE, NONE, SECOND)
    assert names(tmp_path / "logs" / "a") == ["1.log", "2.log"]
    keeper.tidy("a", LogPolicy(), IDLE, over(1), SECOND)
    assert names(tmp_path / "logs" / "a") == ["1.log.gz", "2.log"]


def test_everything_of_a_pruned_run_goes_and_nothing_else(tmp_path: Path) -> None:
    """80-security: only names that the engine made are removed."""
    for number in range(1, 6):
        a_run(tmp_path, number)
    folder = tmp_path / "logs" / "a"
    for name in ("1.index", "1.marks", "1.hooks.log", "mine.txt", "1.log.bak", "runs.log", "12.txt"):
        (folder / name).write_text("x")
    (folder / "99.log").symlink_to(folder / "mine.txt")
    policy = LogPolicy(keep=LogKeep(runs=2), compress=False)
    gone = upkeep(tmp_path).tidy("a", policy, IDLE, over(*range(1, 6)), 10 * SECOND)
    assert gone == 3
    assert names(folder) == ["1.log.bak", "12.txt", "4.log", "5.log", "99.log", "mine.txt", "runs.log"]
    assert sorted(log.number for log in logs_in(str(folder))) == [4, 5]


def test_a_removed_folder_is_said_once_and_harms_nothing(tmp_path: Path) -> None:
    path, keeper = a_run(tmp_path, 1), upkeep(tmp_path)
    live = [LiveLog("a", str(path), 1, 1 << 20)]
    keeper.look(live, [], SECOND)
    shutil.rmtree(path.parent)
    for second in (2, 3):
        keeper.look(live, [], second * SECOND)
    assert len(keeper.problems) == 1
    assert keeper.tidy("a", LogPolicy(), IDLE, NONE, SECOND) == 0
    keeper.look([LiveLog("a", str(a_run(tmp_path, 2)), 1, 1 << 20)], [], 4 * SECOND)
    assert not keeper.problems


def test_a_cut_that_a_dead_engine_left_under_way_is_over_for_readers(tmp_path: Path) -> None:
    """Else each of them would wait for it."""
    path = a_run(tmp_path, 1)
    begin_cut(index_path(str(path)))
    upkeep(tmp_path).tidy("a", LogPolicy(), frozenset({"1"}), NONE, SECOND)
    assert read_layout(index_path(str(path))).cutting, "the run is not over: its own engine may be cutting"
    upkeep(tmp_path).tidy("a", LogPolicy(), IDLE, NONE, SECOND)
    assert not read_layout(index_path(str(path))).cutting


def test_a_reader_waits_for_a_cut_but_not_for_ever(tmp_path: Path) -> None:
    path = a_run(tmp_path, 1, 100)
    begin_cut(index_path(str(path)))
    assert len(read_chunk(str(path), 0, 100).data) == 100


def test_a_long_list_of_runs_goes_on_in_a_new_file(tmp_path: Path) -> None:
    folder = a_run(tmp_path, 1).parent
    (folder / "runs.log").write_bytes(b"x" * (1 << 20))
    upkeep(tmp_path).tidy("a", LogPolicy(), IDLE, NONE, SECOND)
    assert "runs.log.1" not in names(folder)
    with (folder / "runs.log").open("ab") as file:
        file.write(b"y")
    upkeep(tmp_path).tidy("a", LogPolicy(), IDLE, NONE, SECOND)
    assert {"runs.log", "runs.log.1"} & set(names(folder)) == {"runs.log.1"}


def test_the_log_of_hooks_is_bounded_alike_and_need_not_be_there(tmp_path: Path) -> None:
    path, keeper = a_run(tmp_path, 1, 100), upkeep(tmp_path)
    hooks = path.with_name("1.hooks.log")
    live = [LiveLog("a", str(path), 1, 256 << 10), LiveLog("a", str(hooks), 1, 256 << 10, optional=True)]
    keeper.look(live, [], SECOND)
    assert not keeper.problems
    hooks.write_bytes(b"x\n" * (1 << 20))
    keeper.look(live, [], 2 * SECOND)
    assert hooks.stat().st_blocks * 512 <= 256 << 10
    assert read_layout(str(path.with_name("1.hooks.index"))).cut
    assert not read_layout(index_path(str(path))).cut


def test_an_engine_that_ends_leaves_a_log_as_it_was(tmp_path: Path) -> None:
    """Compressing takes 20 s a gibibyte; nobody waits for that."""
    for number in (1, 2):
        a_run(tmp_path, number, 2 << 20)
    keeper = upkeep(tmp_path)
    keeper.ending = True
    keeper.tidy("a", LogPolicy(), IDLE, over(1, 2), SECOND)
    assert names(tmp_path / "logs" / "a") == ["1.log", "2.log"]
    assert not keeper.problems


def test_what_could_not_be_noted_is_tried_again_though_nothing_more_was_printed(tmp_path: Path) -> None:
    """Else a warning would stand until the job prints on, long after its reason is gone."""
    path, keeper = a_run(tmp_path, 1, 3 << 20), upkeep(tmp_path)
    live = [LiveLog("a", str(path), 1, 512 << 10)]
    Path(index_path(str(path))).mkdir()
    keeper.look(live, [], SECOND)
    assert len(keeper.problems) == 1
    Path(index_path(str(path))).rmdir()
    keeper.look(live, [], 2 * SECOND)
    assert not keeper.problems
    assert path.stat().st_blocks * 512 <= 512 << 10


def test_what_cannot_be_compressed_is_said_until_it_can(tmp_path: Path) -> None:
    """A live log of the same job that is in order says nothing about that."""
    for number in (1, 2):
        a_run(tmp_path, number)
    keeper, obstacle = upkeep(tmp_path), tmp_path / "logs" / "a" / "1.log.gz.new"
    obstacle.mkdir()
    keeper.tidy("a", LogPolicy(), IDLE, over(1), SECOND)
    keeper.look([LiveLog("a", str(tmp_path / "logs" / "a" / "2.log"), 1, 1 << 20)], [], SECOND)
    assert len(keeper.problems) == 1
    obstacle.rmdir()
    keeper.tidy("a", LogPolicy(), IDLE, over(1), SECOND)
    assert not keeper.problems


def test_a_cut_of_a_dead_engine_is_over_for_the_next_one_that_looks(tmp_path: Path) -> None:
    """The run goes on; its readers do not wait for a cut that nobody makes."""
    path = a_run(tmp_path, 1)
    begin_cut(index_path(str(path)))
    upkeep(tmp_path).look([LiveLog("a", str(path), 1, 1 << 20)], [], SECOND)
    assert not read_layout(index_path(str(path))).cutting


def test_an_index_whose_beginning_is_torn_is_begun_anew(tmp_path: Path) -> None:
    """A machine that lost its power may have kept a part of the header."""
    path = index_path(str(a_run(tmp_path, 1, 100)))
    for size in (1, 30, 47):
        Path(path).write_bytes((b"jqlog" + bytes(47))[:size])
        add_stamps(path, [Stamp(100, SECOND, 1)])
        assert read_index(path).stamps == [Stamp(100, SECOND, 1)]
