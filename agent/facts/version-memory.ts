// What programs said of their versions, kept until their files change. They are asked one at a time
// and given long to answer: on a slow host six Go programs that start at once are all late, each time.
// An answer that comes after the collection that asked for it is there for the next one.

export interface Question {
  readonly path: string;
  /** Another text whenever the file is another one. */
  readonly stamp: string;
  readonly ask: () => Promise<string>;
}

export interface VersionMemory {
  /** The answer, when it is there; a failure is asked again by the next question. */
  answer(question: Question): Promise<string>;
}

export function createVersionMemory(): VersionMemory {
  const answers = new Map<string, { readonly stamp: string; readonly version: string }>();
  const asking = new Map<string, Promise<string>>();
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = (question: Question): Promise<string> => {
    const { path, stamp } = question;
    const asked = last.then(async () => {
      const version = await question.ask();
      answers.set(path, { stamp, version });
      return version;
    });
    last = asked.catch(() => undefined);
    return asked;
  };

  return {
    answer: async (question) => {
      const { path, stamp } = question;
      const known = answers.get(path);
      if (known?.stamp === stamp) return known.version;
      const key = `${path} ${stamp}`;
      const asked = asking.get(key) ?? inTurn(question).finally(() => asking.delete(key));
      asking.set(key, asked);
      return await asked;
    },
  };
}
