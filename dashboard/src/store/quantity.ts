// Kubernetes' way of writing amounts (`500m`, `512Mi`, `2`), for people. Pure; what
// is written otherwise is shown as it comes.
const FACTORS: Record<string, number> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The amount as a number; `undefined` if it is none. */
export function amountOf(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text);
  const factor = parts?.[2] === undefined ? undefined : FACTORS[parts[2]];
  return parts && factor !== undefined ? Number(parts[1]) * factor : undefined;
}

/** How much of a limit is used, from 0 to 1; `undefined` where that says nothing. */
export function shareOf(used: string, limit: string): number | undefined {
  const [part, whole] = [amountOf(used), amountOf(limit)];
  return part === undefined || !whole ? undefined : Math.min(1, part / whole);
}

const BINARY = ["", "Ki", "Mi", "Gi", "Ti"];

/** As a person writes it: `0.5` for `500m`, `1.5 Gi` for `1536Mi`. */
export function written(text: string): string {
  const amount = amountOf(text);
  if (amount === undefined) {
    return text;
  }
  const isBytes = amount >= 1024;
  const step = isBytes ? Math.min(4, Math.floor(Math.log2(amount) / 10)) : 0;
  const number = Math.round((amount / 2 ** (10 * step)) * 100) / 100;
  return step === 0 ? String(number) : `${number} ${BINARY[step]}`;
}
