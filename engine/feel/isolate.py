"""The sandbox: one V8 isolate for each process, holding nothing but the FEEL library, with a limit on time and on memory."""
from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import orjson
from py_mini_racer import DEFAULT_V8_FLAGS, JSEvalException, JSTimeoutException, MiniRacer, init_mini_racer

TIME_LIMIT = 2.0                  # seconds for each question, by the wall: what is innocent takes a thousandth of it, even where processors are scarce
MEMORY_LIMIT = 64 << 20
LITTER = 3 << 20                  # bytes of questions after which V8 is told to clean up: by itself it would wait beyond our limit
PATIENCE = 5                      # how many time limits to wait on a machine too busy to run us at all
BUNDLE = Path(__file__).with_name("feel.js")


class Spent(Exception):
    """A question took more time or memory than it may have."""


class _Sandbox:
    """One isolate, and the lock that lets one question in at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.racer: MiniRacer | None = None
        self.unusable: str | None = None
        self.asked = self.litter = 0            # questions answered, and bytes of them since the last cleaning

    def ask(self, question: bytes) -> dict[str, Any]:
        """The bridge's answer to a question, both JSON."""
        # JSON text is a JavaScript literal: passed as an argument it would take twice the time.
        call = f"feel({orjson.dumps(question.decode()).decode()})"
        with self.lock:
            for attempt in range(1, PATIENCE + 1):
                racer, busy = self._ready(), time.process_time()
                try:
                    answer = cast("dict[str, Any]", orjson.loads(cast("str", _evaluated(racer, call))))
                except JSTimeoutException:
                    self._rebuild_later()
                    # On a busy machine the limit may pass while V8 waits for a processor: that is not the expression's doing.
                    if time.process_time() - busy > TIME_LIMIT / 2 or attempt == PATIENCE:
                        raise Spent(f"takes longer than {TIME_LIMIT:g} s") from None
                except (JSEvalException, orjson.JSONDecodeError):
                    full, fresh = racer.was_hard_memory_limit_reached(), self.asked == 0
                    self._rebuild_later()
                    if not fresh and attempt < PATIENCE:
                        continue                # what earlier questions left behind may have filled it: ask again in an empty one
                    raise Spent("needs too much memory" if full else "is nested too deeply or needs too much memory") from None
                except BaseException:
                    self._drop()                # interrupted while V8 runs: its answer must not reach the next who asks
                    raise
                else:
                    self._tidy(racer, len(call))
                    return answer
        raise AssertionError  # the loop returns or raises

    def _tidy(self, racer: MiniRacer, size: int) -> None:
        self.asked += 1
        self.litter += size + 1024
        if self.litter > LITTER:
            racer.low_memory_notification()
            self.litter = 0

    def close(self) -> None:
        """End the isolate for good: V8 left running at exit makes one exit in five hang."""
        with self.lock:
            self._drop()
            self.unusable = "This process is ending: no more expressions can be evaluated."

    def forked(self) -> None:
        """In a child process: V8's threads did not come along."""
        self.lock = threading.Lock()
        if self.racer is not None:
            self.unusable = ("FEEL was used before this process was forked, where V8 would hang."
                             " Fork before the first expression is evaluated, or spawn a fresh process.")

    def _ready(self) -> MiniRacer:
        if self.unusable:
            raise RuntimeError(self.unusable)
        if self.racer is None:
            # In a thread of its own: started where an event loop runs, mini-racer would take that loop and wait on itself for ever.
            builder = threading.Thread(target=self._build)
            builder.start()
            builder.join()
            if self.racer is None:
                raise RuntimeError(f"The expression sandbox cannot be started from {BUNDLE.name}. Run `make setup`.")
        return self.racer

    def _build(self) -> None:
        init_mini_racer(flags=(*DEFAULT_V8_FLAGS, "--disallow-code-generation-from-strings"), ignore_duplicate_init=True)
        racer = MiniRacer()
        racer.eval(BUNDLE.read_text("utf-8"))
        racer.set_hard_memory_limit(MEMORY_LIMIT)
        self.asked = self.litter = 0
        self.racer = racer

    def _rebuild_later(self) -> None:
        """Give up this isolate: its memory is spent, and the next question would fail too."""
        if self.racer is not None:
            with suppress(JSEvalException):     # answered once the stopped question has left: closing before that is reported on stderr
                self.racer.eval("0", timeout_sec=TIME_LIMIT)
        self._drop()

    def _drop(self) -> None:
        racer, self.racer = self.racer, None
        if racer is not None:
            racer.close()


def _evaluated(racer: MiniRacer, call: str) -> Any:
    """What `racer.eval(call, timeout_sec=TIME_LIMIT)` gives, in a third of its time.

    That one passes through an event loop in a thread of its own, there and back; we hold the only lock on this isolate, so we may wait
    for V8's answer ourselves. The names used here are mini-racer's own: its version is pinned, and tests/feel/test_attacks.py
    fails if they come to mean something else."""
    context = racer._ctx  # noqa: SLF001 - as above, and below
    assert context is not None  # noqa: S101 - for the types: it is open
    code = context._python_to_value_handle(call)  # noqa: SLF001
    task = context._dll.mr_eval(context._ctx, code.raw, 0)  # noqa: SLF001
    try:
        answer = context._non_cancelable_mr_task_results_queue.get(timeout=TIME_LIMIT)  # noqa: SLF001
    except queue.Empty:
        context._dll.mr_cancel_task(context._ctx, task)  # noqa: SLF001
        raise JSTimeoutException from None
    return context._value_handle_to_python(answer)  # noqa: SLF001


_sandbox = _Sandbox()
ask = _sandbox.ask
close = _sandbox.close
atexit.register(close)
os.register_at_fork(after_in_child=_sandbox.forked)
