"""Everything that can happen, one file per verb."""
from engine.actions.backups import note_backup, note_restore
from engine.actions.claim_task import claim_task
from engine.actions.correct_answer import correct_answer
from engine.actions.deputies import end_deputy, name_deputy
from engine.actions.fire_timer import fire_timer
from engine.actions.hand_over_task import hand_over_task
from engine.actions.let_task_go import let_task_go
from engine.actions.people import add_person, set_agencies, set_password
from engine.actions.press_case_action import press_case_action
from engine.actions.receive_message import receive_message
from engine.actions.release_pack import release_pack
from engine.actions.save_draft import discard_draft, save_draft
from engine.actions.settle_decision import settle_decision
from engine.actions.sign_in import sign_in, sign_out, touch_session
from engine.actions.start_case import start_case
from engine.actions.submit_task import submit_task

__all__ = [
    "add_person", "claim_task", "correct_answer", "discard_draft", "end_deputy", "fire_timer", "hand_over_task", "let_task_go", "name_deputy",
    "note_backup", "note_restore", "press_case_action", "receive_message", "release_pack", "save_draft", "set_agencies", "set_password", "settle_decision",
    "sign_in", "sign_out", "start_case", "submit_task", "touch_session",
]
