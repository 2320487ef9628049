"""The wheel as a user gets it: what is in it, and that it works away from the checkout."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from jobqueue_tui.entry import VERSION

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installed:
    """The wheel, and an environment outside the checkout that has it installed."""

    wheel: Path
    python: Path
    folder: Path

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the installed program in an empty folder."""
        return subprocess.run(
            [str(self.python.with_name("jobqueue-tui")), *args],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TERM": "dumb"},
            check=False,
            timeout=120,
        )


def build(into: Path) -> Path:
    """Build the wheel, without the network where the build backend is at hand."""
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "pip", "wheel", str(CHECKOUT), "--no-deps", *isolation, "-q", "-w", str(into)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Dependencies come from this environment by a .pth file; the checkout itself is not on the path."""
    root = tmp_path_factory.mktemp("wheel")
    wheel = build(root)
    venv.create(root / "env", symlinks=True)
    python = root / "env" / "bin" / "python"
    (library,) = (root / "env" / "lib").glob("python*/site-packages")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    # a line of a .pth puts a folder on the path, but .pth files in that folder (the editable checkout) are not read
    (library / "dependencies.pth").write_text("".join(f"{folder}\n" for folder in site.getsitepackages()))
    folder = root / "elsewhere"
    folder.mkdir()
    return Installed(wheel, python, folder)


def test_wheel_holds_the_two_packages_with_their_data_and_nothing_else(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "engine",
        "jobqueue_tui",
        f"jobqueue_tui-{VERSION}.dist-info",
    }
    assert "jobqueue_tui/sample_jobs/tour.yaml" in names
    assert any(name.startswith("jobqueue_tui/themes/") and name.endswith(".toml") for name in names)
    assert any(name.endswith(".tcss") for name in names)
    assert not [name for name in names if "__pycache__" in name or "test" in Path(name).name]


def test_the_installed_program_is_the_wheels_own(installed: Installed) -> None:
    where = subprocess.run(
        [
            str(installed.python),
            "-c",
            "import jobqueue_tui, engine; print(jobqueue_tui.__path__[0], engine.__path__[0])",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=installed.folder,
    )
    assert str(CHECKOUT) + "/" not in where.stdout.replace(str(CHECKOUT / ".venv"), "")
    assert installed.run("version").stdout == f"jobqueue-tui {VERSION}\n"


def test_installed_samples_load_and_a_campaign_runs(installed: Installed) -> None:
    samples = Path(installed.python).parents[1].glob("lib/python*/site-packages/jobqueue_tui/sample_jobs/*.yaml")
    checked = installed.run("check", *map(str, samples))
    assert (checked.returncode, checked.stdout.count(": ok, ")) == (0, 3)
    (installed.folder / "jobs.yaml").write_text("jobs: {a: {command: 'true'}, b: {command: exit 0, needs: [a]}}")
    campaign = installed.run("--no-ui", "--until-idle")
    assert campaign.returncode == 0, campaign.stderr
    assert "b:1 success" in campaign.stdout


def test_the_sample_tour_is_found_in_the_wheel(installed: Installed) -> None:
    folder = installed.folder / "empty"
    folder.mkdir()
    shown = subprocess.run(
        [str(installed.python.with_name("jobqueue-tui"))],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        timeout=60,
    )
    assert "site-packages/jobqueue_tui/sample_jobs/tour.yaml" in shown.stderr
