package io.kairos.extensions.api.v1alpha1;

/** The reasons of conditions and phases: CamelCase, stable, in this one place. */
public final class Reasons {
  // Policies and extensions.
  /** Nodes are being changed. */
  public static final String ROLLOUT_IN_PROGRESS = "RolloutInProgress";

  /** Every selected node is as wanted. */
  public static final String ALL_NODES_UP_TO_DATE = "AllNodesUpToDate";

  /** Everything is linked; boots will merge it. */
  public static final String AWAITING_REBOOT = "AwaitingReboot";

  /** Nodes failed; the message names some. */
  public static final String NODES_FAILED = "NodesFailed";

  /** Nothing is left to do but on nodes whose pods did not leave in time. */
  public static final String NODES_SKIPPED = "NodesSkipped";

  /** A person paused the policy. */
  public static final String PAUSED = "Paused";

  /** More nodes failed than the failure budget allows: nothing new is admitted. */
  public static final String FAILURE_BUDGET_EXCEEDED = "FailureBudgetExceeded";

  /** The failure budget was exceeded: nodes return to the revision before. */
  public static final String ROLLING_BACK = "RollingBack";

  /** The failure budget was exceeded, and nodes have returned to the revision before. */
  public static final String ROLLED_BACK_FROM = "RolledBackFrom";

  /** Event: a revision is given, or tried once more. */
  public static final String ROLLOUT_STARTED = "RolloutStarted";

  /** Event: all nodes of a wave are through, and it has soaked. */
  public static final String WAVE_COMPLETED = "WaveCompleted";

  /** Event: nodes wait for a person's word, a window or a gate. */
  public static final String ROLLOUT_PAUSED = "RolloutPaused";

  /** Event: a person let a paused policy go on. */
  public static final String ROLLOUT_RESUMED = "RolloutResumed";

  /** Event: a revision failed on more nodes than the failure budget allows. */
  public static final String ROLLOUT_HALTED = "RolloutHalted";

  /** Event: the nodes that had the revision that failed are back on the one before. */
  public static final String ROLLED_BACK = "RolledBack";

  /** Event: the last wave of a revision is through. */
  public static final String ROLLOUT_COMPLETED = "RolloutCompleted";

  /** Nodes may be changed only within windows, and none is open. */
  public static final String OUTSIDE_WINDOW = "OutsideWindow";

  /** A wave is through, and the next one waits for a person's word. */
  public static final String AWAITING_APPROVAL = "AwaitingApproval";

  /** A dry run: nothing is changed. */
  public static final String DRY_RUN = "DryRun";

  /** Of a node: it has not been Ready for longer than the progress deadline. */
  public static final String UNREACHABLE = "Unreachable";

  /** Of a node: its agent did not get through before the progress deadline. */
  public static final String UNRESPONSIVE = "Unresponsive";

  /** A health gate of the rollout does not hold, or was not asked yet. */
  public static final String GATE_CLOSED = "GateClosed";

  /** Whether a health gate holds cannot be told: no right, no such kind, an error. */
  public static final String GATE_CHECK_FAILED = "GateCheckFailed";

  /** The selector matches no node. */
  public static final String NO_MATCHING_NODES = "NoMatchingNodes";

  /** What the policy asks for cannot be resolved. */
  public static final String INVALID_SPEC = "InvalidSpec";

  /** The API server refuses what has to be written before a policy can give anything. */
  public static final String WRITE_REFUSED = "WriteRefused";

  /** A revision that is to be given is not kept, or was kept by another version. */
  public static final String UNKNOWN_REVISION = "UnknownRevision";

  /** What a policy gives is more than a revision can keep. */
  public static final String REVISION_TOO_LARGE = "RevisionTooLarge";

  /** An edit would remove from many nodes, and waits for a person's word. */
  public static final String REMOVAL_PENDING = "RemovalPending";

  /** A policy gives an older revision, which a person asked for. */
  public static final String REVISION_PINNED = "RevisionPinned";

  /** A policy of lower priority loses some nodes. */
  public static final String OVERRIDING = "Overriding";

  /** Two policies of equal priority want one extension on one node. */
  public static final String POLICY_CONFLICT = "PolicyConflict";

  /** A policy of higher priority wins some nodes. */
  public static final String OVERRIDDEN = "Overridden";

  /** A SystemExtension that a policy names is not there. */
  public static final String EXTENSION_NOT_FOUND = "ExtensionNotFound";

  /** An extension has no image for the architecture of some nodes. */
  public static final String NO_IMAGE_FOR_ARCHITECTURE = "NoImageForArchitecture";

  /** A node does not get an extension that another one requires. */
  public static final String REQUIRED_EXTENSION_MISSING = "RequiredExtensionMissing";

  /** Two extensions of one node exclude one another. */
  public static final String EXTENSIONS_CONFLICT = "ExtensionsConflict";

  /** The object is being deleted; nodes are cleaned first. */
  public static final String REMOVING = "Removing";

  /** No policy gives this extension to a node. */
  public static final String NOT_ASSIGNED = "NotAssigned";

  // Nodes and the extensions on them.
  /** All that is assigned is in effect. */
  public static final String ALL_ACTIVE = "AllActive";

  /** The agent is at work. */
  public static final String IN_PROGRESS = "InProgress";

  /** An extension of the node failed. */
  public static final String EXTENSIONS_FAILED = "ExtensionsFailed";

  /** Linked; only a boot merges it. */
  public static final String LINKED_FOR_NEXT_BOOT = "LinkedForNextBoot";

  /** Verified and in the store, where it stays: the policy wants no more. */
  public static final String STAGED_ONLY = "StagedOnly";

  /** In the store ahead of its turn; nothing of it is linked before its node is admitted. */
  public static final String AWAITING_ADMISSION = "AwaitingAdmission";

  /** In the store; it is activated once the node is drained. */
  public static final String AWAITING_DRAIN = "AwaitingDrain";

  /** Linked; the host is about to be rebooted for it. */
  public static final String REBOOTING = "Rebooting";

  /** The host does not let itself be rebooted; the message says who or what blocks it. */
  public static final String REBOOT_REFUSED = "RebootRefused";

  /** Pods did not leave the node in time; the message names some. */
  public static final String DRAIN_TIMED_OUT = "DrainTimedOut";

  /** Of an event: pods do not leave the node; the message names pod and PodDisruptionBudget. */
  public static final String DRAIN_BLOCKED = "DrainBlocked";

  /** A person uncordoned the node while it was being drained. */
  public static final String UNCORDONED_BY_HAND = "UncordonedByHand";

  /** The host was allowed to reboot, and no new boot was seen in time. */
  public static final String REBOOT_TIMED_OUT = "RebootTimedOut";

  /** Drained, and yet not activated in time. */
  public static final String ACTIVATION_TIMED_OUT = "ActivationTimedOut";

  /** Nothing waits for a boot. */
  public static final String NOTHING_PENDING = "NothingPending";

  /**
   * Of an event: something that was in effect no longer was, without the agent's doing. The agent
   * goes about it as about any change, and the extension's phase tells how far it is.
   */
  public static final String DRIFT_DETECTED = "DriftDetected";

  /** In effect. */
  public static final String MERGED = "Merged";

  /** Enabled only in profiles that are not booted. */
  public static final String LINKED_IN_OTHER_PROFILE = "LinkedInOtherProfile";

  /** Merged; the soak runs. */
  public static final String SOAKING = "Soaking";

  /** The bytes are not those that sha256 promises. */
  public static final String DIGEST_MISMATCH = "DigestMismatch";

  /** The server answered with an error. */
  public static final String DOWNLOAD_REFUSED = "DownloadRefused";

  /** Fewer bytes came than were promised, or the connection broke. */
  public static final String DOWNLOAD_INTERRUPTED = "DownloadInterrupted";

  /** The server cannot be reached, or is not the one its certificate says. */
  public static final String SOURCE_UNREACHABLE = "SourceUnreachable";

  /** The scheme or folder is not allowed on this host. */
  public static final String SOURCE_NOT_ALLOWED = "SourceNotAllowed";

  /** A Secret that an extension's source asks for is not there. */
  public static final String SOURCE_SECRET_NOT_FOUND = "SourceSecretNotFound";

  /** A Secret that an extension's source asks for has nothing that can be sent. */
  public static final String SOURCE_SECRET_UNUSABLE = "SourceSecretUnusable";

  /** A ConfigMap with certificates that an extension names is not there. */
  public static final String SOURCE_CONFIG_MAP_NOT_FOUND = "SourceConfigMapNotFound";

  /** A ConfigMap that an extension names cannot be handed to the agents. */
  public static final String SOURCE_CONFIG_MAP_UNUSABLE = "SourceConfigMapUnusable";

  /** The Secrets and ConfigMaps of all sources outgrow the one Secret that carries them. */
  public static final String SOURCES_TOO_LARGE = "SourcesTooLarge";

  /** A pull secret has not reached the node, or cannot be used there. */
  public static final String CREDENTIALS_UNAVAILABLE = "CredentialsUnavailable";

  /** A CA bundle has not reached the node, or cannot be used there. */
  public static final String CA_BUNDLE_UNAVAILABLE = "CaBundleUnavailable";

  /** What lies in a registry is of no form that holds one image file. */
  public static final String UNSUPPORTED_OCI_CONTENT = "UnsupportedOciContent";

  /** What a registry gives contradicts itself or cannot be read. */
  public static final String INVALID_OCI_CONTENT = "InvalidOciContent";

  /** The file is another one than when the download of it began. */
  public static final String SOURCE_CHANGED = "SourceChanged";

  /** The image is larger than the agent takes. */
  public static final String IMAGE_TOO_LARGE = "ImageTooLarge";

  /** The store's file system is full. */
  public static final String INSUFFICIENT_STORAGE = "InsufficientStorage";

  /** A file or link that is not ours has the name. */
  public static final String FOREIGN_FILE = "ForeignFile";

  /** systemd-sysext did not merge what is linked. */
  public static final String MERGE_FAILED = "MergeFailed";

  /** The host's systemd could not be asked. */
  public static final String HOST_UNREACHABLE = "HostUnreachable";

  /** A file of the store could not be read or written. */
  public static final String STORE_ERROR = "StoreError";

  /** Live is refused: the image carries the node's own runtime. */
  public static final String CARRIES_NODE_RUNTIME = "CarriesNodeRuntime";

  /** The host's systemd or kernel is not what the extension requires. */
  public static final String REQUIREMENT_NOT_MET = "RequirementNotMet";

  /** The host's systemd merges nothing of the extension's class. */
  public static final String CLASS_NOT_SUPPORTED = "ClassNotSupported";

  /** The policy asks for boot profiles of which the host has none. */
  public static final String PROFILE_NOT_ON_HOST = "ProfileNotOnHost";

  /** No boot of the host starts the unit that merges extensions. */
  public static final String UNIT_NOT_ENABLED = "UnitNotEnabled";

  /** The unit that merges extensions is masked: neither a boot nor the agent can start it. */
  public static final String UNIT_MASKED = "UnitMasked";

  /** An extension that another one requires is not in effect on the node. */
  public static final String WAITS_FOR_EXTENSION = "WaitsForExtension";

  /** A merge would hide mounts below a hierarchy, which the message names. */
  public static final String HIDES_MOUNTS = "HidesMounts";

  /** The overlay's options would outgrow the kernel's limit. */
  public static final String TOO_MANY_EXTENSIONS = "TooManyExtensions";

  // Why an image does not fit a host.
  /** Neither squashfs nor erofs nor a partition table: a web page, an archive, noise. */
  public static final String NOT_AN_IMAGE = "NotAnImage";

  /** The image says that it is longer than the file. */
  public static final String TRUNCATED = "Truncated";

  /** Recognised, but damaged or made to deceive. */
  public static final String CORRUPT_IMAGE = "CorruptImage";

  /** Of a form that cannot be inspected here or used by a host. */
  public static final String UNSUPPORTED_FORMAT = "UnsupportedFormat";

  /** The image has no extension-release file. */
  public static final String EXTENSION_RELEASE_MISSING = "ExtensionReleaseMissing";

  /** The image has extension-release files, but none for its name. */
  public static final String EXTENSION_RELEASE_MISNAMED = "ExtensionReleaseMisnamed";

  /** The extension-release file cannot be read as one. */
  public static final String EXTENSION_RELEASE_INVALID = "ExtensionReleaseInvalid";

  /** Made for another architecture. */
  public static final String ARCHITECTURE_MISMATCH = "ArchitectureMismatch";

  /** Made for another operating system, or another version or level of it. */
  public static final String OS_MISMATCH = "OsMismatch";

  /** Made for portable services or the initrd, not for the running system. */
  public static final String SCOPE_MISMATCH = "ScopeMismatch";

  /** The image would replace the host's own {@code usr/lib/os-release}. */
  public static final String CARRIES_OS_RELEASE = "CarriesOsRelease";

  /** The image holds nothing that would be merged. */
  public static final String NO_HIERARCHY = "NoHierarchy";

  /** Its services are being dealt with, or its health checks run. */
  public static final String CHECKING_HEALTH = "CheckingHealth";

  /** A health check did not pass in time; the message has its output. */
  public static final String HEALTH_CHECK_FAILED = "HealthCheckFailed";

  /** A service of it could not be restarted, reloaded or started. */
  public static final String SERVICE_FAILED = "ServiceFailed";

  /** A health check is a command, and the agent's configuration does not allow those. */
  public static final String COMMANDS_NOT_ALLOWED = "CommandsNotAllowed";

  /** The host's own image policy does not let an image of this kind in. */
  public static final String IMAGE_POLICY_REFUSED = "ImagePolicyRefused";

  /** A signature is demanded, and the image has none. */
  public static final String SIGNATURE_REQUIRED = "SignatureRequired";

  /** The image's signature is none, or not that of its root hash. */
  public static final String SIGNATURE_INVALID = "SignatureInvalid";

  /** The image is signed by somebody who is not trusted. */
  public static final String SIGNATURE_UNTRUSTED = "SignatureUntrusted";

  /** The image's root hash is that of other partitions. */
  public static final String ROOT_HASH_MISMATCH = "RootHashMismatch";

  /** A block of the image's data or hash tree is not what it was when the image was made. */
  public static final String DATA_TAMPERED = "DataTampered";

  /** A signature is demanded, and there is no certificate to verify it with. */
  public static final String TRUSTED_CERTIFICATES_MISSING = "TrustedCertificatesMissing";

  /** The certificates to verify signatures with cannot be read. */
  public static final String TRUSTED_CERTIFICATES_INVALID = "TrustedCertificatesInvalid";

  /** The host's image policy takes nothing but signed images. */
  public static final String SIGNATURES_DEMANDED = "SignaturesDemanded";

  /** The host's image policy takes images that nobody signed. */
  public static final String UNSIGNED_IMAGES_ALLOWED = "UnsignedImagesAllowed";

  /** Of an event: an extension carries files that another one carries as well. */
  public static final String FILES_OVERLAP = "FilesOverlap";

  /** Of files that several extensions carry, those of the last name in version order are seen. */
  public static final String LAST_NAME_WINS = "LastNameWins";

  /** Gone from the host. */
  public static final String REMOVED = "Removed";

  /** On the host, no longer assigned. */
  public static final String NO_LONGER_ASSIGNED = "NoLongerAssigned";

  private Reasons() {}
}
