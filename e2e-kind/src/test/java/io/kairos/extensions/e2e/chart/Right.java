package io.kairos.extensions.e2e.chart;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import java.util.ArrayList;
import java.util.List;

/**
 * One right of an account: a verb on a resource.
 *
 * @param namespace where; empty for the whole cluster
 * @param group the API group, empty for the core's
 * @param resource the plural, with {@code /subresource}
 * @param verb what may be done
 * @param name to which object alone; empty for all
 */
record Right(String namespace, String group, String resource, String verb, String name) {

  /** The rights that roles and bindings among objects give to a ServiceAccount. */
  static List<Right> of(List<HasMetadata> objects, String account) {
    List<Right> rights = new ArrayList<>();
    for (HasMetadata object : objects) {
      if (object instanceof ClusterRoleBinding binding && names(binding.getSubjects(), account)) {
        add(rights, "", rules(objects, binding.getRoleRef(), ""));
      } else if (object instanceof RoleBinding binding && names(binding.getSubjects(), account)) {
        String namespace = binding.getMetadata().getNamespace();
        add(rights, namespace, rules(objects, binding.getRoleRef(), namespace));
      }
    }
    return rights;
  }

  private static boolean names(List<Subject> subjects, String account) {
    return subjects.stream()
        .anyMatch(s -> s.getKind().equals("ServiceAccount") && s.getName().equals(account));
  }

  private static List<PolicyRule> rules(
      List<HasMetadata> objects, RoleRef reference, String namespace) {
    for (HasMetadata object : objects) {
      boolean named = object.getMetadata().getName().equals(reference.getName());
      if (named && reference.getKind().equals("ClusterRole") && object instanceof ClusterRole c) {
        return c.getRules();
      }
      if (named
          && reference.getKind().equals("Role")
          && object instanceof Role role
          && role.getMetadata().getNamespace().equals(namespace)) {
        return role.getRules();
      }
    }
    throw new IllegalStateException("a binding to a role that is not there: " + reference);
  }

  private static void add(List<Right> rights, String namespace, List<PolicyRule> rules) {
    for (PolicyRule rule : rules) {
      List<String> names =
          rule.getResourceNames().isEmpty() ? List.of("") : rule.getResourceNames();
      for (String group : rule.getApiGroups()) {
        for (String resource : rule.getResources()) {
          for (String verb : rule.getVerbs()) {
            names.forEach(name -> rights.add(new Right(namespace, group, resource, verb, name)));
          }
        }
      }
    }
  }

  /** Whether this right is one that allows a request. */
  boolean allows(AuditLog.Request request) {
    return (namespace.isEmpty() || namespace.equals(request.namespace()))
        && group.equals(request.group())
        && resource.equals(request.resource())
        && verb.equals(request.verb())
        && (name.isEmpty() || name.equals(request.name()));
  }

  /** Verb and resource. */
  String what() {
    return verb + " " + object();
  }

  /** The resource, and the name of the one object where it is about one. */
  String object() {
    return (group.isEmpty() ? resource : resource + "." + group)
        + (name.isEmpty() ? "" : " " + name);
  }

  /** The namespace, in words. */
  String where() {
    return namespace.isEmpty() ? "everywhere" : "in " + namespace;
  }
}
