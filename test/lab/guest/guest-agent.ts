// The channel into a guest: the QEMU guest agent's JSON over a unix socket, which is there whatever the
// guest's network does. The socket takes one caller at a time and the next one waits, so each call has
// a connection of its own, and a short one.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CallOptions {
  /** How long the agent may be silent, as it is while the guest boots. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Question {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** What the guest's agent itself says no to. */
export class GuestRefusal extends Error {}

/** A guest that is just starting drops what it is told: after this long the question is put again. */
const patienceMs = 10_000;
const pauseMs = 200;
const startMark = 0xff;
const lineEnd = 0x0a;

/** Puts one question to the agent behind the socket and returns its answer. */
export async function askGuest(
  socketPath: string,
  question: Question,
  options: CallOptions,
): Promise<unknown> {
  const endMs = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const leftMs = endMs - Date.now();
    if (leftMs <= 0) throw new Error(`the guest's agent was silent for ${options.timeoutMs} ms`);
    const line = await openLine(socketPath, Math.min(leftMs, patienceMs));
    if (line === null) {
      await sleep(pauseMs);
      continue;
    }
    try {
      // From here on the question may have been heard: it is not put twice.
      line.say(question);
      return answerOf(JSON.parse(await line.hear(Math.max(endMs - Date.now(), patienceMs))));
    } finally {
      line.close();
    }
  }
}

interface Line {
  say(question: Question): void;
  /** The next line that comes. */
  hear(timeoutMs: number): Promise<string>;
  close(): void;
}

let lastId = Math.floor(Math.random() * 2 ** 30);

/** A line on which nothing of an earlier caller is left; null when the agent does not answer. */
async function openLine(socketPath: string, timeoutMs: number): Promise<Line | null> {
  const socket = connect(socketPath);
  const line = lineOf(socket);
  lastId += 1;
  // Its own: another call may begin while this one waits.
  const id = lastId;
  try {
    // The mark makes the agent drop half a question of a caller that died; its own mark in front of
    // the answer shows where the answers to earlier callers end.
    socket.write(Buffer.from([startMark]));
    line.say({ execute: 'guest-sync-delimited', arguments: { id } });
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const heard = await line.hear(endMs - Date.now());
      if (heard === `{"return": ${id}}`) return line;
    }
  } catch {
    line.close();
    return null;
  }
}

function lineOf(socket: Socket): Line {
  let rest = Buffer.alloc(0);
  let failure: Error | null = null;
  let wake = (): void => {};
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    wake();
  });
  const end = (error?: Error): void => {
    failure ??= error ?? new Error('the guest was switched off');
    wake();
  };
  socket.on('error', end);
  socket.on('close', () => end());

  async function hear(timeoutMs: number): Promise<string> {
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const length = rest.indexOf(lineEnd);
      if (length >= 0) {
        const text = rest.subarray(rest.lastIndexOf(startMark, length) + 1, length).toString();
        rest = rest.subarray(length + 1);
        return text.trim();
      }
      if (failure !== null) throw failure;
      if (Date.now() >= endMs) throw new Error(`the guest's agent was silent for ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(endMs - Date.now(), 0));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    say: (question) => void socket.write(`${JSON.stringify(question)}\n`),
    hear,
    close: () => void socket.destroy(),
  };
}

function answerOf(reply: { readonly return?: unknown; readonly error?: { desc: string } }) {
  if (reply.error !== undefined) throw new GuestRefusal(reply.error.desc);
  return reply.return;
}
