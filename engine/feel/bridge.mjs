// The FEEL side of the sandbox: all that lives in the V8 isolate. `npm run build` bundles it to feel.js.
import { evaluate, unaryTest } from '@bpmn-io/feelin';
import { parser, trackVariables } from '@bpmn-io/lezer-feel';
import { DateTime, Duration, FixedOffsetZone, IANAZone, Settings, SystemZone } from 'luxon';

const MOST_TEXT = 20_000, MOST_ANSWER = 4_000_000, MOST_KEPT = 2_000;

class Mistake extends Error {
  constructor(says, position) { super(says); this.position = position; }
}

// ---- Parsing: once a text, and never by what the variables happen to be called -------------------------------

const parsers = Object.fromEntries(['Expression', 'UnaryTests'].map(
  top => [top, parser.configure({ top, dialect: 'camunda', contextTracker: trackVariables({}) })]));
const trees = new Map();

function parse(top, text) {
  const key = top + text;
  let tree = trees.get(key);
  if (!tree) {
    if (text.length > MOST_TEXT) throw new Mistake(`is longer than ${MOST_TEXT} characters`);
    tree = parsers[top].parse(text);
    tree.iterate({ enter(node) { if (node.type.isError) throw misread(text, node); } });
    if (trees.size >= MOST_KEPT) trees.delete(trees.keys().next().value);
    if (text.length <= 1_000) trees.set(key, tree);
  }
  return tree;
}

function misread(text, { from, to }) {
  if (!text.trim()) return new Mistake('there is no expression here');
  if (!text.slice(from).trim()) return new Mistake('something is missing at the end', { from, to: text.length });
  return new Mistake('this is not understood here', { from, to: Math.max(to, from + 1) });
}

// feelin parses anew for each evaluation, by the names of the variables given: `a-b` would be a name once data holds such a key.
// Here a text means the same whatever the data, so its tree can be kept.
parser.configure = ({ top }) => ({ parse: text => parse(top, text) });

// ---- Time: dates are days, moments are instants, told in the zone of the board -------------------------------

let here = FixedOffsetZone.utcInstance;       // what luxon takes for the machine's zone is ours, on any machine
const local = SystemZone.instance;
for (const ask of ['offset', 'offsetName', 'formatOffset']) SystemZone.prototype[ask] = (...how) => here[ask](...how);
Object.defineProperty(SystemZone.prototype, 'name', { get: () => here.name });
Settings.defaultLocale = 'en-GB';             // names of days and months do not follow the machine either

const isTime = it => it.year === 1900 && it.month === 1 && it.day === 1;       // feelin's own mark of a time
const isDate = it => it.zone === FixedOffsetZone.utcInstance && it.ts % 86_400_000 === 0 && !isTime(it);
const day = it => setZone.call(it, FixedOffsetZone.utcInstance, { keepLocalTime: true }).startOf('day');
const firstMoment = it => setZone.call(it, local, { keepLocalTime: true });

// Every moment written with a zone is told in ours, so that two of the same instant are equal and fall on the same day.
const { fromISO } = DateTime;
DateTime.fromISO = (text, how) => {
  const it = fromISO.call(DateTime, text, how);
  return how?.zone === FixedOffsetZone.utcInstance || isTime(it) || !it.isValid ? it : setZone.call(it, local);
};
// feelin's date(moment) asks for the day in Greenwich: ours is the day on the board's calendar.
const { setZone, toLocal, diff } = DateTime.prototype;
DateTime.prototype.setZone = function (zone, how) { return setZone.call(this, zone, how ?? { keepLocalTime: zone === 'utc' }); };
DateTime.prototype.toLocal = function () { return isDate(this) ? firstMoment(this) : toLocal.call(this); };
DateTime.prototype.equals = function (other) { return +this === +other; };
// A date beside a moment stands for its first moment here; between two dates there are whole days.
let subtracting = false;
DateTime.prototype[Symbol.toPrimitive] = function (hint) {
  return hint === 'string' ? this.toString() : !subtracting && isDate(this) ? firstMoment(this).ts : this.ts;
};
DateTime.prototype.diff = function (other, unit, how) {
  const mixed = isDate(this) !== isDate(other), moment = it => mixed && isDate(it) ? firstMoment(it) : it;
  const outer = subtracting;
  subtracting = true;
  try {
    const between = diff.call(moment(this), moment(other), unit, how);
    return !unit ? between.shiftTo('days', 'hours', 'minutes', 'seconds')
      : unit.includes('months') ? between.set({ months: Math.trunc(between.months) }) : between;      // only whole months count
  } finally { subtracting = outer; }
};

// ---- Values in and out ---------------------------------------------------------------------------------------

const reading = {
  $date: text => DateTime.fromMillis(Date.parse(text), { zone: FixedOffsetZone.utcInstance }),
  $moment: text => DateTime.fromMillis(Date.parse(text), { zone: local }),
  $time: text => fromISO.call(DateTime, `1900-01-01T${text}`, { zone: local, setZone: true }),
  $duration: text => Duration.fromISO(text),
};

function revive(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const keys = Object.keys(value);
  if (keys.length === 1 && Object.hasOwn(reading, keys[0])) return reading[keys[0]](value[keys[0]]);
  const read = {};
  for (const key of keys) if (key !== '__proto__') read[key.startsWith('$$') ? key.slice(1) : key] = revive(value[key]);
  return read;
}

function data(value) {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string': case 'boolean': return value;
    case 'number':
      if (!Number.isFinite(value)) throw new Mistake('the result is not a finite number');
      return value;
    case 'object': break;
    default: throw new Mistake('the result is a function, not a value');
  }
  if (Array.isArray(value)) return value.map(data);
  if (DateTime.isDateTime(value)) return written(value);
  if (Duration.isDuration(value)) return { $duration: lasting(value) };
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new Mistake('the result is a range or a function, not a value');
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.startsWith('$') ? `$${key}` : key, data(each)]));
}

function written(it) {
  if (!it.isValid) throw new Mistake('the result is not a date or time that exists');
  if (isTime(it)) return { $time: it.toISOTime({ suppressMilliseconds: true, includeOffset: it.zone !== local }) };
  if (it.year < 1 || it.year > 9999) throw new Mistake('the result is a date outside the years 1 to 9999');
  return isDate(it) ? { $date: it.toISODate() } : { $moment: new Date(it.ts).toISOString() };
}

/** ISO text of a duration. Months stay months and days days: turning one into the other would invent or lose days. */
function lasting(it) {
  if (!it.isValid) throw new Mistake('the result is not a duration');
  const { years = 0, quarters = 0, months = 0, ...rest } = it.toObject();
  const inMonths = Duration.fromObject({ years, months: quarters * 3 + months }).shiftTo('years', 'months').toObject();
  const inTime = Duration.fromObject(rest).shiftTo('days', 'hours', 'minutes', 'seconds').normalize().toObject();
  const parts = Object.fromEntries(Object.entries({ ...inMonths, ...inTime }).filter(([, amount]) => amount));
  return Object.keys(parts).length ? Duration.fromObject(parts).toISO() : 'P0D';
}

// ---- Functions of FEEL that feelin has otherwise -------------------------------------------------------------

const same = (a, b) => a === b || evaluate('a = b', { a, b }).value === true;
const kind = it => it === null || it === undefined ? null
  : DateTime.isDateTime(it) ? (isTime(it) ? 'a time' : 'a date') : Duration.isDuration(it) ? 'a duration'
    : Array.isArray(it) ? 'a list' : { number: 'a number', string: 'a text', boolean: 'true or false', function: 'a function' }[typeof it]
      ?? (Object.getPrototypeOf(it) === Object.prototype ? 'a context' : 'a range');

function extreme(better) {
  return (...given) => {
    const list = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    const kinds = new Set(list.map(kind));
    if (kinds.size !== 1 || !['a number', 'a text', 'a date', 'a time', 'a duration'].includes([...kinds][0])) return null;
    return list.reduce((best, each) => better(each, best) ? each : best);
  };
}

const named = ($args, does) => Object.assign(does, { $args });
const functions = {
  today: named([], () => day(DateTime.now())),                                    // feelin's is a local midnight, equal to no date
  min: named(['...list'], extreme((a, b) => a < b)),                              // feelin's know numbers only
  max: named(['...list'], extreme((a, b) => a > b)),
  'list contains': named(['list', 'element'],                                     // feelin's finds no date: it compares by identity
    (list, element = null) => list === null || list === undefined ? null : [list].flat().some(each => same(each, element))),
  'index of': named(['list', 'match'],
    (list, match = null) => list === null || list === undefined ? null : [list].flat().flatMap((each, at) => same(each, match) ? [at + 1] : [])),
};
for (const each of Object.values(functions)) Object.freeze(each);

// `"5" > 3` is true to JavaScript. Ranges carry every comparison, and set their own `includes`: we catch it as it is set.
const Range = evaluate('[1..2]').value.constructor;
Object.defineProperty(Range.prototype, 'includes', {
  configurable: true,
  set(includes) {
    const bound = kind(this.start) ?? kind(this.end);
    Object.defineProperty(this, 'includes', {
      enumerable: true,
      value: value => {
        const given = kind(value);
        if (given && bound && given !== bound) throw new Mistake(`${given} cannot be compared with ${bound}`);
        return includes(value);
      },
    });
  },
});

// ---- Evaluating ----------------------------------------------------------------------------------------------

/** What feelin only warns about, in our words: types are named, values never, for they are somebody's case. */
function refuse({ warnings: [warning] }, text) {
  if (!warning) return;
  const { type, position, details: { template, values } } = warning;
  const name = /'(.*)'/.exec(template)?.[1], left = kind(values.left) ?? 'nothing (null)', right = kind(values.right) ?? 'nothing (null)';
  const inFilter = /\[\s*$/.test(text.slice(0, position.from)) ? `; in a list write [${name} = true]` : '';
  throw new Mistake({
    NO_VARIABLE_FOUND: `nothing here is called “${name}”${inFilter}`,
    NO_CONTEXT_ENTRY_FOUND: `there is no “${name}” in it`,
    NO_PROPERTY_FOUND: `“${name}” cannot be looked up in ${kind(values.target) ?? 'nothing (null)'}`,
    INVALID_TYPE: `${right} and ${left} do not go together here (${/Can't (\S+)/.exec(template)?.[1]})`,
    NO_FUNCTION_FOUND: 'this is not a function',
    FUNCTION_INVOCATION_FAILURE: 'the function does not take these arguments',
  }[type] ?? 'this does not work here', position);
}

function valueOf(text, variables) {
  const answer = evaluate(text, variables);
  refuse(answer, text);
  return answer.value;
}

function passes(text, it, variables) {
  if (text === '' || text === '-') return true;
  const answer = unaryTest(text, { ...variables, '?': it });
  refuse(answer, text);
  return answer.value === true;
}

/** Runs one cell or placeholder, and marks a mistake in it with its text and place. */
function at(place, text, run) {
  try { return run(text); }
  catch (mistake) { throw Object.assign(mistake, { text: mistake.text ?? text, place: mistake.place ?? place }); }
}

/** Rows that match, with their outputs; the defaults, as row null, when none does. */
function decide({ inputs, rules, first, defaults }, variables) {
  const asked = inputs.map((text, column) => at([null, column], text, () => valueOf(text, variables) ?? null));
  const outputsOf = (row, texts) => texts.map((text, column) => at([row, inputs.length + column], text, () => data(valueOf(text, variables))));
  const hits = [];
  for (const [row, [tests, outputs]] of rules.entries()) {
    if (!tests.every((text, column) => at([row, column], text, () => passes(text, asked[column], variables)))) continue;
    hits.push([row, outputsOf(row, outputs)]);
    if (first) break;
  }
  return hits.length || !defaults ? hits : [[null, outputsOf(null, defaults)]];
}

function fill(parts, variables, into) {
  for (const [what, place, text, ...rest] of parts) {
    if (what === 'text') { into.push(text); continue; }
    const value = at(place, text, () => {
      const value = valueOf(text, variables);
      if (what === 'if' && typeof value !== 'boolean') throw new Mistake(`gives ${kind(value) ?? 'nothing (null)'}, but must be true or false`);
      if (what === 'for' && !Array.isArray(value)) throw new Mistake(`gives ${kind(value) ?? 'nothing (null)'}, but must be a list`);
      return what === 'show' ? data(value) : value;
    });
    if (what === 'show') into.push([value]);
    else if (what === 'if') fill(rest[value ? 0 : 1], variables, into);
    else for (const each of value) fill(rest[1], { ...variables, [rest[0]]: each }, into);
  }
  return into;
}

const kinds = {
  expression: (text, variables) => data(valueOf(text, variables)),
  test: (text, variables) => passes(text.trim(), variables['?'] ?? null, variables),
  table: (table, variables) => decide(table, variables),
  template: ({ parts }, variables) => fill(parts, variables, []),
  read: ([what, text]) => read(what, text),
};

// ---- Reading: what an expression asks for, without evaluating it ---------------------------------------------

const NOT_BUILT = ['overlaps before', 'overlaps after', 'finishes', 'finished by', 'during', 'starts', 'started by', 'coincides'];

/** The paths an expression reads, those only read inside filters, and every name it mentions; refuses what can never work. */
function read(what, text) {
  const top = what === 'test' ? 'UnaryTests' : 'Expression';
  const found = { paths: new Set(), filtered: new Set(), names: new Set() };
  if (top === 'UnaryTests' && ['', '-'].includes(text.trim())) return { paths: [], filtered: [], names: [] };
  const root = parse(top, text).topNode;
  const words = node => text.slice(node.from, node.to).replace(/`/g, '').replace(/\s+/g, ' ');
  const children = node => { const list = []; for (let it = node.firstChild; it; it = it.nextSibling) list.push(it); return list; };
  const within = (bound, names) => new Set([...bound, ...names]);

  function note(path, bound, inFilter) {
    if (path === null) return;
    const [name] = path;
    found.names.add(name);
    if (bound.has(name) || inFilter && path.length === 1) return;
    found[inFilter ? 'filtered' : 'paths'].add(path.join('.'));
  }

  /** The dotted path a node is, its inner expressions walked; null when it is none. */
  function pathOf(node, bound, inFilter) {
    const parts = children(node);
    switch (node.name) {
      case 'VariableName': return [words(node)];
      case 'ParenthesizedExpression': return pathOf(parts[1], bound, inFilter);
      case 'PathExpression': {
        const target = pathOf(parts[0], bound, inFilter);
        return target && [...target, words(parts[1])];
      }
      case 'FilterExpression': {
        const target = pathOf(parts[0], bound, inFilter);
        walk(parts[2], within(bound, ['item']), !['NumericLiteral', 'ArithmeticExpression'].includes(parts[2].name) || inFilter);
        return target;
      }
      default: walk(node, bound, inFilter); return null;
    }
  }

  function call(parts, node, bound, inFilter) {
    const [target, ...rest] = parts;
    if (target.name !== 'VariableName') { walk(target, bound, inFilter); }
    else if (!bound.has(words(target))) {
      const name = words(target);
      if (NOT_BUILT.includes(name)) throw new Mistake(`the function “${name}” does not exist in this FEEL`, target);
      if (typeof evaluateName(name) !== 'function') throw new Mistake(`there is no function called “${name}”`, target);
      const given = rest.find(each => each.name === 'PositionalParameters');
      const [context, key] = given ? children(given) : [];
      if (name === 'get value' && key?.name === 'StringLiteral') {
        const path = pathOf(context, bound, inFilter);
        return note(path && [...path, evaluate(text.slice(key.from, key.to)).value], bound, inFilter);
      }
    }
    rest.forEach(each => walk(each, bound, inFilter));
  }

  function walk(node, bound, inFilter) {
    const parts = children(node), all = (list, names = []) => list.forEach(each => walk(each, within(bound, names), inFilter));
    switch (node.name) {
      case 'VariableName': case 'PathExpression': case 'FilterExpression': case 'ParenthesizedExpression':
        return note(pathOf(node, bound, inFilter), bound, inFilter);
      case 'InstanceOfExpression': throw new Mistake('“instance of” does not work in this FEEL', node);
      case 'FunctionInvocation': return call(parts, node, bound, inFilter);
      case 'DateTimeLiteral': exists(node, parts); return all(parts);
      case 'NamedParameter': return walk(parts[1], bound, inFilter);
      case 'ForExpression': case 'QuantifiedExpression': {
        const names = ['partial'];
        for (const each of children(parts[1])) {
          const [name, , collection] = children(each);
          walk(collection, within(bound, names), inFilter);
          names.push(words(name));
        }
        return all(parts.slice(2), names);
      }
      case 'FunctionDefinition': {
        const names = parts.filter(each => each.name === 'FormalParameters').flatMap(each => children(each).map(one => words(one.firstChild)));
        return all(parts.filter(each => each.name === 'FunctionBody'), names);
      }
      case 'Context': {
        const names = [];
        for (const entry of parts.filter(each => each.name === 'ContextEntry')) {
          const [key, value] = children(entry);
          walk(value, within(bound, names), inFilter);
          names.push(key.firstChild?.name === 'StringLiteral' ? evaluate(words(key)).value : words(key));
        }
        return;
      }
      default: all(parts);
    }
  }

  /** A date written out is a date of the calendar: feelin makes null of 30 February without a word. */
  function exists(node, parts) {
    const given = parts[0].name === 'AtLiteral' ? children(parts[0]) : children(parts.find(each => each.name === 'PositionalParameters') ?? node);
    if (!given.length || !given.every(each => ['StringLiteral', 'NumericLiteral'].includes(each.name))) return;
    if (evaluate(text.slice(node.from, node.to)).value === null) throw new Mistake('there is no such date, time or duration', node);
  }

  walk(root, new Set(), false);
  return Object.fromEntries(Object.entries(found).map(([each, set]) => [each, [...set]]));
}

const builtIn = new Map();
function evaluateName(name) {
  if (Object.hasOwn(functions, name)) return functions[name];
  if (!builtIn.has(name)) {
    if (builtIn.size > MOST_KEPT) builtIn.clear();
    builtIn.set(name, evaluate(name, {}).value);
  }
  return builtIn.get(name);
}

// ---- The one door --------------------------------------------------------------------------------------------

const broken = { RangeError: 'needs too much memory or is nested too deeply', SyntaxError: 'this is not understood' };

globalThis.feel = question => {
  const { now, zone, sets, asks } = JSON.parse(question);
  here = typeof zone === 'number' ? FixedOffsetZone.instance(zone) : IANAZone.create(zone);
  Settings.now = () => now;
  const answers = [];
  for (const [what, asked, set] of asks) {
    try {
      if (!here.isValid) throw new Mistake(`the time zone “${zone}” is not known`);
      const variables = set === null ? functions : { ...functions, ...revive(sets[set]) };
      answers.push(kinds[what](asked, variables));
    } catch (mistake) {
      const { position, text, place } = mistake;
      const ours = mistake instanceof Mistake || /^(not implemented|unsupported range)/.test(mistake.message);
      return JSON.stringify({
        error: mistake instanceof Mistake ? mistake.message : broken[mistake.name] ?? (ours ? mistake.message.replace(/:.*/, '') : 'this does not work'),
        position: position ? [position.from, position.to] : null, index: answers.length, text, place,
      });
    }
  }
  const answer = JSON.stringify({ answers });
  return answer.length > MOST_ANSWER ? JSON.stringify({ error: `gives more than ${MOST_ANSWER} characters`, position: null, index: 0 }) : answer;
};
Object.defineProperty(globalThis, 'feel', { writable: false, configurable: false });

// ---- Nothing else to reach -----------------------------------------------------------------------------------

for (const maker of [function () {}, async function () {}, function* () {}, async function* () {}]) {
  Object.defineProperty(Object.getPrototypeOf(maker), 'constructor', { value: undefined, writable: false, configurable: false });
}
for (const name of ['eval', 'Function', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'setTimeout', 'clearTimeout', '__timer_manager']) {
  try { Object.defineProperty(globalThis, name, { value: undefined }); } catch { globalThis[name] = undefined; }
}
for (const each of [Object, Array, String, Number, Boolean, RegExp, Map, Set, WeakMap, Promise, Date, Error]) Object.preventExtensions(each.prototype);
