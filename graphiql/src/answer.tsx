/** What stands beside an answer: what was hidden from this viewer, and what the question cost. */

import { useGraphiQL } from "@graphiql/react";
import { useContext, useMemo } from "react";
import { LanguageContext, useTexts } from "./texts";

interface About {
  errors: number;
  hidden: [field: string, count: number][];
  cost: number | null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function about(response: string | null | undefined): About | null {
  if (!response) return null;
  let answer: unknown;
  try {
    answer = JSON.parse(response);
  } catch {
    return null;
  }
  if (!isRecord(answer)) return null;
  const extensions = isRecord(answer.extensions) ? answer.extensions : {};
  const hidden = Object.entries(isRecord(extensions.hidden) ? extensions.hidden : {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] > 0,
  );
  return {
    errors: Array.isArray(answer.errors) ? answer.errors.length : 0,
    hidden: hidden.sort(([, one], [, other]) => other - one),
    cost: typeof extensions.cost === "number" ? extensions.cost : null,
  };
}

export function AboutTheAnswer({ who }: { who: string | null }) {
  const says = useTexts();
  const language = useContext(LanguageContext);
  const [response, isFetching] = useGraphiQL((state) => [
    state.tabs[state.activeTabIndex]?.response,
    state.isFetching,
  ]);
  const known = useMemo(() => about(response), [response]);
  const written = (value: number) => value.toLocaleString(language);
  if (known === null) {
    return (
      <section className="about-answer" aria-label={says.answer} aria-busy={isFetching}>
        <p className="quiet">{isFetching ? says.loading : says.notRun}</p>
      </section>
    );
  }
  return (
    <section className="about-answer" aria-label={says.answer} aria-live="polite">
      <div className="about-line">
        <h2>{says.hiddenFrom(who ?? says.you)}</h2>
        {known.hidden.length === 0 && <p className="quiet">{says.nothingHidden}</p>}
        {known.errors > 0 && <p className="failed">{says.errors(known.errors)}</p>}
        {known.cost !== null && (
          <p className="cost">
            {says.cost} <strong>{written(known.cost)}</strong>
          </p>
        )}
      </div>
      {known.hidden.length > 0 && (
        <ul className="hidden-fields">
          {known.hidden.map(([field, count]) => (
            <li key={field} data-field={field}>
              <code>{field}</code> {written(count)}
            </li>
          ))}
        </ul>
      )}
      {known.hidden.length > 0 && <p className="quiet hint">{says.hiddenHint}</p>}
    </section>
  );
}
