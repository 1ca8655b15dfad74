"""How much memory the web process has taken after a thousand completions, V8 included: run as a program, it prints megabytes."""
from __future__ import annotations

from pathlib import Path

from engine.alarm import Alarm
from engine.bench.ground import ground
from webforms.bench.visitor import Visitor

COMPLETIONS = 1000


def main() -> None:
    """Do them, and print the most memory there was."""
    with ground(10) as here:
        Alarm(here.engine)  # `serve` has one
        visitor, done = Visitor(here, "clerk"), 0
        while done < COMPLETIONS:
            case = here.start()
            while (task := here.open_task(case)) is not None:
                visitor.opened(task)
                visitor.answer(task)
                done += 1
        print(most_megabytes())  # noqa: T201 - its answer


def most_megabytes() -> float:
    """The high-water mark of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # not getrusage: that one remembers the parent's
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


if __name__ == "__main__":
    main()
