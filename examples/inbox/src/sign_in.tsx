/** The development login: whom of the demo one wants to be. */

import { useEffect, useId, useState } from "react";
import { Heading, Waiting } from "./parts";
import { listPersonas, type Persona, SignedIn } from "./session";
import { useLanguage, useTexts } from "./texts";

export function SignIn({ onSignedIn }: { onSignedIn: (signedIn: SignedIn) => void }) {
  const says = useTexts();
  const language = useLanguage();
  const findId = useId();
  const [personas, setPersonas] = useState<Persona[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [sought, setSought] = useState("");
  useEffect(() => {
    listPersonas().then(setPersonas, () => setFailed(true));
  }, []);
  const choose = async (persona: Persona) => {
    setFailed(false);
    try {
      onSignedIn(await SignedIn.as(persona.id, language));
    } catch {
      setFailed(true);
    }
  };
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (personas ?? []).filter(({ title, about }) => {
    const text = `${title} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <>
      <Heading title={says.signIn.title}>{says.signIn.title}</Heading>
      <p>{says.signIn.lead}</p>
      {failed && (
        <p className="notice bad" role="alert">
          {says.signIn.failed}
        </p>
      )}
      {personas === null && !failed && <Waiting />}
      {personas && (
        <>
          <label htmlFor={findId}>{says.signIn.find}</label>
          <input
            id={findId}
            type="search"
            autoComplete="off"
            value={sought}
            onChange={(event) => setSought(event.currentTarget.value)}
          />
          <p role="status">{found.length === 0 ? says.signIn.none : ""}</p>
          <ul className="cards">
            {found.map((persona) => (
              <li key={persona.id}>
                <button type="button" data-persona={persona.id} onClick={() => void choose(persona)}>
                  <span lang="en">{persona.title}</span>{" "}
                  <span className="badge quiet">{says.signIn.login[persona.login]}</span>
                </button>
                <p lang="en">{persona.about}</p>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
