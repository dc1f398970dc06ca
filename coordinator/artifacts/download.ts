// One file over HTTP into a path: goes on where an earlier try stopped, has a byte cap, gives up after
// several tries that brought nothing. It checks no digest: who asked knows what is expected.
import { open, rm } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import { AppError, isAbort } from '../../shared/errors.ts';
import { backoffMs } from '../../shared/retry.ts';
import { fileSize } from './artifact-store.ts';

export interface HttpDependencies {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface Download {
  readonly url: string;
  readonly path: string;
  /** More is refused: a server cannot fill the disk. */
  readonly maxBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const attemptsWithoutProgress = 4;
const idleMs = 60_000;
const backoff = { firstMs: 500, maxMs: 10_000 };

/** @throws AppError artifact: names the address, what was seen and the bytes that are there. */
export async function download(request: Download, http: HttpDependencies): Promise<void> {
  let fruitless = 0;
  for (;;) {
    http.signal.throwIfAborted();
    const before = (await fileSize(request.path)) ?? 0;
    try {
      await fetchRest(request, before, http);
      return;
    } catch (thrown) {
      if (isAbort(thrown) && http.signal.aborted) throw thrown;
      if (!(thrown instanceof AppError) || !thrown.retryable) throw thrown;
      const now = (await fileSize(request.path)) ?? 0;
      fruitless = now > before ? 0 : fruitless + 1;
      if (fruitless >= attemptsWithoutProgress) throw thrown;
      await http.clock.sleep(backoffMs(fruitless + 1, backoff, http.random()), http.signal);
    }
  }
}

async function fetchRest(request: Download, offset: number, http: HttpDependencies): Promise<void> {
  const idle = new AbortController();
  const signal = AbortSignal.any([http.signal, idle.signal]);
  const rest: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
  // Compressed transfer would make lengths and ranges mean something else.
  const headers = { ...request.headers, ...rest, 'accept-encoding': 'identity' };
  let timer = setTimeout(() => idle.abort(), idleMs);
  try {
    const response = await http.fetch(request.url, { headers, signal });
    if (response.status === 416) {
      await response.body?.cancel();
      await rm(request.path, { force: true });
      throw failure(
        request,
        'the file there is not longer than what was fetched: beginning anew',
        true,
      );
    }
    const start = startOf(request, response, offset);
    const total = start + Number(response.headers.get('content-length') ?? Number.NaN);
    if (total > request.maxBytes) {
      await response.body?.cancel();
      throw failure(request, `${total} bytes, more than the ${request.maxBytes} expected`, false);
    }
    const file = await open(request.path, start > 0 ? 'r+' : 'w', 0o600);
    try {
      let position = start;
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => idle.abort(), idleMs);
        if (position + chunk.length > request.maxBytes) {
          throw failure(request, `more than the ${request.maxBytes} bytes expected`, false);
        }
        await file.write(chunk, 0, chunk.length, position);
        position += chunk.length;
      }
      if (!Number.isNaN(total) && position !== total) {
        throw failure(request, `cut after ${position} of ${total} bytes`, true);
      }
      await file.truncate(position);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof AppError || http.signal.aborted) throw thrown;
    const seen = idle.signal.aborted ? `nothing came for ${idleMs / 1000} s` : reasonOf(thrown);
    throw failure(request, seen, true, thrown);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the body of the answer begins in the file. */
function startOf(request: Download, response: Response, offset: number): number {
  if (response.status === 206) {
    const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]);
    if (start === offset) return offset;
    throw failure(request, `asked for bytes from ${offset}, got them from ${start}`, false);
  }
  if (response.status === 200) return 0;
  const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
  throw failure(request, `answered ${response.status} ${response.statusText}`.trim(), isPassing);
}

function failure(request: Download, seen: string, retryable: boolean, cause?: unknown): AppError {
  return new AppError('artifact', `${request.url}: ${seen}`, { retryable, cause });
}

/** fetch says "fetch failed" and hides the reason in its cause. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { cause } = thrown;
  if (cause instanceof Error) return reasonOf(cause) || thrown.message;
  return thrown.message === '' && 'code' in thrown ? String(thrown.code) : thrown.message;
}

/** A small document as text. @throws AppError artifact */
export async function fetchText(url: string, http: HttpDependencies): Promise<string> {
  const limit = 1024 * 1024;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await http.fetch(url, { signal: http.signal });
      const isPassing = response.status >= 500 || response.status === 429;
      if (!response.ok)
        throw failure({ url, path: '', maxBytes: 0 }, `answered ${response.status}`, isPassing);
      const text = await response.text();
      if (text.length > limit) throw failure({ url, path: '', maxBytes: 0 }, 'is too long', false);
      return text;
    } catch (thrown) {
      if (http.signal.aborted) throw thrown;
      const error =
        thrown instanceof AppError
          ? thrown
          : failure({ url, path: '', maxBytes: 0 }, reasonOf(thrown), true, thrown);
      if (!error.retryable || attempt >= attemptsWithoutProgress) throw error;
      await http.clock.sleep(backoffMs(attempt, backoff, http.random()), http.signal);
    }
  }
}
