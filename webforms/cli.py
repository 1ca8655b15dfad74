"""`casereview`: the engine's commands, and `serve`."""
from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Any

import click
import structlog
from waitress import create_server

from engine.alarm import Alarm
from engine.cli import engine_here, main_group
from engine.demo import prepare
from webforms import create_app

if TYPE_CHECKING:
    from engine.demo import SignIn


def main() -> None:
    """The program."""
    main_group()


@main_group.command("serve")
@click.option("--alarm/--no-alarm", default=True, help="Whether this process also fires what falls due and sends mail.")
def serve(alarm: bool) -> None:  # noqa: FBT001 - click's way
    """Answer on the address of the settings, fire what falls due and send mail, until told to stop."""
    _logging()
    engine = engine_here()
    made = prepare(engine)
    settings = engine.settings
    server = create_server(
        create_app(engine), host=settings.web.host, port=settings.web.port, threads=settings.web.threads, connection_limit=2000,
        max_request_body_size=2 * settings.limits.body_bytes,   # what is only a little too big gets a page that says so
        clear_untrusted_proxy_headers=not settings.web.proxies, ident=None)
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


def _sign_ins(made: list[SignIn]) -> str:
    """Who can sign in: said once, when they are made."""
    wide = max(len(one.login) for one in made)
    lines = [f"  {one.login:<{wide}}  {one.does}" for one in made]
    passwords = {one.password for one in made}
    head = f"Fictional people to sign in as; the password of all is  {passwords.pop()}" if len(passwords) == 1 else "Fictional people to sign in as:"
    return "\n".join(["", head, *lines, "", "This list is not shown again."])


def _logging() -> None:
    """One line of JSON for each thing worth noting, on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr))
