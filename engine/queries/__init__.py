"""Everything that can be looked up, one file per subject."""
from engine.queries.case_status import all_cases, case_page
from engine.queries.case_trail import case_trail
from engine.queries.corrections import answer_page, correction_page, correction_preview
from engine.queries.deputies import deputies
from engine.queries.diagram import diagram, drawing
from engine.queries.forms_to_answer import action_page, start_page, task_form, task_page
from engine.queries.guide import role_guide, role_guides
from engine.queries.my_things import counts, document, moments, my_drafts, ready, session_of, session_that_ran_out
from engine.queries.passwords import someone_can_sign_in, whose_password
from engine.queries.processes import process_drawing, process_page, process_releases, process_sources
from engine.queries.registers import register_page
from engine.queries.task_lists import home, starts, task_list
from engine.queries.verify import verify

__all__ = [
    "action_page",
    "all_cases",
    "answer_page",
    "case_page",
    "case_trail",
    "correction_page",
    "correction_preview",
    "counts",
    "deputies",
    "diagram",
    "document",
    "drawing",
    "home",
    "moments",
    "my_drafts",
    "process_drawing",
    "process_page",
    "process_releases",
    "process_sources",
    "ready",
    "register_page",
    "role_guide",
    "role_guides",
    "session_of",
    "session_that_ran_out",
    "someone_can_sign_in",
    "start_page",
    "starts",
    "task_form", "task_list",
    "task_page", "verify",
    "whose_password",
]
