"""Notifiers for real: a web server, a command, an engine that dies in between."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import Engine, JobSpec
from engine.clock import Instant
from engine.jobfile import load
from engine.model.alert import Alert
from engine.notify import deliverer
from engine.notify.deliverer import Deliverer, send
from engine.notify.messages import message_of
from engine.spec.notify import ByCommand, ByPing, ByUrl, Notify, When
from tests.integration.program import Home


class Web(ThreadingHTTPServer):
    """Takes note of what it is asked for; answers `/away/…` with a redirect."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append((self.path, ""))
        away = self.path.startswith("/away")
        self.send_response(302 if away else 200)
        if away:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, body.decode()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for company."""
    monkeypatch.setattr(deliverer, "COLLECT", 0.01)
    monkeypatch.setattr(deliverer, "PAUSE", 0.01)
    monkeypatch.setattr(deliverer, "AGAIN", 0.01)


def alert(text: str = "a:1 failed: exit(3)", at: Instant = 0, when: When | None = When.FAILURE) -> Alert:
    return Alert(when=when, job="a", run_id="a:1", at=at, text=text, to=("ops",), exit_code=3)


async def test_a_dead_mans_switch_hears_of_starts_and_ends(web: Web) -> None:
    """Row 79: URL/start, then URL/EXIT_CODE, the job's id filled in."""
    engine = Engine(
        [JobSpec(id="a.b", command="exit 7", notify=Notify(to=("hc",)))],
        notifiers={"hc": ByPing(web.url + "/hc/${JOB_ID}")},
    )
    async with engine:
        await engine.wait_idle()
    assert [path for path, _ in web.asked] == ["/hc/a.b/start", "/hc/a.b/7"]


async def test_apprise_gets_plain_text_and_many_alerts_make_one_message(web: Web) -> None:
    """Row 79: text of jobs goes into the body, printable; a storm is one message."""
    ends: list[int] = []
    sender = Deliverer({"ops": ByUrl(web.url.replace("http", "json") + "/hook")}, None, ends.append)
    sender.put([(number, alert(f"a:{number} failed\x1b[2J\n: exit(3)")) for number in range(1, 81)])
    async with asyncio.timeout(60):
        await sender.idle()
    await sender.close()
    assert ends == list(range(1, 81))
    ((_, body),) = web.asked
    assert "80 messages" in body
    assert "and 30 more" in body
    assert "\\u001b" not in body


async def test_a_redirect_is_not_followed(web: Web) -> None:
    """80-security: urls from static configuration only, no redirects."""
    problem = await send({"ping": web.url + "/away"})
    assert problem is not None
    assert "302" in problem
    assert [path for path, _ in web.asked] == ["/away"]


async def test_only_the_web_is_pinged() -> None:
    """A `file:` URL reads no file."""
    assert await send({"ping": "file:///etc/hostname"}) == "a ping goes to http:// or https://"


async def test_a_command_is_given_facts_and_no_shell(tmp_path: Path) -> None:
    """80-security: what a job is called or printed is data."""
    out = tmp_path / "told"
    notifier = ByCommand(
        ("/bin/sh", "-c", 'printf "%s|%s|%s" "$1" "$TEXT" "$EXIT_CODE" > "$2"', "-", "${TEXT}", str(out))
    )
    (message,) = message_of(notifier, [alert("$(touch /tmp/never) `x` \x07")])
    assert await send(message.order) is None
    assert out.read_text() == "$(touch /tmp/never) `x`  |$(touch /tmp/never) `x`  |3"


async def test_a_notifier_that_fails_is_tried_again_then_given_up_and_said() -> None:
    """Row 79: a dead notifier is a warning, nothing waits for it for ever."""
    ends: list[int] = []
    sender = Deliverer({"ops": ByCommand(("/bin/sh", "-c", "echo no route >&2; exit 4"))}, None, ends.append)
    sender.put([(1, alert())])
    async with asyncio.timeout(60):
        await sender.idle()
    assert sender.warnings == ["notifier ops: /bin/sh exited with 4: no route"]
    await sender.close()
    assert ends == [1]


async def test_a_notifier_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """70-quality, faults: a notifier that hangs."""
    monkeypatch.setattr(deliverer, "PATIENCE", 0.5)
    problem = await send({"command": ["/bin/sleep", "1000"], "env": {}})
    assert problem == "took longer than 0.5 s"


async def test_an_alert_that_was_not_delivered_is_delivered_by_the_next_engine(web: Web, tmp_path: Path) -> None:
    """Told once the outcome is durable, and not lost with the engine."""
    spec = JobSpec(id="a", command="exit 3", notify=Notify(to=("ops",)))
    dead = Engine([spec], state_dir=tmp_path, notifiers={"ops": ByCommand(("/bin/sleep", "1000"))})
    await dead.start()
    await dead.wait_idle()
    dead._alerting._deliverer = None  # it dies without a word
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await dead.close()
    told = tmp_path / "told"
    notifiers = {"ops": ByCommand(("/bin/sh", "-c", f'echo "$TEXT" >> {told}'))}
    async with Engine([spec], state_dir=tmp_path, notifiers=notifiers):
        async with asyncio.timeout(60):
            while not told.exists() or not told.read_text():
                await asyncio.sleep(0.01)
    assert told.read_text() == "a:1 failed: exit(3)\n"
    async with Engine([spec], state_dir=tmp_path, notifiers=notifiers) as third:
        assert third.status().warnings == ()
    assert told.read_text() == "a:1 failed: exit(3)\n"


def test_output_is_told_of_who_printed_something(home: Home, tmp_path: Path) -> None:
    """`output`, as cron mails it."""
    told = tmp_path / "told"
    home.write(
        f"notifiers: {{desk: {{command: [/bin/sh, -c, 'echo \"$1\" >> {told}', '-', '${{TEXT}}']}}}}\n"
        "defaults: {notify: {when: [output], to: desk}}\n"
        "jobs: {quiet: {command: 'true'}, loud: {command: echo here}}\n"
    )
    assert home.run("--no-ui", "--until-idle", "jobs.yaml").code == 0
    assert told.read_text() == "loud:1 printed something\n"


def test_the_program_tells_what_its_file_says(home: Home, tmp_path: Path) -> None:
    """Row 79, from the job file to the notifier."""
    told = tmp_path / "told"
    home.write(
        f"notifiers: {{desk: {{command: [/bin/sh, -c, 'echo \"$1\" >> {told}', '-', '${{JOB_ID}} ${{RUN_STATUS}}']}}}}\n"
        "engine: {notify: desk}\n"
        "jobs: {bad: {command: exit 1}, good: {command: 'true'}}\n"
    )
    ran = home.run("--no-ui", "--until-idle", "jobs.yaml")
    assert ran.code == 1, ran.err
    assert told.read_text() == "bad failed\n"
    assert os.environ.get("NOTIFY_SOCKET") is None


async def test_notifiers_of_a_reloaded_file_are_told_at_once(tmp_path: Path) -> None:
    """One that comes, one beside it, one that is gone."""
    heard = tmp_path / "heard"
    path = tmp_path / "jobs.yaml"

    def write(number: int, *names: str) -> None:
        notifiers = ", ".join(f"{name}: {{command: [sh, -c, 'echo {name} >> {heard}']}}" for name in names)
        job = f"bad{number}: {{command: exit 3, manual: only, notify: {{to: [{', '.join(names)}]}}}}"
        path.write_text(f"notifiers: {{{notifiers}}}\njobs: {{{job}}}\n")

    path.write_text("jobs: {a: {command: 'true', manual: only}}\n")
    loaded = load(path, dict(os.environ))
    assert loaded.file is not None
    expected: list[str] = []
    async with Engine.from_file(loaded.file, state_dir=tmp_path / "state", version="test") as engine:
        for number, names in enumerate([("one",), ("one", "two"), ("two",)]):
            write(number, *names)
            assert not (await engine.reload(confirmed=True)).after_restart
            run = await engine.job(f"bad{number}").trigger()
            await run.ended()
            expected += names
            async with asyncio.timeout(20):
                while not heard.exists() or len(heard.read_text().split()) < len(expected):
                    await asyncio.sleep(0.01)
    assert sorted(heard.read_text().split()) == sorted(expected)
