"""The few short forms of signing in and of one's own account, and how they are told what is wrong."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from engine.queries import known_words
from engine.rules.access import SYSTEM
from engine.rules.passwords import hashed
from webforms.identity import engine

if TYPE_CHECKING:
    from engine.errors import InvalidAnswers


class Needed(InputRequired):
    """Must be given; the server says so, in its own words, not the browser."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.field_flags: dict[str, Any] = {}


class SignIn(FlaskForm):
    """Name and password."""

    login = StringField("Sign-in name", [Needed("Enter your sign-in name")], widget=GovTextInput())
    password = PasswordField("Password", [Needed("Enter your password")], widget=GovPasswordInput())
    go = SubmitField("Sign in", widget=GovSubmitInput())


class Code(FlaskForm):
    """A code of an authenticator app, or a recovery code."""

    code = StringField("Code", [Needed("Enter the code")], widget=GovTextInput())
    go = SubmitField("Continue", widget=GovSubmitInput())


class ChosenPassword(FlaskForm):
    """A new password, twice."""

    password = PasswordField("New password", [Needed("Enter a password")], widget=GovPasswordInput())
    again = PasswordField("The same once more", [Needed("Enter the password once more")], widget=GovPasswordInput())
    go = SubmitField("Save the password", widget=GovSubmitInput())

    def same(self) -> bool:
        """Whether both are the same; else the form says so."""
        if self.password.data != self.again.data:
            self.again.errors = ["This is not the same password as above"]
        return bool(self.password.data == self.again.data)


class ChangedPassword(ChosenPassword):
    """The same, for who knows the old one."""

    old = PasswordField("Your password now", [Needed("Enter your password")], widget=GovPasswordInput())


def written_down(password: str, person: str) -> str:
    """How the password will be kept; refused if it is too short, or among the first that anyone would try for this person."""
    return hashed(password, engine().ask(SYSTEM, known_words, person))


def tell(form: FlaskForm, refusal: InvalidAnswers) -> None:
    """Put what is wrong beside the questions."""
    for name, says in refusal.errors.items():
        if name in form:
            form[name].errors = [says]
