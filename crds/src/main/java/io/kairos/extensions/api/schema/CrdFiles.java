package io.kairos.extensions.api.schema;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.kairos.extensions.api.v1alpha1.NodeExtensionPolicy;
import io.kairos.extensions.api.v1alpha1.NodeExtensionState;
import io.kairos.extensions.api.v1alpha1.SystemExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Writes the CRDs. The generator sorts printer columns by their path; here they come in the order
 * in which the type declares them, the one that {@code kubectl get} shows.
 */
public final class CrdFiles {
  private static final List<Class<? extends HasMetadata>> KINDS =
      List.of(SystemExtension.class, NodeExtensionPolicy.class, NodeExtensionState.class);

  private CrdFiles() {}

  /**
   * Called by the build.
   *
   * @param args the folder to write to
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    new CRDGenerator()
        .customResourceClasses(KINDS)
        .withPostProcessor(new ColumnsAsDeclared())
        .withParallelGenerationEnabled(false)
        .inOutputDir(folder.toFile())
        .detailedGenerate();
  }

  private static final class ColumnsAsDeclared implements CRDPostProcessor {
    @Override
    public HasMetadata process(HasMetadata generated, String crdVersion) {
      CustomResourceDefinition crd = (CustomResourceDefinition) generated;
      Class<?> kind =
          KINDS.stream()
              .filter(c -> c.getSimpleName().equals(crd.getSpec().getNames().getKind()))
              .findFirst()
              .orElseThrow();
      List<String> declared =
          Stream.of(kind.getAnnotationsByType(AdditionalPrinterColumn.class))
              .map(AdditionalPrinterColumn::name)
              .toList();
      Map<String, Integer> place =
          IntStream.range(0, declared.size())
              .boxed()
              .collect(Collectors.toMap(declared::get, i -> i));
      crd.getSpec()
          .getVersions()
          .forEach(
              version ->
                  version
                      .getAdditionalPrinterColumns()
                      .sort(
                          Comparator.comparing(
                              (CustomResourceColumnDefinition column) ->
                                  place.get(column.getName()))));
      return crd;
    }
  }
}
