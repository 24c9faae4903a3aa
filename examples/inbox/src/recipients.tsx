/** Whom a new conversation is for. */

import { useId } from "react";
import type { UnitKind } from "./gql/graphql";
import { useTexts } from "./texts";

export interface Someone {
  id: string;
  name: string;
}

interface UnitStaff {
  id: string;
  kind: UnitKind;
  staff: Someone[];
}

/** At a school those of the child's groups, elsewhere everyone who works there. */
export function staffAround(groups: { unit: { id: string }; staff: Someone[] }[], unit: UnitStaff): Someone[] {
  const ofGroups = groups.filter((group) => group.unit.id === unit.id).flatMap((group) => group.staff);
  const staff = unit.kind === "SCHOOL" ? ofGroups : unit.staff;
  return [...new Map(staff.map((one) => [one.id, one])).values()];
}

interface Props {
  choices: Someone[];
  chosen: string[];
  onChosen: (ids: string[]) => void;
  /** From the home one may write to the unit as a whole, by naming nobody. */
  wholeUnit: string | null;
}

export function Recipients({ choices, chosen, onChosen, wholeUnit }: Props) {
  const says = useTexts();
  const hintId = useId();
  if (choices.length === 0 && wholeUnit === null) return <p className="notice">{says.write.noRecipients}</p>;
  const toggle = (id: string, on: boolean) => onChosen(on ? [...chosen, id] : chosen.filter((one) => one !== id));
  return (
    <fieldset aria-describedby={hintId}>
      <legend>{says.write.to}</legend>
      {wholeUnit !== null && (
        <label className="check">
          <input type="checkbox" checked={chosen.length === 0} onChange={() => onChosen([])} />
          {says.write.wholeUnit(wholeUnit)}
        </label>
      )}
      {choices.map(({ id, name }) => (
        <label className="check" key={id}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => toggle(id, event.currentTarget.checked)}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
