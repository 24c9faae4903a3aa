/** Who will get it and who else can read it, asked of the server for exactly what is about to be sent. */

import { useAnswer } from "./asking";
import { graphql } from "./gql";
import type { PreviewQuery, RecipientPreviewInput } from "./gql/graphql";
import { Failed, Waiting } from "./parts";
import { Problems } from "./problems";
import { useTexts } from "./texts";

const PREVIEW = graphql(`
  query Preview($input: RecipientPreviewInput!, $ready: Boolean!) {
    recipientPreview(input: $input) @include(if: $ready) {
      recipients { side person { id name } }
      readers { relation person { id name } }
      unit { id name }
      threads
      previewToken
      problems { ...ProblemParts }
    }
  }
`);

export type Shown = NonNullable<PreviewQuery["recipientPreview"]>;

export function usePreview(input: RecipientPreviewInput, ready: boolean) {
  const { data, failure, asking, refresh } = useAnswer(PREVIEW, { input, ready });
  return { shown: data?.recipientPreview ?? null, failure, asking, refresh };
}

export function Preview({ preview, ready }: { preview: ReturnType<typeof usePreview>; ready: boolean }) {
  const says = useTexts();
  const { shown, failure, asking, refresh } = preview;
  return (
    <section className="notice preview" aria-labelledby="preview" aria-live="polite" aria-busy={asking}>
      <h2 id="preview">{says.write.preview}</h2>
      {!ready && <p>{says.write.previewWaits}</p>}
      {ready && asking && !shown && <Waiting />}
      {failure && <Failed failure={failure} onRetry={refresh} />}
      {ready && shown && <Reach shown={shown} />}
    </section>
  );
}

function Reach({ shown }: { shown: Shown }) {
  const says = useTexts();
  if (shown.problems.length > 0) return <Problems problems={shown.problems} />;
  return (
    <>
      <h3>{says.write.reaches}</h3>
      <ul>
        {shown.unit && <li>{says.write.wholeUnit(shown.unit.name)}</li>}
        {shown.recipients.map(({ person, side }, index) => (
          <li key={person?.id ?? index}>
            {person?.name ?? says.write.someone} <span className="badge quiet">{says.thread.side[side]}</span>
          </li>
        ))}
      </ul>
      {shown.threads !== null && shown.threads !== undefined && <p>{says.write.threads(shown.threads)}</p>}
      <h3>{says.write.canRead}</h3>
      {shown.readers.length === 0 ? (
        <p>{says.write.nobodyElse}</p>
      ) : (
        <ul>
          {shown.readers.map(({ person, relation }, index) => (
            <li key={person?.id ?? index}>
              {person?.name ?? says.write.someone} <span className="badge quiet">{says.relation[relation]}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
