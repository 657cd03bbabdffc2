/** Numbers for people: every one with its unit, "no data" where there is none. */

export const NO_DATA = "no data";

/** 1 decimal below ten, none above; SI units by 1000, as links and disks are sold. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${short(value, unit === 0 ? 0 : 1)} ${units[unit] ?? "TB"}`;
}

/** A rate in bits per second. */
export function rateText(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null || !Number.isFinite(bytesPerSecond)) return NO_DATA;
  const bits = bytesPerSecond * 8;
  if (bits >= 999_500) return `${short(bits / 1e6, 1)} Mbit/s`;
  return `${short(bits / 1000, 0)} kbit/s`;
}

/** Milliseconds, or seconds from one second on. */
export function durationText(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return NO_DATA;
  if (milliseconds >= 999.5) return `${short(milliseconds / 1000, 2)} s`;
  return `${short(milliseconds, 1)} ms`;
}

/** Playing time as `m:ss` or `h:mm:ss`. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** The duration in words, for screen readers: `1 minute 5 seconds`. */
export function clockWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const named: (readonly [number, string])[] = [
    [Math.floor(whole / 3600), "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ];
  const words = named.filter(([count]) => count > 0).map(([count, unit]) => counted(count, unit));
  return words.length === 0 ? "0 seconds" : words.join(" ");
}

/** A count with its word: `1 segment`, `3 segments`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A share 0..1 as whole percent. */
export function percentText(share: number | null): string {
  return share === null || !Number.isFinite(share) ? NO_DATA : `${Math.round(share * 100)} %`;
}

function short(value: number, decimals: number): string {
  return value >= 9.95 ? value.toFixed(0) : value.toFixed(decimals);
}
