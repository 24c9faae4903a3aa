/** The people of the demo that one can ask as. */

import { useId, useState } from "react";
import type { Persona } from "./identity";
import { useTexts } from "./texts";

const MANY = 8;

interface Props {
  personas: Persona[];
  chosen: Persona | null;
  onChoose: (persona: Persona) => void;
}

export function Personas({ personas, chosen, onChoose }: Props) {
  const says = useTexts();
  const findId = useId();
  const [sought, setSought] = useState("");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = personas.filter(({ title, about }) => {
    const text = `${title} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <>
      {personas.length > MANY && (
        <div className="find">
          <label htmlFor={findId}>{says.find}</label>
          <input
            id={findId}
            type="search"
            autoComplete="off"
            value={sought}
            onChange={(event) => setSought(event.currentTarget.value)}
          />
        </div>
      )}
      <ul className="personas">
        {found.map((persona) => (
          <li key={persona.id}>
            <button
              type="button"
              className="persona"
              data-persona={persona.id}
              aria-current={persona.id === chosen?.id ? "true" : undefined}
              onClick={() => onChoose(persona)}
            >
              <span className="persona-title">{persona.title}</span>
              <span className="persona-about">{persona.about}</span>
              <span className="persona-login" data-login={persona.login}>
                {says.login[persona.login]}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="nobody" role="status">
        {personas.length > 0 && found.length === 0 ? says.nobodyFound : ""}
      </p>
    </>
  );
}
