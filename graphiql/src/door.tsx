/** What one meets first: who asks? */

import { useId, useState } from "react";
import eye from "./eye.svg";
import type { Persona } from "./identity";
import { LanguageChoice } from "./language";
import { Personas } from "./personas";
import { type Language, useTexts } from "./texts";

interface Props {
  personas: Persona[];
  problem: string | null;
  onChoose: (persona: Persona) => void;
  onToken: (token: string) => void;
  onLanguage: (language: Language) => void;
}

function OwnToken({ onToken }: Pick<Props, "onToken">) {
  const says = useTexts();
  const inputId = useId();
  const hintId = useId();
  const [token, setToken] = useState("");
  // Copied from a terminal, a token brings line breaks and sometimes its scheme.
  const tidy = token.replace(/^\s*Bearer\s+/i, "").replace(/\s+/g, "");
  return (
    <form
      className="own-token"
      onSubmit={(event) => {
        event.preventDefault();
        if (tidy) onToken(tidy);
      }}
    >
      <label htmlFor={inputId}>{says.token}</label>
      <div>
        <input
          id={inputId}
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-describedby={hintId}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" disabled={!tidy}>
          {says.useToken}
        </button>
      </div>
      <p id={hintId}>{says.tokenHint}</p>
    </form>
  );
}

export function Door({ personas, problem, onChoose, onToken, onLanguage }: Props) {
  const says = useTexts();
  return (
    <main className="door">
      <header>
        <h1>
          <img src={eye} alt="" width="44" height="44" />
          {says.title}
        </h1>
        <LanguageChoice onLanguage={onLanguage} />
      </header>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {personas.length > 0 ? (
        <>
          <p className="lead">{says.lead}</p>
          <h2>{says.whoAsks}</h2>
          <Personas personas={personas} chosen={null} onChoose={onChoose} />
          <details>
            <summary>{says.ownToken}</summary>
            <OwnToken onToken={onToken} />
          </details>
        </>
      ) : (
        <>
          <p className="lead">{says.ownTokenLead}</p>
          <OwnToken onToken={onToken} />
        </>
      )}
    </main>
  );
}
