package org.kneecds.interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.instance.model.api.IPrimitiveType;

/** The conformance resources that lie beside one case, found by type and canonical address, of whatever kind they are. */
final class Beside implements IValidationSupport {
    private final FhirContext context;
    private final List<IBaseResource> resources;

    Beside(FhirContext context, Collection<? extends IBaseResource> resources) {
        this.context = context;
        this.resources = List.copyOf(resources);
    }

    @Override
    public FhirContext getFhirContext() {
        return context;
    }

    @Override
    public List<IBaseResource> fetchAllConformanceResources() {
        return resources;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T extends IBaseResource> List<T> fetchAllStructureDefinitions() {
        List<T> found = new ArrayList<>();
        for (IBaseResource resource : resources) {
            if (resource.fhirType().equals("StructureDefinition")) {
                found.add((T) resource);
            }
        }
        return found;
    }

    @Override
    public <T extends IBaseResource> List<T> fetchAllNonBaseStructureDefinitions() {
        return fetchAllStructureDefinitions();
    }

    @Override
    public IBaseResource fetchStructureDefinition(String url) {
        return find("StructureDefinition", url);
    }

    @Override
    public IBaseResource fetchValueSet(String url) {
        return find("ValueSet", url);
    }

    @Override
    public IBaseResource fetchCodeSystem(String url) {
        return find("CodeSystem", url);
    }

    @Override
    public <T extends IBaseResource> T fetchResource(Class<T> type, String url) {
        return type == null ? null : type.cast(find(context.getResourceType(type), url));
    }

    @Override
    public boolean isCodeSystemSupported(ValidationSupportContext chain, String system) {
        return fetchCodeSystem(system) != null;
    }

    @Override
    public boolean isValueSetSupported(ValidationSupportContext chain, String url) {
        return fetchValueSet(url) != null;
    }

    private IBaseResource find(String type, String canonical) {
        if (canonical == null) {
            return null;
        }
        int bar = canonical.indexOf('|');
        String url = bar < 0 ? canonical : canonical.substring(0, bar);
        String version = bar < 0 ? null : canonical.substring(bar + 1);
        for (IBaseResource resource : resources) {
            if (resource.fhirType().equals(type)
                    && url.equals(value(resource, "url"))
                    && (version == null || version.equals(value(resource, "version")))) {
                return resource;
            }
        }
        return null;
    }

    private String value(IBaseResource resource, String element) {
        return context.newTerser().getSingleValue(resource, element, IPrimitiveType.class)
                .map(IPrimitiveType::getValueAsString)
                .orElse(null);
    }
}
