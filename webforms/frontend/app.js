// Makes pages nicer where there is JavaScript. Nothing depends on it.
import { initAll, createAll, Button, CharacterCount, Checkboxes, Radios } from "govuk-frontend";

initAll();

const form = document.querySelector("form[data-live]:not([data-live=''])");
if (form) followConditions(form);
for (const one of document.querySelectorAll("form[data-live]")) keepDrafts(one);

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

/** What is typed is saved as a draft a moment after a box is left, at most every two minutes (each is a row of the trail), and when the page is left or hidden. */
function keepDrafts(form) {
  const moment = 2000, apart = 120000, says = form.querySelector("[data-kept]");
  let changed = false, sent = false, waiting = null, busy = null, last = -apart;
  const keep = (leaving) => { busy = post(leaving).finally(() => { busy = null; }); };
  const post = async (leaving) => {
    clearTimeout(waiting);
    waiting = null;
    if (!changed || sent) return;
    changed = false;
    last = performance.now();
    const answers = new FormData(form);
    for (const [name, value] of [...answers]) if (value instanceof File) answers.delete(name);
    answers.set("do", "keep");
    try {
      const answer = await fetch(form.action, { method: "POST", body: answers, credentials: "same-origin", redirect: "error", keepalive: leaving });
      const told = await answer.json();
      if (sent) return;
      if (told.draft) form.elements._draft.value = told.draft;
      says.textContent = told.says || "";
    } catch {
      changed = true; // off line, or signed out: the next time, or when the form is sent
    }
  };
  const once = form.elements._once;
  if (once) { // whoever goes back to the page finds what they typed there, and it is still the same page
    once.value = history.state?.once ?? once.value;
    history.replaceState({ once: once.value }, "");
  }
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("change", () => {
    changed = true;
    waiting ??= setTimeout(keep, Math.max(moment, last + apart - performance.now()), false);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    if (!busy) return void (sent = true);
    event.preventDefault(); // what is being saved first: or the page would be sent with a draft that is not the newest any more
    busy.then(() => form.requestSubmit(event.submitter));
  });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) sent = false; });
  addEventListener("pagehide", () => keep(true));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(true); });
}

function swap(form, page) {
  for (const fresh of page.querySelectorAll("form[data-live] [data-when]")) {
    const here = [...form.querySelectorAll("[data-when]")].find((one) => one.dataset.when === fresh.dataset.when);
    if (!here || Boolean(here.firstElementChild) === Boolean(fresh.firstElementChild)) continue;
    here.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    for (const component of [Button, CharacterCount, Checkboxes, Radios]) createAll(component, undefined, here);
  }
}
