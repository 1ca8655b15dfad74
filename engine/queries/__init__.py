"""Everything that can be looked up, one file per subject."""
from engine.queries.approvals import proposal, proposals
from engine.queries.case_status import all_cases, case_page, coming_next
from engine.queries.case_trail import case_trail, person_trail
from engine.queries.corrections import answer_page, correction_page, correction_preview
from engine.queries.deputies import deputies
from engine.queries.diagram import diagram, drawing
from engine.queries.evidence import evidence
from engine.queries.factors import halfway, new_authenticator, new_passkey, passkey_to_sign_in, same_authenticator, to_confirm
from engine.queries.forms_to_answer import action_page, start_page, task_checks, task_form, task_page
from engine.queries.guide import role_guide, role_guides
from engine.queries.invitations import guest_form, invitations, link
from engine.queries.keeping import case_keeping, keeping, kept
from engine.queries.my_things import counts, document, moments, my_drafts, ready
from engine.queries.passwords import known_words, someone_can_sign_in, whose_password
from engine.queries.people import account_form, people, person
from engine.queries.processes import process_drawing, process_page, process_releases, process_sources
from engine.queries.registers import register_page
from engine.queries.service import service
from engine.queries.sessions import my_account, session_of, session_that_ran_out
from engine.queries.single_sign_on import provider_accounts
from engine.queries.subject_access import access_page, account_data, passages
from engine.queries.task_lists import home, starts, task_list
from engine.queries.unsettled import to_settle
from engine.queries.verify import verified, verify
from engine.queries.who_looked import watched, who_looked

__all__ = [
    "access_page",
    "account_data",
    "account_form",
    "action_page",
    "all_cases",
    "answer_page",
    "case_keeping",
    "case_page",
    "case_trail",
    "coming_next",
    "correction_page",
    "correction_preview",
    "counts",
    "deputies",
    "diagram",
    "document",
    "drawing",
    "evidence",
    "guest_form",
    "halfway",
    "home",
    "invitations",
    "keeping",
    "kept",
    "known_words",
    "link",
    "moments",
    "my_account",
    "my_drafts",
    "new_authenticator",
    "new_passkey",
    "passages",
    "passkey_to_sign_in",
    "people",
    "person",
    "person_trail",
    "process_drawing",
    "process_page",
    "process_releases",
    "process_sources",
    "proposal",
    "proposals",
    "provider_accounts",
    "ready",
    "register_page",
    "role_guide",
    "role_guides",
    "same_authenticator",
    "service",
    "session_of",
    "session_that_ran_out",
    "someone_can_sign_in",
    "start_page",
    "starts",
    "task_checks",
    "task_form",
    "task_list",
    "task_page",
    "to_confirm",
    "to_settle",
    "verified",
    "verify",
    "watched",
    "who_looked",
    "whose_password",
]
