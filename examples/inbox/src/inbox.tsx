/** Every thread that the viewer may see, newest first. */

import { useId } from "react";
import { usePages } from "./asking";
import { graphql } from "./gql";
import { useMe } from "./me";
import { Failed, Heading, Waiting } from "./parts";
import { goTo, type InboxFilter } from "./routes";
import { useTexts } from "./texts";
import { Threads } from "./threads";

const INBOX = graphql(`
  query Inbox($filter: ThreadFilter, $first: Int, $after: String) {
    viewer {
      threads(filter: $filter, first: $first, after: $after) {
        nodes { ...ThreadRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`);

export function Inbox({ filter }: { filter: InboxFilter }) {
  const says = useTexts();
  const me = useMe();
  const { pages, failure, more, refresh } = usePages(
    INBOX,
    {
      filter: {
        unitId: filter.unit ?? null,
        childId: filter.child ?? null,
        unreadOnly: filter.unread ?? null,
        participatingOnly: filter.mine ?? null,
      },
    },
    (answer) => answer.viewer.threads,
  );
  return (
    <>
      <Heading title={says.inbox.title}>{says.inbox.title}</Heading>
      <p>{me.unreadCount > 0 ? says.inbox.unread(me.unreadCount) : says.inbox.allRead}</p>
      <Filters filter={filter} />
      {failure && <Failed failure={failure} onRetry={refresh} />}
      {!pages && !failure && <Waiting />}
      {pages && <PagedThreads pages={pages} more={more} />}
    </>
  );
}

interface PagedProps {
  pages: { nodes: Parameters<typeof Threads>[0]["threads"]; totalCount: number; pageInfo: { hasNextPage: boolean } };
  more: () => void;
}

export function PagedThreads({ pages, more }: PagedProps) {
  const says = useTexts();
  if (pages.nodes.length === 0) return <p className="notice">{says.inbox.empty}</p>;
  return (
    <>
      <Threads threads={pages.nodes} />
      <p role="status">{says.inbox.shown(pages.nodes.length, pages.totalCount)}</p>
      {pages.pageInfo.hasNextPage && (
        <button type="button" onClick={more}>
          {says.inbox.more}
        </button>
      )}
    </>
  );
}

function Filters({ filter }: { filter: InboxFilter }) {
  const says = useTexts();
  const me = useMe();
  const change = (changed: InboxFilter) => goTo({ page: "inbox", filter: { ...filter, ...changed } });
  return (
    <fieldset className="filters">
      <legend>{says.inbox.filters}</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={filter.unread ?? false}
          onChange={(event) => change({ unread: event.currentTarget.checked })}
        />
        {says.inbox.onlyUnread}
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={filter.mine ?? false}
          onChange={(event) => change({ mine: event.currentTarget.checked })}
        />
        {says.inbox.onlyMine}
      </label>
      {me.units.length > 1 && (
        <Choice
          label={says.inbox.unit}
          value={filter.unit ?? ""}
          among={me.units}
          onChange={(unit) => change({ unit })}
        />
      )}
      {me.children.length > 1 && (
        <Choice
          label={says.inbox.child}
          value={filter.child ?? ""}
          among={me.children}
          onChange={(child) => change({ child })}
        />
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  among: { id: string; name: string }[];
  onChange: (id: string) => void;
}

function Choice({ label, value, among, onChange }: ChoiceProps) {
  const says = useTexts();
  const id = useId();
  return (
    <span>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{says.inbox.all}</option>
        {among.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
    </span>
  );
}
