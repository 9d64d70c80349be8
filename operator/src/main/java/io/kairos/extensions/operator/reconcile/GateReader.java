package io.kairos.extensions.operator.reconcile;

import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceList;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.kairos.extensions.api.v1alpha1.Api;
import io.kairos.extensions.api.v1alpha1.Gate;
import io.kairos.extensions.api.v1alpha1.Reasons;
import io.kairos.extensions.operator.gate.GateExpression;
import io.kairos.extensions.operator.gate.GateExpression.Answer;
import io.kairos.extensions.operator.gate.GateObject;
import io.kairos.extensions.operator.gate.Gates;
import io.kairos.extensions.operator.plan.GateVerdict;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a gate: lists its objects, page by page, and evaluates its expression over them. Reads
 * {@value #MAX_OBJECTS} objects at most. Never throws for what the API server answers: then the
 * gate is closed, with a reason.
 */
final class GateReader {
  /** Objects may be as large as a MiB each: few a page, so that they fit. */
  private static final long PAGE = 50;

  private static final int MAX_OBJECTS = 500;

  private static final Logger log = LoggerFactory.getLogger(GateReader.class);

  private final KubernetesClient client;

  GateReader(KubernetesClient client) {
    this.client = client;
  }

  /** Asks it, now. May take as long as the API server takes to answer. */
  GateVerdict ask(Gate gate, GateExpression expression) {
    try {
      Optional<APIResource> kind = kind(gate);
      if (kind.isEmpty()) {
        return failed(
            "the cluster knows no kind "
                + gate.kind()
                + " in "
                + gate.apiVersion()
                + ": is its CustomResourceDefinition installed?");
      }
      if (isSecret(gate, kind.get())) {
        return failed("gates do not read Secrets");
      }
      if (!kind.get().getNamespaced() && !gate.namespace().isEmpty()) {
        return failed(gate.kind() + " is cluster-scoped: leave namespace out");
      }
      return ask(gate, expression, kind.get());
    } catch (KubernetesClientException e) {
      log.debug("gate {} could not be asked", gate.name(), e);
      return failed(refusal(gate, e));
    }
  }

  private Optional<APIResource> kind(Gate gate) {
    try {
      APIResourceList resources = client.getApiResources(gate.apiVersion());
      return Optional.ofNullable(resources).stream()
          .flatMap(list -> list.getResources().stream())
          .filter(resource -> resource.getKind().equals(gate.kind()))
          .filter(resource -> !resource.getName().contains("/"))
          .findFirst();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** By its place in the API as well: what serves as {@code secrets} is none of ours to read. */
  private static boolean isSecret(Gate gate, APIResource kind) {
    return gate.apiVersion().equals("v1") && kind.getName().equals("secrets");
  }

  private GateVerdict ask(Gate gate, GateExpression expression, APIResource kind) {
    List<Answer> answers = new ArrayList<>();
    List<GateObject> objects = new ArrayList<>();
    String next = null;
    do {
      GenericKubernetesResourceList page =
          query(gate, kind)
              .list(new ListOptionsBuilder().withLimit(PAGE).withContinue(next).build());
      for (GenericKubernetesResource resource : page.getItems()) {
        if (answers.size() + objects.size() == MAX_OBJECTS) {
          return failed(
              "there are more than "
                  + MAX_OBJECTS
                  + " objects ("
                  + Gates.objects(gate)
                  + "): choose fewer by namespace or selector");
        }
        if (expression.isAskedOfEach()) {
          answers.add(expression.askOf(object(resource)));
        } else {
          objects.add(object(resource));
        }
      }
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return expression.isAskedOfEach() ? expression.sumUp(answers) : expression.ask(objects);
  }

  private FilterWatchListDeletable<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      query(Gate gate, APIResource kind) {
    int slash = gate.apiVersion().indexOf('/');
    var resources =
        client.genericKubernetesResources(
            new ResourceDefinitionContext.Builder()
                .withGroup(slash < 0 ? "" : gate.apiVersion().substring(0, slash))
                .withVersion(gate.apiVersion().substring(slash + 1))
                .withKind(gate.kind())
                .withPlural(kind.getName())
                .withNamespaced(kind.getNamespaced())
                .build());
    var there =
        gate.namespace().isEmpty()
            ? resources.inAnyNamespace()
            : resources.inNamespace(gate.namespace());
    return gate.selector().isPresent() ? there.withLabelSelector(gate.selector().get()) : there;
  }

  private GateObject object(GenericKubernetesResource resource) {
    resource.getMetadata().setManagedFields(null);
    String namespace = resource.getMetadata().getNamespace();
    String name = resource.getMetadata().getName();
    Map<?, ?> json = client.getKubernetesSerialization().convertValue(resource, Map.class);
    return new GateObject(namespace == null ? name : namespace + "/" + name, json);
  }

  private static String refusal(Gate gate, KubernetesClientException e) {
    if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
        || e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED) {
      return "the operator may not list "
          + Gates.objects(gate)
          + ": grant `list` by a ClusterRole with the label "
          + Api.GATES_LABEL
          + ": \"true\"";
    }
    String message =
        e.getStatus() == null || e.getStatus().getMessage() == null
            ? e.getMessage()
            : e.getStatus().getMessage();
    return "the API server could not be asked for "
        + Gates.objects(gate)
        + ": "
        + Gates.text(message);
  }

  private static GateVerdict failed(String message) {
    return new GateVerdict.Closed(Reasons.GATE_CHECK_FAILED, message);
  }
}
