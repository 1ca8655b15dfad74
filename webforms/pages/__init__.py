"""The pages, one file for each family of addresses."""
from webforms.pages import cases, diagrams, documents, drafts, health, help, home, sign_in, start, tasks, trail

PAGES = tuple(module.page for module in (home, tasks, start, cases, diagrams, trail, documents, drafts, help, sign_in, health))
