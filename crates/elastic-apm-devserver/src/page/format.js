// Numbers and times as people read them.

/** Microseconds with about three digits: 850 µs, 7.25 ms, 123 ms, 1.23 s, 2 m 3 s. */
export function duration(us) {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 9995) return `${(us / 1e3).toFixed(2)} ms`;
  if (us < 99950) return `${(us / 1e3).toFixed(1)} ms`;
  if (us < 999500) return `${Math.round(us / 1e3)} ms`;
  if (us < 9995000) return `${(us / 1e6).toFixed(2)} s`;
  if (us < 60e6) return `${(us / 1e6).toFixed(1)} s`;
  const seconds = Math.floor(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
}

/** A tick of the time axis: no decimals that say nothing. */
export function tick(us) {
  if (us === 0) return "0";
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${+(us / 1e3).toFixed(3)} ms`;
  if (us < 60e6) return `${+(us / 1e6).toFixed(3)} s`;
  return duration(us);
}

const two = (number) => String(number).padStart(2, "0");

/** The local time of day: 14:03:09. */
export function clock(us) {
  const date = new Date(us / 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and time with microseconds. */
export function timestamp(us) {
  const date = new Date(us / 1000);
  if (Number.isNaN(date.getTime())) return `${us} µs`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clock(us)}.${String(Math.floor(us % 1e6)).padStart(6, "0")}`;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  if (number < 1024 * 1024) return `${(number / 1024).toFixed(0)} KiB`;
  return `${(number / 1024 / 1024).toFixed(1)} MiB`;
}
