// Where a select gets its options from: its own list, people or channels of the workspace, or the bot (external).

import { post } from "./connection.js";
import { wordsOf } from "./mrkdwn.js";
import { whereOf } from "./press.js";
import { state } from "./state.js";

const option = (value, words) => ({ text: { type: "plain_text", text: words }, value });
const people = () => state.people.map((one) => option(one.id, one.real_name || one.name));
const channels = () => state.channels.map((one) => option(one.id, `#${one.name}`));

/** Flattens option_groups into options that know their group's label. */
function flat({ options, option_groups: groups }) {
  if (options?.length) return options.map((one) => ({ option: one }));
  return (groups ?? []).flatMap((group) => (group.options ?? []).map((one) => ({ option: one, group: wordsOf(group.label) })));
}

const fits = (query) => ({ option: one }) => `${wordsOf(one.text)} ${wordsOf(one.description)}`.toLowerCase().includes(query.toLowerCase());

/** Answers a function: query -> {found: [{option, group?}], note?}. */
export function source(one, place) {
  if (one.type.endsWith("external_select")) return (query) => remote(one, place, query);
  const all = { users: people, conversations: channels, channels }[one.type.replace(/^multi_/, "").split("_")[0]];
  return async (query) => ({ found: (all ? all().map((each) => ({ option: each })) : flat(one)).filter(fits(query)) });
}

async function remote(one, place, query) {
  const least = one.min_query_length ?? 3;
  if (query.length < least) return { found: [], note: `Type ${least === 1 ? "a letter" : `${least} letters`} to search` };
  const answer = await post("options", { user: state.persona, ...whereOf(place), block_id: place.block_id, action_id: one.action_id, query });
  return answer.ok ? { found: flat(answer) } : { found: [], note: answer.error ?? "The bot gave no options" };
}

/** Key, first choice and the shape of an answer for each kind of select. */
export function shape(one) {
  const many = one.type.startsWith("multi_");
  const kind = one.type.replace(/^multi_/, "").split("_")[0];
  const noun = { users: "user", conversations: "conversation", channels: "channel" }[kind];
  const named = (id) => [...people(), ...channels()].find((each) => each.value === id) ?? option(id, id);
  if (noun) {
    const first = many ? one[`initial_${noun}s`] : one[`initial_${noun}`];
    return { many, first: [first ?? []].flat().map(named), key: many ? `selected_${noun}s` : `selected_${noun}`, pick: (each) => each.value };
  }
  const first = many ? one.initial_options : one.initial_option;
  return { many, first: [first ?? []].flat(), key: many ? "selected_options" : "selected_option", pick: (each) => each };
}
