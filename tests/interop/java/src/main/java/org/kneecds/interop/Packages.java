package org.kneecds.interop;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.utilities.npm.NpmPackage;

/** Loads FHIR packages as HL7's tools do, and says what is in each: one JSON line for one file named on the command line. */
public final class Packages {

    private Packages() {
    }

    public static void main(String[] files) throws IOException {
        for (String file : files) {
            try (InputStream stream = Files.newInputStream(Path.of(file))) {
                NpmPackage loaded = NpmPackage.fromPackage(stream);
                System.out.printf(
                        "{\"name\": \"%s\", \"version\": \"%s\", \"fhir\": \"%s\", \"canonical\": \"%s\", \"core\": %b,"
                                + " \"profiles\": %d, \"valueSets\": %d, \"questionnaires\": %d, \"examples\": %d}%n",
                        loaded.name(), loaded.version(), loaded.fhirVersion(), loaded.canonical(),
                        loaded.dependencies().stream().anyMatch(one -> one.contains(".core#")),
                        loaded.listResources("StructureDefinition").size(), loaded.listResources("ValueSet").size(),
                        loaded.listResources("Questionnaire").size(), loaded.list("example").size());
            }
        }
    }
}
