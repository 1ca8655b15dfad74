// Camunda's own Camunda 8 modeller with its properties panel, on an otherwise empty page, for test_modeller.py to work with.

import Modeler from "camunda-bpmn-js/lib/camunda-cloud/Modeler";
import "camunda-bpmn-js/dist/assets/camunda-cloud-modeler.css";

const part = (id) => Object.assign(document.body.appendChild(document.createElement("div")), { id, style: "height: 45vh" });

const modeler = new Modeler({ container: part("canvas"), propertiesPanel: { parent: part("panel") } });
const element = (id) => modeler.get("elementRegistry").get(id);

/** Opens a diagram; tells what the modeller says against it, and what in it the modeller has no notion of. */
window.openDiagram = async (xml) => {
  const { warnings } = await modeler.importXML(xml);
  return { warnings: warnings.map(({ message }) => message), unknown: unknownIn(modeler.getDefinitions()) };
};

/** The diagram as “Save” writes it. */
window.savedDiagram = async () => (await modeler.saveXML({ format: true })).xml;

/** What an owner does in the panel of a timer event: another date. */
window.changeDate = (id, expression) => {
  const event = element(id);
  const [definition] = event.businessObject.eventDefinitions;
  const date = modeler.get("bpmnFactory").create("bpmn:FormalExpression", { body: expression });
  date.$parent = definition;
  modeler.get("modeling").updateModdleProperties(event, definition, { timeDate: date });
};

/** What an owner does by a double click: another label. */
window.changeLabel = (id, text) => modeler.get("modeling").updateLabel(element(id), text);

/** Shows an element in the properties panel. */
window.select = (id) => modeler.get("selection").select(element(id));

/** Elements and attributes that no schema the modeller has describes: kept as they are, but not editable. */
function unknownIn(root) {
  const found = [];
  const seen = new Set();
  const look = (it, path) => {
    if (!it || typeof it !== "object" || !it.$type || seen.has(it)) return;
    seen.add(it);
    const here = `${path}/${it.$type}${it.id ? `#${it.id}` : ""}`;
    if (!it.$descriptor || it.$descriptor.isGeneric) found.push(here);
    for (const name of Object.keys(it.$attrs ?? {})) {
      if (!/^xmlns(:|$)/.test(name) && !/^(modeler|color|bioc|xsi):/.test(name)) found.push(`${here}@${name}`);
    }
    for (const property of it.$descriptor?.properties ?? []) {
      if (property.isReference) continue;
      const value = it[property.name];
      for (const inner of Array.isArray(value) ? value : [value]) look(inner, here);
    }
    for (const inner of it.$children ?? []) look(inner, here);
  };
  look(root, "");
  return found;
}
