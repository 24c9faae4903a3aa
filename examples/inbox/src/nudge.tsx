/** Before something sensitive is sent: what it is, where it stands, whom to call; and on, where one may. */

import { useEffect, useRef } from "react";
import type { Problem } from "./problems";
import { useTexts } from "./texts";

interface Place {
  kind: string;
  text: string;
}

/** A detail is a kind and a place, `HEALTH 12–18`, counted in code points of the text as it was sent. */
export function placesIn(text: string, details: string[]): Place[] {
  const characters = Array.from(text);
  return details.flatMap((detail) => {
    const [, kind, start, end] = /^([A-Z_]+) (\d+)–(\d+)$/.exec(detail) ?? [];
    if (kind === undefined) return [];
    return [{ kind, text: characters.slice(Number(start), Number(end)).join("") }];
  });
}

/** What is never let through, whatever the sender says. */
const NEVER = "NATIONAL_ID";

interface Props {
  problems: Problem[];
  /** What was sent, by the name of the input's field: a problem says in which of them its places are. */
  sent: Record<string, string>;
  unit: { name: string; phone?: string | null } | null;
  onAnyway: () => void;
  onChange: () => void;
}

export function Nudge({ problems, sent, unit, onAnyway, onChange }: Props) {
  const says = useTexts();
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  const places = problems.flatMap(({ field, details }) => placesIn(sent[field.at(-1) ?? ""] ?? "", details));
  const never = places.some(({ kind }) => kind === NEVER);
  return (
    <section className="notice nudge" aria-labelledby="nudge" tabIndex={-1} ref={box}>
      <h3 id="nudge">{says.nudge.title}</h3>
      {problems.map((problem) => (
        <p key={problem.message}>{problem.message}</p>
      ))}
      {unit?.phone && (
        <p>
          <a href={`tel:${unit.phone.replaceAll(" ", "")}`}>{says.nudge.call(unit.name, unit.phone)}</a>
        </p>
      )}
      <p>{says.nudge.where}:</p>
      <ul>
        {places.map((place, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same word may stand twice, and the list is never reordered
          <li key={index}>
            <mark>{place.text}</mark> ({says.nudge.kinds[place.kind] ?? says.nudge.otherKind})
          </li>
        ))}
      </ul>
      <p className="choices">
        <button type="button" onClick={onChange}>
          {says.nudge.change}
        </button>
        {!never && (
          <button type="button" className="plain" onClick={onAnyway}>
            {says.nudge.anyway}
          </button>
        )}
      </p>
    </section>
  );
}
