// Strangers who begin messages and do not end them, and what the coordinator's memory grows by.
import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { beginMessage, callWhole, openHostile } from '../../support/hostile-caller.ts';
import type { CoordinatorProcess } from './coordinator-process.ts';

export interface MemoryRow {
  readonly what: string;
  /** Bytes above what it was before, at the worst moment. */
  readonly grownBytes: number;
}

const mib = 1024 * 1024;
const watchedMs = 6_000;
const pieceBytes = 16 * 1024;

interface Attack {
  readonly what: string;
  readonly connections: number;
  readonly streams: number;
  readonly declaredBytes: number;
  /** Of each DATA frame. */
  readonly pieceBytes: number;
  /** Addresses of the loopback that it comes from. */
  readonly sources: number;
}

const attacks: readonly Attack[] = [
  {
    what: '20 Joins of 15 MiB, unfinished, on one connection',
    connections: 1,
    streams: 20,
    declaredBytes: 15 * mib,
    pieceBytes,
    sources: 1,
  },
  {
    what: 'the same on 20 connections',
    connections: 20,
    streams: 1,
    declaredBytes: 15 * mib,
    pieceBytes,
    sources: 1,
  },
  {
    what: 'as much as strangers are let in with: 400 Joins of 60 KiB on 200 connections of 20 sources',
    connections: 200,
    streams: 2,
    declaredBytes: 60 * 1024,
    pieceBytes: 4 * 1024,
    sources: 20,
  },
  {
    what: 'the same in frames of 16 bytes',
    connections: 200,
    streams: 2,
    declaredBytes: 60 * 1024,
    pieceBytes: 16,
    sources: 20,
  },
];

export async function measureMemory(
  coordinator: CoordinatorProcess,
): Promise<readonly MemoryRow[]> {
  const rows: MemoryRow[] = [];
  await warm(coordinator);
  for (const attack of attacks) {
    // What the one before left goes first.
    await pause(2_000);
    const before = await coordinator.residentBytes();
    let worst = before;
    const open = attackWith(coordinator, attack);
    const endMs = Date.now() + watchedMs;
    while (Date.now() < endMs) {
      worst = Math.max(worst, await coordinator.residentBytes());
      await pause(50);
    }
    for (const session of await open) session.destroy();
    rows.push({ what: attack.what, grownBytes: worst - before });
  }
  return rows;
}

/** What any coordinator has after its first callers: code that is compiled, buffers that are kept. */
async function warm(coordinator: CoordinatorProcess): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => openHostile(coordinator)));
    await Promise.all(
      sessions.map(async (session) => {
        if (!session.destroyed) await callWhole(session, 'Enrollment/Join', Buffer.alloc(0));
        session.destroy();
      }),
    );
  }
}

async function attackWith(
  coordinator: CoordinatorProcess,
  attack: Attack,
): Promise<readonly ClientHttp2Session[]> {
  const sessions = await Promise.all(
    Array.from({ length: attack.connections }, async (_, index) => {
      const from = `127.0.0.${String(2 + (index % attack.sources))}`;
      const session = await openHostile({ ...coordinator, from });
      for (let stream = 0; stream < attack.streams && !session.destroyed; stream += 1) {
        send(session, attack);
      }
      return session;
    }),
  );
  return sessions;
}

/** All of the message but its last byte, as fast as it is taken. */
function send(session: ClientHttp2Session, attack: Attack): void {
  const stream = beginMessage(session, 'Enrollment/Join', attack.declaredBytes);
  const piece = Buffer.alloc(attack.pieceBytes, 0x41);
  let left = attack.declaredBytes - 1;
  const more = (): void => {
    while (left > 0 && !stream.destroyed && stream.writable) {
      const part = piece.subarray(0, Math.min(piece.length, left));
      left -= part.length;
      if (!stream.write(part)) {
        stream.once('drain', more);
        return;
      }
    }
  };
  more();
}
