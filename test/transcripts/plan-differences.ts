// Where one host's plans differ from another's, step by step: `-` what the other has, `+` what this
// one has. Stages and steps are matched by name; the order of steps is told by whole transcripts.
import { linesOf, type ToldPlan, type ToldStage } from './plan-lines.ts';

export function differencesOf(
  base: readonly ToldPlan[],
  plans: readonly ToldPlan[],
): readonly string[] {
  const old = numbered(base);
  const now = numbered(plans);
  const lines = [...new Set([...old.keys(), ...now.keys()])].flatMap((key) =>
    planDifferences(old.get(key), now.get(key)),
  );
  return lines.length === 0 ? ['  (no difference)'] : lines;
}

/** A goal may come twice: the second of one is compared with the second of the other. */
function numbered(plans: readonly ToldPlan[]): ReadonlyMap<string, ToldPlan> {
  const same = Map.groupBy(plans, ({ goal }) => goal);
  return new Map(plans.map((plan) => [`${plan.goal} ${same.get(plan.goal)?.indexOf(plan)}`, plan]));
}

function planDifferences(
  before: ToldPlan | undefined,
  after: ToldPlan | undefined,
): readonly string[] {
  if (after === undefined) return before === undefined ? [] : [`- ${before.heading}`];
  if (before === undefined) return linesOf(after).map((line) => `+ ${line}`);
  const stages = stageDifferences(before.stages, after.stages);
  if (before.heading !== after.heading) {
    return [`- ${before.heading}`, `+ ${after.heading}`, ...stages];
  }
  return stages.length === 0 ? [] : [`  ${after.heading}`, ...stages];
}

function stageDifferences(
  base: readonly ToldStage[],
  stages: readonly ToldStage[],
): readonly string[] {
  const titles = [...new Set([...base, ...stages].map(({ title }) => title))];
  return titles.flatMap((title) => {
    const before = base.find((stage) => stage.title === title)?.steps ?? [];
    const after = stages.find((stage) => stage.title === title)?.steps ?? [];
    const ids = [...new Set([...before, ...after].map(({ id }) => id))];
    const lines = ids.flatMap((id) => {
      const old = before.find((step) => step.id === id)?.line;
      const now = after.find((step) => step.id === id)?.line;
      if (old === now) return [];
      return [
        ...(old === undefined ? [] : [`-     ${old}`]),
        ...(now === undefined ? [] : [`+     ${now}`]),
      ];
    });
    return lines.length === 0 ? [] : [`    ${title}`, ...lines];
  });
}
