// `coordinator join-material`
import type { CliIo } from '../cli-io.ts';
import { withCoordinator } from '../connection.ts';
import { describeUse, type TokenFlags, tokenRequest } from './token.ts';

interface JoinMaterialFlags extends TokenFlags {
  readonly format: string;
}

export async function joinMaterialCommand(
  options: JoinMaterialFlags,
  io: CliIo,
): Promise<undefined> {
  const token = tokenRequest(options);
  await withCoordinator(options, io, async (call) => {
    const reply = await call('JoinMaterial', { token, format: options.format });
    io.out(reply.text);
    io.err(
      `token ${reply.tokenId} ${describeUse(reply, io.clock.now())}; keep what was printed as secret as the token\n`,
    );
  });
  return undefined;
}
