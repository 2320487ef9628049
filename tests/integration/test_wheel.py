"""What is shipped works by itself: the wheel, installed elsewhere, run from another folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_wheel_holds_two_packages_and_runs_from_anywhere(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(CHECKOUT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"engine", "jobqueue_tui"}
    assert any(name.startswith("jobqueue_tui/themes/") for name in names)
    assert "jobqueue_tui/sample_jobs/tour.yaml" in names

    # the libraries come from this environment, the product from the wheel alone
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    site = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    subprocess.run(
        [*pip, "install", "-q", "--no-deps", "--target", str(site), "--no-warn-conflicts", str(wheel)], check=True
    )
    program = (
        "import sys; sys.path.append(sys.argv.pop(1)); "
        "import engine, jobqueue_tui; from jobqueue_tui.entry import main; "
        "assert 'venv' in engine.__file__ and 'venv' in jobqueue_tui.__file__; sys.exit(main())"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(home / "bin" / "python"), "-I", "-c", program, sysconfig.get_path("purelib"), *arguments]
        return subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)

    assert run("version").stdout.startswith("jobqueue-tui ")
    sample = str(site / "jobqueue_tui" / "sample_jobs" / "batch.yaml")
    checked = run("check", sample)
    assert checked.returncode == 0, checked.stderr
    ended = run("--no-ui", "--until-idle", "--state-dir", str(tmp_path / "state"), sample)
    assert ended.returncode == 0, ended.stderr
