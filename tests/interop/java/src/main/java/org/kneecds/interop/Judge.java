package org.kneecds.interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.parser.LenientErrorHandler;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * Asks the HL7 validation engine about one resource a line, without a terminology server.
 *
 * <p>In: {"name", "release": "R4" | "R4B" | "R5", "text": "the raw JSON" or "resource": {...}, "beside": [conformance
 * resources], "profile": [canonicals]}. Out, in the same order: {"name", "issues": [{"severity", "location", "message",
 * "id"}]}. What the engine throws is an issue of severity "fatal".
 */
public final class Judge {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private final FhirContext context;
    private final DefaultProfileValidationSupport published;
    private final Map<String, IBaseResource> parsed = new HashMap<>();
    private String besideNow = "[]";
    private FhirValidator validator;

    private Judge(FhirContext context) {
        this.context = context;
        context.setParserErrorHandler(new LenientErrorHandler(false).disableAllErrors());
        this.published = new DefaultProfileValidationSupport(context);
        this.validator = around(List.of());
    }

    /** A validator that knows these resources beside the published definitions; the latter are read and converted once. */
    private FhirValidator around(List<IBaseResource> beside) {
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
        unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
        ValidationSupportChain chain = new ValidationSupportChain(
                new Beside(context, beside),
                published,
                new InMemoryTerminologyServerValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new SnapshotGeneratingValidationSupport(context),
                unknown);
        FhirInstanceValidator module = new FhirInstanceValidator(chain);
        module.setAnyExtensionsAllowed(true);
        module.setErrorForUnknownProfiles(false);
        module.setNoTerminologyChecks(false);
        module.setAllowExamples(true);
        module.setAssumeValidRestReferences(true); // Type/id in a reference says what it points at
        return context.newValidator().registerValidatorModule(module);
    }

    /** Cases with the same neighbours come one after another, so only the last validator is kept. */
    private FhirValidator beside(JsonNode resources) {
        String key = resources.toString();
        if (!key.equals(besideNow)) {
            List<IBaseResource> read = new ArrayList<>();
            for (JsonNode resource : resources) {
                read.add(parsed.computeIfAbsent(resource.toString(), context.newJsonParser()::parseResource));
            }
            validator = around(read);
            besideNow = key;
        }
        return validator;
    }

    private ArrayNode judge(JsonNode asked) {
        ArrayNode issues = JSON.createArrayNode();
        try {
            ValidationOptions options = new ValidationOptions();
            asked.path("profile").forEach(profile -> options.addProfile(profile.asText()));
            String text = asked.has("text") ? asked.get("text").asText() : asked.path("resource").toString();
            JsonNode neighbours = asked.path("beside").isArray() ? asked.get("beside") : JSON.createArrayNode();
            for (SingleValidationMessage found : beside(neighbours).validateWithResult(text, options).getMessages()) {
                // Where an extension may stand is looked up in a package of a server on the network: no fault of what is judged.
                boolean isUnasked = found.getMessage().contains("Unable to resolve package id");
                String severity = isUnasked ? "information" : found.getSeverity().getCode();
                add(issues, severity, found.getLocationString(), found.getMessage(), found.getMessageId());
            }
        } catch (OutOfMemoryError thrown) {
            throw thrown;
        } catch (Exception | Error thrown) { // the engine throws plain Errors, too
            add(issues, "fatal", "", thrown.toString(), thrown.getClass().getSimpleName());
        }
        return issues;
    }

    private static void add(ArrayNode issues, String severity, String location, String message, String id) {
        issues.addObject()
                .put("severity", severity)
                .put("location", location)
                .put("message", message)
                .put("id", id);
    }

    private static FhirContext context(String release) {
        return switch (release) {
            case "R4" -> FhirContext.forR4();
            case "R4B" -> FhirContext.forR4B();
            case "R5" -> FhirContext.forR5();
            default -> throw new IllegalArgumentException("unknown release " + release);
        };
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, Judge> judges = new HashMap<>();
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err); // what the engine prints is not an answer
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode asked = JSON.readTree(line);
            Judge judge = judges.computeIfAbsent(asked.path("release").asText("R4"), release -> new Judge(context(release)));
            ObjectNode answer = JSON.createObjectNode();
            answer.set("name", asked.get("name"));
            answer.set("issues", judge.judge(asked));
            out.println(JSON.writeValueAsString(answer));
            out.flush();
        }
    }
}
