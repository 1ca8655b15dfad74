"""The pages, one file for each family of addresses."""
from webforms.pages import (
    access,
    account,
    approvals,
    cases,
    confirm,
    corrections,
    deputies,
    diagrams,
    documents,
    drafts,
    health,
    home,
    invitations,
    keeping,
    links,
    people,
    processes,
    published,
    registers,
    service,
    sign_in,
    single_sign_on,
    start,
    tasks,
    trail,
)
from webforms.pages import help as guide

PAGES = tuple(module.page for module in (
    home, tasks, start, cases, corrections, diagrams, registers, processes, trail, documents, drafts, deputies, keeping, access, approvals, people, invitations,
    published, guide, sign_in, single_sign_on, links, account, confirm, service, health))
