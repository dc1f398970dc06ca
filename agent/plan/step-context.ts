// What a runner gets of the agent while it works on one attempt of one step: the host, the artifacts,
// this node's key and the coordinator, each bound to that step.
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Plan } from '../../shared/model/plan.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import type { Random } from '../../shared/random.ts';
import { retry } from '../../shared/retry.ts';
import { openFiles } from '../../shared/seal.ts';
import type { Host } from '../host/host.ts';
import type { HttpGet } from '../host/http-get.ts';
import type { OpenKubeApi } from '../host/kube-api.ts';
import type { TlsPeek } from '../host/tls-peek.ts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';
import type { StepContext, UploadFile } from '../steps/step-runner.ts';
import type { StepTurn } from './decide.ts';

/** The part of the artifact store that steps use. */
export interface Artifacts {
  path(reference: ArtifactReference): string;
  has(reference: ArtifactReference): Promise<boolean>;
  fetch(reference: ArtifactReference, options: ArtifactFetch): Promise<unknown>;
}

export interface ArtifactFetch {
  readonly signal: AbortSignal;
  readonly progress: (sentence: string) => void;
}

export interface UploadRequest extends UploadFile {
  readonly planId: string;
  readonly stepId: string;
}

/** @throws AppError when the coordinator does not take it; AbortError */
export type Upload = (
  request: UploadRequest,
  options: { readonly signal: AbortSignal; readonly progress: (sentence: string) => void },
) => Promise<void>;

export interface StepServices {
  readonly host: Host;
  readonly openKube: OpenKubeApi;
  readonly httpGet: HttpGet;
  readonly tlsPeek: TlsPeek;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly stateDirectory: string;
  readonly artifacts: Artifacts;
  /** The link changes when the certificate is renewed. */
  readonly link: () => CoordinatorLink;
  readonly upload: Upload;
  readonly nodeKeyPem: string;
  readonly isContainer: () => Promise<boolean>;
}

/** What a step may know of the plan it belongs to. */
export type PlanOfStep = Pick<Plan, 'planId' | 'fleet' | 'cluster' | 'nodeId' | 'goal'>;

export interface AttemptBinding {
  readonly plan: PlanOfStep;
  readonly turn: StepTurn;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

const signingBackoff = { firstMs: 200, maxMs: 3_000 };

export function stepContext(services: StepServices, binding: AttemptBinding): StepContext {
  const { artifacts, host, clock } = services;
  const { plan, turn, signal, say } = binding;
  const { planId, fleet, cluster, nodeId, goal } = plan;
  const stepId = turn.step.id;
  return {
    host,
    clock,
    log: services.log.child({ planId, stepId, attempt: turn.attempt }),
    signal,
    random: services.random,
    stateDirectory: services.stateDirectory,
    planId,
    stepId,
    plan,
    unit: turn.unit,
    timeoutMs: turn.step.timeoutSeconds * 1000,
    kube: (credentials, other = signal) => services.openKube(credentials, other),
    httpGet: services.httpGet,
    tlsPeek: services.tlsPeek,
    artifact: async (reference) => {
      if (!(await artifacts.has(reference)))
        await artifacts.fetch(reference, { signal, progress: say });
      return artifacts.path(reference);
    },
    hasArtifact: (reference) => artifacts.has(reference),
    artifactPath: (reference) => artifacts.path(reference),
    // A coordinator that is away delays the step; only the step's own time ends it.
    signCertificate: (profile, csr) =>
      retry(() => services.link().signCertificate({ planId, stepId, profile, csr }, signal), {
        ...signingBackoff,
        clock,
        random: services.random.fraction,
        signal,
        isRetryable: (thrown) => thrown instanceof AppError && thrown.retryable,
        onRetry: (thrown) => say(`waits for its certificate: ${toAppError(thrown).message}`),
      }),
    upload: (file) => services.upload({ ...file, planId, stepId }, { signal, progress: say }),
    // For what this plan says, whatever the message says of itself.
    unseal: (sealed) =>
      openFiles(sealed, services.nodeKeyPem, { fleet, cluster, consumer: nodeId, goal }),
    progress: say,
    isContainer: services.isContainer,
  };
}
