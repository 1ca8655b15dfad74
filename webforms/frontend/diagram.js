// Shows the diagram of a case, with what is done, now and late marked on it by sign, word and colour; or that of a process, to choose from.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

const WORDS = { done: "Done", now: "Now", late: "Late" };

for (const container of document.querySelectorAll("[data-diagram]")) show(container);

async function show(container) {
  const viewer = new Viewer({ container });
  const answer = await fetch(container.dataset.diagram, { credentials: "same-origin" });
  await viewer.importXML(await answer.text());
  const canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), elements = viewer.get("elementRegistry");
  for (const [id, mark] of Object.entries(JSON.parse(container.dataset.marks))) {
    const shape = elements.get(id);
    if (!shape || shape.waypoints) continue;
    const state = mark.now ? (mark.late ? "late" : "now") : "done";
    canvas.addMarker(id, `app-is-${state}`);
    if (shape.children?.length) canvas.addMarker(id, "app-is-frame");   // a frame is only outlined: what is in it has marks of its own
    const times = state === "done" ? mark.done : mark.now;
    overlays.add(id, { position: { top: -12, left: -12 }, html: sign(state, times) });
  }
  for (const [id, address] of Object.entries(JSON.parse(container.dataset.calls))) {
    if (!elements.get(id)) continue;
    canvas.addMarker(id, "app-is-part");
    const link = document.createElement("a");
    link.href = address;
    link.className = "app-mark app-mark--part";
    link.title = "Open its picture";
    link.setAttribute("aria-label", "Open its picture");
    overlays.add(id, { position: { bottom: 12, right: 12 }, html: link });
  }
  viewer.on("element.dblclick", ({ element }) => {
    const address = JSON.parse(container.dataset.calls)[element.id];
    if (address) location.assign(address);
  });
  fit(canvas, container, elements);
  zoomButtons(viewer, container);
  if ("choose" in container.dataset) choosing(viewer, container);
  container.dataset.ready = "1";
}

/** The whole picture if that can be read, else where the case stands now, or its beginning: as large as the words in it can be read. */
function fit(canvas, container, elements) {
  const readable = container.clientWidth > 1000 ? 1 : 0.8;
  canvas.zoom("fit-viewport");
  const drawn = canvas.viewbox().inner, scale = Math.max(canvas.zoom(), readable);
  container.style.height = `${Math.min(container.clientHeight, Math.max("choose" in container.dataset ? 420 : 260, drawn.height * scale + 60))}px`;   // no room left empty
  canvas.resized();
  canvas.zoom("fit-viewport");
  if (canvas.zoom() >= 0.65 * readable) return;
  canvas.zoom(readable);
  const { inner, width, height } = canvas.viewbox(), now = standing(container, elements);
  const x = now ? now.x + now.width / 2 - width / 2 : inner.x - 20, y = now ? now.y + now.height / 2 - height / 2 : inner.y - 20;
  const within = (at, from, size, room) => Math.max(from - 20, Math.min(at, from + size + 20 - room));   // no empty paper beyond the drawing
  canvas.viewbox({ x: within(x, inner.x, inner.width, width), y: within(y, inner.y, inner.height, height), width, height });
}

/** The first shape that is at work now, and no frame around others; late ones before the rest. */
function standing(container, elements) {
  const marked = ["late", "now"].flatMap((state) => [...container.querySelectorAll(`.app-is-${state}`)]).map((node) => elements.get(node.dataset.elementId));
  return marked.find((shape) => !shape.children?.length) ?? marked[0];
}

/** What is chosen in the picture, or named in the address after #, is marked there, and what the list says of it is shown beside it. */
function choosing(viewer, container) {
  const canvas = viewer.get("canvas"), elements = viewer.get("elementRegistry"), beside = document.querySelector(".app-chosen");
  let marked = null;

  function choose(id, look) {
    const says = document.querySelector(`[data-element="${CSS.escape(id)}"]`), shape = elements.get(id);
    if (!says || !shape) return;
    if (marked) canvas.removeMarker(marked, "app-is-chosen");
    canvas.addMarker(marked = id, "app-is-chosen");
    const name = document.createElement("h2");
    name.className = "govuk-heading-s govuk-!-margin-bottom-1";
    name.textContent = document.getElementById(`${id}-name`).textContent;
    beside.replaceChildren(name, ...[...says.childNodes].map((node) => node.cloneNode(true)));
    beside.hidden = false;
    beside.style.maxHeight = beside.offsetLeft > container.offsetLeft ? `${container.offsetHeight}px` : "";   // beside it, not below it
    canvas.resized();
    if (look) {
      if (canvas.zoom() < 0.6) canvas.zoom(0.7);
      canvas.scrollToElement(id, 120);
      container.parentElement.scrollIntoView({ block: "start" });
    }
  }

  const named = () => decodeURIComponent(location.hash.slice(1));
  viewer.on("element.click", ({ element }) => {
    const id = element.id.replace(/_label$/, "");
    choose(id, false);
    if (document.getElementById(id)) history.replaceState(null, "", `#${id}`);
  });
  window.addEventListener("hashchange", () => choose(named(), true));
  container.classList.add("app-can-choose");
  for (const link of document.querySelectorAll(".app-show")) link.hidden = false;
  if (named()) choose(named(), true);
}

function zoomButtons(viewer, container) {
  const place = document.querySelector(".app-zoom"), canvas = viewer.get("canvas");
  for (const [text, act] of [["Bigger", () => canvas.zoom(canvas.zoom() * 1.25)], ["Smaller", () => canvas.zoom(canvas.zoom() / 1.25)], ["Whole picture", () => canvas.zoom("fit-viewport")]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary app-small-button";
    button.textContent = text;
    button.addEventListener("click", act);
    place.append(button);
  }
  place.hidden = false;
  container.tabIndex = -1;
}

function sign(state, times) {
  const mark = document.createElement("span");
  mark.className = `app-mark app-mark--${state}`;
  mark.title = times > 1 ? `${WORDS[state]} (${times})` : WORDS[state];
  if (times > 1) mark.textContent = ` ${times}`;
  return mark;
}
