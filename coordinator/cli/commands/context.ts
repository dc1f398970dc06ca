// `coordinator context list|use|remove`
import { formatRest } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { LOCAL, validityOf } from '../contexts/context.ts';
import { type ContextFolder, openContextFolder } from '../contexts/context-folder.ts';
import { formatTable } from '../table.ts';

const headers = ['', 'NAME', 'ADDRESS', 'FLEET', 'OPERATOR', 'ROLE', 'CERTIFICATE'];

/** Without the socket of this host, which is always there to be named. */
export async function listContexts(_options: object, io: CliIo): Promise<undefined> {
  const folder = openContextFolder(io);
  const names = await folder.names();
  if (names.length === 0) io.err('no contexts: `coordinator login ADDRESS` makes one\n');
  const current = await folder.current();
  const rows: (readonly (string | null)[])[] = [];
  for (const name of names) {
    rows.push([name === current ? '*' : '', name, ...(await rowOf(folder, name, io))]);
  }
  io.out(formatTable(headers, rows));
  return undefined;
}

/** One that cannot be used is listed too, with the reason. */
async function rowOf(
  folder: ContextFolder,
  name: string,
  io: CliIo,
): Promise<readonly (string | null)[]> {
  try {
    const context = await folder.read(name);
    const leftMs = validityOf(context).endsMs - io.clock.now();
    const certificate = leftMs > 0 ? `ends in ${formatRest(leftMs)}` : 'expired: log in again';
    return [context.address, context.fleet, context.operator, context.role, certificate];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return [null, null, null, null, thrown.message];
  }
}

export async function useContext(
  { name }: { readonly name: string },
  io: CliIo,
): Promise<undefined> {
  await openContextFolder(io).use(name);
  io.out(`context/${name} is taken where none is named\n`);
  if (name !== LOCAL) {
    io.err(
      "on a coordinator's own host its socket still comes first, for who may enter its folder\n",
    );
  }
  return undefined;
}

export async function removeContext(
  { name }: { readonly name: string },
  io: CliIo,
): Promise<undefined> {
  await openContextFolder(io).remove(name);
  io.out(`context/${name} removed\n`);
  io.err('the operator itself stays: `coordinator operator revoke NAME` ends its certificate\n');
  return undefined;
}
