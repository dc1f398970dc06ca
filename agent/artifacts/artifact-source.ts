// Where an artifact may come from, in order: the plan's mirrors, then the coordinators. A coordinator
// is trusted by the fleet CA alone; a mirror by the system's roots or, over plain HTTP, not at all: the
// signed digest is the only integrity an artifact has. No credentials are sent to anyone.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { AppError } from '../../shared/errors.ts';
import type { ArtifactReference } from '../../shared/model/step.ts';
import { COORDINATOR_NAME } from '../../shared/rpc/tls.ts';

export interface ArtifactSource {
  readonly url: URL;
  readonly agent: HttpAgent | HttpsAgent;
  /** Release servers redirect to their storage; a coordinator never does. */
  readonly followsRedirects: boolean;
}

export interface SourceAgents {
  readonly coordinator: HttpsAgent;
  readonly https: HttpsAgent;
  readonly http: HttpAgent;
}

const socketLimits = { keepAlive: true, maxSockets: 8 } as const;

/** The certificate is for the address dialled or for the name that all coordinators share. */
export const checkCoordinatorIdentity: typeof checkServerIdentity = (host, certificate) => {
  const fault = checkServerIdentity(host, certificate);
  return fault && checkServerIdentity(COORDINATOR_NAME, certificate) ? fault : undefined;
};

/** The agents that hold the connections of a store. */
export function createSourceAgents(caPem: string): SourceAgents {
  return {
    coordinator: new HttpsAgent({
      ...socketLimits,
      ca: caPem,
      minVersion: 'TLSv1.3',
      checkServerIdentity: checkCoordinatorIdentity,
    }),
    https: new HttpsAgent(socketLimits),
    http: new HttpAgent(socketLimits),
  };
}

/** @throws AppError artifact, when there is no place to ask. */
export function sourcesOf(
  reference: ArtifactReference,
  coordinators: readonly string[],
  agents: SourceAgents,
): readonly ArtifactSource[] {
  const mirrors = (reference.mirrors ?? []).map((text) => mirrorSource(text, agents));
  const own = coordinators.map((base): ArtifactSource => {
    const url = new URL(`${base.replace(/\/+$/, '')}/artifacts/sha256/${reference.sha256}`);
    return { url, agent: agentFor(url, agents, agents.coordinator), followsRedirects: false };
  });
  if (mirrors.length + own.length > 0) return [...mirrors, ...own];
  throw new AppError(
    'artifact',
    `there is no source for ${reference.name} ${reference.version}: name one under "artifacts" in /etc/muster/agent.json`,
  );
}

/** The source a redirect leads to; it keeps no more trust than a mirror has. */
export function mirrorSource(text: string | URL, agents: SourceAgents): ArtifactSource {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return { url, agent: agentFor(url, agents, agents.https), followsRedirects: true };
}

function agentFor(url: URL, agents: SourceAgents, https: HttpsAgent): HttpAgent | HttpsAgent {
  if (url.protocol === 'https:') return https;
  if (url.protocol === 'http:') return agents.http;
  throw new AppError('artifact', `${url.href} is neither http nor https`);
}
