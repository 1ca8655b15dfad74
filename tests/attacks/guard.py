"""Watches what this process does while an attack runs: files written or read, programs started, calls made, code compiled out of a text."""
from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "the-word-in-the-secret-file"
PATIENCE = 20     # seconds for one attack, on a machine that does other things too
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork", "pty.spawn")
CALLS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "smtplib.connect", "http.client.connect", "webbrowser.open")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate", "shutil.rmtree", "shutil.move")
MAY_WRITE = (os.path.realpath(tempfile.gettempdir()), "/dev/null")
PRIVATE = ("/etc/passwd", "/etc/shadow", "/proc/self/environ", "/dev/zero")


@dataclass
class Trap:
    """Where the payloads of one test point, and what became of it."""

    folder: Path
    listening: socket.socket
    seen: list[str] = field(default_factory=list)
    text: str = ""                # of the payload that is tried now

    def set_in(self, payload: str) -> str:
        """The payload, pointing here."""
        return payload.replace("@OUT@", str(self.folder / "broken-into")).replace("@SECRET@", str(self.folder / "secret")).replace(
            "@NET@", f"127.0.0.1:{self.listening.getsockname()[1]}")

    def sprung(self, told: object = "") -> list[str]:
        """What happened that must not; `told` is all that came back."""
        found, self.seen = self.seen, []
        if (self.folder / "broken-into").exists():
            found.append("a file was made")
        if (self.folder / "secret").read_text() != SECRET:
            found.append("a file was changed")
        if SECRET in (told if isinstance(told, str) else repr(told)):
            found.append("a file was read")
        try:
            self.listening.accept()[0].close()
        except BlockingIOError:
            return found
        return [*found, "the net was called"]


_watched: list[Trap] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watched:
        return
    trap = _watched[-1]
    if event in STARTS or event in CALLS or event == "pickle.find_class":
        trap.seen.append(f"{event} {args!r:.100}")
    elif event == "open" and isinstance(args[0], str | bytes):
        path = os.path.realpath(os.fsdecode(args[0]))
        if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not path.startswith((*MAY_WRITE, str(sys.pycache_prefix))):
            trap.seen.append(f"wrote {path}")
        if path in PRIVATE or path == str(trap.folder / "secret"):
            trap.seen.append(f"read {path}")
    elif event in CHANGES and not os.path.realpath(os.fsdecode(args[0])).startswith((*MAY_WRITE, str(sys.pycache_prefix))):
        trap.seen.append(f"{event} {args!r:.100}")
    elif event == "compile" and trap.text and isinstance(args[0], str | bytes) and trap.text in (
            args[0].decode(errors="ignore") if isinstance(args[0], bytes) else args[0]):
        trap.seen.append("compiled the payload")


_added = False


@contextmanager
def trap(folder: Path) -> Iterator[Trap]:
    """A place for payloads to point to."""
    (folder / "secret").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield Trap(folder, listening)


@contextmanager
def watched(trap: Trap, payload: str = "") -> Iterator[None]:
    """Everything in here is looked at, and must end in time."""
    global _added
    if not _added:
        sys.addaudithook(_hook)
        _added = True

    def too_long(*_: Any) -> None:
        message = f"this took more than {PATIENCE} s: {payload[:60]!r}"
        raise AssertionError(message)

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    trap.text = payload if len(payload) > 6 else ""
    _watched.append(trap)
    try:
        yield
    finally:
        _watched.pop()
        trap.text = ""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
