// Makes pages nicer where there is JavaScript. Nothing depends on it.
import { initAll, createAll, Button, CharacterCount, Checkboxes, Radios } from "govuk-frontend";

initAll();

const form = document.querySelector("form[data-live]:not([data-live=''])");
if (form) followConditions(form);

/** Questions that depend on an answer come and go at once. The server decides which: it is asked for the page as it would be. */
function followConditions(form) {
  const keys = new Set(form.dataset.live.split(" "));
  let asking = null;
  form.addEventListener("change", async ({ target }) => {
    const steps = (target.name || "").split("-");
    if (!steps.some((step) => keys.has(step))) return;
    asking?.abort();
    const mine = asking = new AbortController();
    const answers = new FormData(form);
    for (const [name, value] of [...answers]) if (value instanceof File) answers.delete(name);
    answers.set("do", "update");
    form.dataset.asking = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: answers, credentials: "same-origin", signal: mine.signal });
      const text = await answer.text();
      if (answer.ok) swap(form, new DOMParser().parseFromString(text, "text/html"));
    } catch {
      // off line, or asked again meanwhile: the questions come then, or when the form is sent
    } finally {
      if (mine === asking) delete form.dataset.asking;
    }
  });
}

function swap(form, page) {
  for (const fresh of page.querySelectorAll("form[data-live] [data-when]")) {
    const here = [...form.querySelectorAll("[data-when]")].find((one) => one.dataset.when === fresh.dataset.when);
    if (!here || Boolean(here.firstElementChild) === Boolean(fresh.firstElementChild)) continue;
    here.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    for (const component of [Button, CharacterCount, Checkboxes, Radios]) createAll(component, undefined, here);
  }
}
