// Times in words, in the reader's own zone and language.

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const CLOCK = format({ hour: "numeric", minute: "2-digit" });
const CLOCK_SECONDS = format({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const DAY = format({ weekday: "long", month: "long", day: "numeric" });
const SHORT_DAY = format({ month: "short", day: "numeric", year: "numeric" });
const LONG_DAY = format({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const PLAIN_DAY = format({ month: "long", day: "numeric", year: "numeric" });
const NUMBERS = format({ year: "numeric", month: "2-digit", day: "2-digit" });

/** The moment of a Slack ts ("1700000000.000100") or of epoch seconds. */
export const moment = (ts) => new Date(Number(ts) * 1000);
export const clock = (ts) => CLOCK.format(moment(ts));
export const full = (ts) => `${LONG_DAY.format(moment(ts))} at ${CLOCK_SECONDS.format(moment(ts))}`;

export function relativeDay(date, other) {
  const start = (one) => new Date(one.getFullYear(), one.getMonth(), one.getDate()).getTime();
  const days = Math.round((start(date) - start(new Date())) / 86_400_000);
  if (days === 0) return "Today";
  if (days === -1) return "Yesterday";
  return days === 1 ? "Tomorrow" : other;
}
export const day = (ts) => relativeDay(moment(ts), DAY.format(moment(ts)));

/** "20 seconds ago", "in 4 minutes". */
export function ago(ts) {
  const seconds = Number(ts) - Date.now() / 1000;
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(Math.round(seconds), "second");
}

/** Slack's <!date^…> patterns: {date}, {time}, {date_short_pretty} and their kin; unknown ones stay as they are. */
export function fillDate(ts, pattern) {
  const date = moment(ts);
  const known = {
    date_num: () => NUMBERS.format(date),
    date_slash: () => NUMBERS.format(date),
    date: () => PLAIN_DAY.format(date),
    date_long: () => LONG_DAY.format(date),
    date_long_full: () => LONG_DAY.format(date),
    date_short: () => SHORT_DAY.format(date),
    date_pretty: () => relativeDay(date, PLAIN_DAY.format(date)),
    date_long_pretty: () => relativeDay(date, LONG_DAY.format(date)),
    date_short_pretty: () => relativeDay(date, SHORT_DAY.format(date)),
    day_divider_pretty: () => relativeDay(date, DAY.format(date)),
    time: () => CLOCK.format(date),
    time_secs: () => CLOCK_SECONDS.format(date),
    ago: () => ago(ts),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => known[name]?.() ?? whole);
}
