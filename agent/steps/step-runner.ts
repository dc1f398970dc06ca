// A step runner: check says whether anything is to be done, apply does it, verify proves it. Safe to
// run twice, from any point it was killed at.
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import type {
  ArtifactReference,
  CertificateProfile,
  SealedSecret,
  StepArgs,
  StepKind,
} from '../../shared/model/step.ts';
import type { Random } from '../../shared/random.ts';
import type { SecretFiles } from '../../shared/seal.ts';
import type { Host } from '../host/host.ts';
import type { HttpGet } from '../host/http-get.ts';
import type { KubeApi } from '../host/kube-api.ts';
import type { KubeCredentials } from '../host/kubeconfig.ts';
import type { TlsPeek } from '../host/tls-peek.ts';

/** What runners need beyond the host; the agent's parts stand behind it. */
export interface StepContext {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** The agent's own folder: what a step has to remember about the host is kept there. */
  readonly stateDirectory: string;
  readonly planId: string;
  /** What the plan names itself as: whose secrets it may seal and open. */
  readonly plan: { readonly fleet: string; readonly cluster: string };
  readonly stepId: string;
  /** Prefix for transient units of this attempt. */
  readonly unit: string;
  readonly timeoutMs: number;
  /** Opens the API of a cluster; ends with `signal`, which is the attempt's unless another is given. */
  readonly kube: (credentials: KubeCredentials, signal?: AbortSignal) => KubeApi;
  /** One plain request, never for anything that has to be trusted. */
  readonly httpGet: HttpGet;
  /** Which certificate a port serves. */
  readonly tlsPeek: TlsPeek;
  /** Path of the artifact in the agent's content store, fetching it when it is not there. */
  readonly artifact: (reference: ArtifactReference) => Promise<string>;
  /** Whether the artifact is in the content store, complete. */
  readonly hasArtifact: (reference: ArtifactReference) => Promise<boolean>;
  /** Path it has, or would have, in the content store. */
  readonly artifactPath: (reference: ArtifactReference) => string;
  /** Sends a CSR (DER) for a profile of this very step. PEM texts. */
  readonly signCertificate: (
    profile: CertificateProfile,
    csr: Uint8Array,
  ) => Promise<{ readonly certificate: string; readonly ca: string }>;
  /** Sends a file to the coordinator, to the step of this plan, going on where it was cut off. */
  readonly upload: (file: UploadFile) => Promise<void>;
  /** With this node's own key; opens only what was sealed for this plan's goal. */
  readonly unseal: (sealed: SealedSecret) => Promise<SecretFiles>;
  /** Says what is being waited for: shown by `explain` and `logs`. */
  readonly progress: (sentence: string) => void;
  /** True when the machine is a container: what is not namespaced is reported, not changed. */
  readonly isContainer: () => Promise<boolean>;
}

/** As the plan names it. */
export interface UploadFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export type CheckResult =
  | { readonly kind: 'satisfied'; readonly outputs?: StepOutputs; readonly note?: string }
  | { readonly kind: 'needed'; readonly why: string };

export interface Applied {
  readonly outputs?: StepOutputs;
  readonly note?: string;
}

export interface StepRunner<K extends StepKind> {
  readonly kind: K;
  /** Present tense, for people: "write /etc/containerd/config.toml". */
  title(args: StepArgs[K]): string;
  check(args: StepArgs[K], context: StepContext): Promise<CheckResult>;
  apply(args: StepArgs[K], context: StepContext): Promise<Applied>;
  /** @default a second check, which must be satisfied */
  verify?(args: StepArgs[K], context: StepContext): Promise<void>;
}

/** Every kind has its runner, or this does not compile. */
export type StepRegistry = { readonly [K in StepKind]: StepRunner<K> };
