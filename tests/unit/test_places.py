"""Where state and sockets lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobqueue_tui.places import socket_paths, state_dir, state_home

HOME = {"HOME": "/home/u"}
RUNTIME = HOME | {"XDG_RUNTIME_DIR": "/run/user/7"}


def test_state_dir_is_stem_and_hash_of_the_path_under_the_state_home() -> None:
    assert state_dir(Path("/srv/jobs.yaml"), HOME) == Path("/home/u/.local/state/jobqueue-tui/jobs-c9580656")


def test_xdg_state_home_counts_when_absolute_only() -> None:
    assert state_home({"XDG_STATE_HOME": "/s", **HOME}) == Path("/s/jobqueue-tui")
    assert state_home({"XDG_STATE_HOME": "s", **HOME}) == Path("/home/u/.local/state/jobqueue-tui")


def test_the_same_file_written_differently_has_one_state_and_two_files_have_two() -> None:
    assert state_dir(Path("/srv/x/../jobs.yaml"), HOME) == state_dir(Path("/srv/./jobs.yaml"), HOME)
    assert state_dir(Path("/srv/jobs.yaml"), HOME) != state_dir(Path("/srw/jobs.yaml"), HOME)


def test_a_symlink_keeps_its_own_state_wherever_it_points(tmp_path: Path) -> None:
    """A deploy moves `current` and the state must stay."""
    for release in ("1", "2"):
        (tmp_path / release).mkdir()
    current = tmp_path / "current"
    current.symlink_to(tmp_path / "1")
    before = state_dir(current / "jobs.yaml", HOME)
    current.unlink()
    current.symlink_to(tmp_path / "2")
    assert state_dir(current / "jobs.yaml", HOME) == before


def test_engine_name_replaces_the_hash_and_cannot_leave_the_state_home() -> None:
    assert state_dir(Path("/srv/jobs.yaml"), HOME, name="prod").name == "prod"
    for name in ("", "..", "a/b", "-x", "x" * 65, "a\n"):
        with pytest.raises(ValueError, match=r"engine\.name"):
            state_dir(Path("/srv/jobs.yaml"), HOME, name=name)


def test_a_long_stem_still_makes_a_legal_file_name() -> None:
    assert len(state_dir(Path(f"/srv/{'ä' * 127}.yaml"), HOME).name.encode()) < 255


def test_the_socket_lies_in_the_runtime_folder_under_the_states_name() -> None:
    state = state_dir(Path("/srv/jobs.yaml"), RUNTIME)
    assert socket_paths(state, RUNTIME) == (
        Path(f"/run/user/7/jobqueue-tui/{state.name}.sock"),
        state / "run" / "control.sock",
    )


def test_state_folders_of_equal_name_in_different_places_have_different_sockets() -> None:
    assert socket_paths(Path("/a/state"), RUNTIME)[0] != socket_paths(Path("/b/state"), RUNTIME)[0]


def test_without_a_runtime_folder_the_socket_lies_in_the_state_never_in_a_shared_folder() -> None:
    assert socket_paths(Path("/a/state"), HOME) == (Path("/a/state/run/control.sock"),)
    assert socket_paths(Path("/a/state"), HOME | {"XDG_RUNTIME_DIR": "run"}) == (Path("/a/state/run/control.sock"),)
