/** What kept an act from being carried out, in plain language, and the advice where a text is sensitive. */

import { useEffect, useRef } from "react";
import { graphql } from "./gql";
import type { ProblemPartsFragment } from "./gql/graphql";
import { useTexts } from "./texts";

export const PROBLEM_PARTS = graphql(`
  fragment ProblemParts on Problem { code message field details }
`);

export type Problem = ProblemPartsFragment;

export function Problems({ problems }: { problems: Problem[] }) {
  const says = useTexts();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problems.length > 0) box.current?.focus();
  }, [problems]);
  if (problems.length === 0) return null;
  return (
    <div className="notice bad" role="alert" tabIndex={-1} ref={box}>
      <h2>{says.problems}</h2>
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.code} ${problem.message}`}>{problem.message}</li>
        ))}
      </ul>
    </div>
  );
}
