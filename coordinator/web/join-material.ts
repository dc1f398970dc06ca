// What makes a bare host join: a shell script, alone or inside cloud-init user-data. It carries the
// fleet CA, the addresses, the agent's checksums and one join token; nothing is trusted that it does
// not carry. Pure: the token is minted by who asks.
import { AppError } from '../../shared/errors.ts';
import { renderJoinScript } from './join-script.ts';

export type JoinFormat = 'shell' | 'cloud-init';

export const isJoinFormat = (text: string): text is JoinFormat =>
  text === 'shell' || text === 'cloud-init';

export interface JoinMaterialOptions {
  readonly fleetCaPem: string;
  readonly addresses: readonly string[];
  readonly grpcPort: number;
  readonly httpsPort: number;
  /** Lower-case hex, by architecture; a host of another one is refused by the script. */
  readonly agentSha256: Readonly<Partial<Record<'amd64' | 'arm64', string>>>;
  /** The whole join token. */
  readonly token: string;
  /** Text of muster-agent.service. */
  readonly agentUnit: string;
  /** The name the host joins under; null: its host name. */
  readonly nodeName: string | null;
  readonly format: JoinFormat;
}

/** @throws AppError internal for values that a script could not carry safely. */
export function joinMaterial(options: JoinMaterialOptions): string {
  check(options);
  const script = renderJoinScript(options);
  return options.format === 'shell' ? script : renderCloudInit(script);
}

const scriptPath = '/run/muster-join.sh';

/** JSON is YAML: no indentation or special character of the script can break the document. */
function renderCloudInit(script: string): string {
  const file = { path: scriptPath, owner: 'root:root', permissions: '0700', content: script };
  const remove = ['rm', '-f', scriptPath];
  return [
    '#cloud-config',
    '# Made by `coordinator join-material`. It holds a join token: keep it as secret as the token.',
    `write_files: ${JSON.stringify([file])}`,
    `runcmd: ${JSON.stringify([['sh', scriptPath], remove])}`,
    '',
  ].join('\n');
}

function check(options: JoinMaterialOptions): void {
  const values: readonly (readonly [string, RegExp, string])[] = [
    ['token', /^[A-Za-z0-9._-]+$/, options.token],
    ...options.addresses.map((address) => ['address', /^[A-Za-z0-9.:_-]+$/, address] as const),
    ...Object.entries(options.agentSha256).map(
      ([arch, sum]) => [arch, /^[0-9a-f]{64}$/, sum] as const,
    ),
    ['node name', /^[a-z0-9.-]*$/, options.nodeName ?? ''],
  ];
  for (const [what, form, value] of values) {
    if (form.test(value)) continue;
    // Never the value: it may be the token.
    throw new AppError('internal', `the ${what} does not fit into join material`);
  }
  if (options.addresses.length === 0) {
    throw new AppError(
      'internal',
      'the coordinator has no address: run `coordinator init --address NAME_OR_IP`',
    );
  }
}
