/** A class as its contact teacher sees it: pupils, who their guardians are and how to reach them, newest threads. */

import { useAnswer } from "./asking";
import { graphql } from "./gql";
import type { GroupPageQuery, NewestOfGroupQuery } from "./gql/graphql";
import { Failed, Gone, Heading, Waiting } from "./parts";
import { hrefTo } from "./routes";
import { useTexts } from "./texts";
import { useTimes } from "./times";

const GROUP = graphql(`
  query GroupPage($id: ID!) {
    node(id: $id) {
      __typename
      ... on Group {
        id
        name
        unit { id name }
        staff { id name }
        children {
          id
          name
          guardians { id name contact { phone email } }
        }
      }
    }
  }
`);

const NEWEST = graphql(`
  query NewestOfGroup($id: ID!) {
    node(id: $id) {
      __typename
      ... on Group {
        children {
          id
          threads(first: 3) { nodes { id subject lastMessageAt unreadCount } }
        }
      }
    }
  }
`);

type Newest = Extract<NewestOfGroupQuery["node"], { __typename: "Group" }>["children"][number]["threads"]["nodes"];
type Child = NonNullable<Extract<GroupPageQuery["node"], { __typename: "Group" }>>["children"][number];

export function GroupPage({ id }: { id: string }) {
  const says = useTexts();
  // How to reach people is asked for once, and not whenever somebody writes; who is there, and the threads, are followed.
  const { data, failure, refresh } = useAnswer(GROUP, { id }, { live: false });
  const newest = useAnswer(NEWEST, { id }).data;
  if (!data || !newest) return failure ? <Failed failure={failure} onRetry={refresh} /> : <Waiting />;
  const group = data.node;
  const now = newest.node;
  if (group?.__typename !== "Group" || now?.__typename !== "Group") return <Gone text={says.group.gone} />;
  const newestOf = new Map(now.children.map((child) => [child.id, child.threads.nodes]));
  const children = group.children.filter((child) => newestOf.has(child.id));
  const title = `${group.name}, ${group.unit.name}`;
  return (
    <>
      <Heading title={title}>{title}</Heading>
      {failure && <Failed failure={failure} onRetry={refresh} />}
      <p>
        <strong>{says.group.staff}:</strong> {group.staff.map(({ name }) => name).join(", ")}
      </p>
      <p>{says.group.pupils(children.length)}</p>
      <ul className="cards">
        {children.map((child) => (
          <Card key={child.id} child={child} unit={group.unit.id} newest={newestOf.get(child.id) ?? []} />
        ))}
      </ul>
    </>
  );
}

function Card({ child, unit, newest }: { child: Child; unit: string; newest: Newest }) {
  const says = useTexts();
  const { day } = useTimes();
  return (
    <li>
      <h2>{child.name}</h2>
      <h3>{says.group.guardians}</h3>
      {child.guardians?.length ? (
        <ul>
          {child.guardians.map((guardian) => (
            <li key={guardian.id}>
              {guardian.name}
              {guardian.contact?.phone && (
                <>
                  , <a href={`tel:${guardian.contact.phone.replaceAll(" ", "")}`}>{guardian.contact.phone}</a>
                </>
              )}
              {guardian.contact?.email && (
                <>
                  , <a href={`mailto:${guardian.contact.email}`}>{guardian.contact.email}</a>
                </>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p>{says.group.noGuardians}</p>
      )}
      <h3>{says.group.newest}</h3>
      {newest.length > 0 ? (
        <ul>
          {newest.map((thread) => (
            <li key={thread.id}>
              <a href={hrefTo({ page: "thread", id: thread.id })}>{thread.subject}</a>, {day(thread.lastMessageAt)}
              {thread.unreadCount > 0 && <span className="badge">{says.inbox.unread(thread.unreadCount)}</span>}
            </li>
          ))}
        </ul>
      ) : (
        <p>{says.group.noThreads}</p>
      )}
      <p>
        <a href={hrefTo({ page: "write", child: child.id, unit })}>{says.thread.newAbout(child.name)}</a>
      </p>
    </li>
  );
}
