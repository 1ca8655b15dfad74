// Shows the diagram of a case, with what is done, now and late marked on it by sign, word and colour.
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
  fit(canvas, container);
  zoomButtons(viewer, container);
  container.dataset.ready = "1";
}

/** The whole picture if that can be read, else its beginning or where the case stands now. */
function fit(canvas, container) {
  canvas.zoom("fit-viewport");
  const drawn = canvas.viewbox().inner, scale = Math.max(canvas.zoom(), 0.7);
  container.style.height = `${Math.min(container.clientHeight, Math.max(260, drawn.height * scale + 60))}px`;   // no room left empty
  canvas.resized();
  canvas.zoom("fit-viewport");
  if (canvas.zoom() >= 0.45) return;
  const now = container.querySelector(".app-is-late, .app-is-now");
  canvas.zoom(0.7);
  if (now) canvas.scrollToElement(now.dataset.elementId, 120);
  else {
    const { inner } = canvas.viewbox();
    canvas.viewbox({ ...canvas.viewbox(), x: inner.x - 20, y: inner.y - 20 });
  }
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
