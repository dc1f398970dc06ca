// Whether official releases can be fetched from here: asked once, answered within three seconds.
const probe = 'https://dl.k8s.io/release/stable.txt';

export async function officialReleasesAnswer(): Promise<boolean> {
  try {
    const answer = await fetch(probe, { signal: AbortSignal.timeout(3000) });
    return answer.ok && (await answer.text()).startsWith('v1.');
  } catch {
    // No network, no proxy, no release server: all mean the same here.
    return false;
  }
}
