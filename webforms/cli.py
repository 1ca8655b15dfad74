"""`casereview`: the engine's commands, and `serve`."""
from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

from engine.alarm import Alarm
from engine.cli import engine_as_it_is, main_group, warn_of_plain_backups
from engine.demo import prepare
from engine.logs import set_up_logs
from engine.queries import someone_can_sign_in
from engine.rules.access import SYSTEM
from engine.settings import BadSettings
from webforms import create_app

if TYPE_CHECKING:
    from engine import Engine
    from engine.demo import SignIn

HOME = Path(__file__).resolve().parents[1]


def main() -> None:
    """The program."""
    main_group()


@main_group.command("serve")
@click.option("--alarm/--no-alarm", default=True, help="Whether this process also fires what falls due and sends mail.")
def serve(alarm: bool) -> None:  # noqa: FBT001 - click's way
    """Answer on the address of the settings, fire what falls due and send mail, until told to stop."""
    set_up_logs()
    need_built_files()
    engine = engine_as_it_is()
    settings = engine.settings
    if settings.kind == "production":
        warn_of_plain_backups(settings)
        if gap := engine.no_wall():
            raise BadSettings([gap])
        need_someone(engine)   # before anything is written: a backup may be restored into this database yet
    made = prepare(engine)
    server = _listening(engine)
    clock = Alarm(engine)

    def stop(*_: Any) -> None:
        raise SystemExit(0)   # waitress then finishes what it is answering

    signal.signal(signal.SIGTERM, stop)
    if alarm: clock.start()
    click.echo(f"casereview is at http://{settings.web.host}:{server.effective_port}")
    if made: click.echo(_sign_ins(made))
    sys.stdout.flush()
    try:
        server.run()
    finally:
        server.close()
        clock.stop()
        engine.close()


def need_built_files() -> None:
    """What `make setup` builds; without it pages have no styles and expressions no interpreter."""
    if missing := [name for name in ("webforms/static/app.css", "engine/feel/feel.js") if not (HOME / name).exists()]:
        raise BadSettings([f"{' and '.join(missing)} not found in {HOME}: run `make setup` there."])


def need_someone(engine: Engine) -> None:
    """Where nobody can sign in, nothing is served: an operator makes the first account."""
    if not engine.ask(SYSTEM, someone_can_sign_in):
        raise BadSettings([
            "Nobody can sign in here yet. Make the first administrator, then start again:",
            '  casereview person add NAME --name "Their Name" --email name@example.org --role administrator --link',
            "Or, if this machine takes over from another one: casereview restore BACKUP, into an empty database."])


def _listening(engine: Engine) -> Any:
    web, limits = engine.settings.web, engine.settings.limits
    sockets: dict[int, Any] = {}   # a name of the machine may stand for several addresses
    try:
        server = create_server(
            create_app(engine), map=sockets, host=web.host, port=web.port, threads=web.threads, connection_limit=2000,
            max_request_body_size=2 * limits.body_bytes,   # what is only a little too big gets a page that says so
            clear_untrusted_proxy_headers=not web.proxies, ident=None)
    except OSError as problem:
        raise BadSettings([f"default.toml: [web] {web.host}:{web.port} cannot be listened on: {problem.strerror}."]) from problem
    for one in sockets.values():
        if hasattr(one, "channel_class"): one.channel_class = _Channel
    return server


class _Parser(HTTPRequestParser):
    """Refuses a request that says its length in two ways: a proxy may see its end elsewhere, and what follows would be another's request."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            message = "Content-Length and Transfer-Encoding exclude each other"
            raise ParsingError(message)


class _Channel(HTTPChannel):
    parser_class = _Parser


def _sign_ins(made: list[SignIn]) -> str:
    """Who can sign in: said once, when they are made."""
    wide = max(len(one.login) for one in made)
    lines = [f"  {one.login:<{wide}}  {one.does}" for one in made]
    passwords = {one.password for one in made}
    head = f"Fictional people to sign in as; the password of all is  {passwords.pop()}" if len(passwords) == 1 else "Fictional people to sign in as:"
    return "\n".join(["", head, *lines, "", "This list is not shown again."])
