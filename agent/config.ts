// The agent's configuration: /etc/muster/agent.json and a few paths. Reports every fault at once;
// nobody downstream checks again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alphabets, isOf } from '../shared/alphabets.ts';
import { AppError } from '../shared/errors.ts';
import { quoted } from '../shared/plain-text.ts';
import { isMissing } from './durable-file.ts';

export interface AgentPaths {
  readonly configFile: string;
  readonly tokenFile: string;
  readonly stateDirectory: string;
  readonly identityDirectory: string;
  readonly journalDirectory: string;
  readonly plansDirectory: string;
  readonly artifactsDirectory: string;
}

export interface AgentConfig {
  /** host:port, tried in turn. */
  readonly coordinators: readonly string[];
  /** https://host:port, tried in turn. */
  readonly artifacts: readonly string[];
  /** Null: the host's own name. */
  readonly nodeName: string | null;
  readonly logLevel: string;
}

export interface PathOptions {
  /** @default /etc/muster */
  readonly configDirectory?: string | undefined;
  /** @default /var/lib/muster-agent */
  readonly stateDirectory?: string | undefined;
}

export function agentPaths(options: PathOptions): AgentPaths {
  const config = options.configDirectory ?? '/etc/muster';
  const state = options.stateDirectory ?? '/var/lib/muster-agent';
  return {
    configFile: join(config, 'agent.json'),
    tokenFile: join(config, 'join-token'),
    stateDirectory: state,
    identityDirectory: join(state, 'identity'),
    journalDirectory: join(state, 'journal'),
    plansDirectory: join(state, 'plans'),
    artifactsDirectory: join(state, 'artifacts'),
  };
}

/** Each is tried in turn, and waited for. */
const mostAddresses = 16;

const logLevels = ['debug', 'info', 'warn', 'error'];
const fields = new Set(['coordinators', 'artifacts', 'nodeName', 'logLevel']);

/** @throws AppError usage that names every fault of the document. */
export function parseAgentConfig(text: string, path: string): AgentConfig {
  const faults: string[] = [];
  const value = objectFrom(text, path);
  for (const name of Object.keys(value)) {
    if (!fields.has(name))
      faults.push(`unknown field ${isOf('identifier', name) ? name : quoted(name)}`);
  }
  const coordinators = texts(value['coordinators']);
  if (coordinators === null || coordinators.length === 0 || !coordinators.every(isHostAndPort)) {
    faults.push(`coordinators must be a list of host:port, one to ${mostAddresses}`);
  }
  const artifacts = value['artifacts'] === undefined ? [] : texts(value['artifacts']);
  if (artifacts === null || !artifacts.every((url) => isOf('url', url))) {
    faults.push('artifacts must be a list of https://host:port');
  }
  const nodeName = value['nodeName'] ?? null;
  if (nodeName !== null && (typeof nodeName !== 'string' || !isOf('hostName', nodeName))) {
    faults.push(`nodeName must be ${alphabets.hostName.what}`);
  }
  const logLevel = value['logLevel'] ?? 'info';
  if (typeof logLevel !== 'string' || !logLevels.includes(logLevel)) {
    faults.push(`logLevel must be one of ${logLevels.join(', ')}`);
  }
  if (faults.length > 0) throw new AppError('usage', `${path}: ${faults.join('; ')}`);
  return {
    coordinators: coordinators ?? [],
    artifacts: artifacts ?? [],
    nodeName: nodeName as string | null,
    logLevel: logLevel as string,
  };
}

/** @throws AppError usage when the file is missing or wrong. */
export async function readAgentConfig(path: string): Promise<AgentConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new AppError(
      'usage',
      `${path} is missing: install with \`coordinator join-material\`, or give --coordinator host:port`,
      { cause },
    );
  }
  return parseAgentConfig(text, path);
}

/** `name:port`, `1.2.3.4:port` or `[::1]:port`. */
export function isHostAndPort(text: string): boolean {
  if (text.length > 300) return false;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[2]) > 0 && Number(match[2]) < 65_536;
}

function objectFrom(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('usage', `${path} is not JSON`, { cause });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new AppError('usage', `${path} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

function texts(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length > mostAddresses) return null;
  return value.every((entry) => typeof entry === 'string') ? value : null;
}
