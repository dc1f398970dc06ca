// `coordinator login ADDRESS`: the key is made here, the pin is checked before anything is sent, and what
// comes back is kept as a context. The key is on the disk before the token is used, so that the same
// command after a lost answer is the same login.
import { X509Certificate } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { isOf } from '../../../shared/alphabets.ts';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import { checkPin, pinOf } from '../../../shared/pin.ts';
import { type LoginToken, loginCredential, parseLoginToken } from '../../access/login-token.ts';
import { parseRole } from '../../access/operator-accounts.ts';
import type { CliIo } from '../cli-io.ts';
import { type Context, LOCAL, validityOf } from '../contexts/context.ts';
import {
  type ContextFolder,
  checkContextName,
  openContextFolder,
} from '../contexts/context-folder.ts';
import { readTextFile } from './read-spec.ts';

interface LoginOptions {
  readonly address: string;
  readonly tokenFile?: string;
  readonly context?: string;
}

const timeoutMs = 30_000;
const defaultPort = 7443;

export async function loginCommand(options: LoginOptions, io: CliIo): Promise<undefined> {
  const address = parseAddress(options.address);
  const name = contextName(options.context ?? defaultName(address));
  const token = parseLoginToken(await readToken(options, io));
  const folder = openContextFolder(io);
  await checkPlace(folder, name, token);
  const { caPem, clockFault } = await checkPin({
    address,
    pin: token.pin,
    nowMs: io.clock.now(),
    timeoutMs,
    signal: io.signal,
  });
  if (clockFault !== null) throw new AppError('refused', `not logged in: ${clockFault}`);
  const context = await logIn({ name, address, token, caPem }, folder, io);
  await folder.write(context);
  await folder.pendingKey(token.id).remove();
  const isFirst = (await folder.current()) === null;
  if (isFirst) await folder.use(name);
  io.out(`context/${name}\n`);
  io.err(describe(context, io.clock.now()));
  if (!isFirst && (await folder.current()) !== name) {
    io.err(`use it with --context ${name}, or always: coordinator context use ${name}\n`);
  }
  return undefined;
}

function describe(context: Context, now: number): string {
  const left = formatAge(validityOf(context).endsMs - now);
  return `logged in to fleet ${context.fleet} as ${context.operator} (${context.role}); the certificate is valid for ${left} and renewed while it is used\n`;
}

interface Login {
  readonly name: string;
  readonly address: string;
  readonly token: LoginToken;
  readonly caPem: string;
}

async function logIn(login: Login, folder: ContextFolder, io: CliIo): Promise<Context> {
  const { name, address, token, caPem } = login;
  const { checkedCertificate, makeOperatorKey, requestFor } = await import(
    '../contexts/operator-key.ts'
  );
  const { openLogin } = await import('../../rpc/operator-client.ts');
  const pending = folder.pendingKey(token.id);
  const keyPem = (await pending.read()) ?? makeOperatorKey();
  await pending.write(keyPem);
  const client = openLogin(address, caPem);
  try {
    const request = { token: loginCredential(token), csr: Buffer.from(await requestFor(keyPem)) };
    const reply = await client.calls.Login(request, { timeoutMs, signal: io.signal });
    const certificatePem = checkedCertificate(reply.certificatePem, { caPem, keyPem });
    const { fleet, operator } = reply;
    const role = parseRole(reply.role);
    const schema = 'muster/context/v1';
    return { schema, name, address, fleet, operator, role, caPem, certificatePem, keyPem };
  } catch (thrown) {
    // A token that was refused is of no use again, and so is the key made for it.
    if (thrown instanceof AppError && thrown.code === 'unauthenticated') await pending.remove();
    throw thrown instanceof AppError && thrown.code === 'timeout' ? lost(thrown) : thrown;
  } finally {
    client.close();
  }
}

/** The token may have been spent by the key that is kept for it. */
const lost = (thrown: AppError): AppError =>
  new AppError('unavailable', `${thrown.message}; the same command again is the same login`, {
    cause: thrown,
  });

/** Never from the command line, where every user of the machine can read it. */
async function readToken({ tokenFile }: LoginOptions, io: CliIo): Promise<string> {
  if (tokenFile === '-') return await text(process.stdin);
  if (tokenFile !== undefined) return await readTextFile(tokenFile, io);
  const token = io.env['MUSTER_LOGIN_TOKEN'] ?? '';
  if (token !== '') return token;
  throw new AppError(
    'usage',
    'a login token is needed: --token-file FILE, --token-file - for standard input, or $MUSTER_LOGIN_TOKEN; `coordinator operator add NAME` on the coordinator’s host makes one',
  );
}

/** @throws AppError conflict when the context is of another fleet */
async function checkPlace(folder: ContextFolder, name: string, token: LoginToken): Promise<void> {
  if (!(await folder.names()).includes(name)) return;
  const { caPem, fleet } = await folder.read(name);
  if (pinOf(new X509Certificate(caPem)) === token.pin) return;
  throw new AppError(
    'conflict',
    `context ${name} is of another fleet (${fleet}): choose another name with --context, or \`coordinator context remove ${name}\` first`,
  );
}

function contextName(name: string): string {
  if (checkContextName(name) !== LOCAL) return name;
  throw new AppError('usage', `${LOCAL} stands for the coordinator on this host: --context NAME`);
}

/** host, host:port, [v6] or [v6]:port. @throws AppError usage */
export function parseAddress(given: string): string {
  const bare = isOf('address', given) && given.includes(':') ? `[${given}]` : given;
  const address = /:\d{1,5}$/.test(bare.replace(/^\[.*\]/, '[]')) ? bare : `${bare}:${defaultPort}`;
  const [, host = '', port = '0'] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  const inner = host.replace(/^\[(.*)\]$/, '$1');
  const isHost = inner === host ? isOf('hostName', host) : isOf('address', inner);
  if (isHost && Number(port) > 0 && Number(port) < 65_536) return address;
  throw new AppError(
    'usage',
    `${JSON.stringify(given)} is not the address of a coordinator: NAME_OR_IP or NAME_OR_IP:PORT (default ${defaultPort})`,
  );
}

const defaultName = (address: string): string =>
  address
    .replace(/:\d+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 48)
    .replace(/[-.]+$/, '');
