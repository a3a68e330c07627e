// Labels as lines of text, and the change that leads from some to others. Pure;
// what a key may look like is the api's to say.

type Labels = Readonly<Record<string, string>>;

export function linesOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}

/** The labels that lines say, up to the first line that says none. */
export function labelsOf(text: string): { labels: Labels; bad?: string } {
  const labels: Record<string, string> = {};
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    const at = line.indexOf("=");
    if (line !== "" && at < 1) {
      return { labels, bad: line };
    }
    if (line !== "") {
      labels[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
  }
  return { labels };
}

/** What is to be set, and `null` for what is to go; `undefined` if nothing differs. */
export function labelChange(
  before: Labels,
  after: Labels,
): Record<string, string | null> | undefined {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const set = Object.entries(after).filter(
    ([key, value]) => !Object.hasOwn(before, key) || before[key] !== value,
  );
  return gone.length + set.length === 0
    ? undefined
    : { ...Object.fromEntries(set), ...Object.fromEntries(gone.map((key) => [key, null])) };
}

/** Whether two changed the same label, each to something else. */
export function areAtOdds(before: Labels, mine: Labels, theirs: Labels): boolean {
  const my = labelChange(before, mine) ?? {};
  const their = labelChange(before, theirs) ?? {};
  return Object.keys(my).some((key) => Object.hasOwn(their, key) && my[key] !== their[key]);
}
