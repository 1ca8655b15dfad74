"""Everything that can happen, one file per verb."""
from engine.actions.approvals import approve, decline, expire, propose, withdraw
from engine.actions.backups import note_backup, note_restore
from engine.actions.claim_task import claim_task
from engine.actions.correct_answer import correct_answer
from engine.actions.deputies import end_deputy, name_deputy
from engine.actions.factors import add_authenticator, add_passkey, make_recovery_codes, name_factor, remove_factor, take_away_factors
from engine.actions.fire_timer import fire_timer
from engine.actions.give_access import give_access
from engine.actions.hand_over_task import hand_over_task
from engine.actions.heads import send_head
from engine.actions.invitations import end_account, make_link, send_link, use_link, withdraw_link
from engine.actions.legal_hold import hold_case, lift_hold
from engine.actions.let_task_go import let_task_go
from engine.actions.people import add_person, close_account, give_role, open_account, set_agencies, set_password, take_role
from engine.actions.press_case_action import press_case_action
from engine.actions.receive_message import receive_message
from engine.actions.release_pack import release_pack
from engine.actions.save_draft import discard_draft, save_draft
from engine.actions.second_factor import confirm_identity, give_second_factor
from engine.actions.sessions import change_password, end_other_sessions, end_session
from engine.actions.settle_decision import settle_decision
from engine.actions.sign_in import sign_in, sign_in_with_passkey, sign_out, touch_session
from engine.actions.single_sign_on import (
    confirm_with_provider,
    end_with_provider,
    expect_with_provider,
    note_failed_sign_in,
    sign_in_with_provider,
    sign_out_by_provider,
)
from engine.actions.start_case import start_case
from engine.actions.submit_task import submit_task
from engine.actions.thin import thin
from engine.actions.verifying import begin_verifying, note_verified

__all__ = [
    "add_authenticator", "add_passkey", "add_person", "approve", "begin_verifying", "change_password", "claim_task", "close_account", "confirm_identity",
    "confirm_with_provider", "correct_answer", "decline", "discard_draft", "end_account", "end_deputy", "end_other_sessions", "end_session",
    "end_with_provider", "expect_with_provider", "expire", "fire_timer", "give_access", "give_role", "give_second_factor", "hand_over_task",
    "hold_case", "let_task_go", "lift_hold", "make_link", "make_recovery_codes", "name_deputy", "name_factor", "note_backup",
    "note_failed_sign_in", "note_restore", "note_verified", "open_account", "press_case_action", "propose", "receive_message", "release_pack", "remove_factor",
    "save_draft", "send_head", "send_link", "set_agencies", "set_password", "settle_decision", "sign_in", "sign_in_with_passkey",
    "sign_in_with_provider", "sign_out", "sign_out_by_provider", "start_case", "submit_task", "take_away_factors", "take_role", "thin",
    "touch_session", "use_link", "withdraw", "withdraw_link",
]
