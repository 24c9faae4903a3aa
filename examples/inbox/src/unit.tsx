/** A unit's own page: its groups, and the history of all its threads for those who may see it, an SFO's staff for one. */

import { useAnswer, usePages } from "./asking";
import { graphql } from "./gql";
import { PagedThreads } from "./inbox";
import { Failed, Gone, Heading, Waiting } from "./parts";
import { hrefTo } from "./routes";
import { useTexts } from "./texts";

const UNIT = graphql(`
  query UnitPage($id: ID!) {
    node(id: $id) {
      __typename
      ... on Unit { id name phone groups { id name } }
    }
  }
`);

const UNIT_THREADS = graphql(`
  query UnitThreads($id: ID!, $first: Int, $after: String) {
    node(id: $id) {
      __typename
      ... on Unit {
        threads(first: $first, after: $after) {
          nodes { ...ThreadRow }
          pageInfo { hasNextPage endCursor }
          totalCount
        }
      }
    }
  }
`);

export function UnitPage({ id }: { id: string }) {
  const says = useTexts();
  const { data, failure, refresh } = useAnswer(UNIT, { id });
  const threads = usePages(UNIT_THREADS, { id }, ({ node }) => (node?.__typename === "Unit" ? node.threads : null));
  if (!data) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  const unit = data.node;
  if (unit?.__typename !== "Unit") return <Gone text={says.unit.gone} />;
  return (
    <>
      <Heading title={unit.name}>{unit.name}</Heading>
      {unit.phone && (
        <p>
          {says.thread.phone}: <a href={`tel:${unit.phone.replaceAll(" ", "")}`}>{unit.phone}</a>
        </p>
      )}
      {unit.groups.length > 0 && (
        <details>
          <summary>{says.unit.groups}</summary>
          <ul>
            {unit.groups.map((group) => (
              <li key={group.id}>
                <a href={hrefTo({ page: "group", id: group.id })}>{group.name}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p>{says.unit.history}</p>
      {threads.failure && <Failed failure={threads.failure} onRetry={threads.refresh} />}
      {threads.pages ? <PagedThreads pages={threads.pages} more={threads.more} /> : <Waiting />}
    </>
  );
}
