"""What the trail can say: every event, with exactly the keys it carries. Ids and names of things, never answers."""
from __future__ import annotations

from typing import Any

#: event → the keys of its details. Writing any other key, or leaving one out, is an error of ours.
EVENTS: dict[str, frozenset[str]] = {
    name: frozenset(keys.split())
    for name, keys in {
        "signed_in": "",
        "signed_out": "",
        "sign_in_failed": "name address",
        "second_factor_failed": "name address",
        "identity_confirmed": "how",
        "provider_sign_in_failed": "kind name address",
        "provider_signed_out": "person sessions",
        "provider_expected": "person",
        "provider_bound": "person",
        "provider_ended": "person",
        "session_ended": "session",
        "factor_added": "kind",
        "factor_removed": "kind",
        "factors_taken_away": "person",
        "recovery_codes_made": "",
        "recovery_code_used": "left",
        "link_sent": "person kind",
        "link_withdrawn": "person kind",
        "link_used": "person kind",
        "account_ended": "person",
        "person_changed": "person what",
        "deputy_named": "person role agency to from until",
        "deputy_ended": "person role agency to",
        "role_given": "person role agency proposal",
        "role_taken": "person role agency proposal",
        "proposed": "proposal kind person role agency pack digest",
        "proposal_approved": "proposal kind person",
        "proposal_declined": "proposal kind person",
        "proposal_withdrawn": "proposal kind person",
        "proposal_expired": "proposal kind person",
        "pack_released": "pack release digest",
        "case_started": "start release",
        "case_ended": "outcome",
        "stage_entered": "stage",
        "task_offered": "task element item",
        "task_completed": "task element item round",
        "answer_corrected": "element item round",
        "decision_unsettled": "kind name item",
        "decision_settled": "kind name item",
        "task_cancelled": "task element item",
        "task_claimed": "task element item",
        "task_let_go": "task element item",
        "task_handed_over": "task element item to",
        "acted_as_deputy": "person element",
        "draft_saved": "element",
        "action_pressed": "element",
        "reason_given": "element checks",
        "appointed": "person role element",
        "appointment_ended": "person role element",
        "deadline_started": "deadline item due",
        "deadline_moved": "deadline item due before",
        "deadline_met": "deadline item due ended late_record",
        "deadline_breached": "deadline item due",
        "deadline_cancelled": "deadline item",
        "reminded": "deadline item",
        "escalated": "deadline item roles",
        "mail_queued": "message to",
        "document_added": "document field element",
        "document_made": "document field element",
        "document_out_of_date": "document field element",
        "document_opened": "document",
        "published": "files unread",
        "taken_down": "",
        "viewed": "page",
        "backed_up": "rows",
        "restored": "made_at software",
        "trail_linked": "rows",
        "trail_widened": "rows",
        "kept": "verb",
        "head_sent": "chains",
        "verify_begun": "",
        "verify_failed": "",
        "verified": "rows chains broken",
        "legal_hold_set": "hold",
        "legal_hold_lifted": "hold",
        "case_erased": "proposal rows",
        "thinned": "mails drafts sessions links",
        "access_given": "kind person passages",
        "refused": "verb kind what row",
        "incident": "element kind",
    }.items()
}


def checked(event: str, details: dict[str, Any]) -> dict[str, Any]:
    """The details, if they are exactly those this event carries."""
    if event not in EVENTS:
        message = f"the trail knows no event called {event}"
        raise ValueError(message)
    if set(details) != EVENTS[event]:
        message = f"{event} carries {sorted(EVENTS[event])}, not {sorted(details)}"
        raise ValueError(message)
    return details
