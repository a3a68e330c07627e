// What time it is for the api. Ages and durations compare the api's stamps with
// "now"; a browser whose clock is wrong would show nonsense, so a clear
// difference, seen in the Date header of answers, is taken out.
import { useEffect, useState } from "preact/hooks";

const TOLERATED_SKEW_MS = 2_000;

let skewMs = 0;

/** Learns from an answer's Date header (whole seconds) how far our clock is off. */
export function observeServerDate(header: string | null, sentAt: number, receivedAt: number): void {
  const stamp = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(stamp)) {
    return;
  }
  const seen = stamp + 500 - (sentAt + receivedAt) / 2;
  skewMs = Math.abs(seen) > TOLERATED_SKEW_MS ? seen : 0;
}

/** Milliseconds since the epoch, by the api's clock. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

/** The current time, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    setNow(serverNow());
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
