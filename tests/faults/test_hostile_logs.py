"""Jobs that print what no terminal should see, and far too much of it (70-quality)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, JobSpec
from jobqueue_tui.console.json_lines import as_fields
from jobqueue_tui.console.tail import shown_line
from jobqueue_tui.terminal import neutral
from tests.integration.program import Home

HOSTILE = (
    b"NUL \0 bell \x07 backspace \x08 vt \x0b ff \x0c so \x0e\n"
    b"bad utf-8 \xff\xfe\xc3\x28\xed\xa0\x80\n"
    b"50%\r100%\r\n"
    b"\x1b]52;c;QUJD\x07 clipboard \x1b]52;c;QUJD\x1b\\\n"
    b"\x1b[2J\x1b[H\x1b[3J clear \x1bc reset \x1b[?1049h other screen \x1b[?1000h mouse\n"
    b"\x1b]0;title\x07 \x1bP+q544e\x1b\\ \x1b_apc\x1b\\ \x1b^pm\x1b\\ \x1bXsos\x1b\\\n"
    b"\x9b31m \xc2\x9b31m C1 \xc2\x90dcs\xc2\x9c\n"
    b"\xe2\x80\xae right to left \xe2\x80\xac [red] [/ [bold]\n"
    b"\x1b]52;c;" + b"A" * 5000 + b"\n"
    b'{"level": "\\u001b[2J", "msg": "\\u009b31m"}\n' + b"y" * (1 << 20) + b"\n"
    b"\x1b["
)
FORBIDDEN = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066)} - {"\n", "\t"}


def test_the_file_has_every_byte_and_a_terminal_none_that_it_would_obey(tmp_path: Path) -> None:
    """NUL, bad UTF-8, CR, 1 MB lines, OSC 52, clear screen: faithful in the file and in a pipe, harmless elsewhere."""
    (tmp_path / "runtime").mkdir(mode=0o700)
    home = Home(tmp_path)
    (home.folder / "hostile").write_bytes(HOSTILE)
    home.write("jobs: {bad: {command: cat hostile}}")
    assert home.run("--no-ui", "--until-idle", "--state-dir", "st", "jobs.yaml").code == 0
    assert (home.folder / "st" / "logs" / "bad" / "1.log").read_bytes() == HOSTILE
    raw = home.run("logs", "bad", "--state-dir", "st")
    assert raw.out.encode(errors="surrogateescape") == HOSTILE
    for option in ("--safe", "--no-colours"):
        shown = home.run("logs", "bad", "--state-dir", "st", "--safe", option).out
        assert not FORBIDDEN & set(shown)
        assert "y" * (1 << 20) in shown
        assert "clipboard" in shown
    for part in (("--tail", "3"), ("--head", "3"), ("--with-record",), ("--since", "1h")):
        assert not FORBIDDEN & set(home.run("logs", "bad", "--state-dir", "st", "--safe", *part).out)


PIECES = st.sampled_from([
    b"\x1b", b"[", b"]", b"0;", b"52;c;", b"\x07", b"\x1b\\", b"\x9b", b"\xc2\x9b", b"\xc2\x9d", b"m", b"2J", b"31", b"P", b"_",
    b"^", b"X", b"\\", b"\r", b"\n", b"\0", b"\xff", b"\xe2\x80\xae", b"text", b"{\"a\":\"\\u001b[2J\"}", b"\x7f", b"\x90",
])  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join)))
def test_whatever_is_printed_nothing_reaches_a_terminal_that_it_would_obey(raw: bytes) -> None:
    """CLI, console lines, JSON view; with colours kept nothing but colours."""
    assert not FORBIDDEN & set(neutral(raw))
    assert not (FORBIDDEN | {"\n", "\t"}) & set(shown_line(raw.replace(b"\n", b" ")))
    assert not (FORBIDDEN | {"\n", "\t"}) & set(as_fields(raw) or "")
    coloured = neutral(raw, keep_colours=True)
    parts = coloured.split("\x1b[")
    assert not FORBIDDEN & set(parts[0])
    for part in parts[1:]:
        colour, found, rest = part.partition("m")
        assert found
        assert set(colour) <= set("0123456789;:")
        assert not FORBIDDEN & set(rest)


@pytest.mark.slow
async def test_a_gigabyte_of_output_is_bounded_and_loses_neither_end(tmp_path: Path) -> None:
    """The log stays within its limit and a second's output; what was printed is counted to the byte."""
    program = (
        "import os\nline = b'%09d ' + b'x' * 89 + b'\\n'\n"
        "for first in range(0, 10_000_000, 10_000):\n    os.write(1, b''.join(line % n for n in range(first, first + 10_000)))"
    )
    async with Engine(state_dir=tmp_path) as engine:
        job = engine.add(JobSpec(id="flood", command=[sys.executable, "-c", program], manual="only"))
        record = await (await job.trigger()).ended()
        assert record.outcome == "success"
        end = await engine.log("flood:1", -100, 100)
        assert end.size == 1_000_000_000
        assert end.data.startswith(b"009999999 ")
        assert (await engine.log("flood:1", 0, 100)).data.startswith(b"000000000 ")
        log = tmp_path / "logs" / "flood" / "1.log"
        async with asyncio.timeout(60):  # looked at once more after its end
            while min(log.stat().st_size, log.stat().st_blocks * 512) > 10 << 20:
                await asyncio.sleep(0.02)
        assert (await engine.log("flood:1", -100, 100)).data == end.data
