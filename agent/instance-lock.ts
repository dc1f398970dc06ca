// One agent per state folder, ever: an abstract socket that the kernel gives up with the
// process, however it ends. Its name holds the folder's device and inode, so that a container on the
// host's network with a folder of its own is not in the way.
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { AppError } from '../shared/errors.ts';

/** Held until the process ends or `release` is called. @throws AppError conflict when another agent runs. */
export async function lockInstance(
  stateDirectory: string,
): Promise<{ readonly release: () => void }> {
  const { dev, ino } = await stat(stateDirectory);
  const server = createServer((socket) => socket.destroy());
  await listen(server, `\0muster-agent-${dev}-${ino}`, stateDirectory);
  server.unref();
  return { release: () => server.close() };
}

function listen(server: Server, name: string, stateDirectory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return reject(cause);
      const message = `another agent already works with ${stateDirectory}: see \`systemctl status muster-agent\``;
      reject(new AppError('conflict', message, { cause }));
    });
    server.listen(name, resolve);
  });
}
