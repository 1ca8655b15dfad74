"""`/tasks`: lists of tasks, a task with its form, and who has it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from engine.actions import claim_task, hand_over_task, let_task_go, submit_task
from engine.errors import Refused
from engine.queries import coming_next, task_checks, task_form, task_list, task_page
from webforms.answering import Asking, Bare, form_routes
from webforms.identity import actor, ask, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Response

    from engine.queries.shapes.tasks import TaskPage, TaskRow

page = Blueprint("tasks", __name__)
WHICH = {"mine": "My tasks", "team": "My team’s tasks"}


@page.get("/tasks", endpoint="list")
def tasks() -> str:
    which = request.args.get("which", "mine")
    if which not in WHICH: abort(404)
    return render_template("tasks.html", tasks=ask(task_list, which, request.args.get("after") or None), which=which, title=WHICH[which])


def asking(task: str) -> Asking:
    """The form of one task."""
    found: TaskPage = ask(task_page, task)
    here = url_for("tasks.task", task=task)
    taken = found.claimed_by not in (None, actor().person) and not actor().stands_in_for(found.claimed_by)
    answerable = found.state == "open" and not (found.locked or found.barred or taken)
    return Asking(
        page=found, send=_sender(task), here=here, check=url_for("tasks.task_check", task=task), back=url_for("home.page"),
        template="task.html", open=answerable, checks=lambda answers: ask(task_checks, task, answers),
        context={"taken": taken, "next_tasks": _next(found) if found.state == "done" else []})


def bare(task: str) -> Bare:
    """The same, as much as it takes to read what was posted."""
    return Bare(ask(task_form, task), _sender(task))


def _sender(task: str) -> Callable[[Mapping[str, Any]], Response]:
    def send(answers: Mapping[str, Any]) -> Response:
        perform(submit_task, task, answers)
        flash("task_done")
        return redirect(url_for("tasks.task", task=task))

    return send


def _next(task: TaskPage) -> list[TaskRow]:
    """What the case waits for now, as far as this person may know."""
    try:
        return list(ask(coming_next, task.reference))
    except Refused:
        return []


form_routes(page, "/tasks/<task>", "task", asking, bare)


@page.post("/tasks/<task>/claim")
def claim(task: str) -> Response:
    perform(claim_task, task)
    flash("claimed")
    return redirect(url_for("tasks.task", task=task))


@page.post("/tasks/<task>/let-go")
def let_go(task: str) -> Response:
    perform(let_task_go, task)
    flash("let_go")
    return redirect(url_for("home.page"))


@page.post("/tasks/<task>/hand-over")
def hand_over(task: str) -> Response:
    to = request.form.get("to", "")
    if not to:
        ask(task_page, task)   # whoever may not see it is told the same as everywhere
        flash("nobody_chosen")
        return redirect(url_for("tasks.task", task=task) + "#hand-over")
    perform(hand_over_task, task, to)
    flash("handed_over")
    return redirect(url_for("home.page"))
