"""Everything that can be looked up, one file per subject."""
from engine.queries.case_status import all_cases, case_page
from engine.queries.case_trail import case_trail
from engine.queries.diagram import diagram, drawing
from engine.queries.forms_to_answer import action_page, start_page, task_form, task_page
from engine.queries.my_things import counts, document, my_drafts, ready, session_of
from engine.queries.registers import RegisterPage, register_page
from engine.queries.task_lists import home, starts, task_list
from engine.queries.verify import verify

__all__ = [
    "RegisterPage",
    "action_page",
    "all_cases",
    "case_page",
    "case_trail",
    "counts",
    "diagram",
    "document",
    "drawing",
    "home",
    "my_drafts",
    "ready",
    "register_page",
    "session_of",
    "start_page",
    "starts",
    "task_form", "task_list",
    "task_page", "verify",
]
