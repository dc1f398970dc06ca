// Which machine this is: machine-id, product uuid, boot id, operating system. Values that many
// machines share because nobody set them are 'unknown': enrollment would call them duplicates.
import { type ProbeSources, readRequired } from './probe.ts';

export async function machineId({ host }: ProbeSources): Promise<string> {
  const id = await readRequired(host, '/etc/machine-id');
  if (!/^[0-9a-f]{32}$/.test(id)) throw new Error(`/etc/machine-id holds ${JSON.stringify(id)}`);
  return id;
}

export async function productUuid({ host }: ProbeSources): Promise<string> {
  const uuid = (await readRequired(host, '/sys/class/dmi/id/product_uuid')).toLowerCase();
  if (!isSetUuid(uuid)) throw new Error(`the firmware's product uuid is ${JSON.stringify(uuid)}`);
  return uuid;
}

export async function bootId({ host }: ProbeSources): Promise<string> {
  const id = await readRequired(host, '/proc/sys/kernel/random/boot_id');
  if (id === '') throw new Error('the boot id is empty');
  return id;
}

export async function operatingSystem({ host }: ProbeSources): Promise<OperatingSystem> {
  const text =
    (await host.readFile('/etc/os-release')) ?? (await host.readFile('/usr/lib/os-release'));
  if (text === null) throw new Error('there is no os-release file');
  return parseOsRelease(text);
}

export interface OperatingSystem {
  readonly id: string;
  /** Empty for rolling distributions. */
  readonly version: string;
  readonly pretty: string;
}

/** os-release(5), with the defaults it names. */
export function parseOsRelease(text: string): OperatingSystem {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, unquote(value));
  }
  const id = values.get('ID') ?? 'linux';
  return {
    id,
    version: values.get('VERSION_ID') ?? values.get('VERSION_CODENAME') ?? '',
    pretty: values.get('PRETTY_NAME') ?? values.get('NAME') ?? id,
  };
}

function unquote(value: string): string {
  const quoted = /^"(.*)"$/.exec(value) ?? /^'(.*)'$/.exec(value);
  return (quoted?.[1] ?? value).replaceAll(/\\([\\"$`'])/g, '$1');
}

function isSetUuid(uuid: string): boolean {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid);
  return isUuid && !/^[0-]+$/.test(uuid) && !/^[f-]+$/.test(uuid);
}
