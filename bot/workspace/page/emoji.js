// Emoji names that bots use. Drawn ones come from emoji.svg, so they look the same everywhere, also where no emoji font is installed.

import { h, s } from "./dom.js";

// name: character. Names that share a drawing share the character.
const CHARACTERS = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎", warning: "⚠️",
  hourglass_flowing_sand: "⏳", hourglass: "⌛", rotating_light: "🚨", lock: "🔒", closed_lock_with_key: "🔐", unlock: "🔓", rewind: "⏪",
  fast_forward: "⏩", arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁",
  leftwards_arrow_with_hook: "↩️", arrow_right_hook: "↪️", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", stopwatch: "⏱️",
  alarm_clock: "⏰", large_green_circle: "🟢", red_circle: "🔴", large_yellow_circle: "🟡", large_orange_circle: "🟠", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", bulb: "💡", mag: "🔍", mag_right: "🔎", rocket: "🚀", tada: "🎉", eyes: "👀", bell: "🔔", link: "🔗",
  package: "📦", memo: "📝", pencil: "📝", scroll: "📜", shield: "🛡️", key: "🔑", wrench: "🔧", gear: "⚙️", bar_chart: "📊",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", fire: "🔥", information_source: "ℹ️", question: "❓", grey_question: "❔",
  exclamation: "❗", bust_in_silhouette: "👤", busts_in_silhouette: "👥", speech_balloon: "💬", robot_face: "🤖", pushpin: "📌", calendar: "📅",
  date: "📅", clipboard: "📋", double_vertical_bar: "⏸️", black_square_for_stop: "⏹️", arrow_forward: "▶️", heavy_minus_sign: "➖",
  heavy_plus_sign: "➕", white_large_square: "⬜", black_large_square: "⬛", zzz: "💤", snowflake: "❄️", boom: "💥", construction: "🚧",
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋", raised_hand: "✋", hand: "✋", point_right: "👉", pray: "🙏", clap: "👏",
  smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", skull: "💀", bug: "🐛", broom: "🧹", ambulance: "🚑", computer: "💻", books: "📚",
  floppy_disk: "💾", file_folder: "📁", label: "🏷️", globe_with_meridians: "🌐", electric_plug: "🔌", test_tube: "🧪", thread: "🧵", star: "⭐",
  wastebasket: "🗑️", inbox_tray: "📥", outbox_tray: "📤", handshake: "🤝", thermometer: "🌡️", satellite: "📡", building_construction: "🏗️", checkered_flag: "🏁",
  door: "🚪", eye: "👁️", straight_ruler: "📏", ship: "🚢", hammer: "🔨", green_heart: "💚", adhesive_bandage: "🩹", raising_hand: "🙋",
};
for (let hour = 1; hour <= 12; hour += 1) CHARACTERS[`clock${hour}`] = String.fromCodePoint(0x1f550 + hour - 1);

const DRAWN = new Set(`white_check_mark heavy_check_mark x warning hourglass rotating_light lock unlock rewind fast_forward arrow_right arrow_left
  arrow_up arrow_down arrows_counterclockwise leftwards_arrow_with_hook no_entry no_entry_sign octagonal_sign clock large_green_circle red_circle
  large_yellow_circle large_blue_circle white_circle black_circle bulb mag rocket tada eyes bell link package memo shield key gear bar_chart
  chart_with_upwards_trend chart_with_downwards_trend fire information_source question exclamation bust_in_silhouette busts_in_silhouette
  speech_balloon robot_face pushpin calendar double_vertical_bar black_square_for_stop arrow_forward white_large_square boom scroll wrench
  thumbsup thumbsdown wave raised_hand heavy_minus_sign construction checkered_flag point_right arrow_right_hook
  snowflake door eye straight_ruler ship hammer green_heart adhesive_bandage raising_hand`.split(/\s+/));

const SAME_DRAWING = {
  hourglass_flowing_sand: "hourglass", closed_lock_with_key: "lock", repeat: "arrows_counterclockwise", stopwatch: "clock", alarm_clock: "clock",
  mag_right: "mag", pencil: "memo", clipboard: "memo", grey_question: "question", date: "calendar", "+1": "thumbsup", "-1": "thumbsdown",
  large_orange_circle: "large_yellow_circle", ballot_box_with_check: "heavy_check_mark", negative_squared_cross_mark: "x", hand: "raised_hand",
  black_large_square: "black_circle",
};
for (let hour = 1; hour <= 12; hour += 1) SAME_DRAWING[`clock${hour}`] = "clock";

const bare = (text) => text.replaceAll("\ufe0f", "");
const NAMES = new Map(Object.entries(CHARACTERS).reverse().map(([name, character]) => [bare(character), name]));
const ESCAPED = [...NAMES.keys()].sort((a, b) => b.length - a.length).map((one) => one.replace(/[*+?^${}()|[\]\\]/g, "\\$&"));

/** Finds known emoji characters, so that typed ones are drawn like named ones. Use with split or matchAll. */
export const EMOJI_CHARACTER = new RegExp(`(?:${ESCAPED.join("|")})\\ufe0f?`, "gu");

/** The name of a known character. */
export const nameOf = (character) => NAMES.get(bare(character));

/** The picture of an emoji by its name, or null where the name is not known here (then show :name:). */
export function emoji(name) {
  const character = CHARACTERS[name];
  if (!character) return null;
  const drawing = SAME_DRAWING[name] ?? name;
  const words = name.replaceAll("_", " ");
  if (!DRAWN.has(drawing)) return h("span", { class: "emoji", role: "img", "aria-label": words, title: `:${name}:` }, character);
  return s("svg", { class: "emoji", viewBox: "0 0 20 20", role: "img", "aria-label": words }, s("title", {}, `:${name}:`), s("use", { href: `/page/emoji.svg#${drawing}` }));
}
