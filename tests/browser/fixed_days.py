"""A case far enough along that every page has something on it: one agency has answered, one is late, one has just been asked."""
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.forms import Upload

if TYPE_CHECKING:
    from tests.browser.conftest import Service

CHILD = {"child_name": "Tamsin Marlow", "child_initials": "T.M.", "born_on": date(2021, 6, 14), "incident_on": date(2023, 2, 20),
         "incident_kind": "death", "died_on": date(2023, 2, 20), "attachments": [Upload("chronology of 2022.pdf", b"%PDF-1.4 fictional", "application/pdf")]}


def asked_of_three(service: Service) -> str:
    """Keyed in on 6 March 2023, screened, and three agencies asked; Housing is late by the end. Gives the reference."""
    s = service
    s.at("2023-03-06T10:00:00")
    case = s.begin("business.office", "referral_keyed_in", referring_agency="HLT", received_on=date(2023, 3, 6), agreed_on=date(2023, 3, 6))
    s.do("business.office", case, "key_in_referral", **CHILD)
    s.do("business.office", case, "acknowledge")
    s.do("business.manager", case, "sin_check", notifiable="yes", notified="yes", aware_on=date(2023, 2, 21), sent_on=date(2023, 2, 23))
    s.do("business.manager", case, "screening", agencies=["CSC", "HOU", "POL"])
    s.at("2023-03-07T10:00:00")
    for agency in ("CSC", "HOU"):
        s.do("business.office", case, "information_request", agency, period_from=date(2021, 6, 14), period_to=date(2023, 3, 7))
    s.at("2023-03-10T10:00:00")
    s.do("board.rep.csc", case, "information_return", "CSC")
    s.at("2023-03-24T10:00:00")
    return case
