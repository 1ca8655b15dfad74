"""The pages, one file for each family of addresses."""
from webforms.pages import cases, diagrams, documents, drafts, health, home, sign_in, start, tasks, trail
from webforms.pages import help as guide

PAGES = tuple(module.page for module in (home, tasks, start, cases, diagrams, trail, documents, drafts, guide, sign_in, health))
