// From anything a runner throws to the error that is journalled and shown: named, with the command
// and the end of its output, redacted. Pure.
import { AppError, isAbort } from '../../shared/errors.ts';
import type { StepError, StepErrorCode, StepOutputs } from '../../shared/model/progress.ts';
import { redact } from '../../shared/redact.ts';

const tailLimit = 8 * 1024;
const messageLimit = 4 * 1024;
const outputsLimit = 64 * 1024;

export function stepErrorFrom(thrown: unknown): StepError {
  const details = thrown instanceof AppError ? thrown.details : {};
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: codeOf(thrown),
    message: redact(message).slice(0, messageLimit),
    command: textOrNull(details['command'], messageLimit),
    outputTail: textOrNull(details['outputTail'], tailLimit),
    // What is not ours to judge is worth the few attempts that a plan gets.
    retryable: thrown instanceof AppError ? thrown.retryable : true,
  };
}

function codeOf(thrown: unknown): StepErrorCode {
  if (thrown instanceof AppError) return thrown.code;
  return isAbort(thrown) ? 'interrupted' : 'internal';
}

function textOrNull(value: unknown, limit: number): string | null {
  return typeof value === 'string' && value !== '' ? redact(value).slice(-limit) : null;
}

/** @throws AppError internal when outputs are too large or would carry a private key. */
export function checkedOutputs(outputs: StepOutputs): StepOutputs {
  const text = JSON.stringify(outputs);
  if (text.length > outputsLimit) {
    throw new AppError(
      'internal',
      `outputs of ${text.length} bytes; at most ${outputsLimit} are kept`,
    );
  }
  if (/PRIVATE KEY-----/.test(text)) {
    throw new AppError('internal', 'a private key among the outputs of a step: not kept');
  }
  return outputs;
}
