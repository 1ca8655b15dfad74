"""The command that watches the clock without the web."""
from __future__ import annotations

import signal
import threading

import click

from engine.alarm import Alarm
from engine.cli.here import engine_here, main_group, warn_of_plain_backups
from engine.logs import set_up_logs


@main_group.command("worker")
def worker_command() -> None:
    """Fire what falls due and send mail, without the web."""
    set_up_logs()
    alarm = Alarm(engine_here())
    warn_of_plain_backups(alarm.engine.settings)
    alarm.start()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    click.echo("Watching the clock. Ctrl-C ends it.")
    stopped.wait()
    alarm.stop()
