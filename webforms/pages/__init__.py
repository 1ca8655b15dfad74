"""The pages, one file for each family of addresses."""
from webforms.pages import (
    cases,
    corrections,
    deputies,
    diagrams,
    documents,
    drafts,
    health,
    home,
    processes,
    published,
    registers,
    sign_in,
    start,
    tasks,
    trail,
)
from webforms.pages import help as guide

PAGES = tuple(module.page for module in (
    home, tasks, start, cases, corrections, diagrams, registers, processes, trail, documents, drafts, deputies, published, guide, sign_in, health))
